//! Public keys from a JSON Web Key Set (RFC 7517) in a file, which is read again when it changes.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use jsonwebtoken::jwk::{AlgorithmParameters, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey};
use parking_lot::Mutex;

use crate::config::ConfigError;

/// How often it is looked whether the file has changed, by boot time.
const LOOK: Duration = Duration::from_secs(1);

/// A key and the algorithms it is good for.
pub(super) struct PublicKey {
    pub key: DecodingKey,
    kind: KeyKind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum KeyKind {
    Rsa,
    EllipticCurve,
    Edwards,
}

impl PublicKey {
    /// Whether the key is of the kind that an algorithm takes: an RSA key is no secret for HS256.
    pub(super) fn fits(&self, algorithm: Algorithm) -> bool {
        let kind = match algorithm {
            Algorithm::RS256 | Algorithm::RS384 | Algorithm::RS512 | Algorithm::PS256 | Algorithm::PS384 | Algorithm::PS512 => KeyKind::Rsa,
            Algorithm::ES256 | Algorithm::ES384 => KeyKind::EllipticCurve,
            Algorithm::EdDSA => KeyKind::Edwards,
            // Shared secrets, and what a later library may know.
            _ => return false,
        };
        self.kind == kind
    }
}

type Keys = Arc<HashMap<String, PublicKey>>;

/// The keys of a file.
pub(super) struct KeyFile {
    path: PathBuf,
    held: Mutex<Held>,
}

struct Held {
    keys: Keys,
    modified: Option<SystemTime>,
    looked: Duration,
}

impl KeyFile {
    pub(super) fn read(path: &Path) -> Result<Self, ConfigError> {
        let modified = modified(path);
        let keys = read(path).map_err(|problem| ConfigError::of(format!("`authentication.jwks_file`: {}: {problem}", path.display())))?;
        Ok(Self { path: path.to_owned(), held: Mutex::new(Held { keys: Arc::new(keys), modified, looked: Duration::ZERO }) })
    }

    /// The keys as the file holds them; a file that cannot be read, or is no key set, leaves those that were.
    pub(super) fn keys(&self, boot_time: Duration) -> Keys {
        let held = &mut *self.held.lock();
        if boot_time >= held.looked + LOOK {
            held.looked = boot_time;
            let modified = modified(&self.path);
            if modified != held.modified {
                match read(&self.path) {
                    Ok(keys) => (held.keys, held.modified) = (Arc::new(keys), modified),
                    Err(problem) => tracing::warn!(problem, "the key set was not read anew: the keys before it go on"),
                }
            }
        }
        Arc::clone(&held.keys)
    }
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|found| found.modified()).ok()
}

fn read(path: &Path) -> Result<HashMap<String, PublicKey>, String> {
    let text = fs::read(path).map_err(|error| error.to_string())?;
    let set: JwkSet = serde_json::from_slice(&text).map_err(|_| "is no JSON Web Key Set".to_owned())?;
    let mut keys = HashMap::new();
    for jwk in &set.keys {
        let kind = match &jwk.algorithm {
            AlgorithmParameters::RSA(_) => KeyKind::Rsa,
            AlgorithmParameters::EllipticCurve(_) => KeyKind::EllipticCurve,
            AlgorithmParameters::OctetKeyPair(_) => KeyKind::Edwards,
            // A shared secret is no public key.
            _ => continue,
        };
        let Some(id) = jwk.common.key_id.clone() else { continue };
        let key = DecodingKey::from_jwk(jwk).map_err(|_| "holds a key that cannot be read".to_owned())?;
        keys.insert(id, PublicKey { key, kind });
    }
    if keys.is_empty() { Err("holds no public key with an id".to_owned()) } else { Ok(keys) }
}
