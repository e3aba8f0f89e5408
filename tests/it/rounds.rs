//! Fifty withdrawals against real processes that are paused, killed, cut off or slow, under readers and a writer that never stop. Every
//! request is recorded with the instant before it was sent; none that was sent after an answer may see, or store, what it covered.

pub mod field;

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use contracts::ingestion::v1 as pb;
use contracts::ingestion::v1::ingestion_service_client::IngestionServiceClient;
use ingestion_domain::{Detail, Interaction};
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rapport::client::Client;
use rapport::convert;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_stream::wrappers::ReceiverStream;
use vocabulary::{Clock, SystemClock};

use crate::fixtures::{Known, introducers, opt_out, overview, small_company};
use field::{Field, HOLDERS};

const ROUNDS: usize = 50;
const READERS: usize = 4;
/// How long everybody goes on after an answer, at least.
const AFTERWARDS: Duration = Duration::from_millis(200);
const PATIENCE: Duration = Duration::from_secs(30);

/// What happens around a withdrawal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Trouble {
    None,
    /// One holder stands still from before the withdrawal until after its answer.
    Paused(usize),
    AllPaused,
    /// Consent itself stands still for longer than a lease.
    ConsentPaused,
    /// A holder is killed in the middle and starts again.
    Killed(usize),
    /// Every holder's connection to consent breaks in the middle.
    Dropped,
    /// What is said between consent and holders arrives late, after the answer.
    KeptBack,
}

impl Trouble {
    const ALL: [Self; 11] = [
        Self::None,
        Self::Paused(0),
        Self::Paused(1),
        Self::Paused(2),
        Self::AllPaused,
        Self::ConsentPaused,
        Self::Killed(0),
        Self::Killed(1),
        Self::Killed(2),
        Self::Dropped,
        Self::KeptBack,
    ];

    fn paused(self) -> Vec<&'static str> {
        match self {
            Self::Paused(holder) => vec![HOLDERS[holder]],
            Self::AllPaused => HOLDERS.to_vec(),
            _ => Vec::new(),
        }
    }
}

/// One request, as it was seen from outside.
#[derive(Clone, Copy, Debug)]
struct Seen {
    /// Boot time before it was sent.
    begun: Duration,
    what: What,
    /// Whether the answer shows, or stores, what the mailbox told; absent: there was none.
    told: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Relationship,
    Introducers,
    Ingest,
}

struct Record {
    seen: Mutex<Vec<Seen>>,
    over: AtomicBool,
}

impl Record {
    fn note(&self, begun: Duration, what: What, told: Option<bool>) {
        self.seen.lock().unwrap().push(Seen { begun, what, told });
    }

    fn goes_on(&self) -> bool {
        !self.over.load(Ordering::Relaxed)
    }

    /// How many requests that began in this time were answered: with what the mailbox told, and without.
    fn within(&self, time: &Range<Duration>, what: What) -> (usize, usize) {
        let seen = self.seen.lock().unwrap();
        let told = |told| seen.iter().filter(|seen| seen.what == what && time.contains(&seen.begun) && seen.told == Some(told)).count();
        (told(true), told(false))
    }
}

fn now() -> Duration {
    SystemClock.boot_time()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_withdrawals_bind_every_process_whatever_happens_to_it() {
    let field = Arc::new(Field::start().await);
    let company = small_company();
    let client = Client { link: field.gateway.clone(), tenant: company.tenant.id.clone() };
    let known = Known::of(&client, &company).await;
    let record = Arc::new(Record { seen: Mutex::default(), over: AtomicBool::new(false) });
    let mut everybody = JoinSet::new();
    for reader in 0..READERS {
        everybody.spawn(read(client.clone(), known.clone(), Arc::clone(&record), reader % 2 == 0));
    }
    everybody.spawn(write(client.clone(), known.mailbox.clone(), Arc::clone(&record)));

    let mut dice = StdRng::seed_from_u64(50);
    let mut troubles = Vec::new();
    while troubles.len() < ROUNDS {
        let mut all = Trouble::ALL;
        all.shuffle(&mut dice);
        troubles.extend(all);
    }
    let mut withdrawn = Vec::new();
    for trouble in &troubles[..ROUNDS] {
        let opened = now();
        known.bring_back(&client).await;
        let answered = withdraw(&field, &client, &known, *trouble, dice.random_range(0..80)).await;
        tokio::time::sleep(AFTERWARDS).await;
        let clean = async {
            let answers = |what| record.within(&(answered..now()), what).1 > 0;
            while !(answers(What::Relationship) && answers(What::Introducers) && answers(What::Ingest)) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let recovered = tokio::time::timeout(PATIENCE, clean).await;
        assert!(recovered.is_ok(), "{trouble:?}: nobody answers any more");
        withdrawn.push((*trouble, opened..answered, answered..now()));
    }
    record.over.store(true, Ordering::Relaxed);
    everybody.join_all().await;
    let [open, after] = judge(&record, &withdrawn);
    let unanswered = record.seen.lock().unwrap().iter().filter(|seen| seen.told.is_none()).count();
    println!("{ROUNDS} rounds; requests that saw or stored it while open (relationship, introducers, ingest): {open:?}");
    println!("requests after an answer, none of which did: {after:?}; unanswered over all: {unanswered}");
    assert!(open.iter().chain(&after).all(|count| *count > ROUNDS), "too few requests prove nothing: {open:?} {after:?}");
}

/// Withdraws in the midst of the trouble; the boot time after the answer.
async fn withdraw(field: &Arc<Field>, client: &Client, known: &Known, trouble: Trouble, millis: u64) -> Duration {
    trouble.paused().iter().for_each(|area| field.pause(area, true));
    field.keep_back(trouble == Trouble::KeptBack);
    let midst = {
        let field = Arc::clone(field);
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(millis)).await;
            match trouble {
                Trouble::ConsentPaused => {
                    field.pause("consent", true);
                    tokio::time::sleep(Duration::from_millis(2_500)).await;
                    field.pause("consent", false);
                }
                Trouble::Killed(holder) => tokio::task::block_in_place(|| field.kill_and_start(HOLDERS[holder])),
                Trouble::Dropped => field.drop_connections(),
                _ => {}
            }
        })
    };
    opt_out(client, &known.address).await.unwrap_or_else(|fault| panic!("{trouble:?}: {fault}"));
    let answered = now();
    midst.await.unwrap();
    if !trouble.paused().is_empty() || trouble == Trouble::KeptBack {
        // They wake up when they have nothing but what they knew.
        tokio::time::sleep(AFTERWARDS).await;
    }
    trouble.paused().iter().for_each(|area| field.pause(area, false));
    field.keep_back(false);
    answered
}

