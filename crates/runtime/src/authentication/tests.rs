//! Tokens that are taken and tokens that are not. The keys were made for these tests and open nothing.

use std::path::PathBuf;

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use vocabulary::{ManualClock, Timestamp};

use super::*;
use crate::Role;
use crate::config::JwtSettings;

const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);
const EDWARDS: &[u8] = b"-----BEGIN PRIVATE KEY-----\n\
MC4CAQAwBQYDK2VwBCIEIKqWDSagie3HS6tqKEdUhVCRENffEhH4+SeE1hoJouNl\n\
-----END PRIVATE KEY-----\n\
";
const RSA: &[u8] = include_bytes!("rsa-for-tests.pem");
const EDWARDS_PUBLIC: &str = "2SiEbFLLcFGwqtUssHspmwr06GMzWSroE8UEXZKTUPg";
const RSA_MODULUS: &str = "y5iLMb3hIG5m4sm7V1Jz3yPYZg2zYXzeUv7eIBNkNg1b2E_RhjyXWDrMIA4QMRhk5f-eCIa6gbQPXE8tQ_E4LWzf_FRYz-bwdqWCJ35uzIOUtTWImbO2Zt3W-LRGrxs37v-EveNnlYQykjKJL5EAIZUjbcx4ZozCLzuDb9rpRdQpi1EJax6RVNw-QI8Qw2YSx_Xi1SrNeyditqdCXK218YbhmAT3J48aS-0ZH3Z6n_7hZOwZ3sKz7Ny2fXdgkRISWoIOkCa6y8B1huGGkzrBwqAonaMytXfiyCXx8OIOdbbDHusWUrd17kDZPSXE9An8U_bsk7AsJEqpXTf6bN5_Yw";

struct Issuer {
    folder: tempfile::TempDir,
    clock: Arc<ManualClock>,
    authenticator: Authenticator,
}

fn key_set(ids: &[&str]) -> String {
    let key = |id: &&str| match *id {
        "rsa" => json!({"kty": "RSA", "kid": id, "n": RSA_MODULUS, "e": "AQAB", "use": "sig"}),
        id => json!({"kty": "OKP", "crv": "Ed25519", "kid": id, "x": EDWARDS_PUBLIC}),
    };
    json!({"keys": ids.iter().map(key).collect::<Vec<_>>()}).to_string()
}

fn settings(jwks_file: PathBuf) -> JwtSettings {
    let text = json!({"issuer": "https://issuer.example", "audience": "rapport", "jwks_file": jwks_file});
    serde_json::from_value(text).unwrap()
}

impl Issuer {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("jwks.json");
        std::fs::write(&file, key_set(&["ed", "rsa"])).unwrap();
        let clock = Arc::new(ManualClock::at(NOW));
        let authenticator = Authenticator::of(&Authentication::Jwt(settings(file)), clock.clone()).unwrap();
        Self { folder, clock, authenticator }
    }

    fn caller(&self, token: &str) -> Result<Caller, Fault> {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
        self.authenticator.caller(&headers)
    }
}

fn claims() -> Value {
    json!({
        "iss": "https://issuer.example", "aud": ["other", "rapport"], "exp": NOW.seconds() + 600, "nbf": NOW.seconds() - 5,
        "tenant": "contoso", "email": "ada@contoso.example", "roles": ["SELLER", "SOMETHING_ELSE"],
    })
}

fn with(key: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[key] = value;
    claims
}

fn signed(algorithm: Algorithm, id: Option<&str>, key: &EncodingKey, claims: &Value) -> String {
    let header = Header { kid: id.map(str::to_owned), ..Header::new(algorithm) };
    encode(&header, claims, key).unwrap()
}

fn edwards(claims: &Value) -> String {
    signed(Algorithm::EdDSA, Some("ed"), &EncodingKey::from_ed_pem(EDWARDS).unwrap(), claims)
}

#[test]
fn a_token_names_tenant_person_and_roles() {
    let issuer = Issuer::new();
    let rsa = signed(Algorithm::RS256, Some("rsa"), &EncodingKey::from_rsa_pem(RSA).unwrap(), &claims());
    for token in [edwards(&claims()), rsa] {
        let caller = issuer.caller(&token).unwrap();
        assert_eq!((caller.tenant.as_ref().unwrap().as_str(), caller.user.as_deref()), ("contoso", Some("ada@contoso.example")));
        assert_eq!((caller.roles, caller.kind), ([Role::Seller].into(), crate::CallerKind::User));
    }
    let scopes = issuer.caller(&edwards(&with("roles", json!("MANAGER OPERATOR")))).unwrap();
    assert_eq!(scopes.roles, [Role::Manager, Role::Operator].into());
    // An operator may belong to no tenant; nobody else.
    let operator = json!({"iss": "https://issuer.example", "aud": "rapport", "exp": NOW.seconds() + 1, "roles": ["OPERATOR"]});
    assert_eq!(issuer.caller(&edwards(&operator)).unwrap().tenant, None);
    assert_eq!(issuer.caller(&edwards(&with("tenant", json!("")))).unwrap_err().reason, Reason::TokenInvalid);
}

