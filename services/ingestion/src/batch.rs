//! A batch on its way to the log: judged, hashed and sorted by mailbox, with all that needs neither the committer nor a number from it.

use std::collections::{BTreeMap, HashMap};

use consent_client::Permit;
use contracts::ingestion::v1 as pb;
use foldhash::fast::RandomState;
use ingestion_domain::{Directory, IgnoredReason, Judgement, Kept, Side, Source, StoredCopy, TenantRules, normalise};
use vocabulary::entry::{Participant, Thread};
use vocabulary::{Address, Entry, Fault, Identity, Kind, PersonId, Reason, Timestamp, UserId, Violation};

use crate::convert;
use crate::mailboxes::{CRM, may_be_read};
use crate::tenant::Hashes;

/// Where a batch comes from, as the request names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BatchSource {
    /// One mailbox, by any address of its owner.
    Mailbox(Address),
    /// An archive of the whole organisation.
    Journal,
    /// The CRM.
    Crm,
}

/// What became of an interaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Kept, in at least one mailbox for the first time or in a later version.
    Accepted,
    /// Already kept wherever it belongs.
    Duplicate,
    /// Kept out by a rule.
    Ignored(IgnoredReason),
    /// It cannot be read.
    Malformed(Violation),
}

/// What became of a batch.
#[derive(Debug)]
pub struct Taken {
    /// What became of each interaction, in order.
    pub outcomes: Vec<Outcome>,
    /// Copies stored, over all mailboxes; stubs are none.
    pub copies: i64,
    /// The position of the log after the batch.
    pub position: u64,
}

/// A batch, ready for the committer.
#[derive(Debug)]
pub struct Batch {
    /// Where it comes from.
    pub source: Source,
    /// What became of each interaction as far as the rules say; `None`: the committer decides.
    pub judged: Vec<Option<Outcome>>,
    /// Everybody the drafts name, once.
    pub people: Vec<Address>,
    /// What each mailbox may tell, by owner; the CRM under [`CRM`].
    pub mailboxes: BTreeMap<UserId, Vec<Draft>>,
}

/// What a mailbox may tell of an interaction, before its people have ids.
#[derive(Debug)]
pub struct Draft {
    /// Which interaction of the batch.
    pub interaction: u32,
    /// The entry, in which a person is a place in [`Batch::people`].
    pub entry: pb::Entry,
}

/// Finds the mailbox of a request and judges its interactions by a permit. Takes milliseconds for a full batch.
///
/// # Errors
/// NOT_FOUND, USER_NOT_FOUND for an unknown mailbox; FAILED_PRECONDITION, NO_CONSENT for one that may not be read.
pub fn prepare(
    permit: &Permit,
    hashes: &Hashes,
    source: &BatchSource,
    interactions: Vec<pb::Interaction>,
    now: Timestamp,
) -> Result<Batch, Fault> {
    let source = match source {
        BatchSource::Mailbox(address) => {
            let user = permit.user_at(address).ok_or_else(unknown_user)?;
            if !may_be_read(user) {
                return Err(no_consent());
            }
            Source::Mailbox(user.id)
        }
        BatchSource::Journal => Source::Journal,
        BatchSource::Crm => Source::Crm,
    };
    let rules = TenantRules { window_start: now.plus_days(-i64::from(permit.settings.data_window_days)) };
    let mut drafting = Drafting { hashes, people: Vec::new(), places: HashMap::default(), mailboxes: BTreeMap::new() };
    let mut judged = Vec::with_capacity(interactions.len());
    for (number, message) in interactions.into_iter().enumerate() {
        let judgement = match convert::interaction(message) {
            Ok(interaction) => normalise(&interaction, &source, &PermitDirectory(permit), &rules, now),
            Err(violation) => Judgement::Malformed(violation),
        };
        judged.push(match judgement {
            Judgement::Malformed(violation) => Some(Outcome::Malformed(violation)),
            Judgement::Ignored { reason, stub } => {
                if let Some(stub) = stub {
                    drafting.draft(number, *stub);
                }
                Some(Outcome::Ignored(reason))
            }
            Judgement::Kept(kept) => {
                drafting.draft(number, *kept);
                None
            }
        });
    }
    Ok(Batch { source, judged, people: drafting.people, mailboxes: drafting.mailboxes })
}

/// The directory names no such user.
pub fn unknown_user() -> Fault {
    Fault::not_found(Reason::UserNotFound, "the directory names no such user")
}

/// A gate of the mailbox is closed; which one, only consent knows.
pub fn no_consent() -> Fault {
    Fault::new(Kind::FailedPrecondition, Reason::NoConsent, "the mailbox may not be read: CheckConsent says which gate is closed")
        .with("subject", "mailbox")
}

/// What the rules ask, answered by a permit.
struct PermitDirectory<'a>(&'a Permit);

impl Directory for PermitDirectory<'_> {
    fn side(&self, address: &Address) -> Side {
        convert::side(self.0, address)
    }

    fn may_be_read(&self, user: UserId) -> bool {
        self.0.user(user).is_some_and(|user| may_be_read(user))
    }

    fn collects(&self, user: UserId, time: Timestamp) -> bool {
        self.0.user(user).is_none_or(|user| user.collected_from.is_none_or(|from| from <= time))
    }
}

/// Gathers the drafts of a batch.
struct Drafting<'a> {
    hashes: &'a Hashes,
    people: Vec<Address>,
    places: HashMap<Address, u64, RandomState>,
    mailboxes: BTreeMap<UserId, Vec<Draft>>,
}

impl Drafting<'_> {
    fn draft(&mut self, interaction: usize, kept: Kept) {
        let identity = self.hashes.identity(&kept.identity);
        let thread = kept.thread.as_deref().map(|text| self.hashes.thread(text));
        let parent = kept.parent.as_deref().map(|text| self.hashes.identity(text));
        let author = self.place(&kept.author);
        for copy in &kept.copies {
            let entry = self.entry(&kept, copy, identity, thread, parent, author);
            let draft = Draft { interaction: interaction as u32, entry: feed::entry::to_message(&entry) };
            self.mailboxes.entry(copy.owner.unwrap_or(CRM)).or_default().push(draft);
        }
    }

    fn entry(
        &mut self,
        kept: &Kept,
        copy: &StoredCopy,
        identity: Identity,
        thread: Option<Thread>,
        parent: Option<Identity>,
        author: PersonId,
    ) -> Entry {
        let participants = copy.participants.iter();
        Entry {
            identity,
            kind: kept.kind.clone(),
            time: kept.time,
            author,
            participants: participants
                .map(|held| Participant { person: self.place(&held.address), role: held.role, answer: held.answer })
                .collect(),
            others: kept.others,
            thread,
            parent,
            stub: copy.stub,
            duration_seconds: kept.duration_seconds,
            version: kept.version,
            cancelled: kept.cancelled,
            regarding: kept.regarding.clone(),
        }
    }

    /// The place of an address among the people, in the guise of an id.
    fn place(&mut self, address: &Address) -> PersonId {
        if let Some(place) = self.places.get(address) {
            return PersonId(*place);
        }
        let place = self.people.len() as u64;
        self.people.push(address.clone());
        self.places.insert(address.clone(), place);
        PersonId(place)
    }
}
