//! Whatever is folded, in whatever order and however often: the same ties as a plain list of what holds would show.

use std::collections::BTreeMap;

use measures::strength::{Attendance, Direction, MailRole, mail_weight, meeting_weight};
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::introducers::rank;

const PEOPLE: [PersonId; 5] = [PersonId(101), PersonId(102), PersonId(103), THEM, OTHER];

fn origins() -> impl Strategy<Value = Origin> {
    select(vec![mailbox(ADA), mailbox(BEN), Origin::Mailbox { user: ADA, generation: 2 }, Origin::Crm])
}

/// Few names, so that copies, versions and replies meet. The kind goes with the identity.
fn entries() -> impl Strategy<Value = Entry> {
    let people = || select(PEOPLE.to_vec());
    let answers = select(vec![Answer::None, Answer::Accepted, Answer::Tentative, Answer::Declined]);
    let roles = select(vec![Role::To, Role::Cc]);
    let participant = (people(), roles, answers).prop_map(|(person, role, answer)| Participant { person, role, answer });
    let participants = prop::collection::vec(participant, 0..3);
    let facts = (1u128..8, people(), participants, 0i64..400, 0u32..4, prop::option::of(1u128..8), 0u32..3, any::<bool>());
    facts.prop_map(|(identity, author, participants, days, others, parent, sequence, cancelled)| {
        let meets = identity > 4;
        let version = Version { sequence: if meets { sequence } else { 0 }, stamp: Timestamp::EPOCH };
        let kind = if meets { InteractionKind::Meeting } else { InteractionKind::Email };
        let cancelled = cancelled && meets;
        let parent = parent.filter(|_| !meets).map(Identity);
        Entry { kind, participants, others, version, cancelled, parent, ..mail(identity, author, &[], ago(days)) }
    })
}

fn told() -> impl Strategy<Value = Vec<(Origin, Entry)>> {
    prop::collection::vec((origins(), entries()), 0..40)
}

/// The contacts of each colleague and each person, sorted.
fn contacts(ties: &Ties, readable: &Readable) -> Vec<Vec<(Timestamp, Direction, u64)>> {
    let pairs = readable.colleagues.iter().flat_map(|colleague| PEOPLE.map(|person| (colleague, person)));
    let of_pair = |(colleague, person): (&Colleague, PersonId)| {
        if colleague.persons.contains(&person) {
            return Vec::new();
        }
        let contacts = ties.contacts(readable, colleague, &ties.tracked(&[person]));
        let mut plain: Vec<_> =
            contacts.iter().map(|contact| (contact.touch.time, contact.touch.direction, contact.touch.weight.to_bits())).collect();
        plain.sort_unstable();
        plain
    };
    pairs.map(of_pair).collect()
}

