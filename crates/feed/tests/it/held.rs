//! A held mailbox is forgotten, keeps its rows and its place, and is whole again when it returns.

use std::time::Duration;

use feed::Pace;
use vocabulary::{Reason, Revision};

use crate::log::{ALL_BLOCKS, Service};
use crate::process::{AT_ONCE, NEVER, until};
use crate::rows;
use crate::world::{CRM, TENANT, World};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Meanwhile {
    Nothing,
    Stop,
    Crash,
}

/// Something written, something pending, something that arrives while held; then it returns.
async fn check(pace: Pace, meanwhile: Meanwhile) {
    let world = World::new();
    world.mail(1, [1]);
    world.mail(2, [2]);
    let view = world.start().await;
    world.check(&view).await;
    view.stop().await;
    let view = world.start_at(pace).await;
    world.mail(1, [3]);
    world.mail(1, [4]);
    world.mail(2, [5]);
    assert_eq!(world.check(&view).await, [1, 3, 4, 2, 5]);
    let sealed = world.consent.position();

    world.consent.hold(TENANT, 1);
    assert_eq!(world.check(&view).await, [2, 5]);
    assert!(!rows::chunks(view.store(), TENANT, 1).is_empty(), "its rows stay");
    world.sealed_at(sealed, TENANT, 1, 1, [6]);
    world.mail(2, [7]);
    assert_eq!(world.check(&view).await, [2, 5, 7]);
    let view = match meanwhile {
        Meanwhile::Nothing => view,
        Meanwhile::Stop => view.stop_and_start(&world, pace).await,
        Meanwhile::Crash => view.crash_and_start(&world, pace).await,
    };
    if meanwhile != Meanwhile::Nothing {
        assert_eq!(world.check(&view).await, [2, 5, 7]);
        world.sealed_at(sealed, TENANT, 1, 1, [8]);
        assert_eq!(world.check(&view).await, [2, 5, 7]);
    }

    world.consent.release(TENANT, 1);
    let whole = if meanwhile == Meanwhile::Nothing { vec![1, 3, 4, 6, 2, 5, 7] } else { vec![1, 3, 4, 6, 8, 2, 5, 7] };
    assert_eq!(world.check(&view).await, whole);
    world.mail(1, [9]);
    assert_eq!(world.check(&view).await.len(), whole.len() + 1);
    view.stop().await;
    let view = world.start().await;
    assert_eq!(world.check(&view).await.len(), whole.len() + 1);
    assert_eq!(rows::place(view.store(), TENANT, 1), None, "its place is given up");
    // Nothing was written twice.
    let reader = world.reader(&view).await;
    let fold = reader.fold();
    assert_eq!(fold.told.len(), fold.held.len());
}

#[tokio::test]
async fn a_held_mailbox_is_whole_again_when_it_returns() {
    check(NEVER, Meanwhile::Nothing).await;
    check(AT_ONCE, Meanwhile::Nothing).await;
}

#[tokio::test]
async fn a_held_mailbox_is_whole_again_though_its_process_stopped() {
    check(NEVER, Meanwhile::Stop).await;
    check(AT_ONCE, Meanwhile::Stop).await;
}

#[tokio::test]
async fn a_held_mailbox_is_whole_again_though_its_process_died() {
    check(NEVER, Meanwhile::Crash).await;
    check(AT_ONCE, Meanwhile::Crash).await;
}

#[tokio::test]
async fn what_is_folded_again_is_folded_once() {
    let world = World::new();
    let view = world.start_at(Pace { pending_limit: 3, ..NEVER }).await;
    for number in 0..30 {
        world.mail(1 + number % 2, [number]);
    }
    world.check(&view).await;
    let before = world.reader(&view).await.fold().told.len();
    assert_eq!(before, 30);
    for round in 1..=3 {
        world.consent.hold(TENANT, 1);
        world.check(&view).await;
        world.consent.release(TENANT, 1);
        assert_eq!(world.check(&view).await.len(), 30);
        assert_eq!(world.reader(&view).await.fold().told.len(), before + round * 15);
    }
}

#[tokio::test]
async fn what_another_purpose_sealed_meanwhile_stays_hidden() {
    for restart in [false, true] {
        let world = World::new();
        world.mail(1, [1]);
        let mut view = world.start().await;
        world.check(&view).await;
        world.consent.hold(TENANT, 1);
        world.mail(1, [2]);
        assert!(world.check(&view).await.is_empty());
        if restart {
            view.stop().await;
            view = world.start().await;
            assert!(world.check(&view).await.is_empty());
        }
        world.consent.release_from_now(TENANT, 1);
        world.mail(1, [3]);
        assert_eq!(world.check(&view).await, [1, 3]);
        view.stop().await;
        assert_eq!(world.check(&world.start().await).await, [1, 3]);
    }
}

