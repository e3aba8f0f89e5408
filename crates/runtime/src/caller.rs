//! Who is asking: read once at the edge of a handler. The gate of the listener has made it of a token; without authentication it comes from
//! the metadata `rapport-caller`, and only loopback is served.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};
use tonic::metadata::MetadataMap;
use vocabulary::{Fault, Kind, Reason, TenantId};

/// The metadata that names the caller, as a JSON object.
pub const CALLER_METADATA: &str = "rapport-caller";

/// The metadata by which the suite's own mark a request as a part of an answer; nobody else is believed.
pub(crate) const PART_METADATA: &str = "rapport-part";

/// What a caller may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Role {
    /// Runs the suite: tenants, maintenance.
    Operator,
    /// Keeps the directory and decides on consent of an organisation.
    DirectoryAdministrator,
    /// Registers applications and changes settings.
    ApplicationAdministrator,
    /// Sees a team.
    Manager,
    /// Sees their own customers.
    Seller,
    /// A service of the suite.
    Service,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 6] =
        [Self::Operator, Self::DirectoryAdministrator, Self::ApplicationAdministrator, Self::Manager, Self::Seller, Self::Service];

    /// The role of that name, if it is one of ours.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "OPERATOR",
            Self::DirectoryAdministrator => "DIRECTORY_ADMINISTRATOR",
            Self::ApplicationAdministrator => "APPLICATION_ADMINISTRATOR",
            Self::Manager => "MANAGER",
            Self::Seller => "SELLER",
            Self::Service => "SERVICE",
        }
    }
}

/// What sort of caller asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallerKind {
    /// Somebody at the machine who named nobody.
    Operator,
    /// A person.
    User,
    /// A program that speaks for itself.
    Service,
}

/// Who is asking.
#[derive(Clone, PartialEq, Eq)]
pub struct Caller {
    /// The only tenant the caller may name; any, when absent.
    pub tenant: Option<TenantId>,
    /// The address of the person, as the caller wrote it.
    pub user: Option<String>,
    /// What the caller may do.
    pub roles: BTreeSet<Role>,
    /// What sort of caller it is.
    pub kind: CallerKind,
    /// Whether the method admits the caller only as the person whom the request is about: see [`Caller::require_own`].
    pub own_only: bool,
    /// Whether a service of the suite asks for a part of an answer that it counts itself: see [`crate::Onward::as_part`].
    pub part: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    user: Option<String>,
    #[serde(default)]
    roles: BTreeSet<Role>,
    tenant: Option<String>,
}

impl Caller {
    /// The caller of a request, as the gate before the method made it.
    ///
    /// # Errors
    /// INTERNAL for a request that came through no gate: nobody is believed without one.
    pub fn of<T>(request: &tonic::Request<T>) -> Result<Self, Fault> {
        request.extensions().get::<Self>().cloned().ok_or_else(|| Fault::internal("a request came through no gate"))
    }

    /// The local operator with every role.
    pub fn operator() -> Self {
        Self { tenant: None, user: None, roles: Role::ALL.into(), kind: CallerKind::Operator, own_only: false, part: false }
    }

