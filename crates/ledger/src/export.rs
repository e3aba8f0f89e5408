//! The export: a text file with every event, the hashes of all leaves in order, and the signed checkpoint over them.
//!
//! ```text
//! rapport ledger export v1
//! key VKEY
//! event INDEX LEAF BODY ACTOR        one line an event; base64, `-` for what is erased or not disclosed
//! hash HASH                          one line a leaf, in order: tells which event was changed, removed or moved
//! checkpoint
//! …                                  the signed note, to the end of the file
//! ```

use std::fmt::Write as _;

use data_encoding::BASE64;

use crate::{Hash, Verifier, leaf_hash};

/// The first line.
pub(crate) const TITLE: &str = "rapport ledger export v1";

/// An event as far as it is disclosed.
#[derive(Clone, PartialEq, Eq)]
pub struct Disclosed {
    /// The bytes of the leaf.
    pub leaf: Vec<u8>,
    /// Salt and content of the body; absent when erased or withheld.
    pub body: Option<Vec<u8>>,
    /// Salt and content of the actor; absent when erased or withheld.
    pub actor: Option<Vec<u8>>,
}

/// Writes an export of all the events of a ledger, from the first.
pub fn write(events: &[Disclosed], verifier: &Verifier, checkpoint: &str) -> String {
    let mut text = format!("{TITLE}\nkey {verifier}\n");
    let part = |part: &Option<Vec<u8>>| part.as_ref().map_or_else(|| "-".to_owned(), |bytes| BASE64.encode(bytes));
    for (index, event) in events.iter().enumerate() {
        let line = writeln!(text, "event {index} {} {} {}", BASE64.encode(&event.leaf), part(&event.body), part(&event.actor));
        debug_assert!(line.is_ok(), "a string takes every line");
    }
    for event in events {
        text.push_str("hash ");
        text.push_str(&leaf_hash(&event.leaf).base64());
        text.push('\n');
    }
    text.push_str("checkpoint\n");
    text.push_str(checkpoint);
    text
}

/// An event line, with the number it claims.
pub(crate) struct EventLine {
    pub line: usize,
    pub index: u64,
    pub event: Disclosed,
}

/// What a file says, taken apart and not believed yet.
pub(crate) struct Parts<'a> {
    pub key: &'a str,
    pub events: Vec<EventLine>,
    pub hashes: Vec<Hash>,
    /// Lines that are neither.
    pub unreadable: Vec<usize>,
    pub checkpoint: &'a str,
}

/// Takes a file apart; `None` when it is no export at all.
pub(crate) fn read(text: &str) -> Option<Parts<'_>> {
    let (listed, checkpoint) = text.split_once("\ncheckpoint\n")?;
    let mut lines = (1..).zip(listed.lines());
    lines.next().filter(|(_, line)| *line == TITLE)?;
    let (_, key) = lines.next()?;
    let key = key.strip_prefix("key ")?;
    let mut parts = Parts { key, events: Vec::new(), hashes: Vec::new(), unreadable: Vec::new(), checkpoint };
    for (number, line) in lines {
        if let Some(hash) = line.strip_prefix("hash ").and_then(Hash::parse) {
            parts.hashes.push(hash);
        } else if let Some((index, event)) = line.strip_prefix("event ").and_then(event) {
            parts.events.push(EventLine { line: number, index, event });
        } else {
            parts.unreadable.push(number);
        }
    }
    Some(parts)
}

fn event(line: &str) -> Option<(u64, Disclosed)> {
    let mut words = line.split(' ');
    let index = words.next()?.parse().ok()?;
    let leaf = BASE64.decode(words.next()?.as_bytes()).ok()?;
    let mut part = || match words.next()? {
        "-" => Some(None),
        text => BASE64.decode(text.as_bytes()).ok().map(Some),
    };
    let (body, actor) = (part()?, part()?);
    words.next().is_none().then_some((index, Disclosed { leaf, body, actor }))
}
