//! The committer's half of ingestion: who may still be read, what is new, which ids and positions. Runs on the store's one committer, so
//! that two batches with the same interaction keep one copy; memory changes last, when only the disk can still fail.
//!
//! A group of commits that the disk refuses ends the store for good. So memory never holds what a later answer could rest on and the
//! disk does not hold: it is rebuilt from the disk by the next start.

use std::collections::BTreeMap;
use std::time::Duration;

use consent_client::{Permit, Subscriber};
use contracts::ingestion::v1 as pb;
use ingestion_domain::{IgnoredReason, Source};
use sealing::Key;
use store::Changes;
use vocabulary::{Address, Fault, PersonId, Reason, Timestamp, UserId};

use crate::batch::{Batch, Draft, Outcome, Taken, no_consent};
use crate::convert;
use crate::dictionary::Minting;
use crate::known::{Known, Sighting};
use crate::mailboxes::{BlockPlace, CRM, Mailboxes, may_be_read};
use crate::tables;
use crate::tenant::Tenant;

/// When to send again what an erasure came between.
const RETRY: Duration = Duration::from_millis(200);

/// What a commit wrote, once it is durable.
#[derive(Debug)]
pub struct Written<T> {
    /// For whoever asked for it.
    pub answer: T,
    /// The position of the log after it; absent when it did not look.
    pub position: Option<u64>,
    /// Who got an id.
    pub minted: Vec<PersonId>,
}

/// Stores what of a batch is new in mailboxes that may be read at this moment, and counts it.
///
/// # Errors
/// FAILED_PRECONDITION, NO_CONSENT when the mailbox of the batch was closed meanwhile; UNAVAILABLE without a live lease or while a
/// mailbox is being read. Nothing of the batch is stored then.
pub fn append(changes: &mut Changes<'_>, consent: &Subscriber, tenant: &Tenant, batch: Batch) -> Result<Written<Taken>, Fault> {
    let permit = consent.permit(&tenant.id)?;
    let opened = tenant.opened()?;
    if let Source::Mailbox(user) = batch.source
        && key_of(&permit, user).is_none()
    {
        return Err(no_consent());
    }
    // Judged before somebody on it was erased: judged anew, it is kept out by its rule.
    if batch.people.iter().any(|address| permit.is_erased(address)) {
        return Err(Fault::unavailable(Reason::RevisionNotReached, "somebody was erased meanwhile: send the batch again", RETRY));
    }
    let mut people = People { addresses: &batch.people, ids: vec![None; batch.people.len()], minting: Minting::over(&opened.names) };
    let mut fates = vec![Fate::Unreadable; batch.judged.len()];
    let news = news(&permit, &mut tenant.mailboxes.lock(), batch.mailboxes, &mut fates, &mut people)?;

    let mut head = changes.get::<tables::Head>(&())?.unwrap_or_default();
    let mut tally = changes.get::<tables::Tally>(&tenant.id)?.unwrap_or_default();
    let mut stored = Vec::with_capacity(news.len());
    for News { user, generation, key, entries, seen } in news {
        let first = head.position + 1;
        let place = |number| feed::block::log_place(&tenant.id, user, generation, first + number);
        for sealed in feed::block::pack(key, entries, place)? {
            head.position += 1;
            let block = pb::Block {
                position: head.position,
                tenant_id: tenant.id.as_str().to_owned(),
                user_id: user.0,
                generation,
                consent_position: permit.position(),
                sealed,
            };
            changes.put::<tables::Log>(&head.position, &block)?;
        }
        stored.push(Stored { user, generation, seen, positions: first..=head.position });
    }
    let outcomes: Vec<_> = batch.judged.into_iter().zip(fates).map(|(judged, fate)| judged.unwrap_or_else(|| fate.outcome())).collect();
    convert::count(&mut tally, &outcomes);
    let minted = people.minting.write(changes, &tenant.id, &permit.names_key, &mut tally)?;
    changes.put::<tables::Tally>(&tenant.id, &tally)?;
    if !stored.is_empty() {
        changes.put::<tables::Head>(&(), &head)?;
    }

    let copies = stored.iter().flat_map(|stored| &stored.seen).filter(|seen| !seen.stub).count() as i64;
    let mut mailboxes = tenant.mailboxes.lock();
    for Stored { user, generation, seen, positions } in stored {
        let mailbox = mailboxes.entry(user);
        // Where it was closed in between, nothing is in memory, and what is built later is built from these blocks too.
        if let Some(known) = mailbox.known_mut(generation) {
            seen.into_iter().for_each(|seen| known.insert(seen));
        }
        positions.for_each(|position| mailbox.add(BlockPlace { generation, position }));
    }
    drop(mailboxes);
    let ids = minted.iter().map(|(id, _)| *id).collect();
    if !minted.is_empty() {
        opened.names.write().extend(minted);
    }
    let answer = Taken { outcomes, copies, position: head.position };
    Ok(Written { answer, position: Some(head.position), minted: ids })
}

