//! What one interaction weighs in a tie: its type over the number of other people on it.

use super::Direction;

/// An interaction with more other people than this says nothing about any two of them (Rapport rule).
pub const MOST_OTHERS: u32 = 50;

const CALL: f64 = 2.0;
const MEETING_ACCEPTED: f64 = 3.0;
const MEETING_TENTATIVE: f64 = 1.0;
const MEETING_INVITED: f64 = 0.3;

/// Where the recipient of the pair stands on a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MailRole {
    /// In To.
    To,
    /// In Cc only.
    Cc,
}

impl MailRole {
    const fn weight(self) -> f64 {
        match self {
            Self::To => 1.0,
            Self::Cc => 0.5,
        }
    }
}

/// How one person of the pair stands to a meeting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Attendance {
    /// Called the meeting; needs no answer to be there.
    Organiser,
    /// Accepted or attended.
    Accepted,
    /// Answered tentatively.
    Tentative,
    /// Was invited and never answered.
    Invited,
    /// Declined, or the meeting was cancelled.
    Declined,
}

impl Attendance {
    const fn comes(self) -> bool {
        matches!(self, Self::Organiser | Self::Accepted)
    }
}

/// The weight of a mail from its author to one recipient; `others` is the number of To and Cc recipients.
///
/// The square root follows what recipients do to the odds of a reply (Karagiannis and Vojnovic, WWW 2009).
pub fn mail_weight(role: MailRole, others: u32) -> f64 {
    shared_by_root(role.weight(), others)
}

/// The weight of a call from the caller to one of the called; `others` is the number of people called.
pub fn call_weight(others: u32) -> f64 {
    shared_by_root(CALL, others)
}

/// The weight of a meeting for a pair, and which way it counts; `others` is the number of attendees less one.
///
/// A meeting both came to is one event in both directions; an invitation without acceptance counts only from organiser to invitee.
/// None when the pair has no touch: somebody declined, or neither called the meeting and one of them did not come, or it was too large.
pub fn meeting_weight(user: Attendance, other: Attendance, others: u32) -> Option<(Direction, f64)> {
    let (direction, weight) = match (user, other) {
        (user, other) if user.comes() && other.comes() => (Direction::Both, MEETING_ACCEPTED),
        (Attendance::Organiser, invitee) => (Direction::Outbound, invited(invitee)?),
        (invitee, Attendance::Organiser) => (Direction::Inbound, invited(invitee)?),
        _ => return None,
    };
    ((1..=MOST_OTHERS).contains(&others)).then(|| (direction, weight / f64::from(others)))
}

/// The weight of an invitation its invitee did not accept.
const fn invited(invitee: Attendance) -> Option<f64> {
    match invitee {
        Attendance::Tentative => Some(MEETING_TENTATIVE),
        Attendance::Invited => Some(MEETING_INVITED),
        Attendance::Organiser | Attendance::Accepted | Attendance::Declined => None,
    }
}

fn shared_by_root(weight: f64, others: u32) -> f64 {
    if (1..=MOST_OTHERS).contains(&others) { weight / f64::from(others).sqrt() } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::Attendance::{Accepted, Declined, Invited, Organiser, Tentative};
    use super::*;

    #[test]
    fn mail_and_calls_are_shared_by_the_root_of_the_others() {
        for (weight, expected) in [
            (mail_weight(MailRole::To, 1), 1.0),
            (mail_weight(MailRole::To, 4), 0.5),
            (mail_weight(MailRole::Cc, 4), 0.25),
            (mail_weight(MailRole::To, 50), 1.0 / 50f64.sqrt()),
            (mail_weight(MailRole::To, 51), 0.0),
            (mail_weight(MailRole::To, 0), 0.0),
            (call_weight(1), 2.0),
            (call_weight(16), 0.5),
            (call_weight(51), 0.0),
        ] {
            assert_eq!(weight, expected);
        }
    }

    #[test]
    fn a_meeting_counts_both_ways_only_when_both_came() {
        for (user, other, others, expected) in [
            (Organiser, Accepted, 1, Some((Direction::Both, 3.0))),
            (Accepted, Organiser, 2, Some((Direction::Both, 1.5))),
            (Accepted, Accepted, 3, Some((Direction::Both, 1.0))),
            (Organiser, Tentative, 2, Some((Direction::Outbound, 0.5))),
            (Organiser, Invited, 1, Some((Direction::Outbound, 0.3))),
            (Invited, Organiser, 1, Some((Direction::Inbound, 0.3))),
            (Organiser, Declined, 1, None),
            (Declined, Accepted, 2, None),
            (Accepted, Tentative, 2, None),
            (Invited, Invited, 2, None),
            (Organiser, Accepted, 51, None),
            (Organiser, Accepted, 0, None),
        ] {
            assert_eq!(meeting_weight(user, other, others), expected, "{user:?} {other:?} {others}");
        }
    }
}
