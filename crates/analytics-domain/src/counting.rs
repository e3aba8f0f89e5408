//! Whether an interaction counts for a record, and as what: who sits on which side, who acted, who came, and how long it took.

use measures::health::Actor;
use smallvec::SmallVec;
use vocabulary::entry::{Answer, Identity, InteractionKind, RecordKind, Role, Thread};
use vocabulary::{PersonId, Timestamp, UserId};

use crate::merged::Merged;
use crate::readable::Readable;
use crate::sides::Sides;

/// Seconds to write a mail. Source: relationship-analytics-kpi-calculations, 2023-02-07: 5 minutes.
const WRITING: u64 = 300;
/// Seconds to read a mail, counted once however many read it. Source as above: 2.5 minutes; once per mail, Rapport rule.
const READING: u64 = 150;

/// Who acted: the author's side (Rapport rule).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// From us to them.
    Sent,
    /// From them to us; a meeting that anybody else organised.
    Received,
    /// Tracked on the record, with nobody from outside on it.
    Internal,
}

/// Somebody of their side who took part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Contact {
    /// A party of the record: several addresses of one contact are one.
    Party(u32),
    /// An outsider who is not on the record, on an interaction that was tracked on it.
    Other(PersonId),
}

/// An interaction that counts for a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Its name.
    pub identity: Identity,
    /// What it is.
    pub kind: InteractionKind,
    /// Its instant.
    pub time: Timestamp,
    /// Who acted.
    pub direction: Direction,
    /// Its thread.
    pub thread: Option<Thread>,
    /// Whether one of the side that did not write is in To.
    pub asks: bool,
    /// Seconds of ours, all people together.
    pub seconds_by_us: u64,
    /// Seconds of theirs, once however many came.
    pub seconds_by_them: u64,
    /// Who acted, as health reads it.
    pub actor: Actor,
    /// Those of ours who took part, each once.
    pub colleagues: SmallVec<[UserId; 2]>,
    /// Those of theirs who took part, each once.
    pub contacts: SmallVec<[Contact; 2]>,
}

/// What an interaction counts as for the record; none when it does not count.
///
/// What was tracked on the record always counts: then everybody of ours is us, and every outsider is them. Rules R1 (a call to a lead's
/// stakeholder is the owner's) and R2 (mail to an opportunity's stakeholder is the team's) follow from the sides: what is sent is sent
/// by our side. Rule R3 (a meeting with a primary contact counts for account and contact) follows from theirs. Rule R4 stands in
/// [`meeting`].
///
/// Source: relationship-analytics-kpi-calculations, 2023-02-07; direction and meeting copies, Rapport rule.
pub(crate) fn judge(merged: &Merged, sides: &Sides, readable: &Readable) -> Option<Counted> {
    let about = merged.regarding.as_ref() == Some(&sides.record);
    let cast = Cast::of(merged, sides, readable, about);
    let meeting_kind = merged.kind == InteractionKind::Meeting;
    let direction = if meeting_kind { meeting(merged, &cast, sides, about)? } else { message(&cast, about)? };
    let us_came = cast.us.iter().filter(|(_, presence)| presence.came).count() as u64;
    let them_came = cast.them.iter().any(|(_, presence)| presence.came);
    let duration = u64::from(merged.duration_seconds);
    let (seconds_by_us, seconds_by_them) = match &merged.kind {
        InteractionKind::Email => mail_seconds(&cast, direction),
        InteractionKind::Meeting | InteractionKind::Call => (duration * us_came, if them_came { duration } else { 0 }),
        InteractionKind::Task | InteractionKind::Custom(_) => (0, 0),
    };
    let actor = match (&merged.kind, direction) {
        (InteractionKind::Task | InteractionKind::Custom(_), _) | (_, Direction::Internal) => Actor::Neither,
        (InteractionKind::Meeting, _) => match (us_came > 0, them_came) {
            (true, true) => Actor::Both,
            (true, false) => Actor::Us,
            (false, true) => Actor::Them,
            (false, false) => Actor::Neither,
        },
        (InteractionKind::Email | InteractionKind::Call, Direction::Sent) => Actor::Us,
        (InteractionKind::Email | InteractionKind::Call, Direction::Received) => Actor::Them,
    };
    Some(Counted {
        identity: merged.identity,
        kind: merged.kind.clone(),
        time: merged.time,
        direction,
        thread: merged.thread,
        asks: if direction == Direction::Sent { cast.them_in_to } else { cast.us_in_to },
        seconds_by_us,
        seconds_by_them,
        actor,
        colleagues: cast.us.iter().filter(|(_, presence)| presence.came).map(|(user, _)| *user).collect(),
        contacts: cast.them.iter().filter(|(_, presence)| presence.came).map(|(contact, _)| *contact).collect(),
    })
}

