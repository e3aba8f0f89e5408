//! Verifying an export offline: what was signed, and which event differs from it.

use std::collections::HashMap;
use std::fmt;

use crate::export::{self, Disclosed, EventLine};
use crate::{Checkpoint, Hash, Leaf, NoteError, Verifier, commitment, leaf_hash, root};

/// What an export holds, and what is wrong with it.
#[derive(Clone, PartialEq, Eq)]
pub struct Verified {
    /// The checkpoint, when its signature holds.
    pub checkpoint: Option<Checkpoint>,
    /// The key the file names: to be compared with what GetCheckpoint answered, unless the caller gave one.
    pub key: String,
    /// The events as they stand in the file.
    pub events: Vec<Disclosed>,
    /// Everything that is wrong; nothing when the file is what was signed.
    pub findings: Vec<Finding>,
}

/// Something that is wrong with an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The file is no export, or ends early.
    NotAnExport,
    /// The key it names is none, or another than the expected one.
    WrongKey,
    /// The checkpoint is not to be believed.
    Checkpoint(NoteError),
    /// A line says nothing.
    Unreadable {
        /// Its number in the file, from 1.
        line: usize,
    },
    /// An event is not the one that was signed.
    Changed {
        /// The event.
        index: u64,
    },
    /// An event that was signed is missing.
    Removed {
        /// The event.
        index: u64,
    },
    /// An event stands before or behind its place.
    Moved {
        /// The event.
        index: u64,
    },
    /// An event has another number than the one it was signed with.
    Renumbered {
        /// The event.
        index: u64,
    },
    /// A line holds an event that was never signed, or one that is there already.
    Added {
        /// Its number in the file, from 1.
        line: usize,
    },
    /// What an event says is not what it committed to.
    BodyChanged {
        /// The event.
        index: u64,
    },
    /// Who an event names is not whom it committed to.
    ActorChanged {
        /// The event.
        index: u64,
    },
    /// The list of hashes is not the one that was signed, though the events are.
    HashesChanged,
    /// Events and hashes together are not what was signed: which event differs cannot be told from this file alone.
    Rewritten,
    /// The older checkpoint is not to be believed.
    OldCheckpoint(NoteError),
    /// The ledger was cut back: it had more events once.
    Shortened {
        /// How many events it had.
        was: u64,
    },
    /// One of the first events is not what it was when the older checkpoint was signed.
    HistoryChanged {
        /// How many events there were then.
        within: u64,
    },
}

/// Verifies an export: every event against the signed checkpoint, and the checkpoint against an older one if there is one.
///
/// `expected` is the key to believe; without it the one in the file is taken, which proves only that the file is in itself whole.
pub fn verify(text: &str, expected: Option<&Verifier>, older: Option<&str>) -> Verified {
    let mut verified = Verified { checkpoint: None, key: String::new(), events: Vec::new(), findings: Vec::new() };
    let Some(parts) = export::read(text) else {
        verified.findings.push(Finding::NotAnExport);
        return verified;
    };
    verified.key = parts.key.to_owned();
    let named = Verifier::parse(parts.key).filter(|named| expected.is_none_or(|expected| expected == named));
    let Some(verifier) = named else {
        verified.findings.push(Finding::WrongKey);
        return verified;
    };
    let checkpoint = match Checkpoint::open(parts.checkpoint, &verifier) {
        Ok(checkpoint) => checkpoint,
        Err(error) => {
            verified.findings.push(Finding::Checkpoint(error));
            return verified;
        }
    };
    verified.findings.extend(parts.unreadable.iter().map(|line| Finding::Unreadable { line: *line }));
    let told: Vec<_> = parts.events.iter().map(|event| leaf_hash(&event.event.leaf)).collect();
    let holds = |hashes: &[Hash]| hashes.len() as u64 == checkpoint.size && root(hashes) == checkpoint.root;
    let signed = match (holds(&parts.hashes), holds(&told)) {
        (true, _) => &parts.hashes,
        (false, true) => {
            verified.findings.push(Finding::HashesChanged);
            &told
        }
        (false, false) => {
            verified.findings.push(Finding::Rewritten);
            &parts.hashes
        }
    };
    compare(signed, &told, &parts.events, &mut verified.findings);
    if let Some(older) = older {
        verified.findings.extend(continues(older, &verifier, &checkpoint, signed).err());
    }
    verified.checkpoint = Some(checkpoint);
    verified.events = parts.events.into_iter().map(|line| line.event).collect();
    verified
}

