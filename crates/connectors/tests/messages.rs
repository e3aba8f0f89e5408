//! Single messages: headers in all their spellings.
#![allow(clippy::panic, reason = "a test that cannot go on stops")]

use std::io::Write;
use std::path::PathBuf;

use connectors::{Unreadable, eml};
use ingestion_domain::{Detail, Email};
use proptest::prelude::*;

fn email(message: &[u8]) -> Email {
    match eml::parse(message).map(|interaction| interaction.detail) {
        Ok(Some(Detail::Email(email))) => *email,
        other => panic!("no email: {other:?}"),
    }
}

/// Checks one figure of messages that each have one header, or several lines of them.
#[track_caller]
fn check<T: std::fmt::Debug + PartialEq>(figure: impl Fn(Email) -> T, cases: &[(&str, T)]) {
    for (headers, expected) in cases {
        assert_eq!(figure(email(headers.as_bytes())), *expected, "{headers}");
        let with_body = format!("Subject: x\r\n{}\r\n\r\nTo: nobody@x.example\r\n", headers.replace('\n', "\r\n"));
        assert_eq!(figure(email(with_body.as_bytes())), *expected, "{headers}");
    }
}

#[test]
fn the_author_is_the_first_address_of_from() {
    check(
        |email| email.from,
        &[
            ("From: ada@x.example", "ada@x.example".into()),
            ("FROM: \"Lovelace, Ada\" <ada@x.example>", "ada@x.example".into()),
            ("From: =?utf-8?q?Ad=C3=A1?= <ada@x.example>, Bob <bob@x.example>", "ada@x.example".into()),
            ("From: ada@x.example (Ada)", "ada@x.example".into()),
            ("From: <'ada@x.example'>", "ada@x.example".into()),
            ("From: ada@x.example\nFrom: eve@x.example", "ada@x.example".into()),
            ("Sender: eve@x.example", String::new()),
            ("From: Ada", String::new()),
        ],
    );
}

#[test]
fn recipients_are_all_addresses_of_to_and_groups_without_members_are_none() {
    let list = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
    check(
        |email| email.to,
        &[
            ("To: a@x.example,\n b@x.example", list(&["a@x.example", "b@x.example"])),
            ("To: undisclosed-recipients:;", list(&[])),
            ("To: undisclosed recipients", list(&[])),
            ("To: Friends: a@x.example, B <b@x.example>;, c@x.example", list(&["a@x.example", "b@x.example", "c@x.example"])),
            ("To: a@x.example\nTo: b@x.example", list(&["a@x.example", "b@x.example"])),
            ("To: a@x, b@", list(&["a@x", "b@"])),
            ("Bcc: a@x.example", list(&[])),
            ("To:", list(&[])),
        ],
    );
}

#[test]
fn recipients_beyond_the_first_512_are_not_collected() {
    let crowd = |header: &str, count: usize| format!("{header}: {}\n", vec!["a@x.example"; count].join(","));
    let counts = |email: Email| (email.to.len(), email.cc.len());
    check(
        counts,
        &[
            (&crowd("To", 513), (512, 0)),
            (&format!("{}{}", crowd("To", 500), crowd("Cc", 13)), (500, 12)),
            (&format!("{}{}{}", crowd("Cc", 10), crowd("To", 10_000), crowd("Cc", 10)), (502, 10)),
            (&crowd("To", 512), (eml::MOST_RECIPIENTS, 0)),
        ],
    );
}

#[test]
fn dates_are_instants_and_what_does_not_parse_is_none() {
    check(
        |email| email.date.map(|date| date.to_string()),
        &[
            ("Date: Fri, 29 Mar 2019 19:37:21 +0530", Some("2019-03-29T14:07:21Z".into())),
            ("Date: 29 Mar 2019 14:07 GMT", Some("2019-03-29T14:07:00Z".into())),
            ("Date: Fri, 29 Mar 19 14:07:21 -0000 (UTC)", Some("2019-03-29T14:07:21Z".into())),
            ("Date: Sat, 31 Dec 2016 23:59:60 +0000", Some("2017-01-01T00:00:00Z".into())),
            ("Date: yesterday", None),
            ("Date: Fri, 99 Mar 2019 14:07:21 +0000", None),
            ("Date:", None),
        ],
    );
    check(
        |email| email.received.map(|date| date.to_string()),
        &[
            ("Received: from a by b;\n Fri, 29 Mar 2019 14:07:30 +0000\nReceived: from c; never", Some("2019-03-29T14:07:30Z".into())),
            ("Received: from a", None),
        ],
    );
}

