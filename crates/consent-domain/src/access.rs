//! What was read by whom: how counts are added up, found and kept. Nothing here ranks anybody.

use std::collections::BTreeMap;

use vocabulary::{Day, Subject, Timestamp, UserId};

use crate::State;

/// About how many bytes of reads go into one part: with the methods that they name it stays under the largest value of the store.
const PART_BYTES: usize = 4_500;
/// About how many bytes a read takes besides ids of the CRM and names of methods.
const READ_BYTES: usize = 64;

/// Who read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Asker {
    /// Somebody at the machine who named nobody.
    Operator,
    /// A program that spoke for itself.
    Service,
    /// One of ours.
    User(UserId),
    /// Somebody whom the directory does not name, by the keyed hash of the address.
    Unlisted(u128),
}

/// What is counted apart, within one day.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Read {
    /// About whom or what.
    pub subject: Subject,
    /// Who read.
    pub asker: Asker,
    /// By which method.
    pub method: Box<str>,
}

/// How often, and when the last time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// How many answers.
    pub count: u64,
    /// When the last of them was answered.
    pub last: Timestamp,
}

/// Some of the reads of one day.
pub type Part = Vec<(Read, Times)>;

/// Which reads are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sought {
    /// About one of these; none: about anything.
    pub subjects: Vec<Subject>,
    /// By one of these; none: by anybody.
    pub askers: Vec<Asker>,
}

impl Sought {
    /// Whether a read is among them.
    pub fn has(&self, read: &Read) -> bool {
        (self.subjects.is_empty() || self.subjects.contains(&read.subject)) && (self.askers.is_empty() || self.askers.contains(&read.asker))
    }
}

/// Adds reads to those that are held; answers the places of the parts that are others now. What is held stays where it is, so that little
/// is written anew.
pub fn add(parts: &mut Vec<Part>, fresh: BTreeMap<Read, Times>) -> Vec<usize> {
    let mut changed = Vec::new();
    let mut fresh = fresh;
    for (place, part) in parts.iter_mut().enumerate() {
        let mut any = false;
        for (read, times) in part {
            let Some(more) = fresh.remove(read) else { continue };
            times.count = times.count.saturating_add(more.count);
            times.last = times.last.max(more.last);
            any = true;
        }
        if any {
            changed.push(place);
        }
    }
    for entry in fresh {
        let full =
            |part: &Part| part.iter().chain([&entry]).map(|(read, _)| bytes(read)).sum::<usize>() + methods(part, &entry.0) > PART_BYTES;
        if parts.last().is_none_or(full) {
            parts.push(Vec::new());
        }
        let last = parts.len() - 1;
        parts[last].push(entry);
        if !changed.contains(&last) {
            changed.push(last);
        }
    }
    changed
}

/// About whom nothing may be shown or kept any more: somebody erased, or an id that leads to nobody.
pub fn is_erased(subject: &Subject, state: &State) -> bool {
    match subject {
        Subject::User(user) => state.directory.get(*user).is_none(),
        Subject::Person(address) => state.erased.addresses.contains(address),
        Subject::Record(_) | Subject::Everybody => false,
    }
}

/// The oldest day that is kept when the present day and the days before it are, so many in all.
pub fn oldest(now: Timestamp, kept_days: u32) -> Day {
    Day(now.day().0.saturating_sub(i32::try_from(kept_days.saturating_sub(1)).unwrap_or(i32::MAX)))
}

fn bytes(read: &Read) -> usize {
    READ_BYTES
        + match &read.subject {
            Subject::Record(record) => record.id.len(),
            Subject::User(_) | Subject::Person(_) | Subject::Everybody => 0,
        }
}

/// The bytes of the methods that a part names once another read is in it.
fn methods(part: &Part, more: &Read) -> usize {
    let names = part.iter().map(|(read, _)| &read.method).chain([&more.method]);
    names.collect::<std::collections::BTreeSet<_>>().into_iter().map(|method| method.len() + 2).sum()
}

#[cfg(test)]
mod tests {
    use vocabulary::entry::{RecordKind, RecordRef};

    use super::*;

    fn read(user: u64, asker: u64) -> Read {
        Read { subject: Subject::User(UserId(user)), asker: Asker::User(UserId(asker)), method: "GetUser".into() }
    }

    fn times(count: u64, last: i64) -> Times {
        Times { count, last: Timestamp::from_seconds(last) }
    }

    #[test]
    fn what_is_held_grows_in_place_and_what_is_new_comes_behind() {
        let mut parts = Vec::new();
        assert_eq!(add(&mut parts, [(read(1, 9), times(1, 10)), (read(2, 9), times(2, 20))].into()), [0]);
        assert_eq!(add(&mut parts, [(read(1, 9), times(3, 5)), (read(3, 9), times(1, 30))].into()), [0]);
        let expected = [(read(1, 9), times(4, 10)), (read(2, 9), times(2, 20)), (read(3, 9), times(1, 30))];
        assert_eq!(parts, [expected.to_vec()]);
        assert_eq!(add(&mut parts, BTreeMap::new()), Vec::<usize>::new());
    }

    #[test]
    fn a_full_part_is_left_as_it_is() {
        let many: BTreeMap<_, _> = (0..200).map(|user| (read(user, 9), times(1, 1))).collect();
        let mut parts = Vec::new();
        let changed = add(&mut parts, many.clone());
        assert!(parts.len() > 1 && changed.len() == parts.len(), "{}", parts.len());
        assert_eq!(parts.iter().flatten().cloned().collect::<BTreeMap<_, _>>().len(), 200);
        assert_eq!(add(&mut parts, [(read(1, 9), times(1, 2))].into()), [0]);
        assert_eq!(add(&mut parts, [(read(1000, 9), times(1, 2))].into()), [parts.len() - 1]);
        // Ids of the CRM may be long.
        let record = |id: usize| Subject::Record(RecordRef { kind: RecordKind::Lead, id: format!("{id:0>512}").into() });
        let long: BTreeMap<_, _> = (0..40).map(|id| (Read { subject: record(id), ..read(0, 9) }, times(1, 1))).collect();
        let mut parts = Vec::new();
        add(&mut parts, long);
        assert!(parts.iter().all(|part| (1..=8).contains(&part.len())), "{:?}", parts.iter().map(Vec::len).collect::<Vec<_>>());
    }

    #[test]
    fn what_is_sought_is_found_by_subject_and_asker() {
        let check = |subjects: &[u64], asker: Option<u64>, expected: bool| {
            let subjects = subjects.iter().map(|user| Subject::User(UserId(*user))).collect();
            let sought = Sought { subjects, askers: asker.map(|user| Asker::User(UserId(user))).into_iter().collect() };
            assert_eq!(sought.has(&read(1, 9)), expected, "{sought:?}");
        };
        check(&[], None, true);
        check(&[2, 1], None, true);
        check(&[2], None, false);
        check(&[1], Some(9), true);
        check(&[1], Some(1), false);
        check(&[], Some(8), false);
    }

    #[test]
    fn today_is_one_of_the_days_that_are_kept() {
        let now = Timestamp::from_seconds(100 * 86_400 + 5);
        for (kept, day) in [(1, 100), (90, 11), (0, 100), (u32::MAX, i32::MIN)] {
            let oldest = oldest(now, kept);
            assert!(oldest == Day(day) || kept == u32::MAX && oldest.0 < -1_000_000, "{kept}: {oldest:?}");
        }
    }
}
