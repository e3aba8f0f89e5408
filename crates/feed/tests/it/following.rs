//! Blocks are folded once each, in order, and readers wait for as much as they demand.

use std::time::Duration;

use futures::FutureExt as _;
use vocabulary::revision::Part;
use vocabulary::{Kind, Reason, Revision};

use crate::log::Service;
use crate::process::{AT_ONCE, NEVER, PATIENCE};
use crate::world::{CRM, TENANT, World, told};

#[tokio::test]
async fn blocks_are_folded_once_each_and_in_order() {
    for pace in [NEVER, AT_ONCE] {
        let world = World::new();
        for block in 0..10 {
            world.mail(block % 4, [block * 10, block * 10 + 1]);
        }
        let view = world.start_at(pace).await;
        assert_eq!(world.check(&view).await.len(), 20);
        // A feed that comes back goes on where it ended.
        world.log.following(Service::Down);
        for block in 10..20 {
            world.mail(block % 4, [block * 10, block * 10 + 1]);
        }
        world.log.following(Service::Up);
        assert_eq!(world.check(&view).await.len(), 40);
        let generation = |user| u32::from(user != CRM);
        let of = |block: u64| told(block % 4, generation(block % 4), [block * 10, block * 10 + 1]);
        let expected: Vec<_> = (0..20).flat_map(of).collect();
        assert_eq!(world.reader(&view).await.fold().told, expected);
    }
}

#[tokio::test]
async fn a_reader_waits_for_the_point_of_the_log_that_it_demands() {
    let world = World::new();
    world.mail(1, [1]);
    let view = world.start().await;
    world.check(&view).await;
    let permit = view.permit(TENANT, world.consent.position()).await;
    let demanded = Revision::of(Part::Log, world.log.revision().point(Part::Log).unwrap().incarnation, 2);
    let mut waiting = Box::pin(view.view.reader(&permit, &demanded, PATIENCE));
    assert!(waiting.as_mut().now_or_never().is_none());
    world.mail(2, [2]);
    let reader = waiting.await.unwrap();
    assert_eq!(reader.fold().held.len(), 2);
    assert_eq!(view.view.revision(), world.log.revision());
}

#[tokio::test]
async fn a_reader_waits_until_the_decisions_of_its_permit_are_settled() {
    let world = World::new();
    world.mail(1, [1]);
    let view = world.start().await;
    world.check(&view).await;
    world.log.naming(Service::Hanging);
    let decided = world.consent.addresses(TENANT, 1, &["ada@contoso.example"]);
    let permit = view.permit(TENANT, decided).await;
    let demanded = Revision::default();
    let mut waiting = Box::pin(view.view.reader(&permit, &demanded, PATIENCE));
    assert!(waiting.as_mut().now_or_never().is_none());
    world.log.naming(Service::Up);
    let reader = waiting.await.unwrap();
    assert_eq!(reader.persons_of(vocabulary::UserId(1)), [crate::log::person("ada@contoso.example")]);
}

#[tokio::test]
async fn a_revision_of_another_log_is_lost_and_one_that_does_not_come_is_not_reached() {
    let world = World::new();
    world.mail(1, [1]);
    let view = world.start().await;
    world.check(&view).await;
    let permit = view.permit(TENANT, world.consent.position()).await;
    let refused = async |demanded| {
        let refusal = view.view.reader(&permit, &demanded, Duration::from_millis(20)).await.err().unwrap();
        (refusal.kind, refusal.reason, refusal.retry_after.is_some())
    };
    assert_eq!(refused(Revision::of(Part::Log, 999, 1)).await, (Kind::Aborted, Reason::RevisionLost, false));
    let incarnation = world.log.revision().point(Part::Log).unwrap().incarnation;
    assert_eq!(refused(Revision::of(Part::Log, incarnation, 2)).await, (Kind::Unavailable, Reason::RevisionNotReached, true));
}

#[tokio::test]
async fn a_block_waits_for_the_decision_it_was_sealed_under_and_decisions_do_not_wait_for_it() {
    let world = World::new();
    let view = world.start().await;
    world.check(&view).await;
    let ahead = world.consent.position() + 2;
    // All three in one message.
    world.log.following(Service::Hanging);
    world.mail(1, [1]);
    world.sealed_at(ahead, TENANT, 2, 1, [2]);
    world.mail(3, [3]);
    world.log.following(Service::Up);
    let point = world.log.revision().point(Part::Log).unwrap();
    view.reader(TENANT, world.consent.position(), &Revision::of(Part::Log, point.incarnation, 1)).await.unwrap();

    world.consent.destroy(TENANT, 1);
    assert!(world.held(&view).await.is_empty(), "settled though the next block waits");
    world.consent.hold(TENANT, 3);
    let reader = world.reader(&view).await;
    assert_eq!(reader.fold().held, told(2, 1, [2]).into_iter().collect());
}

#[tokio::test]
async fn the_crm_needs_no_mailbox() {
    let world = World::empty();
    world.consent.create(TENANT);
    let view = world.start().await;
    world.mail(CRM, [1, 2]);
    assert_eq!(world.check(&view).await, [1, 2]);
    view.stop().await;
    assert_eq!(world.check(&world.start().await).await, [1, 2]);
}
