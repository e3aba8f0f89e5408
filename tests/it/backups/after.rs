//! What was decided after a backup was taken holds for what is restored from it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use contracts::consent::v1 as pb;
use contracts::gateway::v1::GetOverviewResponse;
use contracts::graph::v1::list_introducers_request::Target;
use contracts::ingestion::v1::Block;
use prost::Message as _;
use rapport::client::{Client, told};
use rapport::commands::records;
use rapport::demo::{load, search};
use sealing::{Key, SlotOwner};
use store::{Options, Store};
use vocabulary::{Reason, TenantId, UserId};

use super::{back_up, everything, is_present, log_restored, read_in, restored};
use crate::crash::copy_of;
use crate::erasing::{erase_person, erase_user, erasures, finished, keyring};
use crate::fixtures::{every_overview, introducers, kept, lead, mails, opt_out, overview, secrets, small_company};
use crate::harness::{Processes, Running};

/// How long a view may take to begin anew.
const WITHIN: std::time::Duration = std::time::Duration::from_secs(20);

/// Whoever has a key for a mailbox.
fn users_with_keys(data: &Path) -> BTreeSet<UserId> {
    let keyring = keyring(data);
    let users = keyring.slots().filter_map(|slot| match slot.owner {
        SlotOwner::Mailbox { user, .. } => Some(user),
        SlotOwner::Tenant(_) | SlotOwner::Ledger { .. } => None,
    });
    users.collect()
}

/// The blocks of the log that a stopped suite keeps, by mailbox.
pub async fn blocks(data: &Path) -> BTreeMap<UserId, Vec<Block>> {
    let options = Options { cache_bytes: 16 << 20, fresh_incarnation: 0 };
    let store = Store::open(&data.join("ingestion/log"), options).await.unwrap();
    let mut blocks: BTreeMap<UserId, Vec<Block>> = BTreeMap::new();
    let mut snapshot = store.snapshot().await.unwrap();
    loop {
        let rows = snapshot.next_rows(1 << 20).unwrap();
        if rows.is_empty() {
            break;
        }
        // The log's table, each row with its checksum behind the message.
        for row in rows.iter().filter(|row| row.tag() == 1) {
            let block = Block::decode(&row.value[..row.value.len() - 4]).unwrap();
            blocks.entry(UserId(block.user_id)).or_default().push(block);
        }
    }
    drop(snapshot);
    store.close().await;
    blocks
}

/// How many of these blocks any of the keys opens.
fn opened(keys: &[Key], tenant: &TenantId, blocks: &[Block]) -> usize {
    let opens = |block: &&Block| {
        let place = feed::block::log_place(tenant, UserId(block.user_id), block.generation, block.position);
        keys.iter().any(|key| feed::block::open(key, &place, &block.sealed).is_ok())
    };
    blocks.iter().filter(opens).count()
}

/// The overviews of records that were sent anew, and so have other etags.
fn without_etags(overviews: Vec<(String, Vec<u8>)>) -> Vec<GetOverviewResponse> {
    let decoded = overviews.into_iter().map(|(_, bytes)| GetOverviewResponse::decode(bytes.as_slice()).unwrap());
    decoded
        .map(|mut overview| {
            overview.relationship.as_mut().unwrap().record.as_mut().unwrap().etag.clear();
            overview
        })
        .collect()
}

