//! The judgement of one interaction: read it, try the rules in their published order, say what each mailbox may tell.

use vocabulary::Timestamp;
use vocabulary::entry::InteractionKind;

use crate::copies;
use crate::judgement::{IgnoredReason, Judgement, Kept};
use crate::reading::{self, Author, Reading};
use crate::{Directory, Interaction, Side, Source, TenantRules};

/// More other people than this: no conversation, but an announcement (Rapport rule).
pub const MOST_PEOPLE: usize = 50;

/// Judges one interaction.
///
/// Total: whatever the texts and instants, it answers. The order of recipients changes nothing. A mail that claims to come
/// from more than five minutes after `now` is malformed; otherwise the answer does not depend on it.
pub fn normalise(interaction: &Interaction, source: &Source, directory: &impl Directory, rules: &TenantRules, now: Timestamp) -> Judgement {
    let reading = match reading::read(interaction, *source, directory, now) {
        Ok(reading) => reading,
        Err(violation) => return Judgement::Malformed(violation),
    };
    let ignored = |reason| Judgement::Ignored { reason, stub: None };

    if let Some(reason) = reading.kept_out {
        return ignored(reason);
    }
    if reading.time < rules.window_start {
        return ignored(IgnoredReason::OutsideWindow);
    }
    if matches!(source, Source::Mailbox(owner) if !directory.collects(*owner, reading.time)) {
        return ignored(IgnoredReason::BeforeScope);
    }
    if *source == Source::Journal && !reading.names_ours() {
        return ignored(IgnoredReason::NobodyOfOurs);
    }
    let Some(author) = &reading.author else {
        return ignored(IgnoredReason::ListAuthor);
    };
    let left = |person: &reading::Person| person.side != Side::Erased;
    if author.side == Side::Erased || !(reading.people.is_empty() || reading.people.iter().any(left)) {
        return ignored(IgnoredReason::Suppressed);
    }
    let alone = reading.people.is_empty() && *source != Source::Crm;
    if alone && reading.to_list && reading.replies_to.is_none() {
        let stub = list_stub(interaction, *source, directory, &reading, author);
        return Judgement::Ignored { reason: IgnoredReason::ListOnly, stub };
    }
    if reading.people.len() > MOST_PEOPLE {
        return ignored(IgnoredReason::TooManyPeople);
    }
    if alone && !reading.to_list {
        return ignored(IgnoredReason::OnlyOneself);
    }
    let kept = kept(interaction, *source, directory, &reading, author);
    match source {
        Source::Journal if kept.copies.is_empty() && copies::any_readable(&reading, author, directory) => {
            ignored(IgnoredReason::BeforeScope)
        }
        Source::Journal if kept.copies.is_empty() => ignored(IgnoredReason::NobodyReadable),
        Source::Mailbox(_) if kept.copies.is_empty() => ignored(IgnoredReason::OwnerNotNamed),
        _ => Judgement::Kept(Box::new(kept)),
    }
}

/// What list mail leaves behind so that replies resolve. Nothing replies to what is no mail.
fn list_stub(
    interaction: &Interaction,
    source: Source,
    directory: &impl Directory,
    reading: &Reading,
    author: &Author,
) -> Option<Box<Kept>> {
    if reading.kind != InteractionKind::Email {
        return None;
    }
    let mut kept = kept(interaction, source, directory, reading, author);
    for copy in &mut kept.copies {
        copy.stub = true;
    }
    (!kept.copies.is_empty()).then(|| Box::new(kept))
}

fn kept(interaction: &Interaction, source: Source, directory: &impl Directory, reading: &Reading, author: &Author) -> Kept {
    // Only a reply that names no person leans on what it replies to.
    let parent = reading.replies_to.clone().filter(|_| reading.people.is_empty());
    Kept {
        identity: reading.identity.clone(),
        thread: reading.thread.clone(),
        parent,
        kind: reading.kind.clone(),
        time: reading.time,
        author: author.address.clone(),
        others: u32::try_from(reading.people.len()).unwrap_or(u32::MAX),
        duration_seconds: reading.duration_seconds,
        version: reading.version,
        cancelled: reading.cancelled,
        regarding: interaction.regarding.clone(),
        copies: copies::of(source, reading, author, directory),
    }
}