#[test]
fn what_is_wrong_with_a_token_is_said_without_repeating_it() {
    let issuer = Issuer::new();
    let ed = EncodingKey::from_ed_pem(EDWARDS).unwrap();
    let other = "header.payload.signature";
    let unsigned = {
        let encode = |value: Value| data_encoding::BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        format!("{}.{}.", encode(json!({"alg": "none", "kid": "ed"})), encode(claims()))
    };
    // The public key as a shared secret: the oldest trick.
    let confused = signed(Algorithm::HS256, Some("rsa"), &EncodingKey::from_secret(RSA_MODULUS.as_bytes()), &claims());
    let mut forged = edwards(&claims());
    forged.replace_range(forged.len() - 8.., "AAAAAAAA");
    let critical = {
        let header = Header { kid: Some("ed".to_owned()), crit: Some(vec!["exp".to_owned()]), ..Header::new(Algorithm::EdDSA) };
        encode(&header, &claims(), &ed).unwrap()
    };
    let cases = [
        ("demands", critical, Reason::TokenInvalid),
        ("no token at all", other.to_owned(), Reason::TokenInvalid),
        ("alg none", unsigned, Reason::TokenInvalid),
        ("shared secret", confused, Reason::TokenInvalid),
        ("forged", forged, Reason::TokenInvalid),
        ("unknown key", signed(Algorithm::EdDSA, Some("new"), &ed, &claims()), Reason::TokenInvalid),
        ("no key id", signed(Algorithm::EdDSA, None, &ed, &claims()), Reason::TokenInvalid),
        ("another kind of key", signed(Algorithm::EdDSA, Some("rsa"), &ed, &claims()), Reason::TokenInvalid),
        ("issuer", edwards(&with("iss", json!("https://other.example"))), Reason::TokenInvalid),
        ("audience", edwards(&with("aud", json!("other"))), Reason::TokenInvalid),
        ("expired", edwards(&with("exp", json!(NOW.seconds() - 30))), Reason::TokenExpired),
        ("never ends", edwards(&with("exp", Value::Null)), Reason::TokenInvalid),
        ("not yet", edwards(&with("nbf", json!(NOW.seconds() + 31))), Reason::TokenInvalid),
        ("tenant", edwards(&with("tenant", json!("Not A Tenant"))), Reason::TokenInvalid),
    ];
    for (case, token, reason) in cases {
        let fault = issuer.caller(&token).unwrap_err();
        assert_eq!((fault.kind, fault.reason), (Kind::Unauthenticated, reason), "{case}: {fault}");
        assert!(!format!("{fault:?}").contains(&token[..token.len().min(12)]), "{case}");
    }
    // Clocks may differ by the leeway.
    issuer.caller(&edwards(&with("exp", json!(NOW.seconds() - 29)))).unwrap();
    issuer.caller(&edwards(&with("nbf", json!(NOW.seconds() + 30)))).unwrap();
}

#[test]
fn keys_are_read_again_when_their_file_changes() {
    let issuer = Issuer::new();
    let file = issuer.folder.path().join("jwks.json");
    let ed = EncodingKey::from_ed_pem(EDWARDS).unwrap();
    let token = signed(Algorithm::EdDSA, Some("next"), &ed, &claims());
    assert!(issuer.caller(&token).is_err());
    let write = |text: &str, ago: u64| {
        std::fs::write(&file, text).unwrap();
        let at = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(ago);
        std::fs::File::open(&file).unwrap().set_modified(at).unwrap();
        issuer.clock.advance(std::time::Duration::from_secs(1));
    };
    write(&key_set(&["next"]), 1);
    issuer.caller(&token).unwrap();
    assert!(issuer.caller(&edwards(&claims())).is_err());
    // A file that cannot be read takes nothing away.
    write("{", 2);
    issuer.caller(&token).unwrap();
}

#[test]
fn static_tokens_are_read_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tokens.jsonl");
    let of = |text: &str| {
        std::fs::write(&file, text).unwrap();
        Authenticator::of(&Authentication::Tokens { file: file.clone() }, Arc::new(ManualClock::at(NOW)))
    };
    let authenticator =
        of(r#"{"token":"a-development-token","tenant":"contoso","user":"ada@contoso.example","roles":["SELLER"]}"#).unwrap();
    let caller = |value: &str| {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, value.parse().unwrap());
        authenticator.caller(&headers)
    };
    assert_eq!(caller("bearer a-development-token").unwrap().roles, [Role::Seller].into());
    for wrong in ["Bearer another-token-0000", "Basic a-development-token", "a-development-token", "Bearer "] {
        assert_eq!(caller(wrong).unwrap_err().reason, Reason::TokenInvalid, "{wrong}");
    }
    assert_eq!(authenticator.caller(&HeaderMap::new()).unwrap_err().reason, Reason::TokenMissing);
    for wrong in ["", r#"{"token":"short"}"#, r#"{"token":"a-development-token","role":[]}"#, "a-development-token"] {
        let error = of(wrong).unwrap_err().to_string();
        assert!(!error.contains("a-development-token"), "{error}");
    }
}
