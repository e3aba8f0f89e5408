//! What each holder may have of a mailbox: the keys, the state and the intervals that go over Enforce (design.md, section 3).

use crate::{Interval, KeyPart, Purpose, User};

/// A service that holds keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Holder {
    /// Seals the log.
    Ingestion,
    /// The view for [`Purpose::RelationshipAnalytics`].
    Analytics,
    /// The view for [`Purpose::ConnectionGraph`].
    Graph,
}

impl Holder {
    /// What the holder reads for; ingestion reads for nobody.
    pub const fn purpose(self) -> Option<Purpose> {
        match self {
            Self::Ingestion => None,
            Self::Analytics => Some(Purpose::RelationshipAnalytics),
            Self::Graph => Some(Purpose::ConnectionGraph),
        }
    }
}

/// Whether a mailbox may be read, as one holder sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailboxState {
    /// There never was a key.
    None,
    /// It may be read; keys come with it.
    Open,
    /// It may not be read now, but its keys live on.
    Held,
    /// The keys this holder would need are destroyed.
    Destroyed,
}

/// What one holder may have of one mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holding<'a> {
    /// Whether it may read.
    pub state: MailboxState,
    /// The key of its own view, where it may have it.
    pub view: Option<KeyPart>,
    /// When its purpose stood open, in order; empty for ingestion.
    pub intervals: &'a [Interval],
}

impl Holding<'_> {
    /// Whether the holder may have the key `log`.
    pub fn log(&self) -> bool {
        self.state == MailboxState::Open
    }
}

/// What a holder may have of a user's mailbox. Readers have the keys of what is kept, ingestion does not (policy KEEP).
pub fn holding(user: &User, holder: Holder) -> Holding<'_> {
    let mailbox = &user.mailbox;
    let (has_key, open, intervals) = match holder.purpose() {
        None => (mailbox.has_keys(), mailbox.is_open_at_all(), [].as_slice()),
        Some(purpose) => (mailbox.has_key(purpose), mailbox.is_readable(purpose), mailbox.intervals.of(purpose).as_slice()),
    };
    let state = match (mailbox.generation, has_key, open) {
        (0, _, _) => MailboxState::None,
        (_, false, _) => MailboxState::Destroyed,
        (_, true, true) => MailboxState::Open,
        (_, true, false) => MailboxState::Held,
    };
    let view = holder.purpose().filter(|_| state == MailboxState::Open).map(KeyPart::View);
    Holding { state, view, intervals }
}

#[cfg(test)]
mod tests {
    use super::Holder::{Analytics, Graph, Ingestion};
    use super::*;
    use crate::testing::{INSTANT, user};
    use crate::{Moment, PerPurpose, Standing, UserKind};

    #[test]
    fn each_holder_gets_only_the_keys_of_its_purpose() {
        let check = |steps: &[(Standing, Standing)], expected: [MailboxState; 3]| {
            let mut user = user(1, UserKind::Person);
            for (position, (analytics, graph)) in (1..).zip(steps) {
                user.mailbox =
                    user.mailbox.settle(PerPurpose { analytics: *analytics, graph: *graph }, Moment { position, time: INSTANT }).0;
            }
            for (holder, state) in [Ingestion, Analytics, Graph].into_iter().zip(expected) {
                let holding = holding(&user, holder);
                assert_eq!(holding.state, state, "{holder:?} {steps:?}");
                assert_eq!(holding.log(), state == MailboxState::Open);
                let view = holder.purpose().map(KeyPart::View).filter(|_| state == MailboxState::Open);
                assert_eq!(holding.view, view, "{holder:?} {steps:?}");
            }
        };
        use MailboxState as M;
        use Standing::{Destroyed, Held, Kept};
        const OPEN: Standing = Standing::Open { scope: None };
        check(&[], [M::None, M::None, M::None]);
        check(&[(OPEN, OPEN)], [M::Open, M::Open, M::Open]);
        check(&[(OPEN, Destroyed)], [M::Open, M::Open, M::Destroyed]);
        check(&[(OPEN, OPEN), (Held, OPEN)], [M::Open, M::Held, M::Open]);
        check(&[(OPEN, OPEN), (Held, Held)], [M::Held, M::Held, M::Held]);
        check(&[(OPEN, OPEN), (Destroyed, Destroyed)], [M::Destroyed, M::Destroyed, M::Destroyed]);
        check(&[(OPEN, OPEN), (Kept, Kept)], [M::Held, M::Open, M::Open]);
        check(&[(OPEN, OPEN), (Kept, OPEN)], [M::Open, M::Open, M::Open]);
    }
}
