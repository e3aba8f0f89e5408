//! Ids for addresses and back.

use contracts::ingestion::v1 as pb;
use prost::Message;
use runtime::fault_of;

use super::*;
use crate::tables;

async fn ids(suite: &Suite, addresses: &[&str], mint: bool) -> Vec<u64> {
    let addresses = addresses.iter().map(|text| (*text).to_owned()).collect();
    let request = pb::ResolvePeopleRequest { tenant_id: TENANT.into(), addresses, mint, person_ids: Vec::new() };
    suite.feed().resolve_people(request).await.unwrap().into_inner().person_ids
}

#[tokio::test]
async fn an_address_has_one_id_however_it_is_written_and_whoever_asks() {
    let suite = Suite::with_users(1).await;
    assert_eq!(ids(&suite, &["a@x.example", "no address"], false).await, [0, 0]);
    let minted = ids(&suite, &["a@x.example", "A@X.example", "b@x.example"], true).await;
    assert!(minted[0] == minted[1] && minted[0] != minted[2] && minted.iter().all(|id| *id != 0));
    assert_eq!(ids(&suite, &["b@x.example", "c@x.example", "a@x.example"], false).await, [minted[2], 0, minted[0]]);
    let request = pb::ResolvePeopleRequest { tenant_id: TENANT.into(), person_ids: vec![minted[2], 7], ..Default::default() };
    let answer = suite.feed().resolve_people(request).await.unwrap().into_inner();
    assert_eq!(answer.addresses, ["b@x.example", ""]);
}

#[tokio::test]
async fn what_is_no_address_gets_no_id() {
    let suite = Suite::with_users(1).await;
    let addresses = vec!["a@x.example".into(), "b".into()];
    let request = pb::ResolvePeopleRequest { tenant_id: TENANT.into(), addresses, mint: true, ..Default::default() };
    let fault = fault_of(&suite.feed().resolve_people(request).await.unwrap_err());
    assert_eq!(fault.violations[0].field, "addresses[1]");
}

#[tokio::test]
async fn an_id_is_told_only_when_it_is_durable() {
    let suite = Suite::with_users(1).await;
    let hold = held_committer(&suite).await;
    let batch = prepared(&suite, BatchSource::Journal, vec![mail(1, [1])]).await;
    let pending = suite.ingestion.append(batch).await;
    let asked = ids(&suite, &["carol@customer.example"], true);
    let (minted, ()) = tokio::join!(asked, async { drop(hold) });
    pending.await.unwrap();
    assert_eq!(ids(&suite, &["carol@customer.example"], false).await, minted);
    let suite = suite.restarted().await;
    assert_eq!(ids(&suite, &["carol@customer.example"], false).await, minted);
}

#[tokio::test]
async fn a_name_that_is_no_address_is_passed_over_at_the_next_start() {
    let suite = Suite::with_users(1).await;
    let minted = ids(&suite, &["a@x.example"], true).await;
    let key = suite.ingestion.consent.permit(&tenant()).unwrap().names_key.clone();
    let no_address = pb::Name { person_id: 7, address: "x@i\u{307}stanbul.example".into() };
    let named = pb::Name { person_id: 8, address: "b@x.example".into() };
    let names = pb::Names { names: vec![no_address, named] };
    let place = sealing::Context::new("ingestion.names").tenant(&tenant()).number(2);
    let sealed = sealing::seal_compressed(&key, &place, &names.encode_to_vec()).unwrap();
    let chunk = move |changes: &mut store::Changes<'_>| {
        let mut tally = changes.get::<tables::Tally>(&tenant())?.unwrap_or_default();
        tally.name_chunks = 2;
        changes.put::<tables::Tally>(&tenant(), &tally)?;
        changes.put::<tables::Names>(&(tenant(), 2), &pb::StoredNames { sealed })?;
        Ok::<_, Fault>(())
    };
    suite.ingestion.store.commit(chunk).await.unwrap();
    let suite = suite.restarted().await;
    assert_eq!(ids(&suite, &["a@x.example", "b@x.example"], false).await, [minted[0], 8]);
    let request = pb::ResolvePeopleRequest { tenant_id: TENANT.into(), person_ids: vec![7], ..Default::default() };
    assert_eq!(suite.feed().resolve_people(request).await.unwrap().into_inner().addresses, [""]);
    assert_eq!(suite.ingest(journal(), vec![mail(1, [1])]).await.unwrap().accepted, 1);
}

#[tokio::test]
async fn thousands_of_names_survive_a_restart() {
    let suite = Suite::with_users(1).await;
    let addresses: Vec<_> = (0..3_000).map(|number| format!("person-{number}@organisation-{}.example", number % 7)).collect();
    let texts: Vec<_> = addresses.iter().map(String::as_str).collect();
    let minted = ids(&suite, &texts, true).await;
    let suite = suite.restarted().await;
    assert_eq!(ids(&suite, &texts, false).await, minted);
}
