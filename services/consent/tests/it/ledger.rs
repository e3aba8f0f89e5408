//! The ledger: what stands in it, who sees it, that it can be proven, and what an erased person leaves there.

use std::time::Duration;

use ::ledger::{Checkpoint, Disclosed, Finding, Hash, Leaf, Verifier, commitment, leaf_hash, verify, verify_consistency, verify_inclusion};
use contracts::consent::v1 as pb;
use pb::ConsentEventKind as Kinds;
use pb::consent_event_body::About;
use pb::erasure_service_client::ErasureServiceClient;
use sealing::SlotId;
use tonic::Request;
use vocabulary::{Fault, Reason, TenantId, UserId};

use crate::recovering::{copy, put_back, withdraw_all};
use crate::restarting::keyring;
use crate::roles::as_caller;
use crate::suite::{Suite, TENANT, grant, opt_out, revoke, told};

const LEASE: Duration = Duration::from_millis(200);
const ADMIN: &str = "admin@contoso.example";

fn all() -> pb::ListConsentEventsRequest {
    pb::ListConsentEventsRequest { tenant_id: TENANT.into(), page_size: 1000, ..Default::default() }
}

async fn listed(suite: &Suite, request: impl Into<Request<pb::ListConsentEventsRequest>>) -> Result<Vec<pb::ConsentEvent>, Fault> {
    told(suite.consents().list_consent_events(request.into()).await).map(|answer| answer.events)
}

async fn events(suite: &Suite) -> Vec<pb::ConsentEvent> {
    listed(suite, Request::new(all())).await.unwrap()
}

async fn checkpoint(suite: &Suite) -> pb::GetCheckpointResponse {
    told(suite.consents().get_checkpoint(pb::GetCheckpointRequest { tenant_id: TENANT.into(), ..Default::default() }).await).unwrap()
}

async fn prove(suite: &Suite, index: i64, size: i64, from_size: i64) -> Result<pb::ProveConsentEventResponse, Fault> {
    let request = pb::ProveConsentEventRequest { tenant_id: TENANT.into(), index, size, from_size };
    told(suite.consents().prove_consent_event(request).await)
}

async fn erase(suite: &Suite, user: &str) -> pb::Erasure {
    let erase = pb::EraseUserRequest { tenant_id: TENANT.into(), user: format!("{user}@contoso.example"), ..Default::default() };
    told(ErasureServiceClient::new(suite.link.clone()).erase_user(erase).await).unwrap().erasure.unwrap()
}

fn kinds(events: &[pb::ConsentEvent]) -> Vec<Kinds> {
    events.iter().map(pb::ConsentEvent::kind).collect()
}

fn hashes(hashes: &[Vec<u8>]) -> Vec<Hash> {
    hashes.iter().map(|hash| Hash(hash.as_slice().try_into().unwrap())).collect()
}

/// The export that a client writes of what it is answered.
fn export(events: &[pb::ConsentEvent], checkpoint: &pb::GetCheckpointResponse) -> String {
    let part = |bytes: &Vec<u8>| (!bytes.is_empty()).then(|| bytes.clone());
    let disclosed =
        events.iter().map(|event| Disclosed { leaf: event.leaf.clone(), body: part(&event.salted_body), actor: part(&event.salted_actor) });
    ::ledger::write(&disclosed.collect::<Vec<_>>(), &Verifier::parse(&checkpoint.verifier_key).unwrap(), &checkpoint.checkpoint)
}

async fn findings(suite: &Suite, older: Option<&str>) -> Vec<Finding> {
    verify(&export(&events(suite).await, &checkpoint(suite).await), None, older).findings
}

