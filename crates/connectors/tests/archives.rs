//! Archives as they are found: every variety, every kind of damage.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::io::{self, BufRead, BufReader, Cursor, Read, Write};

use connectors::Unreadable;
use connectors::eml::HEADERS_LIMIT;
use connectors::mbox::{self, Parsed};
use flate2::Compression;
use flate2::write::GzEncoder;
use ingestion_domain::{Detail, Email};
use proptest::prelude::*;

fn email(parsed: &Parsed) -> &Email {
    match &parsed.interaction.detail {
        Some(Detail::Email(email)) => email,
        other => panic!("no email: {other:?}"),
    }
}

#[test]
fn no_debug_shows_what_a_message_says() {
    let archive =
        "From secret Fri Mar 29 14:07:21 2019\nFrom: secret@secret.example\nTo: secret@x.example\nMessage-ID: <secret@x>\n\nsecret\n";
    let mut messages = mbox::read(archive.as_bytes());
    let parsed = messages.next().unwrap().unwrap();
    assert_eq!(email(&parsed).from, "secret@secret.example");
    let bytes = format!("{:?}", "secret".as_bytes());
    for shown in [format!("{parsed:?}"), format!("{parsed:#?}"), format!("{messages:?}")] {
        assert!(!shown.contains("secret") && !shown.contains(bytes.trim_matches(['[', ']'])), "{shown}");
    }
}

/// An archive as `number@offset id`, or `number@offset reason`, one text an item.
fn told(reader: impl BufRead) -> Vec<String> {
    let text = |item| match item {
        Ok(parsed) => {
            let id = email(&parsed).message_id.clone().unwrap_or_default();
            format!("{}@{} {id}", parsed.number, parsed.offset)
        }
        Err(connectors::Refused { number, offset, reason }) => format!("{number}@{offset} {reason:?}"),
    };
    mbox::read(reader).map(text).collect()
}

#[track_caller]
fn check(archive: &str, expected: &[&str]) {
    assert_eq!(told(archive.as_bytes()), expected);
    // The same with other line ends: offsets differ, the rest does not.
    let rest = |items: &[String]| items.iter().map(|item| item.split_once(' ').unwrap().1.to_owned()).collect::<Vec<_>>();
    let with_crlf = archive.replace('\n', "\r\n");
    assert_eq!(rest(&told(with_crlf.as_bytes())), rest(&told(archive.as_bytes())));
    // And however the stream is cut into reads.
    assert_eq!(told(BufReader::with_capacity(3, archive.as_bytes())), expected);
}

const ONE: &str = "From a@x Fri Mar 29 14:07:21 2019\nMessage-ID: <1@x>\nFrom: a@x.example\n\nHello\n\n";
const TWO: &str = "From - Fri Mar 29 14:07:22 2019\nMessage-ID: <2@x>\n\n>From here\nFrom there\n\nFrom now on\n";

#[test]
fn messages_are_cut_at_from_lines_and_nowhere_else() {
    check("", &[]);
    check("\n\n", &[]);
    check(&format!("{ONE}{TWO}"), &["1@0 1@x", &format!("2@{} 2@x", ONE.len())]);
    check(&format!("\n{TWO}\n{ONE}"), &["1@1 2@x", &format!("2@{} 1@x", TWO.len() + 2)]);
    check("From a Fri Mar 29 14:07:21 2019\nMessage-ID: <1@x>", &["1@0 1@x"]);
}

#[test]
fn what_is_no_message_is_refused_and_the_rest_goes_on() {
    check(&format!("Hello\n\n{ONE}"), &["1@0 NotMbox", "2@7 1@x"]);
    check("no mbox at all", &["1@0 NotMbox"]);
    check(&format!("From a Fri Mar 29 14:07:21 2019\n\n{ONE}"), &["1@0 NoHeaders", "2@33 1@x"]);
    let flood = format!("From a Fri Mar 29 14:07:21 2019\n{}\n", "Cc: a@x.example\n".repeat(HEADERS_LIMIT / 16 + 1));
    let offset = flood.len();
    check(&format!("{flood}{ONE}"), &["1@0 HeadersTooLarge", &format!("2@{offset} 1@x")]);
    let long = format!("From a Fri Mar 29 14:07:21 2019\nCc: {}\n\n", "a".repeat(3 * HEADERS_LIMIT));
    let offset = long.len();
    check(&format!("{long}{ONE}"), &["1@0 HeadersTooLarge", &format!("2@{offset} 1@x")]);
}