/// Mail, calls, tasks and activities: the author's direction, when the other side is among the recipients.
fn message(cast: &Cast, about: bool) -> Option<Direction> {
    match cast.author {
        Author::Us if cast.them_received => Some(Direction::Sent),
        Author::Them if cast.us_received => Some(Direction::Received),
        _ if !about => None,
        Author::Them => Some(Direction::Received),
        Author::Us | Author::Neither => Some(Direction::Internal),
    }
}

/// Meetings: both sides are on it; not cancelled, and not declined by all of one side. For an opportunity, rule R4: whoever is on it
/// only as the primary contact of its account makes no meeting count that was not tracked on it.
fn meeting(merged: &Merged, cast: &Cast, sides: &Sides, about: bool) -> Option<Direction> {
    let binding = sides.record.kind == RecordKind::Opportunity;
    let both = !cast.us.is_empty() && (if binding { cast.them_beyond_r4 } else { !cast.them.is_empty() });
    if merged.cancelled || all_declined(&cast.us) || all_declined(&cast.them) || !(about || both) {
        return None;
    }
    Some(match cast.author {
        _ if cast.them.is_empty() => Direction::Internal,
        Author::Us => Direction::Sent,
        Author::Them | Author::Neither => Direction::Received,
    })
}

fn all_declined<K>(side: &[(K, Presence)]) -> bool {
    !side.is_empty() && side.iter().all(|(_, presence)| presence.declined)
}

fn mail_seconds(cast: &Cast, direction: Direction) -> (u64, u64) {
    let reading = |received: bool| if received { READING } else { 0 };
    match direction {
        Direction::Sent => (WRITING, reading(cast.them_received)),
        Direction::Received => (reading(cast.us_received), WRITING),
        Direction::Internal if cast.author == Author::Us => (WRITING + reading(cast.us_received), 0),
        Direction::Internal => (reading(cast.us_received), 0),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Author {
    Us,
    Them,
    Neither,
}

/// Whether somebody came, and whether they declined.
///
/// Came: at a meeting whoever organised or accepted; tentative, declined and no answer did not. On anything else, everybody on it.
#[derive(Clone, Copy)]
struct Presence {
    came: bool,
    declined: bool,
}

impl Presence {
    const ORGANISER: Self = Self { came: true, declined: false };

    /// Somebody under two addresses came if one of them came, and declined if both declined.
    fn and(self, other: Self) -> Self {
        Self { came: self.came || other.came, declined: self.declined && other.declined }
    }
}

/// Who is on an interaction, by side.
struct Cast {
    author: Author,
    us: SmallVec<[(UserId, Presence); 4]>,
    them: SmallVec<[(Contact, Presence); 4]>,
    us_received: bool,
    us_in_to: bool,
    them_received: bool,
    them_in_to: bool,
    them_beyond_r4: bool,
}

impl Cast {
    fn of(merged: &Merged, sides: &Sides, readable: &Readable, about: bool) -> Self {
        let us = |user: Option<UserId>| user.filter(|user| about || sides.has_user(*user));
        let them = |person: PersonId| match sides.their(person) {
            Some(their) => Some((Contact::Party(their.party), !their.only_by_account)),
            None => (about && readable.is_outsider(person)).then_some((Contact::Other(person), true)),
        };
        let mut cast = Self {
            author: Author::Neither,
            us: SmallVec::new(),
            them: SmallVec::new(),
            us_received: false,
            us_in_to: false,
            them_received: false,
            them_in_to: false,
            them_beyond_r4: false,
        };
        if let Some(user) = us(merged.author_user) {
            cast.author = Author::Us;
            add(&mut cast.us, user, Presence::ORGANISER);
        } else if let Some((contact, beyond)) = them(merged.author) {
            cast.author = Author::Them;
            cast.them_beyond_r4 |= beyond;
            add(&mut cast.them, contact, Presence::ORGANISER);
        }
        for other in &merged.others {
            let came = merged.kind != InteractionKind::Meeting || other.answer == Answer::Accepted;
            let presence = Presence { came, declined: other.answer == Answer::Declined };
            if let Some(user) = us(other.user) {
                cast.us_received = true;
                cast.us_in_to |= other.role == Role::To;
                add(&mut cast.us, user, presence);
            } else if let Some((contact, beyond)) = them(other.person) {
                cast.them_received = true;
                cast.them_in_to |= other.role == Role::To;
                cast.them_beyond_r4 |= beyond;
                add(&mut cast.them, contact, presence);
            }
        }
        cast
    }
}

fn add<K: PartialEq>(side: &mut SmallVec<[(K, Presence); 4]>, key: K, presence: Presence) {
    match side.iter_mut().find(|(held, _)| *held == key) {
        Some((_, held)) => *held = held.and(presence),
        None => side.push((key, presence)),
    }
}
