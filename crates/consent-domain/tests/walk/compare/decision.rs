//! What a decision says of itself, and which keys it brings and takes.

use consent_domain::{Decision, KeyName, KeyPart};

use super::{Both, Row, Rows};
use crate::suite::external;

impl Both {
    pub(super) fn decision(&mut self, before: &Rows, decision: &Decision) {
        let pairs = || before.iter().zip(&self.rows);
        let ended = |was: &Row, is: &Row| was.held.is_some() && (is.held.is_none() || was.lives < is.lives);
        let any = |rows: &[Row; 2], holds: fn(&Row) -> bool| rows.iter().any(holds);
        let opened = pairs().filter(|(was, is)| !any(was, Row::open) && any(is, Row::open)).count();
        let closed = pairs().filter(|(was, is)| was.iter().zip(*is).any(|(was, is)| ended(was, is))).count();
        assert_eq!((decision.opened, decision.closed), (opened as u64, closed as u64), "opened and closed");
        // Of what was held nobody had a key.
        let less = |was: &Row, is: &Row| {
            (was.readable() && (ended(was, is) || !is.readable())) || (was.open() && !is.open()) || (was.named && !is.named)
        };
        let narrows = pairs().find(|(was, is)| was.iter().zip(*is).any(|(was, is)| less(was, is)));
        assert!(decision.narrowing || narrows.is_none(), "somebody may do less, and nobody is waited for: {narrows:?}");
        self.figures.destroyed += decision.destroy.len() as u64;
        for key in &decision.destroy {
            assert!(self.keys.remove(key), "{key:?} is destroyed and was not there");
        }
        for key in &decision.mint {
            assert!(self.keys.insert(*key), "{key:?} is minted and was there");
            // A view that opens again beside the other purpose takes its name again, with intervals that begin anew.
            assert!(self.ever.insert(*key) || key.part != KeyPart::Log, "{key:?} comes back");
            let older = self.ever.iter().any(|other| other.user == key.user && other.generation > key.generation);
            assert!(!older, "{key:?} is of a generation that is over");
        }
        assert_eq!(self.keys, self.suite.state.keys().collect());
        for (user, (was, is)) in (0..).zip(before.iter().zip(&self.rows)) {
            let goes_on = was.iter().zip(is).any(|(was, is)| was.held.is_some() && was.lives == is.lives && is.held.is_some());
            let Some(held) = self.suite.state.directory.of_external_id(&external(user)) else { continue };
            let log = KeyName { user: held.id, generation: held.mailbox.generation, part: KeyPart::Log };
            if is.iter().any(|row| row.held.is_some()) {
                assert_eq!(decision.mint.contains(&log), !goes_on, "user {user}: a new log for new lives only");
            }
        }
        self.figures.compared += 3 + 2 * u64::from(self.users);
    }
}