#[test]
fn ids_lose_their_brackets() {
    let ids = |email: Email| (email.message_id, email.in_reply_to, email.references.join(" "));
    check(
        ids,
        &[
            ("Message-ID: <1@x>", (Some("1@x".into()), None, String::new())),
            ("message-id: 1@x", (Some("1@x".into()), None, String::new())),
            ("In-Reply-To: <1@x> <2@x>", (None, Some("1@x".into()), String::new())),
            ("In-Reply-To: Your message of Friday", (None, None, String::new())),
            ("In-Reply-To: Your message <1@x> of Friday", (None, Some("1@x".into()), String::new())),
            ("References: <1@x>\n\t<2@x>", (None, None, "1@x".into())),
            ("References: <> <1@x> <2@x>", (None, None, "1@x".into())),
            ("References: <1@x>\nReferences: <2@x>\nIn-Reply-To: <3@x>", (None, Some("3@x".into()), "1@x".into())),
        ],
    );
}

#[test]
fn the_headers_of_the_filters_are_read_as_they_stand() {
    let headers = |text: &str| email(text.as_bytes()).headers;
    let list = headers("List-Id: Fans\n <fans.x.example>\nList-Post: <mailto:fans@x.example>\nList-Unsubscribe: <x>\nPrecedence: list");
    assert_eq!(list.list_id.as_deref(), Some("Fans <fans.x.example>"));
    assert_eq!((list.list_post, list.list_unsubscribe), (true, true));
    assert_eq!((list.list_address.as_deref(), list.precedence.as_deref()), (Some("fans@x.example"), Some("list")));
    let reply_to = headers("List-Post: <mailto:fans@x.example>\nReply-To: fans@x.example, Ada <ada@x.example>").reply_to;
    assert_eq!(reply_to.as_deref(), Some("ada@x.example"));
    assert!(!headers("List-Post: NO").list_post);
    assert_eq!(headers("auto-submitted: auto-replied").auto_submitted.as_deref(), Some("auto-replied"));
    assert_eq!((headers("Return-Path: <>").null_return_path, headers("Return-Path: <a@x>").null_return_path), (true, false));
    assert!(headers("Content-Type: text/calendar; method=REPLY").calendar);
    assert!(!headers("Content-Type: text/plain; name=\"text/calendar\"").calendar);
}

#[test]
fn what_has_no_header_is_refused() {
    for text in ["", "\n", "\r\n\r\nbody", "just words"] {
        assert_eq!(eml::parse(text.as_bytes()), Err(Unreadable::NoHeaders), "{text:?}");
    }
    let flood = "To: a@x.example\n".repeat(eml::HEADERS_LIMIT / 16 + 1);
    assert_eq!(eml::parse(flood.as_bytes()), Err(Unreadable::HeadersTooLarge));
}

#[test]
fn every_tricky_message_is_read_or_refused() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/mime/mail-parser");
    if !folder.exists() {
        // Past the capture of passing tests, so that it is seen.
        let _ = writeln!(std::io::stderr(), "SKIPPED: {} is missing", folder.display());
        return;
    }
    let mut read = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        read += usize::from(eml::parse(&bytes).is_ok());
        for cut in (0..bytes.len()).step_by(bytes.len() / 40 + 1) {
            let _ = eml::parse(&bytes[..cut]);
        }
    }
    assert!(read >= 100, "{read} of 107");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_header_makes_it_panic(
        name in "(From|To|Cc|Date|Message-ID|References|Reply-To|List-Id|List-Post|Received|Content-Type|Precedence)",
        value in "([A-Za-z0-9 ,:;<>@()\"=?.+-]|\r?\n |.){0,60}",
        digits in "[0-9A-Za-z:;, +-]{0,40}",
    ) {
        for value in [value, digits] {
            let _ = eml::parse(format!("{name}: {value}").as_bytes());
        }
    }
}
