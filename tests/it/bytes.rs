//! Every byte that is left of the erased: in the files of every service, in backups, in what was restored from one, in logs and in exported
//! traces; as it lies, and after trying every key that still exists at every place.

mod collector;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aho_corasick::AhoCorasick;
use chacha20poly1305::aead::AeadInOut as _;
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use contracts::consent::v1 as pb;
use contracts::graph::v1::list_introducers_request::Target;
use rapport::client::{Client, told};
use rapport::demo::load;
use sealing::{SlotId, SlotOwner};

use crate::backups::{back_up, everything, restored};
use crate::crash::copy_of;
use crate::erasing::{erase_person, erase_user, erasures, finished, keyring, names_generations};
use crate::fixtures::{grant, introducers, kept, lead, overview, small_company};
use crate::harness::Running;
use collector::Collector;

/// The format byte of a sealed value (`sealing::seal`, `sealing::seal_compressed`), its nonce behind it.
const PLAIN: u8 = 1;
const COMPRESSED: u8 = 2;
const NONCE: usize = 24;
/// How much of what follows is deciphered: all that a row may hold. Under a mailbox's keys the views keep ids only, so that less will do.
const LOOK: usize = 6 << 10;
const LOOK_MAILBOX: usize = 512;
/// The length that stands before what is compressed, and what no value of a store exceeds by far.
const LENGTH: usize = 4;
const LONGEST: usize = 1 << 20;

/// What must not be found.
struct Markers {
    texts: Vec<String>,
    search: AhoCorasick,
}

impl Markers {
    fn of<'a>(texts: impl IntoIterator<Item = &'a String>) -> Self {
        let texts: Vec<_> = texts.into_iter().cloned().collect();
        assert!(texts.iter().all(|marker| marker.len() > 8), "too short to be told from chance");
        let search = AhoCorasick::builder().ascii_case_insensitive(true).build(&texts).unwrap();
        Self { texts, search }
    }

    fn lie_in(&self, bytes: &[u8]) -> bool {
        self.search.is_match(bytes)
    }

    /// One by one.
    fn each(&self) -> impl Iterator<Item = Self> {
        self.texts.iter().map(|text| Self::of([text]))
    }
}

/// Every file under these, with its bytes.
fn files(paths: &[&Path]) -> Vec<(PathBuf, Vec<u8>)> {
    let mut waiting: Vec<PathBuf> = paths.iter().map(|path| path.to_path_buf()).collect();
    let mut files = Vec::new();
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.is_file() {
            let bytes = fs::read(&path).unwrap();
            files.push((path, bytes));
        }
    }
    assert!(!files.is_empty());
    files
}

/// A key, and how many bytes of what is sealed under it are looked at.
struct Tried(XChaCha20Poly1305, usize);

/// Every key that exists in the keyring of a stopped suite.
fn keys(data: &Path) -> Vec<Tried> {
    let keyring = keyring(data);
    let tried = |slot: &SlotId| {
        let look = if matches!(slot.owner, SlotOwner::Mailbox { .. }) { LOOK_MAILBOX } else { LOOK };
        Tried(XChaCha20Poly1305::new(keyring.get(slot).unwrap().as_bytes().into()), look)
    };
    keyring.slots().map(tried).collect()
}

/// What a key makes of the bytes behind a nonce. The cipher is a stream: enciphering once more deciphers, whatever the tag would say.
fn turned(key: &XChaCha20Poly1305, nonce: [u8; NONCE], bytes: &[u8]) -> Vec<u8> {
    let mut turned = bytes.to_vec();
    key.encrypt_inout_detached(&XNonce::from(nonce), &[], turned.as_mut_slice().into()).unwrap();
    turned
}

