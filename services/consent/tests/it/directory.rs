//! Taking in the directory and reading it back.

use std::time::Duration;

use contracts::consent::v1 as pb;
use pb::SyncMode::{Delta, Full};
use vocabulary::{Kind, Reason};

use crate::suite::{Suite, TENANT, told, user, users};

const LEASE: Duration = Duration::from_millis(200);

#[tokio::test]
async fn what_cannot_be_taken_in_is_named_and_the_rest_is_taken() {
    let suite = Suite::start(LEASE).await;
    let refused = |user: pb::User, at: usize, field: &str| (user, at, field.to_owned());
    let person = |id: &str| user(id, pb::UserKind::Person);
    let bad = [
        refused(pb::User { external_id: String::new(), ..person("x1") }, 1, "external_id"),
        refused(pb::User { external_id: "x".repeat(129), ..person("x2") }, 2, "external_id"),
        refused(pb::User { addresses: vec![], ..person("x3") }, 3, "addresses"),
        refused(pb::User { addresses: vec!["no address".into()], ..person("x4") }, 4, "addresses[0]"),
        refused(pb::User { addresses: vec!["x5@contoso.example".into(), "ADA@contoso.example".into()], ..person("x5") }, 5, "addresses[1]"),
        refused(pb::User { kind: 0, ..person("x6") }, 6, "kind"),
        refused(pb::User { kind: 99, ..person("x7") }, 7, "kind"),
        refused(pb::User { display_name: "a\nb".into(), ..person("x8") }, 8, "display_name"),
        refused(pb::User { roles: vec!["r".repeat(300)], ..person("x9") }, 9, "roles[0]"),
        refused(pb::User { department: "d".repeat(5000), ..person("x10") }, 10, "user"),
        refused(person("good-1"), 11, "external_id"),
    ];
    let mut all = vec![person("good-1")];
    all.extend(bad.iter().map(|(user, ..)| user.clone()));
    all.push(person("good-2"));
    let synced = suite.sync(Delta, all).await.unwrap();
    assert_eq!((synced.added, synced.refused.len()), (2, bad.len()));
    for (refused, (_, at, field)) in synced.refused.iter().zip(&bad) {
        assert_eq!((refused.index, &refused.field), (*at as i64, field));
        assert!(!refused.description.is_empty() && !refused.description.contains("contoso"));
    }
    // A full sync that names them badly does not make them depart.
    let mut whole = users();
    whole[0].kind = 0;
    let synced = suite.sync(Full, whole).await.unwrap();
    assert_eq!((synced.departed, synced.unchanged, synced.refused.len()), (2, 4, 1));
}

#[tokio::test]
async fn a_full_sync_takes_effect_when_the_stream_ends_and_names_who_departed() {
    let suite = Suite::start(LEASE).await;
    suite.grant().await;
    let part = |users| pb::SyncUsersRequest { users, ..Default::default() };
    let first = pb::SyncUsersRequest { tenant_id: TENANT.into(), mode: Full.into(), ..part(vec![users()[0].clone()]) };
    let stream = tokio_stream::iter(vec![first, part(vec![users()[3].clone()]), part(vec![user("eve", pb::UserKind::Person)])]);
    let synced = told(suite.directory().sync_users(stream).await).unwrap();
    assert_eq!((synced.added, synced.departed, synced.unchanged, synced.updated), (1, 3, 2, 0));
    let get = |name: &str| {
        let (mut client, user) = (suite.directory(), format!("{name}@contoso.example"));
        async move { told(client.get_user(pb::GetUserRequest { tenant_id: TENANT.into(), user }).await) }
    };
    let [ada, bob, eve] = [get("ada").await, get("BOB.alias").await, get("eve").await].map(|got| got.unwrap().user.unwrap());
    assert_eq!((ada.departed, ada.mailbox_open), (false, true));
    // Readers keep what was collected before.
    assert_eq!((bob.departed, bob.mailbox_open), (true, true));
    assert!(eve.mailbox_open);
    let nobody = get("nobody").await.unwrap_err();
    assert_eq!((nobody.kind, nobody.reason), (Kind::NotFound, Reason::UserNotFound));
    let again = suite.sync(Delta, vec![users()[1].clone()]).await.unwrap();
    assert_eq!(again.updated, 1);
    let consent = suite.consent().await;
    assert_eq!((consent.mailboxes, consent.mailboxes_open), (4, 4));
}