#[test]
fn a_body_of_any_size_costs_no_memory_and_changes_nothing() {
    let body = Cursor::new(vec![b'x'; 1 << 20]);
    let bodies = (0..64).fold(Box::new(io::empty()) as Box<dyn Read>, |all, _| Box::new(all.chain(body.clone())));
    let archive = ONE.as_bytes().chain(bodies).chain("\n\n".as_bytes()).chain(TWO.as_bytes());
    let second = ONE.len() + (64 << 20) + 2;
    assert_eq!(told(BufReader::new(archive)), ["1@0 1@x".to_owned(), format!("2@{second} 2@x")]);
}

#[test]
fn a_calendar_anywhere_in_a_message_marks_it() {
    let message = |body: &str| {
        let archive = format!("From a Fri Mar 29 14:07:21 2019\nContent-Type: multipart/mixed; boundary=b\n\n{body}\n");
        let parsed = mbox::read(archive.as_bytes()).next().unwrap().unwrap();
        email(&parsed).headers.calendar
    };
    assert!(message("--b\nContent-Type: text/plain\n\nHi\n--b\nContent-type: TEXT/Calendar; method=REQUEST\n\n"));
    assert!(message("--b\nX: y\nContent-Type:\n text/calendar\n\n"));
    assert!(!message("--b\nContent-Type: text/plain\n\nContent-Type: text/calendar\n"));
    assert!(!message("--b\nX-Content-Type: text/calendar\nContent-Type: text/plain;\n name=a\n\n"));
}

fn gz(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn archives_on_disk_are_decompressed_whatever_their_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("archive");
    for bytes in [format!("{ONE}{TWO}").into_bytes(), gz(&format!("{ONE}{TWO}")), [gz(ONE), gz(TWO)].concat()] {
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(mbox::open(&path).unwrap().filter_map(Result::ok).count(), 2);
    }
    assert_eq!(mbox::open(&folder.path().join("none")).err().map(|error| error.kind()), Some(io::ErrorKind::NotFound));
}

#[test]
fn a_truncated_archive_gives_what_came_before_the_cut_and_one_error() {
    let whole: String = (0..2000).map(|n| ONE.replace("<1@x>", &format!("<{n}@x>"))).collect();
    let bytes = gz(&whole);
    for cut in [0, 1, 10, 11, bytes.len() / 3, bytes.len() / 2, bytes.len() - 9, bytes.len() - 8, bytes.len() - 1] {
        let reader = mbox::decompressed(Cursor::new(bytes[..cut].to_vec())).unwrap();
        let items: Vec<_> = mbox::read(reader).collect();
        let Some((last, before)) = items.split_last() else {
            assert_eq!(cut, 0, "an empty file is an empty archive");
            continue;
        };
        let refused = last.as_ref().unwrap_err();
        let expected = if cut == 1 { Unreadable::NotMbox } else { Unreadable::Truncated };
        assert_eq!(refused.reason, expected, "{cut}");
        for (n, item) in before.iter().enumerate() {
            assert_eq!(email(item.as_ref().unwrap()).message_id, Some(format!("{n}@x")), "{cut}");
        }
        assert_eq!(refused.number, before.len() as u64 + 1, "{cut}");
        assert!(cut < bytes.len() / 2 || before.len() > 500, "{cut}: {}", before.len());
    }
}

#[test]
fn damage_inside_the_compression_is_told_once() {
    let mut bytes = gz(&ONE.repeat(5000));
    let middle = bytes.len() / 2;
    bytes[middle..middle + 8].fill(0xff);
    let items: Vec<_> = mbox::read(mbox::decompressed(Cursor::new(bytes)).unwrap()).collect();
    assert_eq!(items.iter().filter(|item| item.is_err()).count(), 1);
    assert!(items.last().unwrap().is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), lines in "(From a 1:23\n|\n|To: .{0,20}\n|.{0,9}\r?\n){0,20}") {
        let items = mbox::read(bytes.as_slice()).count() + mbox::read(lines.as_bytes()).count();
        prop_assert!(items < 1000);
    }
}
