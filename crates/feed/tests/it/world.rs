//! What a test lives in: consent, the log, a folder, and what ought to be readable by what both say.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use feed::{Pace, Reader};
use tempfile::TempDir;
use vocabulary::entry::Origin;
use vocabulary::{Revision, SystemClock, UserId};

use crate::consent::Consent;
use crate::log::{Line, Log};
use crate::process::{NEVER, Process};
use crate::recorded::{Recorded, Told};

pub const TENANT: &str = "contoso";

/// The CRM among the mailboxes.
pub const CRM: u64 = 0;

pub struct World {
    pub consent: Consent,
    pub log: Log,
    folder: TempDir,
}

impl World {
    /// One tenant with three open mailboxes.
    pub fn new() -> Self {
        let world = Self::empty();
        world.consent.create(TENANT);
        for user in 1..=3 {
            world.consent.grant(TENANT, user);
        }
        world
    }

    pub fn empty() -> Self {
        Self { consent: Consent::default(), log: Log::default(), folder: tempfile::tempdir().unwrap() }
    }

    pub fn folder(&self) -> PathBuf {
        self.folder.path().join("view")
    }

    /// A view that writes only when it stops.
    pub async fn start(&self) -> Process {
        self.start_at(NEVER).await
    }

    pub async fn start_at(&self, pace: Pace) -> Process {
        Process::start(self, Arc::new(SystemClock), pace).await
    }

    /// Appends a block of a mailbox of the tenant, sealed under the present decisions.
    pub fn mail(&self, user: u64, numbers: impl IntoIterator<Item = u64>) -> u64 {
        self.mail_of(TENANT, user, numbers)
    }

    pub fn mail_of(&self, tenant: &str, user: u64, numbers: impl IntoIterator<Item = u64>) -> u64 {
        let generation = if user == CRM { 0 } else { self.consent.mailbox(tenant, user).generation };
        self.sealed_at(self.consent.position(), tenant, user, generation, numbers)
    }

    /// Appends a block that was sealed under other decisions than the present ones.
    pub fn sealed_at(&self, sealed: u64, tenant: &str, user: u64, generation: u32, numbers: impl IntoIterator<Item = u64>) -> u64 {
        self.log.append(Line { tenant: tenant.to_owned(), user, generation, sealed, numbers: numbers.into_iter().collect() })
    }

    /// What may be read of a tenant now.
    pub fn readable(&self, tenant: &str) -> BTreeSet<Told> {
        let lines = self.log.lines().into_iter().filter(|line| line.tenant == tenant);
        let readable =
            lines.filter(|line| line.user == CRM || self.consent.mailbox(tenant, line.user).readable(line.generation, line.sealed));
        readable.flat_map(|Line { user, generation, numbers, .. }| told(user, generation, numbers)).collect()
    }

    /// A reader of the tenant as everything stands now.
    pub async fn reader(&self, process: &Process) -> Reader<Recorded> {
        process.reader(TENANT, self.consent.position(), &self.log.revision()).await.unwrap()
    }

    /// Compares what a view holds of the tenant with what may be read of it; answers the numbers, for whoever wants to see them.
    pub async fn check(&self, process: &Process) -> Vec<u64> {
        let reader = self.reader(process).await;
        assert_eq!(reader.fold().held, self.readable(TENANT));
        reader.fold().held.iter().map(|(_, number)| *number).collect()
    }

    /// A reader that demands nothing of the log; what it holds.
    pub async fn held(&self, process: &Process) -> BTreeSet<Told> {
        let reader = process.reader(TENANT, self.consent.position(), &Revision::default()).await.unwrap();
        reader.fold().held.clone()
    }
}

/// What a fold is told by a block.
pub fn told(user: u64, generation: u32, numbers: impl IntoIterator<Item = u64>) -> Vec<Told> {
    let origin = if user == CRM { Origin::Crm } else { Origin::Mailbox { user: UserId(user), generation } };
    numbers.into_iter().map(|number| (origin, number)).collect()
}