#[tokio::test]
async fn a_sync_that_breaks_its_form_changes_nothing() {
    let suite = Suite::start(LEASE).await;
    let before = suite.consent().await.position;
    let first = |tenant: &str, users| pb::SyncUsersRequest { tenant_id: tenant.into(), mode: Full.into(), users, ..Default::default() };
    let many = (0..1001).map(|n| user(&format!("u{n}"), pb::UserKind::Person)).collect();
    for (stream, reason) in [
        (vec![], Reason::InvalidFields),
        (vec![first("nobody", vec![])], Reason::TenantNotFound),
        (vec![first("No Tenant", vec![])], Reason::InvalidFields),
        (vec![first(TENANT, vec![]), first("fabrikam", vec![])], Reason::InvalidFields),
        (vec![first(TENANT, many)], Reason::InvalidFields),
        (vec![pb::SyncUsersRequest { mode: 9, ..first(TENANT, vec![]) }], Reason::InvalidFields),
        (vec![pb::SyncUsersRequest { expected_destroyed: -1, ..first(TENANT, vec![]) }], Reason::InvalidFields),
    ] {
        let fault = told(suite.directory().sync_users(tokio_stream::iter(stream)).await).unwrap_err();
        assert_eq!(fault.reason, reason);
    }
    assert_eq!(suite.consent().await.position, before);
}

#[tokio::test]
async fn a_sync_that_would_destroy_many_mailboxes_must_name_their_number() {
    let suite = Suite::start(LEASE).await;
    suite.grant().await;
    let all = |kind: pb::UserKind| (0..20).map(|n| user(&format!("u{n}"), kind)).collect::<Vec<_>>();
    let grown = suite.sync(Delta, all(pb::UserKind::Person)).await.unwrap();
    assert_eq!((grown.added, grown.mailboxes_closed), (20, 0));
    let position = suite.consent().await.position;
    // The slip: a column that says LIST throughout.
    let slip = pb::SyncUsersRequest { tenant_id: TENANT.into(), users: all(pb::UserKind::List), ..Default::default() };
    let send = |request: pb::SyncUsersRequest| {
        // What stands in a later message is not read.
        let later = pb::SyncUsersRequest { validate_only: true, expected_destroyed: 20, ..Default::default() };
        let mut client = suite.directory();
        async move { told(client.sync_users(tokio_stream::iter([request, later])).await) }
    };
    for named in [0, 19, 23] {
        let fault = send(pb::SyncUsersRequest { expected_destroyed: named, ..slip.clone() }).await.unwrap_err();
        assert_eq!((fault.kind, fault.reason), (Kind::FailedPrecondition, Reason::WouldDestroy), "{fault}");
        assert_eq!((fault.metadata["mailboxes"].as_str(), fault.metadata["of"].as_str()), ("20", "23"));
    }
    let asked = send(pb::SyncUsersRequest { validate_only: true, ..slip.clone() }).await.unwrap();
    assert_eq!((asked.updated, asked.mailboxes_closed), (20, 20));
    let consent = suite.consent().await;
    assert_eq!((consent.position, consent.mailboxes_open), (position, 23));
    let meant = send(pb::SyncUsersRequest { expected_destroyed: asked.mailboxes_closed, ..slip }).await.unwrap();
    assert_eq!((meant.updated, meant.mailboxes_closed), (20, 20));
    assert_eq!(suite.consent().await.mailboxes_open, 3);
    // Whoever departs leaves the keys: an empty full sync destroys nothing.
    let emptied = suite.sync(Full, Vec::new()).await.unwrap();
    assert_eq!((emptied.departed, emptied.mailboxes_closed), (25, 0));
}
