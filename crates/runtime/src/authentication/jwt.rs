//! JSON Web Tokens (RFC 7519): signature by a key of the set, algorithm from the list, issuer, audience, times by the process's own clock.

use std::collections::BTreeSet;
use std::sync::Arc;

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use serde_json::{Map, Value};
use vocabulary::{Clock, Fault, Kind, Reason, TenantId};

use super::invalid;
use super::jwks::KeyFile;
use crate::caller::Role;
use crate::config::{ConfigError, JwtSettings};
use crate::{Caller, CallerKind};

pub(super) struct Jwt {
    settings: JwtSettings,
    algorithms: Vec<Algorithm>,
    keys: KeyFile,
    clock: Arc<dyn Clock>,
}

impl Jwt {
    pub(super) fn new(settings: JwtSettings, clock: Arc<dyn Clock>) -> Result<Self, ConfigError> {
        let algorithms = settings.algorithms.iter().map(|name| algorithm(name)).collect::<Result<Vec<_>, _>>()?;
        let keys = KeyFile::read(&settings.jwks_file)?;
        Ok(Self { settings, algorithms, keys, clock })
    }

    pub(super) fn caller(&self, token: &str) -> Result<Caller, Fault> {
        let header = decode_header(token).map_err(|_| invalid("the token is no JSON Web Token"))?;
        if !self.algorithms.contains(&header.alg) {
            return Err(invalid("the token's algorithm is not allowed"));
        }
        // What must be understood and is not, must not be passed over (RFC 7515, section 4.1.11).
        if header.crit.is_some() {
            return Err(invalid("the token demands what is not understood here"));
        }
        let id = header.kid.ok_or_else(|| invalid("the token names no key"))?;
        let keys = self.keys.keys(self.clock.boot_time());
        let key = keys.get(&id).filter(|key| key.fits(header.alg)).ok_or_else(|| invalid("the token's key is not known"))?;
        let mut validation = Validation::new(header.alg);
        validation.set_issuer(&[&self.settings.issuer]);
        validation.set_audience(&[&self.settings.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        // Times are compared below, by the clock this process lives by.
        (validation.validate_exp, validation.validate_nbf) = (false, false);
        let decoded = decode::<Map<String, Value>>(token, &key.key, &validation).map_err(|error| {
            invalid(match error.kind() {
                ErrorKind::InvalidIssuer => "the token comes from another issuer",
                ErrorKind::InvalidAudience => "the token is for another audience",
                ErrorKind::InvalidSignature => "the token's signature is wrong",
                ErrorKind::MissingRequiredClaim(_) => "the token lacks a claim",
                _ => "the token cannot be read",
            })
        })?;
        self.in_time(&decoded.claims)?;
        self.named(&decoded.claims)
    }

    fn in_time(&self, claims: &Map<String, Value>) -> Result<(), Fault> {
        let now = self.clock.now().seconds();
        let leeway = i64::from(self.settings.leeway_seconds);
        let seconds = |claim: &str| claims.get(claim).map(|value| value.as_i64().or_else(|| Some(value.as_f64()? as i64)));
        match seconds("exp") {
            Some(Some(end)) if now < end.saturating_add(leeway) => {}
            Some(Some(_)) => return Err(Fault::new(Kind::Unauthenticated, Reason::TokenExpired, "the token has expired")),
            Some(None) | None => return Err(invalid("the token says not when it ends")),
        }
        match seconds("nbf") {
            None => Ok(()),
            Some(Some(begin)) if begin.saturating_sub(leeway) <= now => Ok(()),
            Some(_) => Err(invalid("the token is not valid yet")),
        }
    }

    /// Tenant, user and roles. Roles that are not ours are left out; a token without tenant is for operators only.
    fn named(&self, claims: &Map<String, Value>) -> Result<Caller, Fault> {
        let text = |claim: &str| claims.get(claim).and_then(Value::as_str).filter(|text| !text.is_empty());
        let roles: BTreeSet<Role> = match claims.get(&self.settings.roles_claim) {
            Some(Value::Array(roles)) => roles.iter().filter_map(Value::as_str).filter_map(Role::parse).collect(),
            // As OAuth writes scopes.
            Some(Value::String(roles)) => roles.split([' ', ',']).filter_map(Role::parse).collect(),
            _ => BTreeSet::new(),
        };
        let tenant =
            text(&self.settings.tenant_claim).map(TenantId::parse).transpose().map_err(|_| invalid("the token's tenant is none"))?;
        if tenant.is_none() && !roles.contains(&Role::Operator) {
            return Err(invalid("the token names no tenant"));
        }
        let user = text(&self.settings.user_claim).map(str::to_owned);
        let kind = if user.is_some() { CallerKind::User } else { CallerKind::Service };
        Ok(Caller { tenant, user, roles, kind, own_only: false, part: false })
    }
}

fn algorithm(name: &str) -> Result<Algorithm, ConfigError> {
    let algorithm = name.parse().map_err(|_| ConfigError::of(format!("`authentication.algorithms`: {name} is not known")))?;
    match algorithm {
        Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 => {
            Err(ConfigError::of(format!("`authentication.algorithms`: {name} needs a shared secret; only public keys are taken")))
        }
        _ => Ok(algorithm),
    }
}