#[tokio::test]
async fn every_decision_is_there_with_who_and_what_and_survives_a_restart() {
    let suite = Suite::start(LEASE).await;
    told(suite.consents().grant_consent(as_caller(grant(), ADMIN, &["DIRECTORY_ADMINISTRATOR"], TENANT)).await).unwrap();
    told(suite.consents().opt_out_user(as_caller(opt_out("bob"), "bob.alias@contoso.example", &["SELLER"], TENANT)).await).unwrap();
    told(suite.consents().opt_out_user(opt_out("bob")).await).unwrap();
    suite.consents().revoke_consent(pb::RevokeConsentRequest { validate_only: true, ..revoke() }).await.unwrap();
    suite.consents().revoke_consent(revoke()).await.unwrap();
    let events = events(&suite).await;
    let expected = [
        Kinds::TenantCreated,
        Kinds::ApplicationChanged,
        Kinds::DirectoryChanged,
        Kinds::ConsentGranted,
        Kinds::UserChose,
        Kinds::Erased,
        Kinds::ConsentWithdrawn,
        Kinds::Erased,
    ];
    assert_eq!(kinds(&events), expected, "what changes nothing or is only asked for leaves nothing");
    let body = |at: usize| events[at].body.clone().unwrap();
    let Some(About::Grant(granted)) = body(3).about else { panic!("{:?}", body(3)) };
    let text = told(suite.consents().get_consent_text(pb::GetConsentTextRequest::default()).await).unwrap();
    assert_eq!((granted.text_version.as_str(), granted.legal_basis.as_str(), granted.covers.len()), ("1", "legitimate interest", 2));
    assert_eq!(granted.text_hash, text.text_hash);
    assert_eq!(text.text_hash, Hash::of(text.text.as_bytes()).0);
    assert_eq!((body(3).mailboxes_opened, body(4).mailboxes_closed, body(6).mailboxes_closed), (3, 1, 2));
    let Some(About::Choice(choice)) = body(4).about else { panic!("{:?}", body(4)) };
    assert_eq!((choice.opted_out.len(), choice.opted_in.len()), (2, 0));
    let actor = |at: usize| events[at].actor.clone().unwrap();
    assert_eq!((events[4].user.as_str(), events[4].actor_user.as_str()), ("bob@contoso.example", "bob@contoso.example"));
    assert_eq!((actor(4).user_id, actor(4).subject_hash.len()), (choice.user_id, 0));
    // The administrator is nobody of the directory: a hash, not an address.
    assert_eq!((actor(3).kind(), actor(3).user_id, actor(3).subject_hash.len()), (pb::ConsentActorKind::User, 0, 16));
    assert_eq!((actor(3).roles, actor(6).kind()), (vec!["DIRECTORY_ADMINISTRATOR".to_owned()], pb::ConsentActorKind::Operator));

    let (before, suite) = (checkpoint(&suite).await, suite.restart(LEASE).await);
    assert_eq!(self::events(&suite).await, events);
    assert_eq!(checkpoint(&suite).await.checkpoint, before.checkpoint);
}

#[tokio::test]
async fn a_position_in_the_ledger_is_told_with_what_relies_on_it() {
    let suite = Suite::start(LEASE).await;
    suite.grant().await;
    let check = || pb::CheckConsentRequest { tenant_id: TENANT.into(), user: "ada@contoso.example".into(), ..Default::default() };
    let checked = told(suite.consents().check_consent(check()).await).unwrap();
    assert!(checked.allowed);
    assert_eq!((checked.ledger_size, checkpoint(&suite).await.ledger_size), (4, 4));
    let erasure = erase(&suite, "bob").await;
    let proven = prove(&suite, erasure.ledger_size - 1, 0, checked.ledger_size).await.unwrap();
    let event = proven.event.unwrap();
    let Some(About::Erasure(said)) = event.body.unwrap().about else { panic!("no erasure") };
    assert_eq!((event.position as u64, said.number, said.kind()), (erasure.position, erasure.number, pb::ErasureKind::User));
}

