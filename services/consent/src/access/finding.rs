//! Finding what was counted, a page at a time: the latest day first, within a day in the order of the rows. A page reads so many rows at
//! most, however little it finds.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use consent_domain::access::{Part, Read, Sought, Times, is_erased};
use contracts::consent::v1 as pb;
use data_encoding::HEXLOWER;
use prost::Message as _;
use sealing::Key;
use vocabulary::{Day, Fault, TenantId, Timestamp};

use super::{blocking, number};
use crate::convert::stored::{BUCKETS, access_key, access_part, bucket, part_message, part_of};
use crate::tables::{Accesses, DayNumber, UncountedReads};
use crate::tenants::Held;
use crate::writer::Core;

/// The most rows that are opened for one page.
const MOST_ROWS: usize = 2_000;

/// What is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub tenant: TenantId,
    pub sought: Sought,
    /// The first and the last day.
    pub days: (Day, Day),
    pub size: usize,
    pub after: Option<Place>,
}

/// Where a page ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    day: DayNumber,
    bucket: u8,
    /// The last read of it that was shown; none: the whole bucket is done.
    last: Option<Read>,
}

/// A page.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub reads: Vec<(Day, Read, Times)>,
    /// Where it ended, if more may follow.
    pub next: Option<Place>,
    /// Reads of the days that were asked about of which only the number is known.
    pub uncounted: u64,
}

impl Core {
    /// What was counted of a tenant.
    ///
    /// # Errors
    /// STORE_FAILED.
    pub async fn find_access(self: &Arc<Self>, held: Arc<Held>, question: Question) -> Result<Found, Fault> {
        let core = Arc::clone(self);
        blocking(move || core.find(&held, &question)).await
    }

    fn find(&self, held: &Held, question: &Question) -> Result<Found, Fault> {
        let Question { tenant, sought, days: (first, last), size, after } = question;
        let mut page = Page { key: access_key(&held.keys.lookup), found: Found::default(), size: *size, rows: 0 };
        let (first, last) = (number(*first), number(*last));
        for row in self.store.scan_from::<UncountedReads>((tenant.clone(),), &(tenant.clone(), first)) {
            let ((_, day), row) = row?;
            if day <= last {
                page.found.uncounted = page.found.uncounted.saturating_add(row.count);
            }
        }
        let buckets: BTreeSet<u8> = match sought.subjects.as_slice() {
            [] => (0..BUCKETS).collect(),
            subjects => subjects.iter().map(|subject| bucket(&held.keys.lookup, subject)).collect(),
        };
        let from = after.as_ref().map_or(last, |after| after.day.min(last));
        for day in (first..=from).rev() {
            let begun = after.as_ref().filter(|after| after.day == day);
            for bucket in buckets.iter().filter(|bucket| begun.is_none_or(|begun| **bucket >= begun.bucket)) {
                let begun = begun.filter(|begun| begun.bucket == *bucket);
                if begun.is_some_and(|begun| begun.last.is_none()) {
                    continue;
                }
                let rest = begun.and_then(|begun| begun.last.as_ref());
                if page.take(self, held, sought, &(tenant.clone(), day, *bucket), rest)?.is_break() {
                    return Ok(page.found);
                }
            }
        }
        Ok(page.found)
    }
}

struct Page {
    key: Key,
    found: Found,
    size: usize,
    rows: usize,
}

impl Page {
    /// Takes what is sought of one bucket of a day behind `rest`, and breaks when the page is full.
    fn take(
        &mut self,
        core: &Core,
        held: &Held,
        sought: &Sought,
        at: &(TenantId, DayNumber, u8),
        rest: Option<&Read>,
    ) -> Result<ControlFlow<()>, Fault> {
        let (_, day, bucket) = at;
        let mut reads: Part = Vec::new();
        for row in core.store.scan::<Accesses>(at.clone()) {
            let (key, row) = row?;
            self.rows += 1;
            let part = access_part(&self.key, &key, &row)?;
            let shown = |read: &Read| sought.has(read) && !is_erased(&read.subject, &held.state) && rest.is_none_or(|rest| read > rest);
            reads.extend(part.into_iter().filter(|(read, _)| shown(read)));
        }
        // A place in this order stays a place whatever is counted meanwhile.
        reads.sort_by(|(a, _), (b, _)| a.cmp(b));
        for (read, times) in reads {
            if self.found.reads.len() == self.size {
                let last = self.found.reads.last();
                self.found.next =
                    last.map(|(day, read, _)| Place { day: number(*day), bucket: bucket_of(held, read), last: Some(read.clone()) });
                return Ok(ControlFlow::Break(()));
            }
            self.found.reads.push((Day(*day as i32), read, times));
        }
        if self.rows >= MOST_ROWS {
            self.found.next = Some(Place { day: *day, bucket: *bucket, last: None });
            return Ok(ControlFlow::Break(()));
        }
        Ok(ControlFlow::Continue(()))
    }
}

fn bucket_of(held: &Held, read: &Read) -> u8 {
    bucket(&held.keys.lookup, &read.subject)
}

impl Place {
    /// As a page token holds it.
    pub fn write(&self) -> String {
        let last = self.last.clone().map(|read| part_message(&vec![(read, Times { count: 0, last: Timestamp::default() })]));
        let last = last.map(|part| HEXLOWER.encode(&part.encode_to_vec())).unwrap_or_default();
        format!("{}.{}.{last}", self.day, self.bucket)
    }

    /// What [`Self::write`] wrote.
    pub fn read(text: &str) -> Option<Self> {
        let mut words = text.splitn(3, '.');
        let (day, bucket) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        let last = match words.next()? {
            "" => None,
            text => {
                let part = pb::AccessPart::decode(HEXLOWER.decode(text.as_bytes()).ok()?.as_slice()).ok()?;
                Some(part_of(part)?.pop()?.0)
            }
        };
        Some(Self { day, bucket, last })
    }
}

#[cfg(test)]
mod tests {
    use consent_domain::access::Asker;
    use vocabulary::{Subject, UserId};

    use super::*;

    #[test]
    fn a_place_is_read_back() {
        let read = Read { subject: Subject::User(UserId(7)), asker: Asker::Unlisted(9), method: "GetUser".into() };
        for place in [Place { day: 20_000, bucket: 31, last: Some(read) }, Place { day: 0, bucket: 0, last: None }] {
            assert_eq!(Place::read(&place.write()), Some(place));
        }
        for text in ["", "1", "1.2", "a.2.", "1.2.zz", "1.2.00"] {
            assert_eq!(Place::read(text), None, "{text}");
        }
    }
}
