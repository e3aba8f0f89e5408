//! Taking reports in: each once, by its reporter and sequence, in one commit with the rows that it changes.

use std::collections::BTreeMap;
use std::sync::Arc;

use consent_domain::access::{self, Asker, Part, Read, Times, is_erased};
use contracts::consent::v1 as pb;
use runtime::tally;
use store::{Changes, StoreError};
use vocabulary::{Address, Day, Fault, Subject, TenantId, Timestamp};

use super::{blocking, callers, number, person};
use crate::convert::stored::{PartKey, access_key, access_part, access_row, bucket};
use crate::tables::{self, DayNumber};
use crate::tenants::Held;
use crate::writer::Core;

/// What one reporter counted since its report before.
pub(crate) struct Report {
    pub reporter: u64,
    pub sequence: u64,
    pub reads: Vec<Taken>,
    pub uncounted: Vec<(TenantId, Day, u64)>,
}

/// One read that was counted.
pub(crate) struct Taken {
    pub tenant: TenantId,
    pub day: Day,
    pub asker: tally::Asker,
    pub method: Box<str>,
    pub subject: Subject,
    pub times: Times,
}

impl Report {
    /// What was counted in this process.
    pub fn of(reporter: u64, sequence: u64, counts: &tally::Counts) -> Self {
        let reads = counts.reads.iter().map(|(read, times)| Taken {
            tenant: read.tenant.clone(),
            day: read.day,
            asker: read.asker.clone(),
            method: read.method.into(),
            subject: read.subject.clone(),
            times: Times { count: times.count, last: times.last },
        });
        let uncounted = counts.uncounted.iter().map(|((tenant, day), count)| (tenant.clone(), *day, *count));
        Self { reporter, sequence, reads: reads.collect(), uncounted: uncounted.collect() }
    }
}

impl Core {
    /// Takes a report in; one that was taken in before changes nothing.
    ///
    /// # Errors
    /// STORE_FAILED: the report comes again.
    pub async fn take_access(self: &Arc<Self>, report: Report) -> Result<(), Fault> {
        let core = Arc::clone(self);
        self.to_its_end(async move {
            let _alone = core.access.writing.lock().await;
            let before = core.store.get::<tables::AccessReporters>(&report.reporter)?;
            if before.is_some_and(|before| before.sequence >= report.sequence) {
                return Ok(());
            }
            let working = Arc::clone(&core);
            let rows = blocking(move || Rows::of(&working, report)).await?;
            core.store.commit(move |changes| rows.put(changes)).await.map_err(Fault::from)
        })
        .await
    }
}

/// The rows that a report changes.
pub(super) struct Rows {
    reporter: (u64, pb::StoredAccessReporter),
    tenants: Vec<(TenantId, OfTenant)>,
}

#[derive(Default)]
struct OfTenant {
    parts: Vec<(PartKey, pb::StoredAccess)>,
    callers: Vec<(u128, pb::StoredAccessCaller)>,
    uncounted: Vec<(DayNumber, u64)>,
}

/// What is new of a tenant, in the words of the rules.
#[derive(Default)]
struct Fresh {
    reads: BTreeMap<(DayNumber, u8), BTreeMap<Read, Times>>,
    /// Callers whom the directory does not name, and the last day on which they read.
    callers: BTreeMap<u128, (Box<str>, Day)>,
    uncounted: BTreeMap<DayNumber, u64>,
}

impl Rows {
    pub(super) fn of(core: &Core, report: Report) -> Result<Self, Fault> {
        let now = core.clock.now();
        // A clock may be a little ahead.
        let days = core.access.oldest(now)..=Day(now.day().0.saturating_add(1));
        let mut fresh: BTreeMap<TenantId, (Arc<Held>, Fresh)> = BTreeMap::new();
        let mut of = |tenant: TenantId, day: Day, add: &mut dyn FnMut(&Held, &mut Fresh)| {
            // A tenant that was erased since has no counts.
            let Ok((held, _)) = core.present(&tenant) else { return };
            if days.contains(&day) {
                let (held, fresh) = fresh.entry(tenant).or_insert_with(|| (held, Fresh::default()));
                add(held, fresh);
            }
        };
        for taken in report.reads {
            of(taken.tenant.clone(), taken.day, &mut |held, fresh| fresh.take(held, &taken));
        }
        for (tenant, day, count) in report.uncounted {
            of(tenant, day, &mut |_, fresh| *fresh.uncounted.entry(number(day)).or_default() += count);
        }
        let tenants = fresh.into_iter().map(|(tenant, (held, fresh))| {
            let rows = fresh.rows(core, &tenant, &held)?;
            Ok((tenant, rows))
        });
        let reporter = pb::StoredAccessReporter { sequence: report.sequence, report_micros: now.micros() };
        Ok(Self { reporter: (report.reporter, reporter), tenants: tenants.collect::<Result<_, Fault>>()? })
    }

