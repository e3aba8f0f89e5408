//! Whatever the feed does, decisions are settled when they come; whatever consent does, nothing is read that it did not vouch for.

use std::sync::Arc;
use std::time::Duration;

use vocabulary::{ManualClock, Reason, Revision, Timestamp};

use crate::log::Service;
use crate::process::{AT_ONCE, NEVER, Process};
use crate::rows;
use crate::world::{TENANT, World, told};

const OTHER: &str = "fabrikam";

#[tokio::test]
async fn a_feed_that_is_down_at_first_is_followed_later() {
    for service in [Service::Down, Service::Hanging] {
        let world = World::new();
        world.mail(1, [1]);
        world.log.following(service);
        world.log.naming(service);
        let view = world.start().await;
        let permit = view.permit(TENANT, world.consent.position()).await;
        let early = view.view.reader(&permit, &Revision::default(), Duration::from_millis(20)).await.err().unwrap();
        assert_eq!(early.reason, Reason::RevisionNotReached, "nobody asked for a past");
        world.log.following(Service::Up);
        world.log.naming(Service::Up);
        assert_eq!(world.check(&view).await, [1]);
    }
}

#[tokio::test]
async fn decisions_are_settled_while_the_feed_is_away() {
    for service in [Service::Down, Service::Hanging] {
        let world = World::new();
        for user in 1..=3 {
            world.mail(user, [user]);
        }
        let view = world.start_at(AT_ONCE).await;
        assert_eq!(world.check(&view).await, [1, 2, 3]);
        view.stop().await;
        let view = world.start().await;
        world.check(&view).await;
        world.log.following(service);
        world.log.naming(service);
        world.consent.destroy(TENANT, 1);
        assert_eq!(world.held(&view).await, [told(2, 1, [2]), told(3, 1, [3])].concat().into_iter().collect());
        assert!(rows::chunks(view.store(), TENANT, 1).is_empty());
        // What was written comes back without the log.
        world.consent.hold(TENANT, 2);
        assert_eq!(world.held(&view).await, told(3, 1, [3]).into_iter().collect());
        world.consent.release(TENANT, 2);
        assert_eq!(world.held(&view).await, [told(2, 1, [2]), told(3, 1, [3])].concat().into_iter().collect());
        world.consent.grant(TENANT, 1);
        assert_eq!(world.held(&view).await.len(), 2);
        world.mail(1, [4]);
        world.log.following(Service::Up);
        assert_eq!(world.check(&view).await, [4, 2, 3]);
    }
}

#[tokio::test]
async fn a_mailbox_that_must_be_folded_again_waits_for_the_feed_and_nothing_else_waits_for_it() {
    for service in [Service::Down, Service::Hanging] {
        let world = World::new();
        world.consent.create(OTHER);
        world.consent.grant(OTHER, 1);
        world.consent.grant(OTHER, 2);
        for user in 1..=2 {
            world.mail(user, [user]);
            world.mail_of(OTHER, user, [user]);
        }
        let view = world.start().await;
        world.check(&view).await;
        let other = async || {
            let reader = view.reader(OTHER, world.consent.position(), &Revision::default()).await.unwrap();
            reader.fold().held.len()
        };
        assert_eq!(other().await, 2);
        world.log.following(service);
        world.consent.hold(TENANT, 1);
        assert_eq!(world.held(&view).await, told(2, 1, [2]).into_iter().collect());
        world.consent.release(TENANT, 1);
        let permit = view.permit(TENANT, world.consent.position()).await;
        let missing = view.view.reader(&permit, &Revision::default(), Duration::from_millis(20)).await.err().unwrap();
        assert_eq!(missing.reason, Reason::RevisionNotReached, "it would tell half");
        world.consent.destroy(OTHER, 1);
        assert_eq!(other().await, 1);
        world.log.following(Service::Up);
        assert_eq!(world.check(&view).await, [1, 2]);
    }
}

#[tokio::test]
async fn a_tenant_whose_people_have_no_names_yet_keeps_no_other_waiting() {
    for service in [Service::Up, Service::Hanging] {
        let world = World::new();
        world.consent.create("a");
        let view = world.start().await;
        world.check(&view).await;
        world.log.nameless("a");
        world.log.naming(service);
        world.consent.grant("a", 1);
        world.consent.destroy(TENANT, 1);
        world.mail(2, [2]);
        assert_eq!(world.check(&view).await, [2]);
        if service == Service::Up {
            world.consent.addresses(TENANT, 3, &["third@contoso.example"]);
            assert_eq!(world.check(&view).await, [2]);
        }
    }
}

#[tokio::test]
async fn without_a_lease_nothing_is_folded_or_written() {
    let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(1_700_000_000)));
    let world = World::new();
    let view = Process::start(&world, clock.clone(), NEVER).await;
    world.mail(1, [1]);
    world.check(&view).await;
    world.consent.down();
    clock.advance(Duration::from_secs(7200));
    world.mail(1, [2]);
    world.consent.destroy(TENANT, 1);
    view.stop().await;
    let store = crate::process::open(&world.folder()).await;
    assert!(rows::chunks(&store, TENANT, 1).is_empty());
    assert_eq!(rows::cursor(&store).position, 0);
    drop(store);
    world.consent.up();
    assert!(world.check(&world.start().await).await.is_empty());
}

#[tokio::test]
async fn a_view_that_lost_its_lease_goes_on_when_it_has_one_again() {
    let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(1_700_000_000)));
    let world = World::new();
    let view = Process::start(&world, clock.clone(), NEVER).await;
    world.mail(1, [1]);
    world.check(&view).await;
    world.consent.down();
    clock.advance(Duration::from_secs(7200));
    world.mail(1, [2]);
    world.mail(2, [3]);
    world.consent.hold(TENANT, 2);
    world.consent.up();
    assert_eq!(world.check(&view).await, [1, 2]);
    world.consent.release(TENANT, 2);
    assert_eq!(world.check(&view).await, [1, 2, 3]);
}

#[tokio::test]
async fn the_log_is_read_again_only_from_where_something_is_missing() {
    let world = World::new();
    for number in 0..9 {
        world.mail(1, [number]);
    }
    let view = world.start().await;
    world.check(&view).await;
    view.stop().await;
    let view = world.start().await;
    world.mail(2, [10]);
    world.mail(1, [11]);
    world.check(&view).await;
    world.consent.hold(TENANT, 1);
    world.check(&view).await;
    world.consent.release(TENANT, 1);
    world.check(&view).await;
    assert_eq!(world.log.followed(), [0, 9, 10]);
    world.consent.hold(TENANT, 3);
    world.check(&view).await;
    world.consent.release(TENANT, 3);
    world.check(&view).await;
    assert_eq!(world.log.followed().len(), 3, "nothing of it was ever told");
}
