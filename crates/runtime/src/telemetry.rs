//! Logs to standard error, traces to an OpenTelemetry collector, and a panic hook that repeats nothing a panic said.

use std::fmt;
use std::io::IsTerminal as _;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};
use tracing_subscriber::{EnvFilter, Layer as _, fmt as lines, registry};

use crate::Config;
use crate::config::LogFormat;

/// Keeps telemetry running; flushes what is left when it is dropped.
#[derive(Debug)]
#[must_use = "telemetry ends when the guard is dropped"]
pub struct TelemetryGuard {
    traces: Option<SdkTracerProvider>,
}

/// Starts logs and traces of the whole process; `service` names it to the collector.
///
/// Must be called within a multi-threaded Tokio runtime when traces are exported.
///
/// # Errors
/// [`TelemetryError`] when the filter or the endpoint makes no sense, or telemetry was started before.
pub fn start(config: &Config, service: &'static str) -> Result<TelemetryGuard, TelemetryError> {
    let settings = &config.telemetry;
    let filter = EnvFilter::try_new(&settings.log).map_err(|error| TelemetryError::Filter(error.to_string()))?;
    let lines = lines::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    let lines = match settings.log_format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    let traces = settings.otlp_endpoint.as_deref().map(|endpoint| provider(endpoint, service)).transpose()?;
    // The exporter speaks gRPC itself: its own transport is left out, or each export would cause the next.
    let exported = "info,h2=off,hyper=off,hyper_util=off,tonic=off,tower=off,opentelemetry=off";
    let spans = traces
        .as_ref()
        .map(|provider| tracing_opentelemetry::layer().with_tracer(provider.tracer("rapport")).with_filter(EnvFilter::new(exported)));
    registry().with(lines.with_filter(filter)).with(spans).try_init().map_err(TelemetryError::Started)?;
    std::panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(ToString::to_string);
        tracing::error!(location, "panicked");
    }));
    Ok(TelemetryGuard { traces })
}

fn provider(endpoint: &str, service: &'static str) -> Result<SdkTracerProvider, TelemetryError> {
    let exporter = SpanExporter::builder().with_tonic().with_endpoint(endpoint).build().map_err(TelemetryError::Exporter)?;
    let resource = Resource::builder().with_service_name(service).build();
    Ok(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build())
}

impl TelemetryGuard {
    /// Sends what is left and stops; the same as dropping it, said aloud.
    pub fn shutdown(self) {
        drop(self);
    }
}

impl Drop for TelemetryGuard {
    fn drop(&mut self) {
        if let Some(traces) = self.traces.take()
            && let Err(error) = traces.shutdown()
        {
            tracing::warn!(%error, "the last traces were not exported");
        }
    }
}

/// Why telemetry did not start.
#[derive(Debug)]
pub enum TelemetryError {
    /// `telemetry.log` is no filter.
    Filter(String),
    /// `telemetry.otlp_endpoint` is no endpoint.
    Exporter(ExporterBuildError),
    /// It was started before.
    Started(TryInitError),
}

impl fmt::Display for TelemetryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Filter(problem) => write!(f, "`telemetry.log` is no filter: {problem}"),
            Self::Exporter(error) => write!(f, "`telemetry.otlp_endpoint` cannot be used: {error}"),
            Self::Started(error) => write!(f, "telemetry was started before: {error}"),
        }
    }
}

impl std::error::Error for TelemetryError {}
