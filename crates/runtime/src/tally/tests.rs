//! What is counted, what is only numbered, and what becomes of it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use vocabulary::{Kind, ManualClock, Reason, UserId};

use super::*;
use crate::{Config, Role};

const METHOD: &str = "test.v1.Probe/Unary";

fn tally(clock: &Arc<ManualClock>, apart: usize) -> Tally {
    Tally { apart, ..Tally::new(clock.clone()) }
}

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(Timestamp::from_seconds(1_780_000_000)))
}

fn by(user: &str) -> Caller {
    let roles = [Role::Seller].into();
    Caller { tenant: None, user: Some(user.to_owned()), roles, kind: CallerKind::User, own_only: false, part: false }
}

fn contoso() -> TenantId {
    TenantId::parse("contoso").unwrap()
}

#[test]
fn an_answer_counts_once_for_each_whom_it_is_about() {
    let clock = clock();
    let tally = tally(&clock, 10);
    let (ada, bob) = (Subject::User(UserId(1)), Subject::User(UserId(2)));
    tally.count(&by("eve@contoso.example"), &contoso(), METHOD, [ada.clone(), bob.clone(), ada.clone()]);
    clock.advance(Duration::from_secs(5));
    tally.count(&by("Eve@Contoso.example"), &contoso(), METHOD, [ada.clone()]);
    tally.count(&Caller { part: true, ..by("eve@contoso.example") }, &contoso(), METHOD, [ada.clone()]);
    tally.count(&Caller::operator(), &contoso(), METHOD, [ada.clone()]);
    let counts = tally.take().unwrap();
    let read = |asker, subject| Read { tenant: contoso(), asker, method: METHOD, subject, day: clock.now().day() };
    let eve = || Asker::User("eve@contoso.example".into());
    assert_eq!(counts.reads[&read(eve(), ada.clone())], Times { count: 2, last: clock.now() });
    assert_eq!(counts.reads[&read(eve(), bob)].count, 1);
    assert_eq!(counts.reads[&read(Asker::Operator, ada)].count, 1);
    assert_eq!((counts.reads.len(), counts.total()), (3, 4));
    assert_eq!(tally.take(), None);
    assert!(!format!("{counts:?}").contains("eve"));
}

#[test]
fn what_is_not_counted_apart_is_still_numbered() {
    let clock = clock();
    let tally = tally(&clock, 2);
    for user in [1, 2, 3, 1, 4] {
        tally.count(&by("eve@contoso.example"), &contoso(), METHOD, [Subject::User(UserId(user))]);
    }
    let counts = tally.take().unwrap();
    assert_eq!((counts.reads.len(), counts.total()), (2, 5));
    assert_eq!(counts.uncounted, [((contoso(), clock.now().day()), 2)].into());
}

#[test]
fn each_day_is_counted_for_itself() {
    let clock = clock();
    let tally = tally(&clock, 10);
    for _ in 0..2 {
        tally.count(&by("eve@contoso.example"), &contoso(), METHOD, [Subject::Everybody]);
        clock.advance(Duration::from_secs(86_400));
    }
    assert_eq!(tally.take().unwrap().reads.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_report_is_sent_until_it_is_taken_in_and_the_last_call_is_in_one() {
    let context = Context::new(Arc::new(Config::default()), clock());
    let tally = Arc::new(tally(&clock(), 10));
    let (taken, sent, down) = (Arc::new(AtomicU64::new(0)), Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(true)));
    let (sum, log, away) = (Arc::clone(&taken), Arc::clone(&sent), Arc::clone(&down));
    let task = tokio::spawn(report(Arc::clone(&tally), context.clone(), move |sequence, counts| {
        log.lock().push((sequence, counts.total()));
        let answer = match away.load(Ordering::Relaxed) {
            true => Err(Fault::new(Kind::Unavailable, Reason::DependencyUnavailable, "down")),
            false => Ok(()),
        };
        if answer.is_ok() {
            sum.fetch_add(counts.total(), Ordering::Relaxed);
        }
        std::future::ready(answer)
    }));
    let count = || tally.count(&by("eve@contoso.example"), &contoso(), METHOD, [Subject::Everybody]);
    count();
    sleep(Duration::from_secs(5)).await;
    assert_eq!(*sent.lock(), [(1, 1), (1, 1)]);
    count();
    down.store(false, Ordering::Relaxed);
    sleep(Duration::from_secs(2)).await;
    assert_eq!(sent.lock()[2..], [(1, 1), (2, 1)]);
    // A call that is still in flight when the process stops is counted too.
    context.stopping.cancel();
    sleep(Duration::from_secs(1)).await;
    assert!(!task.is_finished());
    count();
    context.tasks.close();
    task.await.unwrap();
    assert_eq!((taken.load(Ordering::Relaxed), sent.lock().last().copied()), (3, Some((3, 1))));
}

#[tokio::test(start_paused = true)]
async fn a_process_that_cannot_report_ends_all_the_same() {
    for hangs in [false, true] {
        let context = Context::new(Arc::new(Config::default()), clock());
        let tally = Arc::new(tally(&clock(), 10));
        tally.count(&by("eve@contoso.example"), &contoso(), METHOD, [Subject::Everybody]);
        context.stopping.cancel();
        context.tasks.close();
        let down = move |_, _| async move {
            if hangs {
                std::future::pending::<()>().await;
            }
            Err(Fault::new(Kind::Unavailable, Reason::DependencyUnavailable, "down"))
        };
        timeout(Duration::from_secs(3), report(tally, context, down)).await.unwrap();
    }
}
