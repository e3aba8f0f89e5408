//! The company the rules are tried on, and short ways to write interactions.

use ingestion_domain::interaction::{Attendee, Call, Meeting};
use ingestion_domain::{Detail, Directory, Email, IgnoredReason, Interaction, Judgement, Kept, Side, Source, TenantRules, normalise};
use vocabulary::entry::Answer;
use vocabulary::{Address, Timestamp, UserId};

pub const ADA: UserId = UserId(1);
pub const BOB: UserId = UserId(2);
pub const SHUT: UserId = UserId(3);
pub const LATE: UserId = UserId(4);
pub const NOW: Timestamp = Timestamp::from_seconds(1_750_000_000);
pub const RULES: TenantRules = TenantRules { window_start: NOW.plus_days(-365) };

/// Ada (two addresses), Bob, somebody who may not be read, and somebody whose consent covers the last ten days; a room, a list, a guest; `ours.example` is verified.
pub struct Company;

impl Directory for Company {
    fn side(&self, address: &Address) -> Side {
        match (address.local(), address.domain()) {
            ("ada" | "ada.l", "ours.example") => Side::Ours(ADA),
            ("bob", "ours.example") => Side::Ours(BOB),
            ("shut", "ours.example") => Side::Ours(SHUT),
            ("late", "ours.example") => Side::Ours(LATE),
            ("room", "ours.example") => Side::Room,
            ("list", _) => Side::List,
            (_, "ours.example") => Side::InsideUnknown,
            ("guest", _) => Side::Guest,
            _ => Side::Outside,
        }
    }

    fn may_be_read(&self, user: UserId) -> bool {
        user != SHUT
    }

    fn collects(&self, user: UserId, time: Timestamp) -> bool {
        user != LATE || time >= NOW.plus_days(-10)
    }
}

pub fn judge(interaction: &Interaction, source: Source) -> Judgement {
    normalise(interaction, &source, &Company, &RULES, NOW)
}

pub fn kept(interaction: &Interaction, source: Source) -> Kept {
    match judge(interaction, source) {
        Judgement::Kept(kept) => *kept,
        other => panic!("not kept: {other:?}"),
    }
}

pub fn ignored(interaction: &Interaction, source: Source) -> Option<IgnoredReason> {
    match judge(interaction, source) {
        Judgement::Ignored { reason, .. } => Some(reason),
        _ => None,
    }
}

/// Texts of addresses, split at white space; a bare name is at `them.example`, `name!` is at `ours.example`.
pub fn addresses(texts: &str) -> Vec<String> {
    let full = |name: &str| match name.strip_suffix('!') {
        Some(ours) => format!("{ours}@ours.example"),
        None if name.contains('@') => name.to_owned(),
        None => format!("{name}@them.example"),
    };
    texts.split_whitespace().map(full).collect()
}

pub fn mail(from: &str, to: &str, cc: &str) -> Interaction {
    mail_with(from, to, cc, |_| {})
}

pub fn mail_with(from: &str, to: &str, cc: &str, change: impl FnOnce(&mut Email)) -> Interaction {
    let mut email = Email {
        message_id: Some("<m1@them.example>".to_owned()),
        from: addresses(from).pop().unwrap_or_default(),
        to: addresses(to),
        cc: addresses(cc),
        date: Some(NOW.plus_days(-1)),
        ..Email::default()
    };
    change(&mut email);
    interaction(Detail::Email(Box::new(email)))
}

pub fn meeting(organizer: &str, attendees: &[(&str, Answer)]) -> Interaction {
    meeting_with(organizer, attendees, |_| {})
}

pub fn meeting_with(organizer: &str, attendees: &[(&str, Answer)], change: impl FnOnce(&mut Meeting)) -> Interaction {
    let attendee = |(name, answer): &(&str, Answer)| Attendee {
        address: addresses(name).pop().unwrap_or_default(),
        answer: *answer,
        optional: false,
        resource: false,
    };
    let mut meeting = Meeting {
        uid: "uid-1".to_owned(),
        start: Some(NOW.plus_days(-2)),
        end: Some(NOW.plus_days(-1)),
        organizer: addresses(organizer).pop().unwrap_or_default(),
        attendees: attendees.iter().map(attendee).collect(),
        ..Meeting::default()
    };
    change(&mut meeting);
    interaction(Detail::Meeting(Box::new(meeting)))
}

pub fn call(from: &str, to: &str) -> Interaction {
    let from = addresses(from).pop().unwrap_or_default();
    let call = Call { from, to: addresses(to), start: Some(NOW.plus_days(-1)), duration_seconds: 600 };
    Interaction { source_id: Some("c1".to_owned()), ..interaction(Detail::Call(call)) }
}

pub fn interaction(detail: Detail) -> Interaction {
    Interaction { detail: Some(detail), ..Interaction::default() }
}