/// As much of an LZ4 block as makes sense: it may be cut off, or none.
fn expanded(block: &[u8], length: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = block.iter().copied();
    let mut sequence = || -> Option<()> {
        let long = |nibble: u8, rest: &mut dyn Iterator<Item = u8>| -> Option<usize> {
            let mut length = usize::from(nibble);
            let mut more = nibble == 15;
            while more {
                let next = rest.next()?;
                length += usize::from(next);
                more = next == 255;
            }
            Some(length)
        };
        let token = rest.next()?;
        for _ in 0..long(token >> 4, &mut rest)? {
            out.push(rest.next()?);
        }
        let back = usize::from(u16::from_le_bytes([rest.next()?, rest.next()?]));
        let from = out.len().checked_sub(back).filter(|_| back > 0)?;
        for at in from..from + long(token & 15, &mut rest)? + 4 {
            out.push(out[at]);
        }
        (out.len() < length).then_some(())
    };
    while sequence().is_some() {}
    out
}

/// What a key shows at a place where a sealed value may begin.
fn shown(Tried(key, look): &Tried, bytes: &[u8], at: usize) -> Vec<u8> {
    let nonce: [u8; NONCE] = bytes[at + 1..at + 1 + NONCE].try_into().unwrap();
    let sealed = &bytes[at + 1 + NONCE..];
    if bytes[at] == PLAIN {
        return turned(key, nonce, &sealed[..sealed.len().min(*look)]);
    }
    let length = turned(key, nonce, &sealed[..sealed.len().min(LENGTH)]);
    let length = length.try_into().map_or(0, u32::from_le_bytes) as usize;
    if !(1..LONGEST).contains(&length) {
        return Vec::new();
    }
    expanded(&turned(key, nonce, &sealed[..sealed.len().min(LOOK)])[LENGTH..], length)
}

/// The files in which a marker shows once any of the keys is tried at any place where a sealed value may begin: what was deleted counts, and
/// what was cut off at its end, and whatever it is bound to.
fn deciphered(files: &[(PathBuf, Vec<u8>)], keys: &[Tried], markers: &Markers) -> Vec<PathBuf> {
    let shows = |bytes: &[u8], at: usize| keys.iter().any(|key| markers.lie_in(&shown(key, bytes, at)));
    let begins = |bytes: &[u8], at: usize| matches!(bytes[at], PLAIN | COMPRESSED);
    let found = files.iter().filter(|(_, bytes)| {
        let last = bytes.len().saturating_sub(1 + NONCE + LENGTH);
        (0..last).any(|at| begins(bytes, at) && shows(bytes, at))
    });
    found.map(|(path, _)| path.clone()).collect()
}

fn one_of(client: &Client, number: u64) -> pb::GetErasureRequest {
    pb::GetErasureRequest { tenant_id: client.tenant.clone(), number }
}

async fn acknowledge(client: &Client, number: u64, application_id: String) {
    let request = pb::AcknowledgeErasureRequest { tenant_id: client.tenant.clone(), application_id, number };
    told(erasures(client).acknowledge_erasure(request).await).unwrap();
}

