//! Every combination of the gates, each set apart for the two purposes wherever a gate can be, for two users and two applications that
//! stand differently: whoever mixes up purposes, users or applications is seen.

use std::collections::BTreeSet;

use crate::compare::Both;
use crate::facts::{DAY, Entry, Kind, Members, PURPOSES, Said, Second, Source, Switches, Type, Which};
use crate::figures::Figures;

const START: Second = 1_700_000_000;

/// Which gates stand open: for the first user and application, and for the second of each.
#[derive(Clone, Copy, Debug)]
struct Gates {
    region: bool,
    consent: Which,
    features: [Which; 2],
    mailboxes: [bool; 2],
    /// Whether the first user's role is chosen; where it is not, the second user's is.
    role: [bool; 2],
    groups: [Which; 2],
    choices: [Which; 2],
}

impl Gates {
    /// `one` are eleven bits for the first user and application, `other` eight for the second.
    fn of(one: u32, other: u32) -> Self {
        let bit = |bits: u32, at: u32| bits & (1 << at) != 0;
        let pair = |bits, at| [bit(bits, at), bit(bits, at + 1)];
        Self {
            region: bit(one, 0),
            consent: pair(one, 1),
            features: [pair(one, 3), pair(other, 0)],
            mailboxes: [bit(one, 5), bit(other, 2)],
            role: [bit(one, 6), bit(other, 3)],
            groups: [pair(one, 7), pair(other, 4)],
            choices: [pair(one, 9), pair(other, 6)],
        }
    }

    fn switches(&self, at: usize, features: bool, mailboxes: bool, role: bool) -> Said {
        let shut = |turned: bool, open: bool| open || !turned;
        Said::Application {
            application: at as u8,
            switches: Switches {
                features: self.features[at].map(|open| shut(features, open)),
                mailboxes: shut(mailboxes, self.mailboxes[at]),
                roles: if role { BTreeSet::from([u8::from(!self.role[at])]) } else { BTreeSet::new() },
            },
        }
    }
}

/// Two users, each in a group within another group; consent for each purpose, which ends after a day where it is to end.
fn open(consent: Which) -> Both {
    let mut both = Both::starting(START, 2);
    let entry = |user| Entry { user, kind: Kind::Person, addresses: vec![u16::from(user)], roles: BTreeSet::from([user]) };
    both.say(Said::Users { complete: true, entries: vec![entry(0), entry(1)] });
    let inner = |user| Members { group: user, users: BTreeSet::from([user]), groups: BTreeSet::new() };
    let outer = |user| Members { group: user + 2, users: BTreeSet::new(), groups: BTreeSet::from([user]) };
    both.say(Said::Groups { complete: true, groups: vec![inner(0), inner(1), outer(0), outer(1)] });
    for application in 0..2 {
        both.say(Said::Application { application, switches: Switches { features: [true, true], mailboxes: true, roles: BTreeSet::new() } });
    }
    for of in PURPOSES {
        let purposes = PURPOSES.map(|other| other == of);
        let expires = (!consent[of as usize]).then_some(START + DAY);
        both.say(Said::Granted { of: Type::Identifiable, purposes, expires });
    }
    both
}

/// Closes what is to be closed, in an order of its own for each case.
fn close(both: &mut Both, gates: &Gates, future_only: bool, order: usize) {
    for at in 0..7 {
        let not = |which: Which| which.map(|open| !open);
        match (at + order) % 7 {
            0 if !gates.region => both.say(Said::Region { allowed: false, by_operator: order.is_multiple_of(2) }),
            1 if gates.consent != [true, true] => both.wait(START + DAY),
            turn @ (2 | 3) => {
                let done = |step| step <= (order + at) % 3;
                both.say(gates.switches(turn - 2, true, done(1), done(2)));
                both.say(gates.switches(turn - 2, true, true, true));
            }
            4 | 5 => {
                let user = ((at + order) % 7 - 4) as u8;
                let groups = not(gates.groups[usize::from(user)]);
                if groups != [false, false] {
                    both.say(Said::GroupOut { group: user + 2 * (order % 2) as u8, purposes: groups, future_only });
                }
            }
            6 => {
                for user in 0..2 {
                    let purposes = not(gates.choices[usize::from(user)]);
                    if purposes != [false, false] {
                        both.say(Said::UserOut { user, purposes });
                    }
                }
            }
            _ => {}
        }
    }
}

#[test]
fn every_combination_of_gates_for_both_purposes_apart() {
    let mut figures = Figures::default();
    let mut answers: BTreeSet<Vec<u8>> = BTreeSet::new();
    let mut apart = 0_u64;
    for consent in 0..4_u32 {
        let begun = open([consent & 1 != 0, consent & 2 != 0]);
        for rest in 0..512_u32 {
            let one = (rest & 1) | (consent << 1) | (rest >> 1 << 3);
            for future_only in [true, false] {
                let gates = Gates::of(one, (one * 37 + u32::from(future_only) * 101) & 255);
                let mut both = begun.clone();
                both.figures = Figures::default();
                close(&mut both, &gates, future_only, (one as usize * 5 + usize::from(future_only)) % 14);
                for source in [Source::Mailbox, Source::Crm] {
                    let [analytics, graph] = PURPOSES.map(|of| both.tape.closed(0, 0, of, source));
                    apart += u64::from(analytics != graph);
                    answers.extend([analytics, graph].map(|closed| closed.into_iter().collect()));
                }
                figures = figures.with(both.figures);
            }
        }
    }
    // Each of the 2^7 sets of closed gates was an answer, in the enhanced tier.
    assert_eq!(answers.len(), 128);
    println!("{} sets of closed gates, {apart} answers in which the purposes differ; {figures:?}", answers.len());
}