#[tokio::test]
async fn every_event_is_proven_in_every_tree_and_every_tree_continues_the_ones_before() {
    let suite = Suite::start(LEASE).await;
    let mut kept = vec![checkpoint(&suite).await];
    suite.grant().await;
    kept.push(checkpoint(&suite).await);
    for user in ["ada", "bob"] {
        suite.consents().opt_out_user(opt_out(user)).await.unwrap();
        kept.push(checkpoint(&suite).await);
    }
    let key = Verifier::parse(&kept[0].verifier_key).unwrap();
    assert_eq!(key.name(), "rapport/ledger/contoso");
    let now = kept.last().unwrap().ledger_size;
    for old in &kept {
        let signed = Checkpoint::open(&old.checkpoint, &key).unwrap();
        assert_eq!((signed.size as i64, signed.root.0.to_vec()), (old.ledger_size, old.root_hash.clone()));
        for index in 0..old.ledger_size {
            let proven = prove(&suite, index, old.ledger_size, 0).await.unwrap();
            let leaf = leaf_hash(&proven.event.as_ref().unwrap().leaf);
            let inclusion = hashes(&proven.inclusion);
            assert_eq!(proven.root_hash, old.root_hash);
            assert!(verify_inclusion(&leaf, index as u64, signed.size, &inclusion, &signed.root), "{index} of {}", signed.size);
        }
        let proven = prove(&suite, 0, 0, old.ledger_size).await.unwrap();
        let root = Checkpoint::open(&proven.checkpoint, &key).unwrap().root;
        assert_eq!((proven.size, proven.root_hash.as_slice()), (now, root.0.as_slice()));
        assert!(verify_consistency(signed.size, now as u64, &signed.root, &root, &hashes(&proven.consistency)), "from {}", signed.size);
        assert_eq!(findings(&suite, Some(&old.checkpoint)).await, []);
    }
    // What an event says is what its leaf commits to.
    for event in events(&suite).await {
        let leaf = Leaf::decode(&event.leaf).unwrap();
        assert_eq!((commitment(&event.salted_body), commitment(&event.salted_actor)), (leaf.body, leaf.actor));
    }
    let refused = async |index, size, from| prove(&suite, index, size, from).await.unwrap_err().reason;
    assert_eq!(refused(now, 0, 0).await, Reason::EventNotFound);
    assert_eq!(refused(1, 1, 0).await, Reason::InvalidFields);
    assert_eq!(refused(1, now + 1, 0).await, Reason::InvalidFields);
    assert_eq!(refused(1, 3, 4).await, Reason::InvalidFields);
    assert_eq!(refused(-1, 0, 0).await, Reason::InvalidFields);
}

