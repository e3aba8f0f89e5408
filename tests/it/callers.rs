//! Who may call what: every method of every public service, from the descriptors, so that a new one is among them without being listed;
//! with every sort of token, over sockets, at the gateway and at the services behind it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use contracts::graph::v1::list_introducers_request::Target;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use rapport::client::Client;
use rapport::demo::load;
use rapport::suite::Suite;
use runtime::access::Access;
use runtime::config::{Authentication, Listen};
use runtime::{AccessTable, Config, Link, Role};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tonic::client::Grpc;
use tonic::{Code, Request};
use tonic_prost::ProstCodec;
use vocabulary::{Clock as _, Reason, SystemClock};

use crate::fixtures::{grant, introducers, kept, lead, opt_out, overview, small_company};

// Made for these tests; it opens nothing.
const KEY: &[u8] = b"-----BEGIN PRIVATE KEY-----\n\
MC4CAQAwBQYDK2VwBCIEIKqWDSagie3HS6tqKEdUhVCRENffEhH4+SeE1hoJouNl\n\
-----END PRIVATE KEY-----\n\
";
const PUBLIC: &str = "2SiEbFLLcFGwqtUssHspmwr06GMzWSroE8UEXZKTUPg";

/// The first field of every request of the suite.
#[derive(Clone, PartialEq, prost::Message)]
struct Asked {
    #[prost(string, tag = "1")]
    tenant_id: String,
}

/// Any answer: its fields are passed over.
#[derive(Clone, PartialEq, prost::Message)]
struct Answered {}

/// A suite whose callers need a token.
struct Guarded {
    addresses: BTreeMap<&'static str, SocketAddr>,
    stop: oneshot::Sender<()>,
    task: tokio::task::JoinHandle<Result<(), vocabulary::Fault>>,
    _directory: tempfile::TempDir,
}

impl Guarded {
    async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let keys = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "one", "x": PUBLIC}]});
        let jwks_file = directory.path().join("jwks.json");
        std::fs::write(&jwks_file, keys.to_string()).unwrap();
        let jwt = json!({"issuer": "https://issuer.example", "audience": "rapport", "jwks_file": jwks_file});
        let authentication = Authentication::Jwt(serde_json::from_value(jwt).unwrap());
        let config = Config { data_dir: directory.path().join("data"), listen: Listen::any_port(), authentication, ..Config::default() };
        let suite = Suite::open(&[], Arc::new(config), Arc::new(SystemClock)).await.unwrap();
        let addresses = suite.addresses().into_iter().collect();
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(suite.serve(async move {
            let _ = stopped.await;
        }));
        let guarded = Self { addresses, stop, task, _directory: directory };
        for tenant in ["contoso", "fabrikam"] {
            let operator = token(&json!({"roles": ["OPERATOR"]}));
            let made = guarded.call("gateway", "/rapport.consent.v1.TenantService/CreateTenant", tenant, Some(&operator)).await;
            assert_eq!(made, Code::Ok);
        }
        guarded
    }

    fn gateway(&self) -> Link {
        Link::tcp(&format!("http://{}", self.addresses["gateway"])).unwrap()
    }

    async fn call(&self, area: &str, path: &str, tenant: &str, token: Option<&str>) -> Code {
        let link = Link::tcp(&format!("http://{}", self.addresses[area])).unwrap();
        let link = token.map_or(Ok(link.clone()), |token| link.bearing(token)).unwrap();
        let mut grpc = Grpc::new(link);
        grpc.ready().await.unwrap();
        let mut request = Request::new(tokio_stream::once(Asked { tenant_id: tenant.to_owned() }));
        request.set_timeout(std::time::Duration::from_secs(5));
        // What a caller says of themselves is not heard where tokens are asked for.
        let forged = r#"{"roles":["OPERATOR","DIRECTORY_ADMINISTRATOR","APPLICATION_ADMINISTRATOR","MANAGER","SELLER","SERVICE"]}"#;
        request.metadata_mut().insert("rapport-caller", forged.parse().unwrap());
        let codec: ProstCodec<Asked, Answered> = ProstCodec::default();
        match grpc.streaming(request, path.parse().unwrap(), codec).await {
            Err(status) => status.code(),
            // A method that streams has begun: it may end whenever it likes, or never.
            Ok(answers) => {
                let first = tokio::time::timeout(std::time::Duration::from_millis(50), answers.into_inner().message()).await;
                first.map_or(Code::Ok, |first| first.map_or_else(|status| status.code(), |_| Code::Ok))
            }
        }
    }
}

