//! One interaction as one origin shows it of a pair, and the weight it has in their tie.

use measures::strength::{Attendance, Direction, MailRole, Touch, call_weight, mail_weight, meeting_weight};
use vocabulary::Timestamp;
use vocabulary::entry::{Answer, Role};

use crate::held::Held;
use crate::{Contact, Kind};

/// How a pair stands on an interaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sighting {
    pub(crate) kind: Kind,
    /// Whether ours is the author.
    pub(crate) outbound: bool,
    /// As what the recipient of the pair stands there.
    pub(crate) role: Role,
    /// What the recipient of the pair answered; meetings only.
    pub(crate) answer: Answer,
    /// Whether the recipient is only inferred, from what a reply to a list replies to.
    pub(crate) inferred: bool,
}

/// What the version that holds says of an interaction, whoever tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) time: Timestamp,
    pub(crate) cancelled: bool,
    pub(crate) others: u8,
}

impl Facts {
    pub(crate) fn of(held: &Held) -> Self {
        Self { time: held.time, cancelled: held.cancelled, others: held.others }
    }
}

impl Sighting {
    /// The touch of the pair, if there is one: an interaction that was cancelled or declined, or had too many people on it, is none.
    pub(crate) fn contact(self, facts: Facts) -> Option<Contact> {
        let others = u32::from(facts.others);
        let one_way = if self.outbound { Direction::Outbound } else { Direction::Inbound };
        // A reply whose only recipient is a list counts as if the author it replies to stood in To (domain, section 6): as one person.
        let addressed = if self.inferred { others.max(1) } else { others };
        let (direction, weight) = match self.kind {
            Kind::Email => (one_way, mail_weight(mail_role(self.role), addressed)),
            Kind::Call => (one_way, call_weight(addressed)),
            Kind::Meeting => {
                let (organiser, invitee) = (Attendance::Organiser, attendance(self.answer));
                let (user, other) = if self.outbound { (organiser, invitee) } else { (invitee, organiser) };
                meeting_weight(user, other, others)?
            }
        };
        // What went to a list was read by many, however few it names.
        let one_to_one = others == 1 && !self.inferred;
        let counts = !facts.cancelled && weight > 0.0;
        counts.then_some(Contact { kind: self.kind, touch: Touch { time: facts.time, direction, weight, one_to_one } })
    }
}

const fn mail_role(role: Role) -> MailRole {
    match role {
        Role::To => MailRole::To,
        Role::Cc => MailRole::Cc,
    }
}

const fn attendance(answer: Answer) -> Attendance {
    match answer {
        Answer::None => Attendance::Invited,
        Answer::Accepted => Attendance::Accepted,
        Answer::Tentative => Attendance::Tentative,
        Answer::Declined => Attendance::Declined,
    }
}
