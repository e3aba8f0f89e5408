//! Scans of the store and of a commit against a map in memory.

use std::collections::BTreeMap;

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use store::{Changes, StoreError};
use vocabulary::TenantId;

use crate::{Last, Note, Notes, Summary, note, open, tenant};

type Model = BTreeMap<(TenantId, u32), Note>;
type Rows = Vec<((TenantId, u32), Note)>;

fn tenants() -> Vec<TenantId> {
    ["a", "a-", "a0", "ab", "b"].map(tenant).to_vec()
}

fn of<'a>(model: &'a Model, tenant: &'a TenantId) -> impl Iterator<Item = ((TenantId, u32), Note)> + 'a {
    model.iter().filter(move |(key, _)| key.0 == *tenant).map(|(key, value)| (key.clone(), value.clone()))
}

/// Some puts and deletes, with keys few enough to meet again, done to both.
fn scribble(random: &mut SmallRng, changes: &mut Changes<'_>, model: &mut Model) {
    for _ in 0..random.random_range(1..40) {
        let key = (tenants()[random.random_range(0..5)].clone(), random.random_range(0..60) * 1000);
        if random.random_bool(0.3) {
            changes.delete::<Notes>(&key);
            model.remove(&key);
        } else {
            let value = note(random.random::<[u8; 16]>());
            changes.put::<Notes>(&key, &value).unwrap();
            model.insert(key, value);
        }
    }
}

fn agrees(changes: &Changes<'_>, model: &Model, first: u32) {
    let all = changes.scan::<Notes>(()).collect::<Result<Rows, _>>().unwrap();
    assert_eq!(all, model.clone().into_iter().collect::<Rows>());
    for tenant in tenants() {
        let prefix = (tenant.clone(),);
        let rows = changes.scan::<Notes>(prefix.clone()).collect::<Result<Rows, _>>().unwrap();
        assert_eq!(rows, of(model, &tenant).collect::<Rows>());
        let later = changes.scan_from::<Notes>(prefix.clone(), &(tenant.clone(), first)).collect::<Result<Rows, _>>().unwrap();
        assert_eq!(later, of(model, &tenant).filter(|(key, _)| key.1 >= first).collect::<Rows>());
        assert_eq!(changes.last::<Notes>(prefix).unwrap(), of(model, &tenant).last());
    }
}

#[tokio::test]
async fn scans_agree_with_a_map_before_and_after_the_commit() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    store.commit(|changes| changes.put::<Summary>(&(), &note("behind"))).await.unwrap();
    let mut model = Model::new();
    for seed in 0..60 {
        let mut expected = model.clone();
        model = store
            .commit(move |changes| {
                let mut random = SmallRng::seed_from_u64(seed);
                for _ in 0..3 {
                    scribble(&mut random, changes, &mut expected);
                    agrees(changes, &expected, random.random_range(0..60_000));
                }
                Ok::<_, StoreError>(expected)
            })
            .await
            .unwrap();
        let first = (tenant("a0"), 30_000);
        assert_eq!(store.scan::<Notes>(()).collect::<Result<Rows, _>>().unwrap(), model.clone().into_iter().collect::<Rows>());
        assert_eq!(store.scan::<Notes>(()).rev().collect::<Result<Rows, _>>().unwrap(), model.clone().into_iter().rev().collect::<Rows>());
        let later = store.scan_from::<Notes>((), &first).collect::<Result<Rows, _>>().unwrap();
        assert_eq!(later, model.clone().into_iter().filter(|(key, _)| *key >= first).collect::<Rows>());
        for tenant in tenants() {
            let rows = store.scan::<Notes>((tenant.clone(),)).collect::<Result<Rows, _>>().unwrap();
            assert_eq!(rows, of(&model, &tenant).collect::<Rows>());
            assert_eq!(store.last::<Notes>((tenant.clone(),)).unwrap(), of(&model, &tenant).last());
        }
    }
}

#[tokio::test]
async fn the_table_with_the_last_tag_is_scanned_to_its_end_and_starts_outside_a_prefix_are_empty_or_whole() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let write = |changes: &mut Changes<'_>| {
        for n in [0, 1, u64::MAX] {
            changes.put::<Last>(&n, &note(n.to_be_bytes()))?;
        }
        changes.put::<Notes>(&(tenant("a"), 1), &note("a"))?;
        changes.put::<Notes>(&(tenant("b"), 1), &note("b"))?;
        let behind = changes.scan_from::<Notes>((tenant("a"),), &(tenant("b"), 0)).count();
        let ahead = changes.scan_from::<Notes>((tenant("b"),), &(tenant("a"), 9)).count();
        Ok::<_, StoreError>((behind, ahead))
    };
    assert_eq!(store.commit(write).await.unwrap(), (0, 1));
    assert_eq!(store.scan_from::<Notes>((tenant("a"),), &(tenant("b"), 0)).count(), 0);
    assert_eq!(store.scan_from::<Notes>((tenant("b"),), &(tenant("a"), 9)).count(), 1);
    let keys = store.scan::<Last>(()).map(|row| row.unwrap().0).collect::<Vec<_>>();
    assert_eq!(keys, [0, 1, u64::MAX]);
    assert_eq!(store.last::<Last>(()).unwrap(), Some((u64::MAX, note(u64::MAX.to_be_bytes()))));
}
