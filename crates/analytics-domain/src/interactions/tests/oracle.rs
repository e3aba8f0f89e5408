//! What really happened, who saw it, and a naive restatement of the rules over it: no index, no merging of copies.

use proptest::prelude::*;
use vocabulary::PersonId;
use vocabulary::entry::{Answer, Entry, InteractionKind, Origin, Participant, RecordKind, RecordRef, Role};

use crate::testing::{USERS, account, contact, entry, lead, mailbox, opportunity, them, us};

/// One mail or meeting, told by some of the mailboxes of those on it, and perhaps by the CRM.
#[derive(Clone, Debug)]
pub(super) struct Happening {
    id: u64,
    meeting: bool,
    author: PersonId,
    others: Vec<Participant>,
    /// Whose mailboxes tell it, of users 1 to 3; the CRM when 0 is among them.
    told_by: Vec<u64>,
    regarding: Option<RecordRef>,
    days_ago: i64,
}

fn person() -> impl Strategy<Value = PersonId> {
    prop_oneof![(1..=USERS).prop_map(us), (1..=9u64).prop_map(them)]
}

fn other() -> impl Strategy<Value = Participant> {
    let role = prop_oneof![Just(Role::To), Just(Role::Cc)];
    let answer = prop_oneof![Just(Answer::None), Just(Answer::Accepted), Just(Answer::Tentative), Just(Answer::Declined)];
    (person(), role, answer).prop_map(|(person, role, answer)| Participant { person, role, answer })
}

/// A few dozen happenings.
pub(super) fn story() -> impl Strategy<Value = Vec<Happening>> {
    let records = prop_oneof![Just(contact()), Just(account()), Just(opportunity()), Just(lead())];
    let regarding = prop::option::of(records);
    let others = prop::collection::vec(other(), 1..5);
    let told_by = prop::sample::subsequence(vec![0, 1, 2, 3], 0..=4);
    let drawn = (any::<bool>(), person(), others, told_by, regarding, 0..400i64);
    let happening = drawn.prop_map(|(meeting, author, mut others, told_by, regarding, days_ago)| {
        others.sort();
        others.dedup_by_key(|other| other.person);
        others.retain(|other| other.person != author);
        if !meeting {
            others.iter_mut().for_each(|other| other.answer = Answer::None);
        }
        Happening { id: 0, meeting, author, others, told_by, regarding, days_ago }
    });
    let numbered = |(id, happening)| Happening { id, ..happening };
    prop::collection::vec(happening, 0..40).prop_map(move |happenings| (1..).zip(happenings).map(numbered).collect())
}

/// What each source tells of a story.
pub(super) fn entries(story: &[Happening]) -> Vec<(Origin, Entry)> {
    let mut entries = Vec::new();
    for happening in story {
        let kind = if happening.meeting { InteractionKind::Meeting } else { InteractionKind::Email };
        let told = |participants| Entry {
            participants,
            duration_seconds: 1800,
            thread: Some(vocabulary::entry::Thread(happening.id % 5 + 1)),
            time: crate::testing::days_ago(happening.days_ago),
            ..entry(kind.clone(), happening.id, happening.author)
        };
        for source in &happening.told_by {
            let own: Vec<_> = happening.others.iter().filter(|other| other.person == us(*source)).copied().collect();
            if *source == 0 {
                entries.push((Origin::Crm, Entry { regarding: happening.regarding.clone(), ..told(happening.others.clone()) }));
            } else if happening.author == us(*source) {
                entries.push((mailbox(*source), told(happening.others.clone())));
            } else if !own.is_empty() {
                entries.push((mailbox(*source), told(own)));
            }
        }
    }
    entries
}

/// Emails sent and received, meetings sent and received of a record.
pub(super) fn counts(story: &[Happening], record: &RecordRef) -> [u64; 4] {
    let mut counts = [0; 4];
    for happening in story.iter().filter(|happening| happening.days_ago <= 365) {
        let counted = if happening.meeting {
            meeting(happening, record).map(|sent| if sent { 2 } else { 3 })
        } else {
            mail(happening, record).map(|sent| if sent { 0 } else { 1 })
        };
        if let Some(counted) = counted {
            counts[counted] += 1;
        }
    }
    counts
}

