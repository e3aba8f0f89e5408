//! After a restart, and after a crash anywhere, a view holds what one that was never disturbed holds.

use feed::Pace;
use vocabulary::Reason;
use vocabulary::revision::Part;

use crate::process::{AT_ONCE, NEVER, open, until};
use crate::rows;
use crate::world::{CRM, TENANT, World};

#[tokio::test]
async fn chunks_cursor_and_replay_give_the_same_fold() {
    let world = World::new();
    for round in 0..4 {
        let view = world.start().await;
        for number in 0..8 {
            world.mail(number % 4, [round * 100 + number, round * 100 + 50 + number]);
        }
        assert_eq!(world.check(&view).await.len() as u64, (round + 1) * 16);
        view.stop().await;
        let view = world.start().await;
        world.check(&view).await;
        assert_eq!(rows::cursor(view.store()).position, (round + 1) * 8);
        assert!(world.reader(&view).await.fold().told.len() as u64 == (round + 1) * 16, "nothing is replayed");
        view.stop().await;
    }
}

#[tokio::test]
async fn a_crash_between_folding_and_writing_loses_nothing() {
    let world = World::new();
    for round in 0..5 {
        let limit = [1_000, 1, 3, 5, 1_000][round as usize];
        let view = world.start_at(Pace { pending_limit: limit, ..NEVER }).await;
        for number in 0..8 {
            world.mail(number % 4, [round * 100 + number]);
        }
        if round % 2 == 0 {
            assert_eq!(world.check(&view).await.len() as u64, (round + 1) * 8);
        }
        view.crash();
    }
    let view = world.start().await;
    assert_eq!(world.check(&view).await.len(), 40);
    let reader = world.reader(&view).await;
    assert_eq!(reader.fold().told.len(), 40, "no chunk holds what is replayed");
}

#[tokio::test]
async fn an_entry_is_in_a_chunk_or_after_the_cursor() {
    let world = World::new();
    let view = world.start_at(AT_ONCE).await;
    for number in 0..20 {
        world.mail(1 + number % 3, [number]);
    }
    world.check(&view).await;
    view.crash();
    let store = open(&world.folder()).await;
    let written = (1..=3).map(|user| rows::chunks(&store, TENANT, user).len() as u64).sum::<u64>();
    assert!(written >= rows::cursor(&store).position.div_ceil(3), "a message has up to three blocks");
    drop(store);
    assert_eq!(world.check(&world.start().await).await.len(), 20);
}

#[tokio::test]
async fn a_chunk_that_does_not_open_is_folded_anew_from_the_log() {
    for user in [CRM, 1] {
        for crash in [true, false] {
            let world = World::new();
            for number in 0..10 {
                world.mail(number % 3, [number]);
            }
            let view = world.start_at(AT_ONCE).await;
            assert_eq!(world.check(&view).await.len(), 10);
            view.stop().await;
            let store = open(&world.folder()).await;
            rows::damage(&store, TENANT, user).await;
            drop(store);
            let view = world.start().await;
            assert_eq!(world.check(&view).await.len(), 10);
            if crash {
                view.crash();
            } else {
                view.stop().await;
            }
            let view = world.start().await;
            assert_eq!(world.check(&view).await.len(), 10);
        }
    }
}

#[tokio::test]
async fn a_new_log_builds_the_view_anew() {
    for running in [true, false] {
        let world = World::new();
        for number in 0..8 {
            world.mail(number % 4, [number]);
        }
        let view = world.start_at(AT_ONCE).await;
        assert_eq!(world.check(&view).await.len(), 8);
        let old = world.log.revision();
        let view = if running {
            Some(view)
        } else {
            view.stop().await;
            None
        };
        world.log.replace();
        world.mail(1, [101]);
        world.mail(CRM, [102]);
        let view = if let Some(view) = view { view } else { world.start_at(AT_ONCE).await };
        let new = world.log.revision();
        // Until the view has noticed, the new log is the other one.
        until(|| view.view.revision() == new).await;
        assert_eq!(world.check(&view).await, [102, 101]);
        let refused = view.reader(TENANT, world.consent.position(), &old).await.err().unwrap();
        assert_eq!(refused.reason, Reason::RevisionLost);
        view.stop().await;
        let view = world.start().await;
        assert_eq!(world.check(&view).await, [102, 101]);
        assert_eq!(rows::chunks(view.store(), TENANT, 2), [] as [u32; 0]);
        assert_eq!(Some(rows::cursor(view.store()).incarnation), new.point(Part::Log).map(|point| point.incarnation));
    }
}

#[tokio::test]
async fn a_new_log_leaves_no_place_of_the_old_one() {
    let world = World::new();
    let view = world.start().await;
    world.check(&view).await;
    let sealed = world.consent.position();
    world.consent.hold(TENANT, 1);
    world.sealed_at(sealed, TENANT, 1, 1, [1]);
    world.check(&view).await;
    view.stop().await;
    world.log.replace();
    let view = world.start().await;
    world.check(&view).await;
    assert_eq!(rows::place(view.store(), TENANT, 1), None);
    world.sealed_at(sealed, TENANT, 1, 1, [2]);
    world.check(&view).await;
    world.consent.release(TENANT, 1);
    assert_eq!(world.check(&view).await, [2]);
}

#[tokio::test]
async fn many_entries_take_many_chunks_and_come_back() {
    let world = World::new();
    for block in 0..30 {
        world.mail(1 + block % 2, block * 60..block * 60 + 60);
    }
    let view = world.start().await;
    assert_eq!(world.check(&view).await.len(), 1_800);
    view.stop().await;
    let view = world.start().await;
    assert_eq!(world.check(&view).await.len(), 1_800);
    assert!(rows::chunks(view.store(), TENANT, 1).len() > 1);
    world.consent.destroy(TENANT, 1);
    assert_eq!(world.check(&view).await.len(), 900);
    assert!(rows::chunks(view.store(), TENANT, 1).is_empty());
}