#[tokio::test]
async fn a_mailbox_that_was_held_and_returned_unseen_is_as_if_it_never_was() {
    for running in [true, false] {
        let world = World::new();
        world.mail(1, [1]);
        let mut view = Some(world.start().await);
        world.check(view.as_ref().unwrap()).await;
        let sealed = world.consent.position();
        world.consent.withhold();
        if !running {
            view.take().unwrap().stop().await;
        }
        world.consent.hold(TENANT, 1);
        world.sealed_at(sealed, TENANT, 1, 1, [2]);
        world.consent.release(TENANT, 1);
        world.consent.tell();
        let view = if let Some(view) = view { view } else { world.start().await };
        world.mail(1, [3]);
        assert_eq!(world.check(&view).await, [1, 2, 3]);
    }
}

#[tokio::test]
async fn a_mailbox_that_is_held_again_while_it_is_folded_again_loses_nothing() {
    for pace in [NEVER, AT_ONCE] {
        let world = World::new();
        for number in 0..20 {
            world.mail(1, [number]);
        }
        let view = world.start_at(pace).await;
        world.check(&view).await;
        for number in 20..40 {
            world.mail(1, [number]);
            world.consent.hold(TENANT, 1);
            if number % 3 == 0 {
                world.log.following(Service::Down);
                world.log.following(Service::Up);
            }
            world.consent.release(TENANT, 1);
        }
        assert_eq!(world.check(&view).await.len(), 40);
        view.crash();
        assert_eq!(world.check(&world.start().await).await.len(), 40);
    }
}

#[tokio::test]
async fn decisions_that_race_with_blocks_lose_nothing() {
    for pace in [NEVER, AT_ONCE, Pace { pending_limit: 7, ..NEVER }] {
        let world = World::new();
        let view = world.start_at(pace).await;
        world.check(&view).await;
        let consent = world.consent.clone();
        let deciding = tokio::task::spawn_blocking(move || {
            for round in 0..400 {
                consent.hold(TENANT, 1 + round % 3);
                consent.release(TENANT, 1 + round % 3);
            }
        });
        for number in 0..600 {
            world.mail(1 + number % 3, [number]);
            tokio::task::yield_now().await;
        }
        deciding.await.unwrap();
        assert_eq!(world.check(&view).await.len(), 600);
        let view = view.crash_and_start(&world, pace).await;
        assert_eq!(world.check(&view).await.len(), 600);
        let view = view.stop_and_start(&world, pace).await;
        assert_eq!(world.check(&view).await.len(), 600);
    }
}

#[tokio::test]
async fn a_mailbox_that_returns_while_another_is_folded_again_may_begin_before_it() {
    let world = World::new();
    let view = world.start().await;
    for number in 1..=9 {
        world.mail(if number < 6 { 1 } else { 2 }, [number]);
    }
    world.check(&view).await;
    let before = view.permit(TENANT, world.consent.position()).await;
    world.consent.hold(TENANT, 1);
    world.consent.hold(TENANT, 2);
    assert!(world.check(&view).await.is_empty());
    world.log.following(Service::Silent);
    world.consent.release(TENANT, 2);
    world.log.until_followed(5).await;
    // Who asks with a permit from before is not told half either.
    let half = view.view.reader(&before, &Revision::default(), Duration::from_millis(20)).await.err().unwrap();
    assert_eq!(half.reason, Reason::RevisionNotReached);
    world.consent.release(TENANT, 1);
    world.log.until_followed(0).await;
    world.log.following(Service::Up);
    assert_eq!(world.check(&view).await.len(), 9);
    let view = view.stop_and_start(&world, NEVER).await;
    assert_eq!(world.check(&view).await.len(), 9);
}

#[tokio::test]
async fn a_decision_takes_effect_in_the_middle_of_a_message() {
    const MANY: u64 = 4_000;
    let world = World::new();
    let view = world.start().await;
    world.check(&view).await;
    let sealed = world.consent.position();
    world.consent.hold(TENANT, 1);
    let reader = world.reader(&view).await;
    world.log.following(Service::Hanging);
    world.log.blocks_a_message(ALL_BLOCKS);
    for number in 1..MANY {
        world.mail(CRM, [number]);
    }
    world.sealed_at(sealed, TENANT, 1, 1, [MANY]);
    world.log.following(Service::Up);
    until(|| reader.fold().told.len() > 10).await;
    world.consent.release(TENANT, 1);
    assert_eq!(world.check(&view).await.len() as u64, MANY);
    let view = view.stop_and_start(&world, NEVER).await;
    assert_eq!(world.check(&view).await.len() as u64, MANY);
}
