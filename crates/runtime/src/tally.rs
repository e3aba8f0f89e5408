//! What was read by whom: counted in memory while a service answers, and reported from time to time. Who reads more different things than
//! are counted apart is still counted, by number.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::{sleep, timeout};
use vocabulary::{Address, Clock, Day, Fault, Subject, TenantId, Timestamp};

use crate::{Caller, CallerKind, Context};

/// How many different reads are counted apart between two reports.
const APART: usize = 50_000;
/// How often to look whether the last call has ended, once the process stops.
const LOOK: Duration = Duration::from_millis(50);
/// For how long the last report is tried.
const LAST: Duration = Duration::from_secs(2);

/// Who read.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Asker {
    /// Somebody at the machine who named nobody.
    Operator,
    /// A program that spoke for itself.
    Service,
    /// A person, by address.
    User(Box<str>),
}

/// One thing that one caller read on one day by one method.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Read {
    /// The tenant.
    pub tenant: TenantId,
    /// Who read.
    pub asker: Asker,
    /// By which method, as in `rapport.graph.v1.GraphService/ListIntroducers`.
    pub method: &'static str,
    /// About whom or what.
    pub subject: Subject,
    /// On which day.
    pub day: Day,
}

/// How often, and when the last time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// How many answers.
    pub count: u64,
    /// When the last of them was answered.
    pub last: Timestamp,
}

/// What was counted between two reports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// What was counted apart.
    pub reads: HashMap<Read, Times>,
    /// Reads of which only the number is known.
    pub uncounted: BTreeMap<(TenantId, Day), u64>,
}

/// Counts reads until they are taken.
pub struct Tally {
    clock: Arc<dyn Clock>,
    apart: usize,
    counts: Mutex<Counts>,
}

impl Asker {
    /// Who a caller is: an address counts the same however it is written.
    pub fn of(caller: &Caller) -> Self {
        match (&caller.user, caller.kind) {
            (Some(text), _) => Self::User(Address::parse(text).map_or_else(|_| text.as_str().into(), |address| address.as_str().into())),
            (None, CallerKind::Operator) => Self::Operator,
            (None, CallerKind::Service | CallerKind::User) => Self::Service,
        }
    }
}

impl Counts {
    fn is_empty(&self) -> bool {
        self.reads.is_empty() && self.uncounted.is_empty()
    }

    /// How many reads these are.
    pub fn total(&self) -> u64 {
        self.reads.values().map(|times| times.count).sum::<u64>() + self.uncounted.values().sum::<u64>()
    }
}

impl Tally {
    /// Nothing counted yet.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, apart: APART, counts: Mutex::default() }
    }

    /// Counts an answer about `subjects`, each of them once. A part of somebody else's answer is not counted.
    pub fn count(&self, caller: &Caller, tenant: &TenantId, method: &'static str, subjects: impl IntoIterator<Item = Subject>) {
        if caller.part {
            return;
        }
        let (now, asker) = (self.clock.now(), Asker::of(caller));
        let subjects: BTreeSet<Subject> = subjects.into_iter().collect();
        let mut counts = self.counts.lock();
        let Counts { reads, uncounted } = &mut *counts;
        for subject in subjects {
            let read = Read { tenant: tenant.clone(), asker: asker.clone(), method, subject, day: now.day() };
            if reads.len() >= self.apart && !reads.contains_key(&read) {
                *uncounted.entry((read.tenant, read.day)).or_default() += 1;
                continue;
            }
            let times = reads.entry(read).or_insert(Times { count: 0, last: now });
            times.count += 1;
            times.last = times.last.max(now);
        }
    }

    /// Takes what was counted; nothing when nothing was.
    pub fn take(&self) -> Option<Counts> {
        let taken = std::mem::take(&mut *self.counts.lock());
        (!taken.is_empty()).then_some(taken)
    }
}

/// Reports what is counted, numbered from 1, until the process has answered its last call. A report is sent until it is taken in; what
/// is counted meanwhile comes with the next.
pub async fn report<F, T>(tally: Arc<Tally>, context: Context, send: F)
where
    F: Fn(u64, Arc<Counts>) -> T,
    T: Future<Output = Result<(), Fault>>,
{
    let every = Duration::from_millis(context.config.access.report_ms);
    let mut reporting = Reporting { tally, sequence: 0, waiting: None, send };
    loop {
        if context.stopping.is_cancelled() {
            sleep(LOOK.min(every)).await;
        } else {
            tokio::select! {
                () = context.stopping.cancelled() => {}
                () = sleep(every) => {}
            }
        }
        // Looked at before the counts are taken: a call that ends in between is in the next ones.
        if context.tasks.is_closed() {
            let last = async {
                while !reporting.tell().await {
                    sleep(LOOK).await;
                }
            };
            if timeout(LAST, last).await.is_err() {
                let reads = reporting.waiting.map_or(0, |counts| counts.total());
                tracing::warn!(reads, "reads were counted that nobody was told of");
            }
            return;
        }
        reporting.tell().await;
    }
}

struct Reporting<F> {
    tally: Arc<Tally>,
    sequence: u64,
    /// What was sent and is not taken in yet.
    waiting: Option<Arc<Counts>>,
    send: F,
}

impl<F, T> Reporting<F>
where
    F: Fn(u64, Arc<Counts>) -> T,
    T: Future<Output = Result<(), Fault>>,
{
    /// Sends what there is; whether nothing is left.
    async fn tell(&mut self) -> bool {
        loop {
            if self.waiting.is_none() {
                self.waiting = self.tally.take().map(Arc::new);
                self.sequence += u64::from(self.waiting.is_some());
            }
            let Some(counts) = &self.waiting else { return true };
            if let Err(fault) = (self.send)(self.sequence, Arc::clone(counts)).await {
                tracing::debug!(%fault, "what was read is reported again");
                return false;
            }
            self.waiting = None;
        }
    }
}

impl fmt::Debug for Asker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Operator => f.write_str("Operator"),
            Self::Service => f.write_str("Service"),
            Self::User(_) => f.write_str("User(redacted)"),
        }
    }
}

impl fmt::Debug for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tally({} reads)", self.counts.lock().total())
    }
}

#[cfg(test)]
mod tests;