/// The same by the rules as they are written, from a plain map of what holds, without any index.
fn naive(told: &[(Origin, Entry)], readable: &Readable) -> Vec<Vec<(Timestamp, Direction, u64)>> {
    let mut holds: BTreeMap<(Origin, Identity), &Entry> = BTreeMap::new();
    for (origin, entry) in told {
        let held = holds.entry((*origin, entry.identity)).or_insert(entry);
        if entry.version > held.version {
            *held = entry;
        }
    }
    let mut all = Vec::new();
    for colleague in &readable.colleagues {
        for person in PEOPLE {
            let us = colleague.persons[0];
            let mut pair = BTreeMap::new();
            for origin in [Origin::Crm].into_iter().chain(readable.mailbox_of(colleague.user)) {
                for ((_, identity), entry) in holds.iter().filter(|((of, _), _)| *of == origin) {
                    let parent = entry.parent.filter(|_| entry.participants.is_empty()).and_then(|parent| holds.get(&(origin, parent)));
                    let recipients = parent.map_or(entry.participants.clone(), |parent| vec![named(parent.author)]);
                    let (outbound, other) = if entry.author == us { (true, person) } else { (false, us) };
                    let named: Vec<_> = recipients.iter().filter(|recipient| recipient.person == other).collect();
                    if us != person && (outbound || entry.author == person) && !named.is_empty() {
                        let says = |answer: Answer| {
                            [Answer::None, Answer::Declined, Answer::Tentative, Answer::Accepted].iter().position(|a| *a == answer)
                        };
                        let answer = named.iter().map(|one| one.answer).max_by_key(|answer| says(*answer)).unwrap();
                        let role = named.iter().map(|one| one.role).min().unwrap();
                        // The mailbox comes last and replaces what the CRM told.
                        pair.insert(*identity, (*entry, outbound, role, answer, parent.is_some()));
                    }
                }
            }
            let mut touches = Vec::new();
            for (identity, (entry, outbound, role, answer, inferred)) in pair {
                let copies = holds.iter().filter(|((of, name), _)| *name == identity && readable.allows(*of)).map(|(_, entry)| *entry);
                let latest = copies.fold(entry, |latest, copy| if copy.version > latest.version { copy } else { latest });
                let direction = if outbound { Direction::Outbound } else { Direction::Inbound };
                let touch = if entry.kind == InteractionKind::Meeting {
                    let invitee = match answer {
                        Answer::None => Attendance::Invited,
                        Answer::Accepted => Attendance::Accepted,
                        Answer::Tentative => Attendance::Tentative,
                        Answer::Declined => Attendance::Declined,
                    };
                    let organiser = Attendance::Organiser;
                    let (user, other) = if outbound { (organiser, invitee) } else { (invitee, organiser) };
                    meeting_weight(user, other, latest.others)
                } else {
                    let role = if role == Role::To { MailRole::To } else { MailRole::Cc };
                    Some((direction, mail_weight(role, if inferred { latest.others.max(1) } else { latest.others })))
                };
                let counts = touch.filter(|(_, weight)| *weight > 0.0 && !latest.cancelled && latest.time >= readable.since);
                touches.extend(counts.map(|(direction, weight)| (latest.time, direction, weight.to_bits())));
            }
            touches.sort_unstable();
            all.push(touches);
        }
    }
    all
}

/// One content for each origin, identity and version: which of two holds is ours to say, and no rule.
fn consistent(told: Vec<(Origin, Entry)>) -> Vec<(Origin, Entry)> {
    let mut by_version: BTreeMap<(Origin, Identity, Version), Entry> = BTreeMap::new();
    for (origin, entry) in told {
        by_version.insert((origin, entry.identity, entry.version), entry);
    }
    // Versions of one number are the same everywhere but for who is named.
    let mut facts: BTreeMap<(Identity, Version), Entry> = BTreeMap::new();
    for ((_, identity, version), entry) in &by_version {
        facts.entry((*identity, *version)).or_insert_with(|| entry.clone());
    }
    let told = by_version.into_iter().map(|((origin, identity, version), entry)| {
        let Entry { time, others, cancelled, .. } = facts[&(identity, version)];
        (origin, Entry { time, others, cancelled, ..entry })
    });
    told.collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn order_and_repetition_change_nothing(told in told(), order in any::<prop::sample::Index>(), seed in any::<u64>()) {
        let readable = readable(&[ADA, BEN]);
        let once = folded(told.clone());
        let mut other = told.clone();
        other.extend(told.iter().take(order.index(told.len() + 1)).cloned());
        other.sort_by_key(|(_, entry)| (entry.identity.0 as u64 ^ entry.time.micros() as u64).wrapping_mul(seed | 1));
        let other = folded(other);
        prop_assert_eq!(contacts(&once, &readable), contacts(&other, &readable));
        let targets = PEOPLE.map(target);
        prop_assert_eq!(rank(&once, &readable, &targets, now()), rank(&other, &readable, &targets, now()));
    }

    #[test]
    fn pairs_have_the_touches_that_a_plain_list_shows(told in told(), ada in any::<bool>(), ben in any::<bool>()) {
        let told = consistent(told);
        let open: Vec<UserId> = [(ADA, ada), (BEN, ben)].into_iter().filter_map(|(user, open)| open.then_some(user)).collect();
        let readable = readable(&open);
        prop_assert_eq!(contacts(&folded(told.clone()), &readable), naive(&told, &readable));
    }

    #[test]
    fn a_forgotten_mailbox_is_as_if_it_had_never_been(told in told()) {
        let readable = readable(&[ADA, BEN]);
        let of_ada = |origin: &Origin| matches!(origin, Origin::Mailbox { user: ADA, .. });
        let mut forgotten = folded(told.clone());
        forgotten.forget(ADA);
        let never = folded(told.into_iter().filter(|(origin, _)| !of_ada(origin)));
        prop_assert_eq!(contacts(&forgotten, &readable), contacts(&never, &readable));
    }
}
