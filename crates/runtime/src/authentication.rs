//! Who a request comes from: its bearer token, checked by the kind of authentication that is configured.

mod jwks;
mod jwt;
mod tokens;

use std::fmt;
use std::sync::Arc;

use http::{HeaderMap, header};
use vocabulary::{Clock, Fault, Kind, Reason};

use crate::Caller;
use crate::config::{Authentication, ConfigError};

use jwt::Jwt;
use tokens::Tokens;

/// Checks tokens. Cloning it is cheap.
#[derive(Clone)]
pub struct Authenticator(Arc<Means>);

enum Means {
    /// Nobody is asked: loopback only.
    Nothing,
    Tokens(Tokens),
    Jwt(Box<Jwt>),
}

impl Authenticator {
    /// One that asks nobody.
    pub fn nothing() -> Self {
        Self(Arc::new(Means::Nothing))
    }

    /// The one that is configured; reads its files once.
    ///
    /// # Errors
    /// [`ConfigError`] when a file cannot be read or says nothing usable.
    pub fn of(settings: &Authentication, clock: Arc<dyn Clock>) -> Result<Self, ConfigError> {
        Ok(Self(Arc::new(match settings {
            Authentication::None => Means::Nothing,
            Authentication::Tokens { file } => Means::Tokens(Tokens::read(file)?),
            Authentication::Jwt(settings) => Means::Jwt(Box::new(Jwt::new(settings.clone(), clock)?)),
        })))
    }

    /// Whether callers need a token.
    pub fn asks(&self) -> bool {
        !matches!(*self.0, Means::Nothing)
    }

    /// The caller whom the token of a request names.
    ///
    /// # Errors
    /// UNAUTHENTICATED: TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED. No message repeats the token.
    pub(crate) fn caller(&self, headers: &HeaderMap) -> Result<Caller, Fault> {
        let token = bearer(headers)?;
        match &*self.0 {
            Means::Nothing => Err(missing()),
            Means::Tokens(tokens) => tokens.caller(token),
            Means::Jwt(jwt) => jwt.caller(token),
        }
    }
}

/// The token of a request.
fn bearer(headers: &HeaderMap) -> Result<&str, Fault> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next().ok_or_else(missing)?;
    if values.next().is_some() {
        return Err(invalid("the request has two tokens"));
    }
    let text = value.to_str().map_err(|_| invalid("the token is no text"))?;
    let (scheme, token) = text.split_once(' ').ok_or_else(|| invalid("authorization must be as `Bearer TOKEN`"))?;
    if !scheme.eq_ignore_ascii_case("bearer") || token.trim().is_empty() {
        return Err(invalid("authorization must be as `Bearer TOKEN`"));
    }
    Ok(token.trim())
}

fn missing() -> Fault {
    Fault::new(Kind::Unauthenticated, Reason::TokenMissing, "the request has no token")
}

fn invalid(problem: &str) -> Fault {
    Fault::new(Kind::Unauthenticated, Reason::TokenInvalid, problem)
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match *self.0 {
            Means::Nothing => "Authenticator(none)",
            Means::Tokens(_) => "Authenticator(tokens)",
            Means::Jwt(_) => "Authenticator(jwt)",
        })
    }
}

#[cfg(test)]
mod tests;