async fn store_ids(client: &Client) -> BTreeMap<i32, Vec<String>> {
    let mut ids: BTreeMap<i32, Vec<String>> = BTreeMap::new();
    for store in told(erasures(client).list_stores(pb::ListStoresRequest {}).await).unwrap().stores {
        ids.entry(store.kind).or_default().push(store.store_id);
    }
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_withdrew_or_was_erased_after_the_backup_stays_out() {
    let company = small_company();
    let tenant = TenantId::parse(&company.tenant.id).unwrap();
    let backups = tempfile::tempdir().unwrap();
    let backup = backups.path().join("backup");
    let running = Running::start(Processes::One).await;
    let (client, revision) = read_in(&running, &company).await;
    let named = || lead(&company.stories.lead.lead_id);
    let (record, withdrawn) = (kept(&client, named()).await.unwrap(), company.stories.opt_out_user.clone());
    let knows = introducers(&client, Target::Record(named()), &revision).await.unwrap();
    let erased = knows.iter().map(|one| one.address.clone()).find(|address| *address != withdrawn).unwrap();
    assert!(knows.iter().any(|one| one.address == withdrawn));
    back_up(&running.data(), &backup).await.unwrap();
    // Nothing changes the keyring now, so a copy of it is as good.
    let with_keys = users_with_keys(&copy_of(&running.directory).path().join("data"));

    let (out, user, person) =
        tokio::join!(opt_out(&client, &withdrawn), erase_user(&client, &erased), erase_person(&client, &record.addresses, false));
    out.unwrap();
    let numbers = [user.unwrap().erasure.unwrap().number, person.unwrap().erasure.unwrap().number];
    let mut stores_before = Vec::new();
    for number in numbers {
        stores_before = finished(&client, number).await.stores.into_iter().map(|store| store.store_id).collect();
    }
    let others = Target::Record(rapport::convert::record_ref(company.records[0].reference.clone()));
    let expected = introducers(&client, others.clone(), "").await.unwrap();
    let directory = running.stop().await;
    let data = directory.path().join("data");

    // The log of the backup, where the newer dictionary is.
    assert!(is_present(&log_restored(&[&backup], &data).await));
    let gone: BTreeSet<UserId> = with_keys.difference(&users_with_keys(&data)).copied().collect();
    assert_eq!(gone.len(), 2, "one withdrew and one was erased");
    let held = blocks(&data).await;
    {
        let keyring = keyring(&data);
        let keys: Vec<Key> = keyring.slots().map(|slot| keyring.get(slot).unwrap()).collect();
        for (user, blocks) in &held {
            let readable = if gone.contains(user) { 0 } else { blocks.len() };
            assert_eq!(opened(&keys, &tenant, blocks), readable);
        }
    }
    assert!(gone.iter().all(|user| held.contains_key(user)), "the backup held nothing of them");
    assert_eq!(search::search(&data, &secrets(&company)).unwrap().hits, 0);

    let running = Running::start_in(Processes::One, directory).await;
    let client = running.client(&company.tenant.id);
    // Each store that was put back says again that it is in line, in the place of the one before.
    for number in numbers {
        let said = async {
            loop {
                let report = finished(&client, number).await;
                let log = report.stores.iter().find(|store| store.kind() == pb::StoreKind::Log).unwrap().clone();
                if log.report_time.is_some() && !stores_before.contains(&log.store_id) {
                    return report;
                }
            }
        };
        let report = tokio::time::timeout(WITHIN, said).await.expect("the restored log did not report");
        assert_eq!(report.stores.len(), 4, "{report:?}");
    }
    assert!(store_ids(&client).await.values().all(|ids| ids.len() == 1), "the log before is still waited for");
    let shown = introducers(&client, others, "").await.unwrap();
    assert_eq!(shown, expected);
    for other in company.records.iter().take(40) {
        let target = Target::Record(rapport::convert::record_ref(other.reference.clone()));
        if let Ok(known) = introducers(&client, target, "").await {
            assert!(known.iter().all(|one| one.address != withdrawn && one.address != erased), "somebody came back");
        }
    }
    assert_eq!(overview(&client, named(), "").await.unwrap_err().reason, Reason::RecordNotFound);
    assert!(introducers(&client, Target::Address(record.addresses[0].clone()), "").await.unwrap().is_empty());
    let again = load::mailboxes(&client, &company, "").await;
    assert!(again.is_err(), "a mailbox without consent was read");
    let directory = running.stop().await;

    let left = blocks(&directory.path().join("data")).await;
    assert!(gone.iter().all(|user| !left.contains_key(user)), "what nobody can read is still in the log");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_from_before_an_erasure_open_no_more_and_everything_is_taken_in_anew() {
    let company = small_company();
    let backups = tempfile::tempdir().unwrap();
    let (before, after) = (backups.path().join("before"), backups.path().join("after"));
    let running = Running::start(Processes::One).await;
    let (client, _) = read_in(&running, &company).await;
    let record = kept(&client, lead(&company.stories.lead.lead_id)).await.unwrap();
    let outside = company.records.iter().filter(|held| held.id() != company.stories.lead.lead_id);
    let rest = synthetic::Company { records: outside.cloned().collect(), ..company.clone() };
    back_up(&running.data(), &before).await.unwrap();
    let number = erase_person(&client, &record.addresses, false).await.unwrap().erasure.unwrap().number;
    finished(&client, number).await;
    let wanted: Vec<_> = rest.records.iter().map(|record| rapport::convert::record_ref(record.reference.clone())).collect();
    let mut all = Vec::new();
    for record in &wanted {
        all.push(kept(&client, record.clone()).await.unwrap());
    }
    let expected = every_overview(&client, &rest, "").await;
    back_up(&running.data(), &after).await.unwrap();
    let directory = running.stop().await;

    // With the newest dictionary, from another backup: the log of the older one answers the same.
    let copy = copy_of(&directory);
    let data = copy.path().join("data");
    std::fs::remove_dir_all(data.join("ingestion/log")).unwrap();
    let served = log_restored(&[&before, &after], &data).await.dictionary;
    assert_eq!(served, Some(maintenance::Dictionary::Backup(after.clone())));
    let running = Running::start_in(Processes::One, copy).await;
    let client = running.client(&company.tenant.id);
    assert!(every_overview(&client, &rest, "").await == expected, "an answer differs with the newest dictionary");
    running.stop().await;

    // Without it names and records open under no key: nothing of them is shown, the suite serves, and takes everything in anew.
    let copy = copy_of(&directory);
    let data = copy.path().join("data");
    std::fs::remove_dir_all(data.join("ingestion/log")).unwrap();
    let said = restored(everything(&before, &data)).await.unwrap();
    assert!(said.contains(&format!("the dictionary of {} serves", before.display())), "{said}");
    let running = Running::start_in(Processes::One, copy).await;
    let client = running.client(&company.tenant.id);
    for record in &wanted {
        assert_eq!(kept(&client, record.clone()).await.unwrap_err().reason, Reason::RecordNotFound);
    }
    let upserted = records::upsert(&client, all).await.unwrap();
    assert!(upserted.results.iter().all(|result| result.field.is_empty()), "{:?}", upserted.results);
    let crm = load::crm(&client, &company, &upserted.revision).await.unwrap();
    let read = load::mailboxes(&client, &company, &crm.revision).await.unwrap();
    assert!(crm.accepted > 0 && read.accepted > 0, "what was read before is taken for known");
    let shown = every_overview(&client, &rest, &read.revision).await;
    assert!(without_etags(shown) == without_etags(expected), "an answer differs once everything was sent again");
    assert!(introducers(&client, Target::Address(record.addresses[0].clone()), "").await.unwrap().is_empty());
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn records_from_after_the_backup_name_their_people_by_the_restored_dictionary() {
    let company = small_company();
    let backups = tempfile::tempdir().unwrap();
    let backup = backups.path().join("backup");
    // Somebody of whom nothing is known when the backup is taken: neither record nor mail.
    let late = company.records.iter().find(|record| record.id() == company.stories.lead.lead_id).unwrap();
    let names = |interaction: &ingestion_domain::Interaction| {
        let bytes = rapport::convert::interaction(interaction.clone()).encode_to_vec();
        late.addresses.iter().any(|address| bytes.windows(address.len()).any(|window| window.eq_ignore_ascii_case(address.as_bytes())))
    };
    let mut early = company.clone();
    early.records.retain(|record| record.id() != late.id());
    early.crm.retain(|interaction| !names(interaction));
    for mailbox in &mut early.mailboxes {
        mailbox.interactions.retain(|interaction| !names(interaction));
    }
    let named = || rapport::convert::record_ref(late.reference.clone());
    let expected = {
        let running = Running::start(Processes::One).await;
        let (client, revision) = read_in(&running, &company).await;
        let expected = mails(&overview(&client, named(), &revision).await.unwrap());
        running.stop().await;
        expected
    };
    assert!(expected > 0);

    let running = Running::start(Processes::One).await;
    let (client, _) = read_in(&running, &early).await;
    back_up(&running.data(), &backup).await.unwrap();
    let upserted = records::upsert(&client, vec![load::record(late)]).await.unwrap();
    assert!(upserted.results[0].field.is_empty(), "{:?}", upserted.results);
    let data = running.data();
    let directory = running.stop().await;

    // The disk of ingestion is lost, and the id that the record was given with it.
    std::fs::remove_dir_all(data.join("ingestion")).unwrap();
    assert!(!is_present(&log_restored(&[&backup], &data).await));
    let running = Running::start_in(Processes::One, directory).await;
    let client = running.client(&company.tenant.id);
    let read = load::mailboxes(&client, &company, "").await.unwrap();
    let counted = async {
        while mails(&overview(&client, named(), &read.revision).await.unwrap()) != expected {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(WITHIN, counted).await.expect("the record does not know whom it names");
    running.stop().await;
}
