//! The real data set, read and judged: every field against the table it came with, and the published figures.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;

use connectors::mbox;
use flate2::bufread::MultiGzDecoder;
use ingestion_domain::{Detail, Directory, Email, IgnoredReason, Interaction, Judgement, Side, Source, TenantRules, normalise};
use vocabulary::{Address, Timestamp, UserId};

fn data(path: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/mail").join(path);
    if !path.exists() {
        // Past the capture of passing tests, so that it is seen.
        let _ = writeln!(std::io::stderr(), "SKIPPED: {} is missing", path.display());
        return None;
    }
    Some(path)
}

fn messages() -> Option<Vec<Interaction>> {
    let archive = mbox::open(&data("openbmc-pseudo-headers.mbox.gz")?).unwrap();
    Some(archive.map(|item| item.unwrap().interaction).collect())
}

fn email(interaction: &Interaction) -> &Email {
    match &interaction.detail {
        Some(Detail::Email(email)) => email,
        other => panic!("no email: {other:?}"),
    }
}

#[test]
fn every_field_agrees_with_the_table_of_the_data_set() {
    let (Some(messages), Some(table)) = (messages(), data("openbmc-pseudo-messages.tsv.gz")) else { return };
    let table = BufReader::new(MultiGzDecoder::new(BufReader::new(File::open(table).unwrap())));
    let rows: Vec<String> = table.lines().skip(1).map(Result::unwrap).collect();
    assert_eq!((messages.len(), rows.len()), (22_108, 22_108));

    let local = |address: &str| address.split('@').next().unwrap_or_default().to_owned();
    for (interaction, row) in messages.iter().zip(&rows) {
        let email = email(interaction);
        let locals = |addresses: &[String]| addresses.iter().map(|a| local(a)).collect::<Vec<_>>().join(",");
        let told = [
            email.date.map_or(0, Timestamp::seconds).to_string(),
            email.message_id.as_deref().map(local).unwrap_or_default(),
            email.in_reply_to.as_deref().map(local).unwrap_or_default(),
            local(&email.from),
            locals(&email.to),
            locals(&email.cc),
        ];
        assert_eq!(told.join("\t"), *row);
        assert_eq!(email.headers.list_id.as_deref(), Some("<openbmc.lists.example>"), "{row}");
    }
}

struct People(HashMap<String, Side>);

impl Directory for People {
    fn side(&self, address: &Address) -> Side {
        match self.0.get(address.local()) {
            Some(side) => *side,
            None if address.domain() == "org0035.example" => Side::InsideUnknown,
            None => Side::Outside,
        }
    }

    fn may_be_read(&self, _user: UserId) -> bool {
        true
    }

    fn collects(&self, _: UserId, _: Timestamp) -> bool {
        true
    }
}

fn people() -> Option<People> {
    let table = std::fs::read_to_string(data("openbmc-pseudo-people.tsv")?).unwrap();
    let row = |(index, row): (usize, &str)| {
        let mut fields = row.split('\t');
        let (person, kind, organisation) = (fields.next()?, fields.next()?, fields.next()?);
        match (kind, organisation) {
            ("list", _) => Some((person.to_owned(), Side::List)),
            (_, "org0035") => Some((person.to_owned(), Side::Ours(UserId(index as u64)))),
            _ => None,
        }
    };
    Some(People(table.lines().enumerate().skip(1).filter_map(row).collect()))
}

#[test]
fn the_journal_of_the_data_set_has_14222_messages_with_nobody_of_ours() {
    let (Some(messages), Some(people)) = (messages(), people()) else { return };
    let now = Timestamp::from_seconds(1_780_000_000);
    let rules = TenantRules { window_start: now.plus_days(-3650) };
    let mut kept = 0;
    let mut copies = 0;
    let mut ignored = BTreeMap::new();
    for interaction in &messages {
        match normalise(interaction, &Source::Journal, &people, &rules, now) {
            Judgement::Kept(told) => {
                kept += 1;
                copies += told.copies.len();
            }
            Judgement::Ignored { reason, .. } => *ignored.entry(reason).or_insert(0) += 1,
            Judgement::Malformed(violation) => panic!("{violation:?}"),
        }
    }
    // Counted over the table by a script of its own: 7,831 with somebody of ours and 1 to 50 other people.
    assert_eq!(kept, 7_831);
    assert_eq!(ignored, BTreeMap::from([(IgnoredReason::NobodyOfOurs, 14_222), (IgnoredReason::TooManyPeople, 55)]));
    assert!(copies > kept, "{copies}");
}
