//! Groups: taken in, opted out and in again, remembered over a restart.

use std::time::Duration;

use contracts::common::v1 as common;
use contracts::consent::v1 as pb;
use vocabulary::{Kind, Reason};

use crate::hand::Hand;
use crate::suite::{Suite, TENANT, told};

const LEASE: Duration = Duration::from_secs(60);

fn group(id: &str, members: &[&str], groups: &[&str]) -> pb::Group {
    let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
    pb::Group { external_id: id.into(), display_name: "Somebody's".into(), member_ids: ids(members), group_ids: ids(groups) }
}

fn out(id: &str, mode: pb::OptOutMode, purposes: &[common::Purpose]) -> pb::OptOutGroupRequest {
    let purposes = purposes.iter().map(|purpose| (*purpose).into()).collect();
    pb::OptOutGroupRequest { tenant_id: TENANT.into(), group_id: id.into(), purposes, mode: mode.into(), ..Default::default() }
}

async fn gate_of(suite: &Suite, user: &str, purpose: common::Purpose) -> pb::Gate {
    let (tenant_id, user) = (TENANT.into(), format!("{user}@contoso.example"));
    let request = pb::CheckConsentRequest { tenant_id, user, purpose: purpose.into(), ..Default::default() };
    told(suite.consents().check_consent(request).await).unwrap().closed_gate()
}

#[tokio::test]
async fn a_group_that_is_opted_out_takes_the_keys_of_everybody_in_it() {
    let suite = Suite::start(LEASE).await;
    suite.grant().await;
    let board = [group("board", &["directory-ada"], &["legal"]), group("legal", &["directory-bob"], &[])];
    let synced = suite.sync_groups(pb::SyncMode::Full, board.to_vec()).await.unwrap();
    assert_eq!((synced.added, synced.mailboxes_closed, synced.refused.len()), (2, 0, 0));
    let request = pb::OptOutGroupRequest { validate_only: true, ..out("board", pb::OptOutMode::Unspecified, &[]) };
    let would = told(suite.consents().opt_out_group(request).await).unwrap();
    assert_eq!((would.mailboxes_closed, would.users, would.enforced_time), (2, 2, None));
    assert_eq!(suite.consent().await.mailboxes_open, 3);
    let done = told(suite.consents().opt_out_group(out("board", pb::OptOutMode::Unspecified, &[])).await).unwrap();
    assert_eq!((done.mailboxes_closed, done.enforced_time.is_some()), (2, true));
    assert_eq!(gate_of(&suite, "bob", common::Purpose::ConnectionGraph).await, pb::Gate::Group);

    // All of it is remembered.
    let suite = suite.restart(LEASE).await;
    assert_eq!((suite.consent().await.mailboxes_open, gate_of(&suite, "ada", common::Purpose::Unspecified).await), (1, pb::Gate::Group));
    let request = pb::ListGroupsRequest { tenant_id: TENANT.into(), page_size: 1, ..Default::default() };
    let page = told(suite.directory().list_groups(request.clone()).await).unwrap();
    let next = told(suite.directory().list_groups(pb::ListGroupsRequest { page_token: page.next_page_token, ..request }).await).unwrap();
    assert_eq!((page.groups[0].users, page.groups[0].opt_outs.len()), (2, 2));
    assert_eq!((next.groups[0].external_id.as_str(), next.groups[0].users, next.next_page_token.as_str()), ("legal", 1, ""));
    let (_hand, snapshot) = Hand::lease(&suite, pb::Holder::Graph).await;
    let users = snapshot.users();
    assert_eq!((users["ada"].state(), users["ada"].named_in_graph), (pb::MailboxState::Destroyed, false));

    // Let in again, only what is new is collected.
    let back = pb::OptInGroupRequest { tenant_id: TENANT.into(), group_id: "board".into(), ..Default::default() };
    assert_eq!(told(suite.consents().opt_in_group(back).await).unwrap().mailboxes_opened, 2);
    let suite = suite.restart(LEASE).await;
    let (_hand, snapshot) = Hand::lease(&suite, pb::Holder::Ingestion).await;
    let ada = snapshot.users()["ada"].clone();
    assert_eq!((ada.state(), ada.generation), (pb::MailboxState::Open, 2));
    assert!(ada.scope_micros > 1_600_000_000_000_000 && snapshot.users()["support"].scope_micros == 0);
}

#[tokio::test]
async fn a_group_opted_out_for_the_future_keeps_its_readers_and_loses_ingestion() {
    let suite = Suite::start(LEASE).await;
    suite.grant().await;
    suite.sync_groups(pb::SyncMode::Delta, vec![group("board", &["directory-ada"], &[])]).await.unwrap();
    let done = told(suite.consents().opt_out_group(out("board", pb::OptOutMode::FutureOnly, &[])).await).unwrap();
    assert_eq!((done.mailboxes_closed, done.users), (0, 1));
    // Joining has the effect of opting out.
    let joined = suite.sync_groups(pb::SyncMode::Delta, vec![group("board", &["directory-ada", "directory-bob"], &[])]).await.unwrap();
    assert_eq!((joined.updated, joined.mailboxes_closed), (1, 0));
    assert_eq!(gate_of(&suite, "bob", common::Purpose::RelationshipAnalytics).await, pb::Gate::Group);
    // A group that the directory drops while it is opted out stays.
    let dropped = suite.sync_groups(pb::SyncMode::Full, Vec::new()).await.unwrap();
    assert_eq!((dropped.removed, dropped.kept), (0, 1));
    let suite = suite.restart(LEASE).await;
    for (holder, state) in [(pb::Holder::Ingestion, pb::MailboxState::Held), (pb::Holder::Analytics, pb::MailboxState::Open)] {
        let (_hand, snapshot) = Hand::lease(&suite, holder).await;
        let ada = &snapshot.users()["ada"];
        assert_eq!((ada.state(), ada.log_key.len()), (state, if state == pb::MailboxState::Open { 32 } else { 0 }), "{holder:?}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_group_is_said_and_leaves_the_others() {
    let suite = Suite::start(LEASE).await;
    suite.grant().await;
    let large: Vec<String> = (0..900).map(|n| format!("directory-nobody-yet-{n:04}")).collect();
    let large: Vec<&str> = large.iter().map(String::as_str).collect();
    let parts = vec![group("", &[], &[]), group("all", &large, &[]), group("all", &["directory-ada"], &[]), group("bad", &["\u{7}"], &[])];
    let synced = suite.sync_groups(pb::SyncMode::Delta, parts).await.unwrap();
    let refused: Vec<_> = synced.refused.iter().map(|refused| (refused.index, refused.field.as_str())).collect();
    assert_eq!((synced.added, refused), (1, vec![(0, "external_id"), (3, "member_ids[0]")]));
    let unknown = told(suite.consents().opt_out_group(out("none", pb::OptOutMode::FutureOnly, &[])).await).unwrap_err();
    assert_eq!((unknown.kind, unknown.reason), (Kind::NotFound, Reason::GroupNotFound));
    let one = out("all", pb::OptOutMode::EraseHistory, &[common::Purpose::ConnectionGraph]);
    assert_eq!(told(suite.consents().opt_out_group(one).await).unwrap().users, 1);
    // Many parts come back as one group.
    let suite = suite.restart(LEASE).await;
    let request = pb::ListGroupsRequest { tenant_id: TENANT.into(), ..Default::default() };
    let listed = told(suite.directory().list_groups(request).await).unwrap();
    assert_eq!((listed.groups[0].users, listed.groups[0].opt_outs.len()), (901, 1));
}
