//! An export is tampered with in every way a file can be, and each is named.

use proptest::prelude::*;
use vocabulary::{TenantId, Timestamp};

use super::*;
use crate::{Signer, salted, write};

fn signer() -> Signer {
    Signer::of("rapport.dev/ledger/contoso", &[5; 32]).unwrap()
}

fn event(number: u8) -> Disclosed {
    let (body, actor) = (salted(&[number; 32], b"granted"), salted(&[number ^ 255; 32], b"an administrator"));
    let leaf = Leaf {
        time: Timestamp::from_seconds(1_790_000_000 + i64::from(number)),
        position: u64::from(number) + 1,
        kind: 5,
        tenant: TenantId::parse("contoso").unwrap(),
        body: commitment(&body),
        actor: commitment(&actor),
    };
    Disclosed { leaf: leaf.encode(), body: Some(body), actor: Some(actor) }
}

fn events(count: u8) -> Vec<Disclosed> {
    (0..count).map(event).collect()
}

fn checkpoint(events: &[Disclosed]) -> String {
    let hashes: Vec<_> = events.iter().map(|event| leaf_hash(&event.leaf)).collect();
    Checkpoint::sign(hashes.len() as u64, root(&hashes), &signer())
}

fn exported(events: &[Disclosed]) -> String {
    write(events, signer().verifier(), &checkpoint(events))
}

fn findings(text: &str) -> Vec<Finding> {
    verify(text, Some(signer().verifier()), None).findings
}

/// The export of `count` events with its lines changed.
fn tampered(count: u8, tamper: impl FnOnce(&mut Vec<String>)) -> Vec<Finding> {
    let mut lines: Vec<_> = exported(&events(count)).lines().map(str::to_owned).collect();
    tamper(&mut lines);
    findings(&(lines.join("\n") + "\n"))
}

/// Where an event's line stands.
const fn at(event: usize) -> usize {
    event + 2
}

#[test]
fn an_export_that_nobody_touched_is_whole() {
    for count in [0, 1, 2, 9] {
        let verified = verify(&exported(&events(count)), None, None);
        assert_eq!((verified.findings.as_slice(), verified.checkpoint.unwrap().size), (&[][..], u64::from(count)));
        assert!(verified.events == events(count));
        assert_eq!(verified.key, signer().verifier().to_string());
    }
}

#[test]
fn what_is_erased_leaves_the_proof_whole() {
    let mut events = events(9);
    let signed = checkpoint(&events);
    (events[3].body, events[4].actor) = (None, None);
    let verified = verify(&write(&events, signer().verifier(), &signed), Some(signer().verifier()), Some(&signed));
    assert_eq!(verified.findings, []);
    assert!(verified.events[3].body.is_none());
}

#[test]
fn a_changed_event_is_named() {
    let other = exported(&[&events(4)[..], &[event(200)]].concat());
    let other = other.lines().nth(at(4)).unwrap().to_owned();
    assert_eq!(tampered(9, |lines| lines[at(4)] = other), [Finding::Changed { index: 4 }]);
    let swap = |what: fn(&mut Disclosed), index: usize| {
        let mut changed = events(9);
        let signed = checkpoint(&changed);
        what(&mut changed[index]);
        findings(&write(&changed, signer().verifier(), &signed))
    };
    assert_eq!(swap(|event| event.body = Some(b"another body".to_vec()), 2), [Finding::BodyChanged { index: 2 }]);
    assert_eq!(swap(|event| event.actor = event.body.clone(), 8), [Finding::ActorChanged { index: 8 }]);
    // Who writes the hashes anew as well is found by the signature, which they cannot write.
    assert_eq!(swap(|event| event.leaf[3] ^= 1, 5), [Finding::Rewritten]);
}

#[test]
fn a_removed_event_is_named() {
    for index in [0, 4, 8] {
        assert_eq!(tampered(9, |lines| drop(lines.remove(at(index)))), [Finding::Removed { index: index as u64 }]);
    }
    // Those that follow are numbered anew.
    let renumbered = tampered(9, |lines| {
        lines.remove(at(7));
        lines[at(7)] = lines[at(7)].replace("event 8", "event 7");
    });
    assert_eq!(renumbered, [Finding::Renumbered { index: 8 }, Finding::Removed { index: 7 }]);
}

#[test]
fn moved_events_are_named() {
    assert_eq!(tampered(9, |lines| lines.swap(at(2), at(6))), [Finding::Moved { index: 2 }, Finding::Moved { index: 6 }]);
    let moved = tampered(9, |lines| {
        let line = lines.remove(at(1));
        lines.insert(at(7), line);
    });
    assert_eq!(moved, [Finding::Moved { index: 1 }]);
}

#[test]
fn an_added_event_and_a_broken_line_are_named() {
    assert_eq!(tampered(9, |lines| lines.insert(at(9), lines[at(0)].clone())), [Finding::Added { line: 12 }]);
    assert_eq!(tampered(3, |lines| lines.insert(at(1), "event 1".to_owned())), [Finding::Unreadable { line: 4 }]);
    assert_eq!(tampered(3, |lines| drop(lines.remove(at(4)))), [Finding::HashesChanged]);
}

#[test]
fn a_checkpoint_that_was_not_signed_proves_nothing() {
    let text = exported(&events(9));
    assert_eq!(findings(&text.replace("contoso\n9\n", "contoso\n8\n")), [Finding::Checkpoint(NoteError::WrongSignature)]);
    let other = Signer::of("rapport.dev/ledger/contoso", &[6; 32]).unwrap();
    assert_eq!(verify(&text, Some(other.verifier()), None).findings, [Finding::WrongKey]);
    for broken in ["", "rapport ledger export v1\n", &text[..text.len() / 2]] {
        assert_eq!(findings(broken), [Finding::NotAnExport]);
    }
}

#[test]
fn an_older_checkpoint_finds_a_rewritten_history() {
    let now = exported(&events(9));
    let check = |older: &str| verify(&now, Some(signer().verifier()), Some(older)).findings;
    for size in 0..=9 {
        assert_eq!(check(&checkpoint(&events(size))), [], "{size} events");
    }
    assert_eq!(check(&checkpoint(&events(10))), [Finding::Shortened { was: 10 }]);
    let other = [&events(3)[..], &[event(77)], &events(9)[4..]].concat();
    assert_eq!(check(&checkpoint(&other[..3])), []);
    assert_eq!(check(&checkpoint(&other[..5])), [Finding::HistoryChanged { within: 5 }]);
    assert_eq!(check("nothing"), [Finding::OldCheckpoint(NoteError::Malformed)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_character_of_an_export_can_be_changed_unseen(at in any::<prop::sample::Index>(), by in 1_u8..127) {
        let text = exported(&events(6));
        let mut bytes = text.clone().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = (bytes[at] & 127) ^ by;
        // What is no text is no export.
        if let Ok(changed) = String::from_utf8(bytes) {
            prop_assert!(!findings(&changed).is_empty());
        }
    }

    #[test]
    fn exactly_what_was_removed_is_named(count in 1_u8..60, gone in prop::collection::btree_set(0_u8..60, 0..6)) {
        let gone: Vec<_> = gone.into_iter().filter(|index| *index < count).map(u64::from).collect();
        let found = tampered(count, |lines| gone.iter().rev().for_each(|index| drop(lines.remove(at(*index as usize)))));
        let expected: Vec<_> = gone.iter().map(|index| Finding::Removed { index: *index }).collect();
        prop_assert_eq!(found, expected);
    }
}