fn token(more: &Value) -> String {
    signed(Algorithm::EdDSA, "one", &EncodingKey::from_ed_pem(KEY).unwrap(), more)
}

fn signed(algorithm: Algorithm, id: &str, key: &EncodingKey, more: &Value) -> String {
    let mut claims = json!({"iss": "https://issuer.example", "aud": "rapport", "exp": SystemClock.now().seconds() + 600});
    for (name, value) in more.as_object().unwrap() {
        claims[name] = value.clone();
    }
    encode(&Header { kid: Some(id.to_owned()), ..Header::new(algorithm) }, &claims, key).unwrap()
}

/// A token of somebody with one role in contoso.
fn of(role: Role) -> Value {
    json!({"tenant": "contoso", "email": "nobody@contoso.example", "roles": [role.as_str()]})
}

#[test]
fn every_method_says_who_may_call_it() {
    let table = AccessTable::read(contracts::DESCRIPTORS).unwrap();
    let silent: Vec<_> = table.methods().filter(|(_, access)| access.is_none()).map(|(path, _)| path).collect();
    assert!(silent.is_empty(), "declare (rapport.common.v1.access) for {silent:?}");
    let nobody = |access: &Access| access.roles.is_empty() && !access.own && !access.everybody;
    assert!(table.methods().all(|(_, access)| access.is_some_and(|access| !nobody(access))));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_method_refuses_every_wrong_token_and_admits_the_right_ones() {
    let suite = Guarded::start().await;
    let table = AccessTable::read(contracts::DESCRIPTORS).unwrap();
    let forwarded = gateway::FORWARDED.iter().flat_map(|(area, services)| services.iter().map(|service| (*service, *area)));
    let areas: BTreeMap<&str, &str> = forwarded.chain([("rapport.gateway.v1.OverviewService", "gateway")]).collect();
    let mut methods: Vec<_> = table.methods().collect();
    methods.sort_unstable_by_key(|(path, _)| *path);

    let ed = EncodingKey::from_ed_pem(KEY).unwrap();
    let anybody = of(Role::Operator);
    let with = |key: &str, value: Value| {
        let mut claims = anybody.clone();
        claims[key] = value;
        token(&claims)
    };
    let wrong = [
        ("none", None),
        ("malformed", Some("not.a.token".to_owned())),
        ("audience", Some(with("aud", json!("other")))),
        ("issuer", Some(with("iss", json!("https://other.example")))),
        ("expired", Some(with("exp", json!(SystemClock.now().seconds() - 60)))),
        ("unknown key", Some(signed(Algorithm::EdDSA, "two", &ed, &anybody))),
        ("shared secret", Some(signed(Algorithm::HS256, "one", &EncodingKey::from_secret(PUBLIC.as_bytes()), &anybody))),
    ];
    let (mut calls, mut public, mut internal, mut proven) = (0, 0, 0, 0);
    for (path, access) in methods {
        let access = access.unwrap();
        let service = path[1..].split('/').next().unwrap();
        let Some(area) = areas.get(service) else {
            // Internal services are on no public listener, whatever the token.
            internal += 1;
            for area in ["gateway", "consent", "ingestion", "analytics", "graph"] {
                for role in Role::ALL {
                    let code = suite.call(area, path, "contoso", Some(&token(&of(role)))).await;
                    assert!(matches!(code, Code::PermissionDenied | Code::Unimplemented), "{path} at {area} as {role:?}: {code:?}");
                    calls += 1;
                }
            }
            continue;
        };
        public += 1;
        for area in ["gateway", *area] {
            for (case, token) in &wrong {
                let code = suite.call(area, path, "contoso", token.as_deref()).await;
                assert_eq!(code, Code::Unauthenticated, "{path} at {area}: {case}");
                calls += 1;
            }
            for role in Role::ALL {
                let code = suite.call(area, path, "contoso", Some(&token(&of(role)))).await;
                let admitted = access.everybody || access.roles.contains(&role);
                // Whoever is admitted for their own only asks about nobody here, and is refused or told what is missing.
                let refused = code == Code::PermissionDenied;
                let own_only = !admitted && access.own;
                let whole_suite = path.ends_with("/ListStores") || path.ends_with("/RetireStore");
                if own_only || whole_suite {
                    assert!(refused || code == Code::InvalidArgument, "{path} at {area} as {role:?}: {code:?}");
                } else {
                    assert_eq!(refused, !admitted, "{path} at {area} as {role:?}: {code:?}");
                }
                assert_ne!(code, Code::Unauthenticated, "{path} at {area} as {role:?}");
                calls += 1;
                if admitted {
                    let other = suite.call(area, path, "fabrikam", Some(&token(&of(role)))).await;
                    calls += 1;
                    // A request that lacks fields may be told so before its tenant is looked at; whole ones are refused.
                    let incomplete = code == Code::InvalidArgument && other == Code::InvalidArgument;
                    let asks_no_tenant = path.ends_with("/GetServerInfo") || path.ends_with("/GetConsentText") || whole_suite;
                    assert!(incomplete || asks_no_tenant || other == Code::PermissionDenied, "{path} at {area} as {role:?}: {other:?}");
                    proven += usize::from(other == Code::PermissionDenied);
                }
            }
        }
    }
    println!("{public} public and {internal} internal methods, {calls} calls; another tenant refused {proven} times");
    assert!(public > 25 && internal > 4 && proven > 50);
    suite.stop.send(()).unwrap();
    suite.task.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_does_their_part_of_the_main_job_with_a_token_of_their_own() {
    let suite = Guarded::start().await;
    let company = small_company();
    let tenant = company.tenant.id.clone();
    let client = |claims: Value| Client { link: suite.gateway().bearing(&token(&claims)).unwrap(), tenant: tenant.clone() };
    let of = |user: &str, role: &str| client(json!({"tenant": tenant, "email": user, "roles": [role]}));
    let (boss, connector) = (of("boss@x.example", "DIRECTORY_ADMINISTRATOR"), client(json!({"tenant": tenant, "roles": ["SERVICE"]})));
    // The operator names people who are new to the suite, and has no role of a service.
    load::company(&client(json!({"roles": ["OPERATOR"]})), &company).await.unwrap();
    let seller = of(&company.mailboxes[0].address, "SELLER");
    assert_eq!(grant(&seller).await.unwrap_err().reason, Reason::RoleMissing);
    let granted = grant(&boss).await.unwrap();
    assert_eq!(load::mailboxes(&seller, &company, &granted.revision).await.unwrap_err().reason, Reason::RoleMissing);
    let read = load::mailboxes(&connector, &company, &granted.revision).await.unwrap();

    // By address, so that ids are asked for in the seller's name; and a whole overview.
    let wanted = lead(&company.stories.lead.lead_id);
    let address = kept(&seller, wanted.clone()).await.unwrap().addresses[0].clone();
    let known = introducers(&seller, Target::Address(address.clone()), &read.revision).await.unwrap();
    assert!(!known.is_empty());
    let shown = overview(&of("m@x.example", "MANAGER"), wanted.clone(), &read.revision).await.unwrap();
    assert!(shown.unavailable.is_empty() && !shown.introducers.is_empty());
    // A connector may see a relationship, and nobody's introducers, not even through the gateway.
    assert!(overview(&connector, wanted, &read.revision).await.unwrap().introducers.is_empty());

    // A person without any role leaves themselves out, and nobody else.
    let [first, second] = [0, 1].map(|place| known[place].address.clone());
    let person = of(&first, "NONE_OF_OURS");
    assert_eq!(opt_out(&person, &second).await.unwrap_err().reason, Reason::RoleMissing);
    let out = opt_out(&person, &first).await.unwrap();
    let left = introducers(&seller, Target::Address(address), &out.revision).await.unwrap();
    assert!(left.iter().all(|held| held.address != first) && left.iter().any(|held| held.address == second));
    suite.stop.send(()).unwrap();
    suite.task.await.unwrap().unwrap();
}
