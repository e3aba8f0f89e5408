//! Erasures on their way: which rows say so, which store has reported, which application was told. What is decided lies in the domain.

mod names;
mod notices;
mod replaced;
pub(crate) mod reports;
mod rows;
pub(crate) mod tenant;

pub(crate) use names::start;
pub(crate) use rows::{ErasureKey, Rows};

use std::collections::{BTreeMap, BTreeSet};

use consent_domain::Erased;
use contracts::consent::v1 as pb;
use parking_lot::Mutex;
use store::{Store, StoreError};
use tokio::sync::watch;
use vocabulary::{Fault, PersonId, Reason, TenantId};

use crate::tables;

/// Erasures that are not finished, and those of which applications have not said that their copies are gone.
pub(crate) struct Erasures {
    open: Mutex<BTreeSet<ErasureKey>>,
    /// Finished ones of which a store that was put back has to say again that it is in line.
    again: Mutex<BTreeSet<ErasureKey>>,
    told: Mutex<BTreeSet<ErasureKey>>,
    /// Rises whenever one of them changes.
    changed: watch::Sender<u64>,
}

impl Erasures {
    /// Those that the store has.
    pub fn read(store: &Store) -> Result<Self, StoreError> {
        let (mut open, mut again, mut told) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for row in store.scan::<tables::Erasures>(()) {
            let (key, row) = row?;
            if row.finish_micros == 0 || row.names_owed {
                open.insert(key.clone());
            } else if row.reports.iter().any(|report| report.report_micros == 0) {
                again.insert(key.clone());
            }
            if !row.sealed_subject.is_empty() {
                told.insert(key);
            }
        }
        Ok(Self { open: Mutex::new(open), again: Mutex::new(again), told: Mutex::new(told), changed: watch::Sender::new(0) })
    }

    /// The erasures of a tenant that are not finished.
    fn open_of(&self, tenant: &TenantId) -> Vec<ErasureKey> {
        of(&self.open, tenant)
    }

    /// Takes in what a commit wrote.
    pub fn written(&self, rows: &Rows) {
        if let Some((key, row)) = rows.erasure() {
            self.open.lock().insert(key.clone());
            if !row.sealed_subject.is_empty() {
                self.told.lock().insert(key.clone());
            }
        }
        self.stir();
    }

    fn stir(&self) {
        self.changed.send_modify(|changes| *changes += 1);
    }
}

fn of(keys: &Mutex<BTreeSet<ErasureKey>>, tenant: &TenantId) -> Vec<ErasureKey> {
    keys.lock().range((tenant.clone(), 0)..=(tenant.clone(), u64::MAX)).cloned().collect()
}

/// Everything erased of a tenant, as the store has it.
///
/// # Errors
/// Those of the store.
pub(crate) fn erased(store: &Store, tenant: &TenantId) -> Result<Erased, StoreError> {
    let mut erased = Erased::default();
    for row in store.scan::<tables::Erasures>((tenant.clone(),)) {
        let ((_, number), row) = row?;
        erased.number = erased.number.max(number);
        erased.addresses.extend(rows::hashes(&row.addresses));
    }
    for row in store.scan::<tables::ErasedPeople>((tenant.clone(),)) {
        let ((_, number), row) = row?;
        erased.number = erased.number.max(number);
        erased.people.extend(row.person_ids.into_iter().map(PersonId));
    }
    Ok(erased)
}

/// The tenants that are erased, and the numbers of the erasures.
///
/// # Errors
/// Those of the store.
pub(crate) fn erased_tenants(store: &Store) -> Result<BTreeMap<TenantId, u64>, StoreError> {
    let mut erased = BTreeMap::new();
    for row in store.scan::<tables::Erasures>(()) {
        let ((tenant, number), row) = row?;
        if row.kind == i32::from(pb::ErasureKind::Tenant) {
            erased.insert(tenant, number);
        }
    }
    Ok(erased)
}

fn unknown_erasure() -> Fault {
    Fault::not_found(Reason::ErasureNotFound, "the tenant has no such erasure")
}

/// The erasure of that number.
///
/// # Errors
/// ERASURE_NOT_FOUND, and those of the store.
pub(crate) fn one(store: &Store, tenant: &TenantId, number: u64) -> Result<pb::StoredErasure, Fault> {
    store.get::<tables::Erasures>(&(tenant.clone(), number))?.ok_or_else(unknown_erasure)
}
