//! Who comes through a gate, and as whom.

use std::sync::Arc;

use vocabulary::{ManualClock, Timestamp};

use super::*;
use crate::config::Authentication;
use crate::probe;

const PROBE: &str = "/test.v1.Probe/Unary";
const SELL: &str = "/test.v1.Probe/Sell";
const UNDECLARED: &str = "/test.v1.Probe/Undeclared";
const INNER: &str = "/test.v1.Inner/Unary";

fn gates(authenticator: &Authenticator) -> [Gate; 2] {
    let access = AccessTable::read(&probe::descriptors()).unwrap();
    [Gate::public(authenticator.clone(), access.clone()), Gate::internal(authenticator.clone(), access)]
}

fn tokens() -> Authenticator {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tokens");
    let lines = [
        r#"{"token":"token-of-a-seller","tenant":"contoso","user":"ada@contoso.example","roles":["SELLER"]}"#,
        r#"{"token":"token-of-a-person","tenant":"contoso","user":"bob@contoso.example"}"#,
        r#"{"token":"token-of-a-connector","tenant":"contoso","roles":["SERVICE"]}"#,
    ];
    std::fs::write(&file, lines.join("\n")).unwrap();
    let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(0)));
    Authenticator::of(&Authentication::Tokens { file }, clock).unwrap()
}

/// What becomes of a call: the user and whether they come in as themselves only, or the kind of refusal.
fn admitted(gate: &Gate, path: &str, headers: &[(&str, &str)]) -> Result<Option<(String, bool)>, Option<Kind>> {
    let mut request = Request::builder().uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    match gate.admit(&mut request.body(()).unwrap()) {
        Ok(caller) => Ok(caller.map(|caller| (caller.user.unwrap_or_default(), caller.own_only))),
        Err(Refused::Fault(fault)) => Err(Some(fault.kind)),
        Err(Refused::Unknown) => Err(None),
    }
}

#[test]
fn tokens_and_declared_roles_decide_at_a_public_gate() {
    let [public, _] = gates(&tokens());
    let check = |path, token: &str, expected: Result<(&str, bool), Option<Kind>>| {
        let expected = expected.map(|(user, own)| Some((user.to_owned(), own)));
        let value = format!("Bearer {token}");
        // What a caller says of themselves is not heard.
        let forged = (CALLER_METADATA, r#"{"roles":["SERVICE","OPERATOR"]}"#);
        assert_eq!(admitted(&public, path, &[("authorization", &value), forged]), expected, "{path} {token}");
    };
    let (denied, unknown) = (Some(Kind::PermissionDenied), Some(Kind::Unauthenticated));
    check(PROBE, "token-of-a-person", Ok(("bob@contoso.example", false)));
    check(SELL, "token-of-a-seller", Ok(("ada@contoso.example", false)));
    check(SELL, "token-of-a-person", Ok(("bob@contoso.example", true)));
    check(SELL, "token-of-a-connector", Err(denied));
    check(INNER, "token-of-a-seller", Err(denied));
    check(UNDECLARED, "token-of-a-seller", Err(denied));
    check("/test.v1.Probe/Other", "token-of-a-seller", Err(None));
    check(PROBE, "token-of-nobody-known", Err(unknown));
    assert_eq!(admitted(&public, PROBE, &[]), Err(unknown));
    assert_eq!(admitted(&public, PROBE, &[(CALLER_METADATA, "{}")]), Err(unknown));
    assert_eq!(admitted(&public, "/grpc.health.v1.Health/Check", &[]), Ok(None));
}

#[test]
fn the_suites_own_need_no_token_and_a_token_that_is_passed_on_is_checked() {
    let [_, internal] = gates(&tokens());
    let service = (CALLER_METADATA, r#"{"roles":["SERVICE"]}"#);
    for path in [PROBE, INNER] {
        assert_eq!(admitted(&internal, path, &[service]), Ok(Some((String::new(), false))), "{path}");
    }
    // Nor may a service do more than is declared.
    assert_eq!(admitted(&internal, SELL, &[service]), Err(Some(Kind::PermissionDenied)));
    assert_eq!(admitted(&internal, UNDECLARED, &[service]), Err(Some(Kind::PermissionDenied)));
    let seller = ("authorization", "Bearer token-of-a-seller");
    assert_eq!(admitted(&internal, INNER, &[seller, service]), Err(Some(Kind::PermissionDenied)));
    assert_eq!(admitted(&internal, PROBE, &[("authorization", "Bearer forged-forged-forged")]), Err(Some(Kind::Unauthenticated)));
}

#[test]
fn without_authentication_callers_are_believed() {
    let [public, _] = gates(&Authenticator::nothing());
    assert_eq!(admitted(&public, SELL, &[]), Ok(Some((String::new(), false))));
    let person = (CALLER_METADATA, r#"{"user":"ada@contoso.example"}"#);
    assert_eq!(admitted(&public, SELL, &[person]), Ok(Some(("ada@contoso.example".to_owned(), true))));
    assert_eq!(admitted(&public, INNER, &[person]), Err(Some(Kind::PermissionDenied)));
    assert_eq!(admitted(&public, UNDECLARED, &[]), Err(Some(Kind::PermissionDenied)));
}

#[test]
fn only_the_suites_own_may_call_a_request_a_part_of_another() {
    let [public, internal] = gates(&tokens());
    let is_part = |gate: &Gate, path: &str, header: Option<&str>| {
        let bearing = Request::builder().uri(path).header("authorization", "Bearer token-of-a-seller");
        let mut request = header.into_iter().fold(bearing, |request, value| request.header(PART_METADATA, value)).body(()).unwrap();
        let part = gate.admit(&mut request).ok().flatten().unwrap().part;
        assert!(!request.headers().contains_key(PART_METADATA), "it goes no further");
        part
    };
    assert!(is_part(&internal, SELL, Some("1")));
    assert!(!is_part(&internal, SELL, None));
    assert!(!is_part(&public, SELL, Some("1")));
}