fn in_clear(files: &[(PathBuf, Vec<u8>)], markers: &Markers) -> Vec<PathBuf> {
    files.iter().filter(|(_, bytes)| markers.lie_in(bytes)).map(|(path, _)| path.clone()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_left_of_the_erased_in_any_byte_under_any_key() {
    let directory = Arc::new(tempfile::tempdir().unwrap());
    let (data, logs) = (directory.path().join("data"), directory.path().join("logs"));
    let backups = tempfile::tempdir().unwrap();
    let (before, after) = (backups.path().join("before"), backups.path().join("after"));
    let collector = Collector::serve().await;
    let settings = ["telemetry.log=debug,h2=info".to_owned(), format!("telemetry.otlp_endpoint={}", collector.uri)];
    let start = || {
        Running::in_five_processes_logging(
            Arc::clone(&directory),
            &settings,
            File::options().create(true).append(true).open(&logs).unwrap(),
        )
    };

    let company = small_company();
    let running = start();
    let client = running.client(&company.tenant.id);
    load::company(&client, &company).await.unwrap();
    let granted = grant(&client).await.unwrap();
    let read = load::mailboxes(&client, &company, &granted.revision).await.unwrap();
    let named = || lead(&company.stories.lead.lead_id);
    let record = kept(&client, named()).await.unwrap();
    let knows = introducers(&client, Target::Record(named()), &read.revision).await.unwrap();
    let user = company.users.iter().find(|user| user.addresses[0] == knows[0].address).unwrap();
    overview(&client, named(), &read.revision).await.unwrap();
    let markers = Markers::of(record.addresses.iter().chain(&user.addresses));
    back_up(&data, &before).await.unwrap();
    running.stop().await;

    // Today the keys open them, in the stores and in the backup: whoever looks like this finds what is there.
    let today = deciphered(&files(&[&data, &before]), &keys(&data), &markers);
    let finds_in = |part: &str| today.iter().any(|path| path.to_str().unwrap().contains(part));
    for part in ["data/consent", "data/ingestion", "data/analytics/records", "before/"] {
        assert!(finds_in(part), "nothing is found in {part}: {today:?}");
    }
    for marker in markers.each() {
        assert!(!deciphered(&files(&[&before]), &keys(&data), &marker).is_empty(), "one of the erased is not found");
    }

    let running = start();
    let client = running.client(&company.tenant.id);
    let (one, other) =
        (erase_user(&client, &user.addresses[0]).await.unwrap(), erase_person(&client, &record.addresses, false).await.unwrap());
    for number in [one.erasure.unwrap().number, other.erasure.unwrap().number] {
        let erasure = finished(&client, number).await;
        // What applications are to be told is kept until they have acknowledged, and then its key goes too.
        assert!(!erasure.notices.is_empty());
        for notice in erasure.notices {
            acknowledge(&client, number, notice.application_id).await;
        }
        while told(erasures(&client).get_erasure(one_of(&client, number)).await).unwrap().erasure.unwrap().names_generation
            == erasure.names_generation
        {}
    }
    running.stop().await;
    // The last replacement of the key ends by itself.
    while names_generations(&data).len() > 1 {
        let running = start();
        tokio::time::sleep(Duration::from_secs(1)).await;
        running.stop().await;
    }
    let running = start();
    back_up(&data, &after).await.unwrap();
    running.stop().await;

    // What was put back from before, once it has brought itself in line.
    let other_place = copy_of(&directory);
    restored(everything(&before, &other_place.path().join("data"))).await.unwrap();
    let restored = Running::in_a_child(Arc::clone(&other_place));
    let client = restored.client(&company.tenant.id);
    let gone = overview(&client, named(), &read.revision).await;
    assert!(gone.is_err(), "{gone:?}");
    restored.stop().await;

    let places = [data.as_path(), before.as_path(), after.as_path(), &other_place.path().join("data"), &logs];
    let left = files(&places);
    let bytes: usize = left.iter().map(|(_, bytes)| bytes.len()).sum();
    assert_eq!(in_clear(&left, &markers), Vec::<PathBuf>::new());
    let keys: Vec<_> = keys(&data).into_iter().chain(keys(&other_place.path().join("data"))).collect();
    assert_eq!(deciphered(&left, &keys, &markers), Vec::<PathBuf>::new());

    let (said, traced) = (fs::read(&logs).unwrap(), collector.received());
    assert!(said.len() > 10_000 && traced.len() > 10_000, "{} bytes of logs and {} of traces prove nothing", said.len(), traced.len());
    let shows = |bytes: &[u8], text: &str| AhoCorasick::new([text]).unwrap().is_match(bytes);
    assert!(shows(&traced, "GraphService/ListIntroducers") && shows(&said, "decided"));
    assert!(!markers.lie_in(&traced), "an exported trace names somebody");
    println!("{} keys tried at every place of {} files, {bytes} bytes; {} bytes of traces", keys.len(), left.len(), traced.len());
}
