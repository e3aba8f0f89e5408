//! The generated company, whole: who is there, what the CRM holds, what every mailbox tells, and the stories in it.

use ingestion_domain::Interaction;

use crate::cast::Cast;
use crate::chronicle::Chronicle;
use crate::{Record, Spec, Stories, User, background, noise, stories};

/// How many interactions a back-fill reads from one mailbox before it goes on to the next.
pub const RUN: usize = 250;

/// The organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    /// A tenant id.
    pub id: String,
    /// For people.
    pub name: String,
    /// Its domains, the primary one first; all under `.example`.
    pub domains: Vec<String>,
}

/// A mailbox and all it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// The primary address of its owner.
    pub address: String,
    /// What it tells, in order of time: the date of mails, the end of meetings. What has no date comes first.
    pub interactions: Vec<Interaction>,
}

/// Some of what a mailbox holds, as a back-fill reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// The primary address of its owner.
    pub mailbox: String,
    /// At most [`RUN`], in order of time; later batches of the mailbox hold later ones.
    pub interactions: Vec<Interaction>,
}

/// A generated company with everything that happened in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Company {
    /// The organisation.
    pub tenant: Tenant,
    /// Its directory: people first, then one shared mailbox, two rooms and two lists.
    pub users: Vec<User>,
    /// Its CRM: accounts, contacts, opportunities, leads, each by id.
    pub records: Vec<Record>,
    /// The mailboxes of its people and the shared one, in the order of the directory.
    pub mailboxes: Vec<Mailbox>,
    /// What was tracked by hand, in order of time: calls, tasks, mails and appointments. The mails and appointments are also in mailboxes.
    pub crm: Vec<Interaction>,
    /// What a demo can tell of it.
    pub stories: Stories,
    /// How many interactions there are, each counted once, over mailboxes and CRM, malformed and automatic ones included.
    pub distinct_interactions: usize,
}

impl Company {
    /// Generates the company of `spec`: the same for the same spec, to the byte.
    ///
    /// Holds every copy in memory, roughly a kilobyte each; see [`Stream`](crate::Stream) for more than fits.
    pub fn generate(spec: Spec) -> Self {
        let cast = Cast::found(spec);
        let mut chronicle = Chronicle::new(&cast.users);
        let stories = stories::tell(&cast, &mut chronicle);
        background::external(&cast, &mut chronicle);
        noise::add(&cast, &mut chronicle);
        background::internal(&cast, &mut chronicle);
        let (mailboxes, crm, distinct_interactions) = chronicle.close();
        Self { records: cast.records(), tenant: cast.tenant, users: cast.users, mailboxes, crm, stories, distinct_interactions }
    }

    /// The mailboxes as a back-fill reads them: a run of [`RUN`] of each in turn until all are read.
    pub fn batches(&self) -> impl Iterator<Item = Batch> {
        let rounds = self.mailboxes.iter().map(|mailbox| mailbox.interactions.len().div_ceil(RUN)).max().unwrap_or_default();
        (0..rounds).flat_map(move |round| self.mailboxes.iter().filter_map(move |mailbox| run(mailbox, round)))
    }
}

fn run(mailbox: &Mailbox, round: usize) -> Option<Batch> {
    let interactions = mailbox.interactions.chunks(RUN).nth(round)?.to_vec();
    Some(Batch { mailbox: mailbox.address.clone(), interactions })
}