async fn read(client: Client, known: Known, record: Arc<Record>, relationship: bool) {
    while record.goes_on() {
        let begun = now();
        if relationship {
            let told = overview(&client, known.record(), "").await.ok().and_then(|overview| overview.relationship);
            let mails = told.and_then(|told| told.kpis).map(|kpis| kpis.emails_sent + kpis.emails_received);
            record.note(begun, What::Relationship, mails.map(|mails| mails > known.mails_without));
        } else {
            let told = introducers(&client, known.target(), "").await.ok();
            record.note(begun, What::Introducers, told.map(|told| told.iter().any(|one| one.address == known.address)));
        }
        // Two cores for five processes and everybody who asks them.
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Sends one new interaction of the mailbox after the other on one stream, for as long as the stream lives.
async fn write(client: Client, mailbox: synthetic::Mailbox, record: Arc<Record>) {
    let mut sequence = 0;
    while record.goes_on() {
        let (sender, requests) = mpsc::channel(1);
        let mut service = IngestionServiceClient::new(client.link.clone());
        let Ok(answers) = service.ingest(ReceiverStream::new(requests)).await else {
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        let mut answers = answers.into_inner();
        while record.goes_on() {
            sequence += 1;
            let request = pb::IngestRequest {
                tenant_id: client.tenant.clone(),
                source: Some(pb::BatchSource { source: Some(pb::batch_source::Source::Mailbox(mailbox.address.clone())) }),
                interactions: vec![convert::interaction(another(&mailbox.interactions, sequence))],
                sequence,
                ..Default::default()
            };
            let begun = now();
            if sender.send(request).await.is_err() {
                break;
            }
            match answers.message().await {
                Ok(Some(answer)) => record.note(begun, What::Ingest, Some(answer.outcome.is_some_and(|outcome| outcome.accepted > 0))),
                // NO_CONSENT ends the stream: an answer too, and the only one there is to this message.
                Err(status) if runtime::fault_of(&status).reason == vocabulary::Reason::NoConsent => {
                    record.note(begun, What::Ingest, Some(false));
                    // A connection on which streams end early by the hundred a second is closed, as a flood.
                    tokio::time::sleep(Duration::from_millis(40)).await;
                    break;
                }
                Ok(None) | Err(_) => break,
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// The next mail of the mailbox, under another Message-ID.
fn another(interactions: &[Interaction], number: u64) -> Interaction {
    let mails: Vec<_> = interactions.iter().filter(|one| matches!(one.detail, Some(Detail::Email(_)))).collect();
    let mut interaction = mails[number as usize % mails.len()].clone();
    if let Some(Detail::Email(email)) = &mut interaction.detail {
        email.message_id = Some(format!("<another-{number}@rounds.example>"));
    }
    interaction
}

/// No request that began after an answer, and before the mailbox was asked for again, saw or stored anything of it. How many did while it
/// was open, and how many were answered afterwards, of each kind.
fn judge(record: &Record, withdrawn: &[(Trouble, Range<Duration>, Range<Duration>)]) -> [[usize; 3]; 2] {
    let mut open = [0; 3];
    let mut after = [0; 3];
    for (round, (trouble, before, afterwards)) in withdrawn.iter().enumerate() {
        for (place, what) in [What::Relationship, What::Introducers, What::Ingest].into_iter().enumerate() {
            let (told, clean) = record.within(afterwards, what);
            assert_eq!(told, 0, "round {round}, {trouble:?}: {told} requests ({what:?}) after the answer");
            after[place] += clean;
            open[place] += record.within(before, what).0;
        }
    }
    [open, after]
}
