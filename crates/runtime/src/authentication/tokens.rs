//! Static tokens for development, from a file: one JSON object a line, as `{"token":"…","tenant":"contoso","user":"…","roles":["SELLER"]}`.
//! Tokens are compared by their hashes, so that the time it takes tells nothing of them.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::Path;

use serde::Deserialize;
use vocabulary::{Fault, TenantId};

use super::invalid;
use crate::caller::Role;
use crate::config::ConfigError;
use crate::{Caller, CallerKind};

/// The shortest token taken, in bytes.
const SHORTEST: usize = 16;

pub(super) struct Tokens(HashMap<[u8; 32], Caller>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    token: String,
    tenant: Option<String>,
    user: Option<String>,
    #[serde(default)]
    roles: BTreeSet<Role>,
}

impl Tokens {
    pub(super) fn read(file: &Path) -> Result<Self, ConfigError> {
        let wrong = |problem: String| ConfigError::of(format!("`authentication.file`: {}: {problem}", file.display()));
        let text = fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
        let mut tokens = HashMap::new();
        for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
            // The parser's own message may repeat the token.
            let line: Line =
                serde_json::from_str(line).map_err(|_| wrong(format!("line {number} is no token with tenant, user and roles")))?;
            if line.token.len() < SHORTEST {
                return Err(wrong(format!("line {number}: a token has at least {SHORTEST} characters")));
            }
            let tenant = line.tenant.map(|tenant| TenantId::parse(&tenant)).transpose();
            let tenant = tenant.map_err(|error| wrong(format!("line {number}: {error}")))?;
            if tenant.is_none() && !line.roles.contains(&Role::Operator) {
                return Err(wrong(format!("line {number}: only an operator's token may name no tenant")));
            }
            if line.user.as_deref().is_some_and(str::is_empty) {
                return Err(wrong(format!("line {number}: names a user without a name")));
            }
            let kind = if line.user.is_some() { CallerKind::User } else { CallerKind::Service };
            let caller = Caller { tenant, user: line.user, roles: line.roles, kind, own_only: false, part: false };
            tokens.insert(hash(&line.token), caller);
        }
        if tokens.is_empty() {
            return Err(wrong("holds no token".to_owned()));
        }
        Ok(Self(tokens))
    }

    pub(super) fn caller(&self, token: &str) -> Result<Caller, Fault> {
        self.0.get(&hash(token)).cloned().ok_or_else(|| invalid("the token is not known"))
    }
}

fn hash(token: &str) -> [u8; 32] {
    *blake3::hash(token.as_bytes()).as_bytes()
}