    /// What a request says of its caller itself; the local operator where it says nothing.
    ///
    /// # Errors
    /// UNAUTHENTICATED, CALLER_INVALID when the metadata is there and is no caller.
    pub(crate) fn read(metadata: &MetadataMap) -> Result<Self, Fault> {
        let mut values = metadata.get_all(CALLER_METADATA).iter();
        let Some(value) = values.next() else { return Ok(Self::operator()) };
        if values.next().is_some() {
            return Err(invalid("stands there twice"));
        }
        // The parser's own message may repeat the text, which names a person.
        let wire: Wire = serde_json::from_slice(value.as_bytes())
            .map_err(|_| invalid(r#"must be an object such as {"user":"...","roles":["SELLER"],"tenant":"..."}"#))?;
        let tenant = wire.tenant.map(|tenant| TenantId::parse(&tenant)).transpose().map_err(|error| invalid(&error.to_string()))?;
        if wire.user.as_deref().is_some_and(str::is_empty) {
            return Err(invalid("names a user without a name"));
        }
        let kind = if wire.user.is_some() { CallerKind::User } else { CallerKind::Service };
        Ok(Self { tenant, user: wire.user, roles: wire.roles, kind, own_only: false, part: false })
    }

    /// Whether the caller has the role.
    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Refuses a caller who belongs to another tenant.
    ///
    /// # Errors
    /// PERMISSION_DENIED, ROLE_MISSING.
    pub fn require_tenant(&self, tenant: &TenantId) -> Result<(), Fault> {
        match &self.tenant {
            Some(own) if own != tenant => Err(denied("the caller has no role in this tenant")),
            Some(_) | None => Ok(()),
        }
    }

    /// Refuses a caller who belongs to one tenant: what is asked concerns all of them.
    ///
    /// # Errors
    /// PERMISSION_DENIED, ROLE_MISSING.
    pub fn require_whole_suite(&self) -> Result<(), Fault> {
        if self.tenant.is_none() { Ok(()) } else { Err(denied("the caller has no role beyond their tenant")) }
    }

    /// Refuses a caller whom the method admits only as the person whom the request is about, and who is somebody else.
    ///
    /// # Errors
    /// PERMISSION_DENIED, ROLE_MISSING.
    pub fn require_own(&self, own: bool) -> Result<(), Fault> {
        if own || !self.own_only { Ok(()) } else { Err(denied("the caller may ask about nobody else")) }
    }
}

pub(crate) fn denied(message: &str) -> Fault {
    Fault::new(Kind::PermissionDenied, Reason::RoleMissing, message)
}

fn invalid(problem: &str) -> Fault {
    Fault::new(Kind::Unauthenticated, Reason::CallerInvalid, format!("metadata {CALLER_METADATA} {problem}"))
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller").field("tenant", &self.tenant).field("roles", &self.roles).field("kind", &self.kind).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(metadata: &str) -> Result<Caller, Fault> {
        let mut request = tonic::Request::new(());
        request.metadata_mut().insert(CALLER_METADATA, metadata.parse().unwrap());
        Caller::read(request.metadata())
    }

    #[test]
    fn a_request_without_a_caller_comes_from_the_local_operator() {
        let caller = Caller::read(&MetadataMap::new()).unwrap();
        assert_eq!(caller, Caller::operator());
        assert!(Role::ALL.iter().all(|role| caller.has(*role)));
    }

    #[test]
    fn a_named_caller_has_only_the_roles_and_the_tenant_that_are_named() {
        let caller = of(r#"{"user":"ada@example.com","roles":["SELLER"],"tenant":"contoso"}"#).unwrap();
        assert_eq!((caller.user.as_deref(), caller.kind), (Some("ada@example.com"), CallerKind::User));
        caller.require_tenant(&TenantId::parse("contoso").unwrap()).unwrap();
        assert_eq!(caller.require_tenant(&TenantId::parse("fabrikam").unwrap()).unwrap_err().kind, Kind::PermissionDenied);
        assert!(caller.has(Role::Seller) && !caller.has(Role::Manager));
        assert!(!format!("{caller:?}").contains("ada"));
    }

    #[test]
    fn whoever_came_through_no_gate_is_nobody() {
        let mut request = tonic::Request::new(());
        request.metadata_mut().insert(CALLER_METADATA, "{}".parse().unwrap());
        assert_eq!(Caller::of(&request).unwrap_err().kind, Kind::Internal);
    }

    #[test]
    fn a_malformed_caller_is_refused_and_never_repeated() {
        for text in ["", "ada", "[]", r#"{"user":""}"#, r#"{"role":["SELLER"]}"#, r#"{"roles":["ADA"]}"#, r#"{"tenant":"No Tenant"}"#] {
            let fault = of(text).unwrap_err();
            assert_eq!((fault.kind, fault.reason), (Kind::Unauthenticated, Reason::CallerInvalid), "{text}");
            assert!(!fault.message.contains("ADA") && !fault.message.contains("No Tenant"), "{fault}");
        }
    }

    #[test]
    fn role_names_are_those_that_are_parsed() {
        for role in Role::ALL {
            assert_eq!(serde_json::to_value(role).unwrap(), role.as_str());
        }
    }
}
