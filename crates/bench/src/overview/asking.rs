//! The callers of an overview service, the suite's and the peer's alike: one at a time for latency, several for throughput.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use contracts::gateway::v1::overview_service_client::OverviewServiceClient;
use contracts::gateway::v1::{GetOverviewRequest, GetOverviewResponse};
use hdrhistogram::Histogram;
use rapport::client::told;
use runtime::Link;
use tokio::task::JoinSet;
use vocabulary::Fault;

use crate::meter::{self, Stopwatch};

/// Callers at the same time, each over a connection of its own.
const CALLERS: usize = 8;

/// Significant digits of a latency.
const DIGITS: u8 = 3;

/// Asks one service every question.
pub struct Asker {
    callers: Vec<OverviewServiceClient<Link>>,
    questions: Arc<[GetOverviewRequest]>,
}

/// What was measured of one service over all rounds.
pub struct Series {
    /// Nanoseconds of calls one at a time.
    latency: Histogram<u64>,
    /// Calls answered to several callers, and how long that took.
    answered: usize,
    taken: Duration,
    /// Processor time of the same, callers included.
    processor: Duration,
}

impl Asker {
    /// Of the service at an address.
    ///
    /// # Errors
    /// INVALID_ARGUMENT when the address is none.
    pub fn new(uri: &str, questions: Vec<GetOverviewRequest>) -> Result<Self, Fault> {
        let caller = |_| Ok(OverviewServiceClient::new(Link::tcp(uri)?));
        Ok(Self { callers: (0..CALLERS).map(caller).collect::<Result<_, Fault>>()?, questions: questions.into() })
    }

    /// Every answer once, nothing measured: also what connects every caller and warms the service up.
    ///
    /// # Errors
    /// What the service answers.
    pub async fn answers(&self) -> Result<Vec<GetOverviewResponse>, Fault> {
        let mut answers = Vec::with_capacity(self.questions.len());
        for (question, caller) in self.questions.iter().zip(self.callers.iter().cycle()) {
            answers.push(told(caller.clone().get_overview(question.clone()).await)?);
        }
        Ok(answers)
    }

    /// Every question once, one at a time, until `over`; how many were answered with every part, and how many were not.
    pub async fn once(&self, over: &AtomicBool) -> (u64, u64) {
        let (mut answered, mut failed) = (0, 0);
        for (question, caller) in self.questions.iter().zip(self.callers.iter().cycle()) {
            if over.load(Ordering::Relaxed) {
                break;
            }
            let whole = caller.clone().get_overview(question.clone()).await.is_ok_and(|answer| answer.get_ref().unavailable.is_empty());
            *(if whole { &mut answered } else { &mut failed }) += 1;
        }
        (answered, failed)
    }

    /// One round: every question one at a time, then every question by [`CALLERS`] callers together.
    ///
    /// # Errors
    /// What the service answers.
    pub async fn measure(&self, series: &mut Series) -> Result<(), Fault> {
        for (question, caller) in self.questions.iter().zip(self.callers.iter().cycle()) {
            let mut service = caller.clone();
            let watch = Stopwatch::start();
            told(service.get_overview(question.clone()).await)?;
            series.record(watch.elapsed())?;
        }
        let mut callers = JoinSet::new();
        let (processor, watch) = (meter::processor_time(), Stopwatch::start());
        for (number, caller) in self.callers.iter().enumerate() {
            let (mut service, questions) = (caller.clone(), Arc::clone(&self.questions));
            callers.spawn(async move {
                for question in questions.iter().skip(number).step_by(CALLERS) {
                    told(service.get_overview(question.clone()).await)?;
                }
                Ok::<_, Fault>(())
            });
        }
        while let Some(caller) = callers.join_next().await {
            caller.map_err(|error| Fault::internal(error.to_string()))??;
        }
        series.taken += watch.elapsed();
        series.processor += meter::processor_time().saturating_sub(processor);
        series.answered += self.questions.len();
        Ok(())
    }
}

impl Series {
    /// Nothing yet.
    ///
    /// # Errors
    /// Never with [`DIGITS`] as it is.
    pub fn new() -> Result<Self, Fault> {
        let latency = Histogram::new(DIGITS).map_err(|error| Fault::internal(error.to_string()))?;
        Ok(Self { latency, answered: 0, taken: Duration::ZERO, processor: Duration::ZERO })
    }

    /// Notes one latency.
    ///
    /// # Errors
    /// When it is beyond all measure.
    pub fn record(&mut self, latency: Duration) -> Result<(), Fault> {
        let nanoseconds = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
        self.latency.record(nanoseconds).map_err(|error| Fault::internal(error.to_string()))
    }

    /// The latency that this share of the calls stayed within.
    pub fn milliseconds(&self, share: f64) -> f64 {
        Duration::from_nanos(self.latency.value_at_quantile(share)).as_secs_f64() * 1_000.0
    }

    /// The processor time of one call, the caller's included: what else the machine does hardly touches it.
    pub fn processor_milliseconds(&self) -> f64 {
        self.processor.as_secs_f64() * 1_000.0 / self.answered as f64
    }

    /// Calls a second with several callers.
    pub fn per_second(&self) -> f64 {
        self.answered as f64 / self.taken.as_secs_f64()
    }
}
