//! The command line's side of a call: which server, which tenant, and faults told to people.

use contracts::consent::v1 as consent;
use contracts::consent::v1::tenant_service_client::TenantServiceClient;
use runtime::{Link, fault_of};
use vocabulary::{Fault, Timestamp};

use crate::cli::Target;

/// The largest answer taken, in bytes.
pub const ANSWER_LIMIT: usize = 64 << 20;

/// A server and a tenant.
#[derive(Clone)]
pub struct Client {
    /// The gateway.
    pub link: Link,
    /// The tenant.
    pub tenant: String,
}

impl Client {
    /// Reaches the server, and finds the tenant where it was not named and there is only one.
    ///
    /// # Errors
    /// When the server does not answer, or there is not exactly one tenant.
    pub async fn of(target: &Target) -> Result<Self, Fault> {
        let link = link(&target.server, target.token.as_deref())?;
        if let Some(tenant) = &target.tenant {
            return Ok(Self { link, tenant: tenant.clone() });
        }
        let request = consent::ListTenantsRequest { page_size: 2, ..Default::default() };
        let answer = told(TenantServiceClient::new(link.clone()).list_tenants(request).await)?;
        match answer.tenants.as_slice() {
            [only] => Ok(Self { link, tenant: only.tenant_id.clone() }),
            [] => Err(Fault::invalid_field("--tenant", "there is no tenant yet: make one with `rapport tenant create`")),
            _ => Err(Fault::invalid_field("--tenant", "there are several tenants: name one")),
        }
    }
}

/// A link to a suite, with the token that says who asks.
///
/// # Errors
/// INVALID_ARGUMENT when the address is no URI or the token cannot be sent.
pub fn link(server: &str, token: Option<&str>) -> Result<Link, Fault> {
    let link = Link::tcp(server)?;
    token.map_or(Ok(link.clone()), |token| link.bearing(token))
}

/// What a call answered, or why not.
///
/// # Errors
/// The fault that the status carries.
pub fn told<T>(answer: Result<tonic::Response<T>, tonic::Status>) -> Result<T, Fault> {
    answer.map(tonic::Response::into_inner).map_err(|status| fault_of(&status))
}

/// An instant of the command line, as in `2026-05-04T00:00:00Z`.
///
/// # Errors
/// INVALID_ARGUMENT when it is no RFC 3339 instant.
pub fn instant(text: Option<&str>) -> Result<Option<prost_types::Timestamp>, Fault> {
    let parse = |text: &str| text.parse().map_err(|_| Fault::invalid_field("--as-of", "must be as 2026-05-04T00:00:00Z"));
    text.map(parse).transpose()
}

/// An instant as it stands on the wire.
pub fn timestamp(instant: Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp { seconds: instant.seconds(), nanos: instant.subsecond_nanos() }
}

/// An instant from the wire.
pub fn from_timestamp(message: &prost_types::Timestamp) -> Timestamp {
    Timestamp::from_micros(message.seconds.saturating_mul(1_000_000).saturating_add(i64::from(message.nanos) / 1_000))
}
