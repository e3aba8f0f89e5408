//! Stores that are put in the place of others: what waited for those waits for them, and what those had said they have to say again.

use std::time::Duration;

use contracts::consent::v1 as pb;
use pb::erasure_service_client::ErasureServiceClient;
use pb::store_registry_service_client::StoreRegistryServiceClient;
use runtime::{Link, Onward};

use crate::suite::{Suite, TENANT, opt_out, told};

const LEASE: Duration = Duration::from_millis(50);

async fn register(suite: &Suite, store_id: u64, kind: pb::StoreKind, replaced: &[u64]) {
    let request = pb::RegisterStoreRequest { store_id, kind: kind.into(), replaced_store_ids: replaced.to_vec() };
    told(registry(suite).register_store(Onward::service().request(request)).await).unwrap();
}

async fn report(suite: &Suite, store_id: u64, number: u64, rows: u64) {
    let request = pb::ReportErasureRequest { store_id, tenant_id: TENANT.into(), number, rows, names_generation: 0 };
    told(registry(suite).report_erasure(Onward::service().request(request)).await).unwrap();
}

fn registry(suite: &Suite) -> StoreRegistryServiceClient<Link> {
    StoreRegistryServiceClient::new(suite.link.clone())
}

/// The latest erasure.
async fn latest(suite: &Suite) -> pb::Erasure {
    let request = pb::ListErasuresRequest { tenant_id: TENANT.into(), ..Default::default() };
    let listed = told(ErasureServiceClient::new(suite.link.clone()).list_erasures(request).await).unwrap().erasures;
    listed.into_iter().max_by_key(|erasure| erasure.number).unwrap()
}

/// Its stores: which, how many rows, and whether they have reported.
fn stores(erasure: &pb::Erasure) -> Vec<(u64, i64, bool)> {
    let id = |store: &pb::StoreReport| u64::from_str_radix(&store.store_id, 16).unwrap();
    let mut stores: Vec<_> = erasure.stores.iter().map(|store| (id(store), store.rows, store.report_time.is_some())).collect();
    stores.sort_unstable();
    stores
}

async fn registered(suite: &Suite) -> Vec<String> {
    let mut clients = ErasureServiceClient::new(suite.link.clone());
    let listed = told(clients.list_stores(pb::ListStoresRequest {}).await).unwrap().stores;
    listed.into_iter().map(|store| store.store_id).collect()
}

#[tokio::test]
async fn a_store_takes_the_place_of_those_before_it_and_says_again_what_they_had_said() {
    let suite = Suite::start(LEASE).await;
    suite.grant().await;
    register(&suite, 10, pb::StoreKind::Log, &[]).await;
    register(&suite, 11, pb::StoreKind::Records, &[]).await;
    suite.consents().opt_out_user(opt_out("ada")).await.unwrap();
    let number = latest(&suite).await.number;
    report(&suite, 10, number, 5).await;
    report(&suite, 11, number, 0).await;
    let finished = latest(&suite).await;
    assert_eq!(stores(&finished), [(10, 5, true), (11, 0, true)]);
    assert!(finished.finish_time.is_some());

    // In the place of the log's store only, whatever else it names.
    register(&suite, 20, pb::StoreKind::Log, &[10, 11, 99]).await;
    assert_eq!(registered(&suite).await, ["000000000000000b", "0000000000000014"]);
    let again = latest(&suite).await;
    assert_eq!(stores(&again), [(11, 0, true), (20, 5, false)]);
    assert_eq!(again.finish_time, finished.finish_time, "it stays finished");

    // A restart forgets nothing of it.
    let suite = suite.restart(LEASE).await;
    report(&suite, 20, number - 1, 0).await;
    report(&suite, 11, number, 7).await;
    assert_eq!(stores(&latest(&suite).await), [(11, 0, true), (20, 5, false)]);
    report(&suite, 20, number, 3).await;
    assert_eq!(stores(&latest(&suite).await), [(11, 0, true), (20, 8, true)]);
    register(&suite, 20, pb::StoreKind::Log, &[10]).await;
    report(&suite, 20, number, 9).await;
    let said = latest(&suite).await;
    assert_eq!((stores(&said), said.finish_time), (vec![(11, 0, true), (20, 8, true)], finished.finish_time));
}

#[tokio::test]
async fn what_waits_for_a_store_waits_for_the_one_in_its_place() {
    let suite = Suite::start(LEASE).await;
    suite.grant().await;
    register(&suite, 10, pb::StoreKind::Log, &[]).await;
    register(&suite, 11, pb::StoreKind::Ties, &[]).await;
    suite.consents().opt_out_user(opt_out("bob")).await.unwrap();
    let number = latest(&suite).await.number;
    report(&suite, 11, number, 1).await;
    register(&suite, 20, pb::StoreKind::Log, &[10]).await;
    let open = latest(&suite).await;
    assert_eq!((stores(&open), open.finish_time), (vec![(11, 1, true), (20, 0, false)], None));
    report(&suite, 20, number, 2).await;
    let finished = latest(&suite).await;
    assert_eq!(stores(&finished), [(11, 1, true), (20, 2, true)]);
    assert!(finished.finish_time.is_some());
}
