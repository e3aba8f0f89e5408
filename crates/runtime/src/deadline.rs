//! The caller's deadline: read from `grpc-timeout`, seen by handlers, passed on by what remains of it.
//! Enforced in `guard`; tonic's own timeout answers CANCELLED and is never in the way.

use std::time::Duration;

use http::HeaderMap;
use tokio::time::Instant;
use vocabulary::Fault;

/// The header of the gRPC protocol that says how long a caller waits.
pub const TIMEOUT_HEADER: &str = "grpc-timeout";

/// How long a request waits for the state it demands when its caller names no deadline, and at most.
const PATIENCE: Duration = Duration::from_secs(5);

/// How much of the caller's deadline is spent on waiting: what is left carries the answer.
const WAITING_SHARE: f64 = 0.8;

/// The instant after which the caller no longer waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Instant);

impl Deadline {
    /// The deadline that lies `within` from now.
    pub fn within(within: Duration) -> Self {
        // A century is for ever here, and an instant that overflows is none.
        Self(Instant::now() + within.min(Duration::from_secs(100 * 365 * 86_400)))
    }

    /// The deadline of the request, if its caller set one.
    pub fn of<T>(request: &tonic::Request<T>) -> Option<Self> {
        request.extensions().get::<Self>().copied()
    }

    /// Until when a request may wait for the state it demands.
    pub fn of_waiting<T>(request: &tonic::Request<T>) -> Self {
        let share = |deadline: Self| deadline.remaining().mul_f64(WAITING_SHARE).min(PATIENCE);
        Self::within(Self::of(request).map_or(PATIENCE, share))
    }

    /// How long the caller still waits; zero when no longer.
    pub fn remaining(&self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// The instant itself, for timers.
    pub fn instant(&self) -> Instant {
        self.0
    }

    /// Reads the header of an incoming request.
    ///
    /// # Errors
    /// INVALID_ARGUMENT when the header is there and says nothing.
    pub(crate) fn read(headers: &HeaderMap) -> Result<Option<Self>, Fault> {
        let Some(value) = headers.get(TIMEOUT_HEADER) else { return Ok(None) };
        let parsed = value.to_str().ok().and_then(parse_timeout);
        let fault = || Fault::invalid_field(TIMEOUT_HEADER, "must be at most 8 digits and one of H, M, S, m, u, n");
        parsed.map(|timeout| Some(Self::within(timeout))).ok_or_else(fault)
    }
}

/// `TimeoutValue TimeoutUnit` of the gRPC protocol over HTTP/2: at most eight digits and one letter.
fn parse_timeout(text: &str) -> Option<Duration> {
    let unit = text.chars().next_back()?;
    let digits = text.strip_suffix(unit)?;
    if !(1..=8).contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let value: u64 = digits.parse().ok()?;
    Some(match unit {
        'H' => Duration::from_secs(value * 3600),
        'M' => Duration::from_secs(value * 60),
        'S' => Duration::from_secs(value),
        'm' => Duration::from_millis(value),
        'u' => Duration::from_micros(value),
        'n' => Duration::from_nanos(value),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_are_read_as_the_protocol_writes_them() {
        for (text, expected) in [
            ("3H", Some(Duration::from_secs(10_800))),
            ("1M", Some(Duration::from_secs(60))),
            ("42S", Some(Duration::from_secs(42))),
            ("13m", Some(Duration::from_millis(13))),
            ("2u", Some(Duration::from_micros(2))),
            ("99999999n", Some(Duration::from_nanos(99_999_999))),
            ("123456789H", None),
            ("H", None),
            ("1x", None),
            ("+1S", None),
            ("", None),
            ("1é", None),
        ] {
            assert_eq!(parse_timeout(text), expected, "{text}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_waits_for_a_share_of_its_deadline_and_never_long() {
        for (set, expected) in [(None, 5_000), (Some(1_000), 800), (Some(60_000), 5_000), (Some(0), 0)] {
            let mut request = tonic::Request::new(());
            if let Some(set) = set {
                request.extensions_mut().insert(Deadline::within(Duration::from_millis(set)));
            }
            assert_eq!(Deadline::of_waiting(&request).remaining(), Duration::from_millis(expected), "{set:?}");
        }
    }
}