    pub(super) fn put(self, changes: &mut Changes<'_>) -> Result<(), StoreError> {
        for (tenant, rows) in self.tenants {
            // Asked where nothing else can change it: an erased tenant leaves no row behind.
            if changes.get::<tables::Tenants>(&tenant)?.is_none() {
                continue;
            }
            for (key, row) in &rows.parts {
                changes.put::<tables::Accesses>(key, row)?;
            }
            for (hash, row) in rows.callers {
                changes.put::<tables::AccessCallers>(&(tenant.clone(), hash), &row)?;
            }
            for (day, more) in rows.uncounted {
                let key = (tenant.clone(), day);
                let count = changes.get::<tables::UncountedReads>(&key)?.unwrap_or_default().count.saturating_add(more);
                changes.put::<tables::UncountedReads>(&key, &pb::StoredUncountedReads { count })?;
            }
        }
        let (reporter, row) = self.reporter;
        changes.put::<tables::AccessReporters>(&reporter, &row)
    }
}

impl Fresh {
    fn take(&mut self, held: &Held, taken: &Taken) {
        if is_erased(&taken.subject, &held.state) {
            return;
        }
        let asker = match &taken.asker {
            tally::Asker::Operator => Asker::Operator,
            tally::Asker::Service => Asker::Service,
            tally::Asker::User(text) => self.user(held, text, taken.day),
        };
        let read = Read { subject: taken.subject.clone(), asker, method: taken.method.clone() };
        let place = (number(taken.day), bucket(&held.keys.lookup, &taken.subject));
        let times = self.reads.entry(place).or_default().entry(read).or_insert(Times { count: 0, last: Timestamp::from_micros(i64::MIN) });
        times.count = times.count.saturating_add(taken.times.count);
        times.last = times.last.max(taken.times.last);
    }

    fn user(&mut self, held: &Held, text: &str, day: Day) -> Asker {
        let address = Address::parse(text).ok();
        if let Some(user) = address.as_ref().and_then(|address| held.state.directory.at_address(address)) {
            return Asker::User(user.id);
        }
        let hash = address.map_or_else(|| callers::of_text(&held.keys.lookup, text), |address| person(&held.keys.lookup, &address));
        // Who was erased is counted, and named no more.
        if !held.state.erased.addresses.contains(&hash) {
            let (_, last) = self.callers.entry(hash).or_insert_with(|| (text.into(), day));
            *last = day.max(*last);
        }
        Asker::Unlisted(hash)
    }

    fn rows(self, core: &Core, tenant: &TenantId, held: &Held) -> Result<OfTenant, Fault> {
        let key = access_key(&held.keys.lookup);
        let mut rows = OfTenant { uncounted: self.uncounted.into_iter().collect(), ..OfTenant::default() };
        for ((day, bucket), reads) in self.reads {
            let mut parts: Vec<Part> = Vec::new();
            for row in core.store.scan::<tables::Accesses>((tenant.clone(), day, bucket)) {
                let (at, row) = row?;
                parts.push(access_part(&key, &at, &row)?);
            }
            for place in access::add(&mut parts, reads) {
                let at = (tenant.clone(), day, bucket, place as u32);
                let row = access_row(&key, &at, &parts[place]);
                rows.parts.push((at, row));
            }
        }
        for (hash, (text, day)) in self.callers {
            let before = core.store.get::<tables::AccessCallers>(&(tenant.clone(), hash))?;
            if before.is_none_or(|before| before.last_day < day.0) {
                rows.callers.push((hash, callers::row(&held.keys, tenant, hash, &text, day)));
            }
        }
        Ok(rows)
    }
}