fn is_user(person: PersonId) -> bool {
    person.0 > 1000
}

fn our_side(record: &RecordRef, person: PersonId) -> bool {
    match record.kind {
        RecordKind::Contact | RecordKind::Account => is_user(person),
        RecordKind::Opportunity => person == us(1) || person == us(2),
        RecordKind::Lead => person == us(1),
    }
}

fn their_side(record: &RecordRef, person: PersonId) -> bool {
    let people: &[u64] = match (&*record.id, record.kind) {
        ("c1", _) => &[1, 11],
        ("c2", _) => &[2],
        ("c3", _) => &[3],
        (_, RecordKind::Account) => &[1, 11, 2, 3],
        (_, RecordKind::Opportunity) => &[1, 11, 2, 5, 3],
        (_, RecordKind::Lead) => &[6, 7],
        (_, RecordKind::Contact) => &[],
    };
    people.iter().any(|n| them(*n) == person)
}

/// Whether the sources may say that `person` is on it.
fn told(happening: &Happening, person: PersonId) -> bool {
    let crm = happening.told_by.contains(&0);
    let own = happening.told_by.iter().any(|source| *source > 0 && us(*source) == person);
    let authors = happening.told_by.iter().any(|source| *source > 0 && us(*source) == happening.author);
    let may_be_named = person != us(5);
    if person == happening.author { crm || own || !is_user(person) && any_told(happening) } else { crm || own || authors && may_be_named }
}

/// Whether any source tells of it at all.
fn any_told(happening: &Happening) -> bool {
    let on_it =
        |source: &u64| *source == 0 || happening.author == us(*source) || happening.others.iter().any(|other| other.person == us(*source));
    happening.told_by.iter().any(on_it)
}

fn is_about(happening: &Happening, record: &RecordRef) -> bool {
    happening.told_by.contains(&0) && happening.regarding.as_ref() == Some(record)
}

fn mail(happening: &Happening, record: &RecordRef) -> Option<bool> {
    let about = is_about(happening, record);
    let ours = |person| told(happening, person) && (our_side(record, person) || about && is_user(person));
    let theirs = |person| told(happening, person) && (their_side(record, person) || about && !is_user(person));
    let to = |side: &dyn Fn(PersonId) -> bool| happening.others.iter().any(|other| side(other.person));
    if ours(happening.author) && to(&theirs) {
        Some(true)
    } else if theirs(happening.author) && (to(&ours) || about) {
        Some(false)
    } else {
        None
    }
}

fn meeting(happening: &Happening, record: &RecordRef) -> Option<bool> {
    let about = is_about(happening, record);
    let author = happening.author;
    let all: Vec<(PersonId, Answer)> =
        happening.others.iter().map(|other| (other.person, other.answer)).chain([(author, Answer::Accepted)]).collect();
    if is_user(author) && !told(happening, author) {
        return None;
    }
    let ours: Vec<_> =
        all.iter().filter(|(person, _)| told(happening, *person) && (our_side(record, *person) || about && is_user(*person))).collect();
    let theirs: Vec<_> =
        all.iter().filter(|(person, _)| told(happening, *person) && (their_side(record, *person) || about && !is_user(*person))).collect();
    // R4: p3 is on the opportunity only as the primary contact of its account.
    let beyond = theirs.iter().filter(|(person, _)| record.kind != RecordKind::Opportunity || *person != them(3)).count();
    // p1 and p11 are one contact, who declined if both did.
    let declined = |side: &[&(PersonId, Answer)]| !side.is_empty() && side.iter().all(|(_, answer)| *answer == Answer::Declined);
    if declined(&ours) || declined(&theirs) || !(about || !ours.is_empty() && beyond > 0) || theirs.is_empty() {
        return None;
    }
    Some(our_side(record, author) || about && is_user(author))
}
