//! What ingestion, analytics and the graph have of one mailbox, since when it is held, and what each reader may fold.

use consent_domain::{Holder, KeyPart, MailboxState, holding};
use vocabulary::Timestamp;

use super::{Both, Row, purpose};
use crate::facts::{PURPOSES, User};
use crate::holdings::{HOLD, Held};
use crate::suite::external;

impl Both {
    pub(super) fn holdings(&mut self, user: User) {
        let rows = self.rows[usize::from(user)];
        let Some(held) = self.suite.state.directory.of_external_id(&external(user)) else {
            assert!(rows.iter().all(|row| row.held.is_none()), "user {user}");
            return;
        };
        let alive = rows.iter().any(|row| row.held.is_some());
        let ingestion = match (rows.iter().any(Row::open), alive) {
            (true, _) => Some(MailboxState::Open),
            (false, true) => Some(MailboxState::Held),
            (false, false) => None,
        };
        let reader = |row: Row| row.held.map(|_| if row.readable() { MailboxState::Open } else { MailboxState::Held });
        let expected = [(Holder::Ingestion, ingestion), (Holder::Analytics, reader(rows[0])), (Holder::Graph, reader(rows[1]))];
        for (holder, expected) in expected {
            let has = holding(held, holder);
            let state = Some(has.state).filter(|state| !matches!(state, MailboxState::None | MailboxState::Destroyed));
            assert_eq!(state, expected, "user {user} {holder:?} of {rows:?}");
            let view = holder.purpose().filter(|_| expected == Some(MailboxState::Open)).map(KeyPart::View);
            assert_eq!((has.view, has.log()), (view, expected == Some(MailboxState::Open)), "user {user} {holder:?}");
        }
        for of in PURPOSES {
            let row = rows[of as usize];
            let found = match row.held {
                Some(Held::Open) => 0,
                Some(Held::Kept) => 1,
                Some(Held::Back { .. }) => 2,
                Some(Held::Destroyed) | None => 3,
            };
            self.figures.found[found] += 1;
            let until = held.mailbox.held_since(purpose(of)).map(|since| since.seconds() + HOLD);
            let expected = if let Some(Held::Back { until }) = row.held { Some(until) } else { None };
            assert_eq!(until, expected, "user {user} {of:?}");
            let intervals = held.mailbox.intervals.of(purpose(of));
            for (position, open) in &self.open {
                let then = open[usize::from(user)];
                if then.iter().all(Option::is_none) {
                    continue;
                }
                let within =
                    |interval: &&consent_domain::Interval| interval.from <= *position && interval.to.is_none_or(|to| *position < to);
                let folds = intervals.iter().find(within).map(|interval| interval.scope.map(Timestamp::seconds));
                let lives = row.held.is_some() && self.born[usize::from(user)][of as usize] <= *position;
                assert_eq!(folds, then[of as usize].filter(|_| lives), "user {user} {of:?} of {position}: {intervals:?}");
                self.figures.compared += 1;
            }
        }
        self.figures.compared += 8;
    }
}