/// The key a mailbox is sealed under now, with its generation; `None` when it may not be read.
pub fn key_of(permit: &Permit, user: UserId) -> Option<(&Key, u32)> {
    if user == CRM {
        return Some((&permit.facts_key, 0));
    }
    let user = permit.user(user).filter(|user| may_be_read(user))?;
    Some((user.log_key.as_ref()?, user.generation))
}

/// What the drafts tell that the mailboxes that may be read do not hold yet, with ids for places.
fn news<'a>(
    permit: &'a Permit,
    mailboxes: &mut Mailboxes,
    drafts: BTreeMap<UserId, Vec<Draft>>,
    fates: &mut [Fate],
    people: &mut People<'_>,
) -> Result<Vec<News<'a>>, Fault> {
    let mut all = Vec::with_capacity(drafts.len());
    for (user, drafts) in drafts {
        let Some((key, generation)) = key_of(permit, user) else { continue };
        // A gate may have closed and opened again since the batch was judged.
        let from = permit.user(user).and_then(|user| user.collected_from).map_or(i64::MIN, Timestamp::micros);
        let known = mailboxes.known(user, generation)?;
        let mut within = Known::default();
        let mut news = News { user, generation, key, entries: Vec::with_capacity(drafts.len()), seen: Vec::with_capacity(drafts.len()) };
        for Draft { interaction, mut entry } in drafts.into_iter().filter(|draft| draft.entry.time_micros >= from) {
            let seen = convert::sighting(&entry);
            let fate = fates.get_mut(interaction as usize).ok_or_else(out_of_batch)?;
            if known.holds(&seen) || within.holds(&seen) {
                *fate = Fate::Held.max(*fate);
                continue;
            }
            *fate = Fate::New;
            within.insert(seen);
            news.seen.push(seen);
            entry.author = people.id(entry.author)?;
            for participant in &mut entry.participants {
                participant.person_id = people.id(participant.person_id)?;
            }
            news.entries.push(entry);
        }
        if !news.entries.is_empty() {
            all.push(news);
        }
    }
    Ok(all)
}

/// What is new to a mailbox.
struct News<'a> {
    user: UserId,
    generation: u32,
    key: &'a Key,
    entries: Vec<pb::Entry>,
    seen: Vec<Sighting>,
}

/// What a mailbox keeps of a batch.
struct Stored {
    user: UserId,
    generation: u32,
    seen: Vec<Sighting>,
    positions: std::ops::RangeInclusive<u64>,
}

/// What became of an interaction over all its mailboxes: the greatest over its copies.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    Unreadable,
    Held,
    New,
}

impl Fate {
    fn outcome(self) -> Outcome {
        match self {
            Self::New => Outcome::Accepted,
            Self::Held => Outcome::Duplicate,
            Self::Unreadable => Outcome::Ignored(IgnoredReason::NobodyReadable),
        }
    }
}

/// The people of a batch, who get ids only when something that names them is stored.
struct People<'a> {
    addresses: &'a [Address],
    ids: Vec<Option<PersonId>>,
    minting: Minting<'a>,
}

impl People<'_> {
    fn id(&mut self, place: u64) -> Result<u64, Fault> {
        let (address, id) = usize::try_from(place)
            .ok()
            .and_then(|place| Some((self.addresses.get(place)?, self.ids.get_mut(place)?)))
            .ok_or_else(out_of_batch)?;
        Ok(id.get_or_insert_with(|| self.minting.id(address)).0)
    }
}

fn out_of_batch() -> Fault {
    Fault::internal("a draft points outside its batch")
}
