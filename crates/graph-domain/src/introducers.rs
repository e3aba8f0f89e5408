//! Which colleagues can introduce somebody, strongest first, with what each tie rests on.

use std::cmp::Reverse;

use measures::strength::{Direction, HalfLife, Label, Strength, measure};
use vocabulary::{Day, Timestamp, UserId};

use crate::{Colleague, Contact, Kind, Readable, Target, Ties, words};

/// A colleague who knows one of the targets.
#[derive(Clone, Debug, PartialEq)]
pub struct Introducer {
    /// Who.
    pub user: UserId,
    /// Which of the targets they know best, by its place in the question.
    pub target: usize,
    /// How well.
    pub standing: Standing,
    /// When they last had contact, and how.
    pub last: LastContact,
    /// What it rests on, in figures.
    pub evidence: Evidence,
    /// What it rests on, in words.
    pub reasons: Vec<String>,
}

/// How well a colleague knows somebody, by what it was learned from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// From the colleague's own mailbox and the CRM: strength by formula.
    Enhanced {
        /// 5..=100.
        score: u8,
        /// The word for it.
        label: Label,
    },
    /// From the CRM alone: a count.
    Basic {
        /// Mails and meetings; from 1.
        count: u32,
    },
}

impl Standing {
    /// What ranks, the greater first: whether it is enhanced, then score or count.
    pub fn rank(self) -> (bool, u32) {
        match self {
            Self::Enhanced { score, .. } => (true, score.into()),
            Self::Basic { count } => (false, count),
        }
    }
}

/// The latest contact of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LastContact {
    /// When.
    pub time: Timestamp,
    /// What it was.
    pub kind: Kind,
    /// Who acted, seen from the colleague.
    pub direction: Direction,
}

/// The figures behind a tie.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// Interactions from the colleague; one that went both ways counts here and in `received`.
    pub sent: u32,
    /// Interactions from the other person.
    pub received: u32,
    /// UTC days with contact.
    pub active_days: u32,
    /// The latest UTC day on which both acted.
    pub last_two_way_day: Option<Day>,
    /// The share of interactions with nobody else on them, 0.0..=1.0.
    pub one_to_one_share: f64,
    /// The half-life that carries the strength; none in the basic tier.
    pub half_life: Option<HalfLife>,
    /// Whether the strength is held down because one direction was never seen; never in the basic tier.
    pub one_sided: bool,
}

/// The colleagues who know one of `targets` at instant `at`, each once, by their strongest tie.
///
/// Whose mailbox may be read is ranked by strength over their own mailbox and what the CRM adds to it, and listed from the score of
/// [`Label::is_listed`] on. Anybody else is ranked after them by a count of the mails and meetings that the CRM tracks. The order is: score or
/// count, then last contact, then the order of `readable.colleagues`; of equal ties of one colleague the earlier target's is named.
/// Contacts at or after `at` count for nothing. Nobody introduces themselves.
///
/// Source: who-knows-whom (strength bands, basic and enhanced tier); which CRM touches join a mailbox's, Rapport rule.
pub fn rank(ties: &Ties, readable: &Readable, targets: &[Target], at: Timestamp) -> Vec<Introducer> {
    let tracked: Vec<_> = targets.iter().map(|target| ties.tracked(&target.persons)).collect();
    let mut listed: Vec<Introducer> = Vec::new();
    for colleague in &readable.colleagues {
        let enhanced = readable.mailbox_of(colleague.user).is_some();
        let mut strongest: Option<Introducer> = None;
        for (index, target) in targets.iter().enumerate() {
            if target.persons.iter().any(|person| colleague.persons.contains(person)) {
                continue;
            }
            let contacts = ties.contacts(readable, colleague, &tracked[index]);
            let Some(tie) = introducer(colleague, index, contacts, enhanced, at) else { continue };
            if strongest.as_ref().is_none_or(|held| key(&tie) > key(held)) {
                strongest = Some(tie);
            }
        }
        listed.extend(strongest);
    }
    // Stable: equals stay in the order of the colleagues.
    listed.sort_by_key(|introducer| Reverse(key(introducer)));
    listed
}

fn key(introducer: &Introducer) -> ((bool, u32), Timestamp) {
    (introducer.standing.rank(), introducer.last.time)
}

fn introducer(colleague: &Colleague, target: usize, mut contacts: Vec<Contact>, enhanced: bool, at: Timestamp) -> Option<Introducer> {
    contacts.retain(|contact| contact.touch.time < at && (enhanced || contact.kind != Kind::Call));
    let last = contacts.iter().map(last_contact).max()?;
    let touches: Vec<_> = contacts.iter().map(|contact| contact.touch).collect();
    let strength = measure(&touches, at);
    let standing = match enhanced {
        true if !strength.label.is_listed() => return None,
        true => Standing::Enhanced { score: strength.score, label: strength.label },
        false => Standing::Basic { count: strength.reasons.touches },
    };
    let evidence = evidence(&strength, enhanced);
    let reasons = words::reasons(&contacts, &evidence);
    Some(Introducer { user: colleague.user, target, standing, last, evidence, reasons })
}

fn last_contact(contact: &Contact) -> LastContact {
    LastContact { time: contact.touch.time, kind: contact.kind, direction: contact.touch.direction }
}

fn evidence(strength: &Strength, enhanced: bool) -> Evidence {
    let reasons = &strength.reasons;
    Evidence {
        sent: reasons.outbound,
        received: reasons.inbound,
        active_days: reasons.active_days,
        last_two_way_day: reasons.last_two_way_day,
        one_to_one_share: reasons.one_to_one_share().unwrap_or_default(),
        half_life: reasons.carried_by.filter(|_| enhanced),
        one_sided: reasons.capped && enhanced,
    }
}
