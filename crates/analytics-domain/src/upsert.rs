//! Records are made or replaced: which of them are new, which changed, and what is to be written.

use std::collections::HashMap;

use crate::{Record, Records};

/// What becomes of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is new.
    Created,
    /// It changed.
    Updated,
    /// It is as kept.
    Unchanged,
}

/// What becomes of several records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Upserted {
    /// What becomes of each, in order; with the version that is kept, unless it is only about to be written.
    pub outcomes: Vec<(Outcome, Option<u64>)>,
    /// The records to write, each name once, as the last of that name has it.
    pub changed: Vec<Record>,
}

/// Compares records with those that are held, and each with those before it. Versions are the store's to give: those of `records` mean
/// nothing.
pub fn decide(held: &Records, records: Vec<Record>) -> Upserted {
    let mut places = HashMap::new();
    let Upserted { mut outcomes, mut changed } = Upserted::default();
    for record in records {
        let place = places.get(&record.reference).copied();
        let before = match place {
            Some(place) => changed.get(place).map(|record| (record, None)),
            None => held.get(&record.reference).map(|record| (&**record, Some(record.version))),
        };
        let outcome = match before {
            None => (Outcome::Created, None),
            Some((before, version)) if same(before, &record) => (Outcome::Unchanged, version),
            Some(_) => (Outcome::Updated, None),
        };
        outcomes.push(outcome);
        match (outcome.0, place) {
            (Outcome::Unchanged, _) => {}
            (Outcome::Created | Outcome::Updated, Some(place)) => changed[place] = record,
            (Outcome::Created | Outcome::Updated, None) => {
                places.insert(record.reference.clone(), changed.len());
                changed.push(record);
            }
        }
    }
    Upserted { outcomes, changed }
}

fn same(before: &Record, record: &Record) -> bool {
    Record { version: before.version, ..record.clone() } == *before
}

#[cfg(test)]
mod tests {
    use super::Outcome::{Created, Unchanged, Updated};
    use super::*;
    use crate::testing::{contact, records, reference};
    use vocabulary::entry::RecordKind;

    #[test]
    fn a_record_is_compared_with_what_is_held_and_with_those_before_it() {
        let mut held = records();
        held.put(std::sync::Arc::new(Record { version: 7, ..Record::named(contact()) }));
        let (old, new) = (Record::named(contact()), Record::named(reference(RecordKind::Contact, "new")));
        let titled = |record: &Record, title: &str| Record { job_title: title.to_owned(), ..record.clone() };
        for (what, records, outcomes, changed) in [
            ("nothing", vec![], vec![], vec![]),
            ("as kept", vec![old.clone()], vec![(Unchanged, Some(7))], vec![]),
            ("changed", vec![titled(&old, "a")], vec![(Updated, None)], vec![titled(&old, "a")]),
            ("new", vec![new.clone()], vec![(Created, None)], vec![new.clone()]),
            ("new, twice", vec![new.clone(), new.clone()], vec![(Created, None), (Unchanged, None)], vec![new.clone()]),
            (
                "new, then changed",
                vec![new.clone(), old.clone(), titled(&new, "a")],
                vec![(Created, None), (Unchanged, Some(7)), (Updated, None)],
                vec![titled(&new, "a")],
            ),
            ("changed and back again", vec![titled(&old, "a"), old.clone()], vec![(Updated, None), (Updated, None)], vec![old.clone()]),
        ] {
            assert_eq!(decide(&held, records), Upserted { outcomes, changed }, "{what}");
        }
    }
}
