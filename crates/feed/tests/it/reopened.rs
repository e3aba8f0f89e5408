//! A purpose that was closed and opened again in a generation that another purpose kept alive has a new key, and only what came since.

use std::time::Duration;

use crate::process::{AT_ONCE, NEVER};
use crate::rows;
use crate::world::{TENANT, World};

#[derive(Clone, Copy, Debug, PartialEq)]
enum How {
    Seen,
    AtOnce,
    WithoutStream,
    Stopped,
    Crashed,
}

async fn check(how: How, written: bool) {
    let pace = if written { AT_ONCE } else { NEVER };
    let world = World::new();
    world.mail(1, [1, 2]);
    world.mail(2, [3]);
    let mut view = Some(world.start_at(pace).await);
    assert_eq!(world.check(view.as_ref().unwrap()).await, [1, 2, 3]);
    let before = world.consent.position();
    match how {
        How::Seen => {}
        How::AtOnce => world.consent.withhold(),
        How::WithoutStream => world.consent.down(),
        How::Stopped => view.take().unwrap().stop().await,
        How::Crashed => view.take().unwrap().crash(),
    }
    world.consent.destroy(TENANT, 1);
    world.mail(1, [4]);
    if how == How::Seen {
        assert_eq!(world.check(view.as_ref().unwrap()).await, [3]);
    }
    world.consent.reopen(TENANT, 1);
    world.mail(1, [5]);
    world.consent.tell();
    world.consent.up();
    let view = if let Some(view) = view { view } else { world.start_at(pace).await };
    assert_eq!(world.check(&view).await, [5, 3], "{how:?} {written}");
    world.sealed_at(before, TENANT, 1, 1, [6]);
    world.mail(1, [7]);
    assert_eq!(world.check(&view).await, [5, 7, 3], "{how:?} {written}");
    view.crash();
    let view = world.start().await;
    assert_eq!(world.check(&view).await, [5, 7, 3], "{how:?} {written}");
    view.stop().await;
    let view = world.start().await;
    assert_eq!(world.check(&view).await, [5, 7, 3], "{how:?} {written}");
    assert!(rows::place(view.store(), TENANT, 1).is_none());
}

#[tokio::test]
async fn only_what_came_since_is_readable() {
    for how in [How::Seen, How::AtOnce, How::WithoutStream, How::Stopped, How::Crashed] {
        for written in [false, true] {
            tokio::time::timeout(Duration::from_secs(60), check(how, written)).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_purpose_that_is_held_after_it_was_opened_again_begins_at_its_new_interval() {
    let world = World::new();
    world.mail(1, [1]);
    let view = world.start_at(AT_ONCE).await;
    world.check(&view).await;
    view.stop().await;
    world.consent.destroy(TENANT, 1);
    world.consent.reopen(TENANT, 1);
    world.mail(1, [2]);
    world.consent.hold(TENANT, 1);
    let view = world.start().await;
    assert!(world.check(&view).await.is_empty());
    world.consent.release(TENANT, 1);
    assert_eq!(world.check(&view).await, [2]);
}