#[tokio::test]
async fn lists_are_filtered_paged_and_a_persons_own() {
    let suite = Suite::start(LEASE).await;
    suite.grant().await;
    for user in ["ada", "bob"] {
        suite.consents().opt_out_user(opt_out(user)).await.unwrap();
    }
    let chose = pb::ListConsentEventsRequest { kinds: vec![Kinds::UserChose.into()], ..all() };
    assert_eq!(listed(&suite, Request::new(chose)).await.unwrap().len(), 2);
    let everything = events(&suite).await;
    let middle = everything[4].time;
    let late = pb::ListConsentEventsRequest { since_time: middle, ..all() };
    let early = pb::ListConsentEventsRequest { until_time: middle, ..all() };
    let (late, early) = (listed(&suite, Request::new(late)).await.unwrap(), listed(&suite, Request::new(early)).await.unwrap());
    assert_eq!((early.len(), [early, late].concat()), (4, everything.clone()));

    let mut paged = Vec::new();
    let mut page_token = String::new();
    loop {
        let page = pb::ListConsentEventsRequest { page_size: 3, page_token, ..all() };
        let answer = told(suite.consents().list_consent_events(page).await).unwrap();
        assert!(answer.events.len() <= 3);
        paged.extend(answer.events);
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(paged, everything);

    let of = |user: &str| pb::ListConsentEventsRequest { user: user.into(), ..all() };
    let (ada, seller) = ("ada@contoso.example", ["SELLER"]);
    let own = listed(&suite, as_caller(of(ada), ada, &seller, TENANT)).await.unwrap();
    assert_eq!(kinds(&own), [Kinds::UserChose]);
    for question in [of("bob@contoso.example"), all()] {
        let refused = listed(&suite, as_caller(question, ada, &seller, TENANT)).await.unwrap_err();
        assert_eq!(refused.reason, Reason::RoleMissing);
    }
    let proof = |index| pb::ProveConsentEventRequest { tenant_id: TENANT.into(), index, size: 0, from_size: 0 };
    let mut consents = suite.consents();
    told(consents.prove_consent_event(as_caller(proof(own[0].index), ada, &seller, TENANT)).await).unwrap();
    for other in [0, everything.len() as i64 - 1, 1_000] {
        let refused = told(consents.prove_consent_event(as_caller(proof(other), ada, &seller, TENANT)).await).unwrap_err();
        assert_eq!(refused.reason, Reason::RoleMissing, "{other}");
    }
    let bad = pb::ListConsentEventsRequest { kinds: vec![0, 99], ..all() };
    assert_eq!(listed(&suite, Request::new(bad)).await.unwrap_err().violations.len(), 2);
}

#[tokio::test]
async fn of_an_erased_user_nothing_is_left_that_opens_and_every_proof_still_holds() {
    let suite = Suite::start(LEASE).await;
    suite.grant().await;
    let (ada, bob) = ("ada@contoso.example", "bob@contoso.example");
    // Ada chooses for herself, and, an administrator, for Bob.
    told(suite.consents().opt_out_user(as_caller(opt_out("ada"), ada, &["SELLER"], TENANT)).await).unwrap();
    told(suite.consents().opt_out_user(as_caller(opt_out("bob"), ada, &["DIRECTORY_ADMINISTRATOR"], TENANT)).await).unwrap();
    let before = checkpoint(&suite).await;
    let was = events(&suite).await;
    let (own, of_bob) = (4, 6);
    assert_eq!((was[own].user.as_str(), was[of_bob].user.as_str(), was[of_bob].actor_user.as_str()), (ada, bob, ada));
    let Some(About::Choice(choice)) = was[own].body.clone().unwrap().about else { panic!("no choice") };
    let of_ada = SlotId::of_ledger(&TenantId::parse(TENANT).unwrap(), UserId(choice.user_id));
    let dir = suite.stop().await;
    assert!(keyring(dir.path()).await.contains(&of_ada));
    let suite = Suite::on(dir, LEASE).await;
    erase(&suite, "ada").await;
    let dir = suite.stop().await;
    assert!(!keyring(dir.path()).await.contains(&of_ada), "the key went with the answer");
    let suite = Suite::on(dir, LEASE).await;
    let now = events(&suite).await;
    assert_eq!((&now[own].body, &now[own].actor, now[own].user.as_str()), (&None, &None, ""));
    assert_eq!((&now[of_bob].body, &now[of_bob].actor, now[of_bob].actor_user.as_str()), (&was[of_bob].body, &None, ""));
    assert_eq!(now[own].leaf, was[own].leaf);
    assert_eq!(findings(&suite, Some(&before.checkpoint)).await, []);
    // Whoever comes under that address again is somebody else, who begins opted out.
    suite.sync(pb::SyncMode::Full, crate::suite::users()).await.unwrap();
    let new = listed(&suite, Request::new(pb::ListConsentEventsRequest { user: ada.into(), ..all() })).await.unwrap();
    assert_eq!((kinds(&new), new[0].index >= now.len() as i64), (vec![Kinds::UserChose], true));
}

#[tokio::test]
async fn an_export_shows_what_was_changed() {
    let suite = Suite::start(LEASE).await;
    suite.grant().await;
    suite.consents().opt_out_user(opt_out("ada")).await.unwrap();
    let (signed, told) = (checkpoint(&suite).await, events(&suite).await);
    let found = |events: &[pb::ConsentEvent]| verify(&export(events, &signed), None, None).findings;
    assert_eq!(found(&told), []);
    let mut removed = told.clone();
    removed.remove(3);
    assert!(!found(&removed).is_empty());
    let mut swapped = told.clone();
    swapped.swap(2, 3);
    assert!(!found(&swapped).is_empty());
    let mut other = told.clone();
    *other[3].salted_body.last_mut().unwrap() ^= 1;
    assert_eq!(found(&other), [Finding::BodyChanged { index: 3 }]);
    other = told.clone();
    other[4].salted_actor = told[3].salted_actor.clone();
    assert_eq!(found(&other), [Finding::ActorChanged { index: 4 }]);
}

#[tokio::test]
async fn only_texts_that_were_shown_can_be_consented_to() {
    let suite = Suite::start(LEASE).await;
    for text_version in ["", "2"] {
        let unknown = pb::GrantConsentRequest { text_version: text_version.into(), ..grant() };
        let fault = told(suite.consents().grant_consent(unknown).await).unwrap_err();
        assert_eq!(fault.violations[0].field, "text_version");
    }
    let version = |version: &str| pb::GetConsentTextRequest { version: version.into() };
    assert_eq!(told(suite.consents().get_consent_text(version("2")).await).unwrap_err().reason, Reason::TextNotFound);
    let latest = told(suite.consents().get_consent_text(version("")).await).unwrap();
    assert_eq!(latest.versions.last(), Some(&latest.version));
}

#[tokio::test]
async fn a_ledger_that_was_put_back_is_known_by_an_older_checkpoint() {
    let suite = Suite::start(LEASE).await;
    suite.grant().await;
    let dir = suite.stop().await;
    copy(&dir.path().join("consent"), &dir.path().join("copy"));
    let suite = Suite::on(dir, LEASE).await;
    for user in ["ada", "bob"] {
        suite.consents().opt_out_user(opt_out(user)).await.unwrap();
    }
    let lost = checkpoint(&suite).await;
    let dir = suite.stop().await;
    put_back(&dir.path().join("copy"), &dir.path().join("consent"));
    withdraw_all(dir.path(), &[]).await.unwrap();
    let suite = Suite::on(dir, LEASE).await;
    let told = events(&suite).await;
    assert_eq!(kinds(&told)[4..], [Kinds::ConsentWithdrawn, Kinds::Erased]);
    assert_eq!(told[4].actor.clone().unwrap().kind(), pb::ConsentActorKind::Recovery);
    assert_eq!(findings(&suite, None).await, []);
    assert_eq!(findings(&suite, Some(&lost.checkpoint)).await, [Finding::Shortened { was: 8 }]);
    for legal_basis in ["contract", "consent of each"] {
        suite.consents().grant_consent(pb::GrantConsentRequest { legal_basis: legal_basis.into(), ..grant() }).await.unwrap();
    }
    assert_eq!(findings(&suite, Some(&lost.checkpoint)).await, [Finding::HistoryChanged { within: 8 }]);
}

#[tokio::test]
async fn what_missing_decisions_erased_is_taken_out_of_a_ledger_that_goes_on() {
    let suite = Suite::start(LEASE).await;
    suite.grant().await;
    suite.consents().opt_out_user(opt_out("ada")).await.unwrap();
    let dir = suite.stop().await;
    copy(&dir.path().join("consent"), &dir.path().join("copy"));
    let suite = Suite::on(dir, LEASE).await;
    erase(&suite, "ada").await;
    let dir = suite.stop().await;
    put_back(&dir.path().join("copy"), &dir.path().join("consent"));
    withdraw_all(dir.path(), &[]).await.unwrap();
    let suite = Suite::on(dir, LEASE).await;
    let told = events(&suite).await;
    assert_eq!((told[4].kind(), &told[4].body), (Kinds::UserChose, &None));
    assert_eq!(findings(&suite, None).await, []);
}