/// Whether the ledger continues the one that an older checkpoint speaks of.
fn continues(older: &str, verifier: &Verifier, now: &Checkpoint, signed: &[Hash]) -> Result<(), Finding> {
    let older = Checkpoint::open(older, verifier).map_err(Finding::OldCheckpoint)?;
    if older.size > now.size {
        return Err(Finding::Shortened { was: older.size });
    }
    let first = usize::try_from(older.size).ok().and_then(|size| signed.get(..size));
    if first.is_some_and(|first| root(first) == older.root) { Ok(()) } else { Err(Finding::HistoryChanged { within: older.size }) }
}

/// Finds the events that differ from what was signed.
fn compare(signed: &[Hash], told: &[Hash], lines: &[EventLine], findings: &mut Vec<Finding>) {
    let places: HashMap<&Hash, u64> = signed.iter().zip(0..).collect();
    let mut missing = vec![true; signed.len()];
    let mut known = Vec::new();
    let mut unknown = Vec::new();
    for (hash, line) in told.iter().zip(lines) {
        match places.get(hash).filter(|place| std::mem::replace(&mut missing[**place as usize], false)) {
            Some(&index) => {
                if line.index != index {
                    findings.push(Finding::Renumbered { index });
                }
                disclosed(index, &line.event, findings);
                known.push(index);
            }
            None => unknown.push(line),
        }
    }
    for line in unknown {
        let place = usize::try_from(line.index).ok().and_then(|index| missing.get_mut(index));
        match place.filter(|missing| **missing) {
            Some(missing) => {
                *missing = false;
                findings.push(Finding::Changed { index: line.index });
            }
            None => findings.push(Finding::Added { line: line.line }),
        }
    }
    findings.extend((0..).zip(missing).filter(|(_, missing)| *missing).map(|(index, _)| Finding::Removed { index }));
    findings.extend(out_of_order(&known).into_iter().map(|index| Finding::Moved { index }));
}

/// Whether what is disclosed of an event is what its leaf commits to. A leaf that was signed is well formed.
fn disclosed(index: u64, event: &Disclosed, findings: &mut Vec<Finding>) {
    let leaf = Leaf::decode(&event.leaf);
    let differs = |part: &Option<Vec<u8>>, committed: fn(&Leaf) -> Hash| {
        part.as_ref().is_some_and(|part| leaf.as_ref().is_none_or(|leaf| commitment(part) != committed(leaf)))
    };
    if differs(&event.body, |leaf| leaf.body) {
        findings.push(Finding::BodyChanged { index });
    }
    if differs(&event.actor, |leaf| leaf.actor) {
        findings.push(Finding::ActorChanged { index });
    }
}

/// The fewest numbers that must be taken out for the rest to rise: those outside a longest rising subsequence.
fn out_of_order(numbers: &[u64]) -> Vec<u64> {
    // For each length, where the smallest last number of a rising run stands.
    let mut ends: Vec<usize> = Vec::new();
    let mut before = vec![None; numbers.len()];
    for (at, number) in numbers.iter().enumerate() {
        let length = ends.partition_point(|end| numbers[*end] < *number);
        before[at] = length.checked_sub(1).map(|shorter| ends[shorter]);
        if length == ends.len() { ends.push(at) } else { ends[length] = at }
    }
    let mut moved = vec![true; numbers.len()];
    let mut at = ends.last().copied();
    while let Some(stays) = at {
        moved[stays] = false;
        at = before[stays];
    }
    let mut moved: Vec<_> = numbers.iter().zip(moved).filter(|(_, moved)| *moved).map(|(number, _)| *number).collect();
    moved.sort_unstable();
    moved
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnExport => f.write_str("the file is no ledger export, or ends early"),
            Self::WrongKey => f.write_str("the key in the file is no key, or not the expected one"),
            Self::Checkpoint(error) => write!(f, "the checkpoint {error}"),
            Self::Unreadable { line } => write!(f, "line {line} cannot be read"),
            Self::Changed { index } => write!(f, "event {index} was changed"),
            Self::Removed { index } => write!(f, "event {index} was removed"),
            Self::Moved { index } => write!(f, "event {index} was moved out of its order"),
            Self::Renumbered { index } => write!(f, "event {index} has another number"),
            Self::Added { line } => write!(f, "line {line} holds an event that was never signed, or one for the second time"),
            Self::BodyChanged { index } => write!(f, "event {index}: what it says was changed"),
            Self::ActorChanged { index } => write!(f, "event {index}: who brought it about was changed"),
            Self::HashesChanged => f.write_str("the list of hashes was changed; the events are what was signed"),
            Self::Rewritten => f.write_str("events and hashes together are not what was signed"),
            Self::OldCheckpoint(error) => write!(f, "the older checkpoint {error}"),
            Self::Shortened { was } => write!(f, "events were removed from the end: there were {was} once"),
            Self::HistoryChanged { within } => write!(f, "one of the first {within} events is not what it was at the older checkpoint"),
        }
    }
}

#[cfg(test)]
mod tests;
