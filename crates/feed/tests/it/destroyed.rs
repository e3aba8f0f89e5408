//! A destroyed mailbox is gone: from the fold before anybody reads, from the disk, and after a restart.

use crate::consent::State;
use crate::process::AT_ONCE;
use crate::rows;
use crate::world::{CRM, TENANT, World, told};

/// Mailboxes 1 to 3 and the CRM with a block each, written and in memory.
async fn written() -> World {
    let world = World::new();
    for user in CRM..=3 {
        world.mail(user, [user * 10]);
    }
    let view = world.start().await;
    world.check(&view).await;
    view.stop().await;
    world
}

#[tokio::test]
async fn a_destroyed_mailbox_is_forgotten_before_a_reader_with_the_new_permit_gets_in() {
    let world = written().await;
    let view = world.start().await;
    world.mail(1, [11]);
    assert_eq!(world.check(&view).await, [0, 10, 11, 20, 30]);
    assert_eq!(rows::chunks(view.store(), TENANT, 1), [1]);

    world.consent.destroy(TENANT, 1);
    assert_eq!(world.check(&view).await, [0, 20, 30]);
    assert!(rows::chunks(view.store(), TENANT, 1).is_empty(), "before anybody reads");
    assert_eq!(rows::chunks(view.store(), TENANT, 2), [1]);
    // What was sealed before and comes after is passed over.
    world.sealed_at(world.consent.position() - 1, TENANT, 1, 1, [12]);
    assert_eq!(world.check(&view).await, [0, 20, 30]);
}

#[tokio::test]
async fn a_restart_does_not_bring_a_destroyed_mailbox_back() {
    for crash in [true, false] {
        let world = written().await;
        let view = world.start().await;
        world.mail(1, [11]);
        world.check(&view).await;
        world.consent.destroy(TENANT, 1);
        world.check(&view).await;
        if crash {
            view.crash();
        } else {
            view.stop().await;
        }
        let view = world.start().await;
        assert_eq!(world.check(&view).await, [0, 20, 30]);
        assert!(rows::chunks(view.store(), TENANT, 1).is_empty());
        view.stop().await;
        let view = world.start().await;
        assert_eq!(world.check(&view).await, [0, 20, 30]);
        assert_eq!(rows::place(view.store(), TENANT, 1), None);
    }
}

#[tokio::test]
async fn what_was_destroyed_while_nobody_looked_goes_from_the_disk_at_the_start() {
    let world = written().await;
    world.consent.destroy(TENANT, 1);
    world.consent.destroy(TENANT, 2);
    world.consent.grant(TENANT, 2);
    world.consent.destroy(TENANT, 3);
    world.consent.grant(TENANT, 3);
    world.consent.hold(TENANT, 3);
    let view = world.start().await;
    assert_eq!(world.check(&view).await, [0]);
    for user in 1..=3 {
        assert!(rows::chunks(view.store(), TENANT, user).is_empty(), "mailbox {user}");
    }
    world.consent.release(TENANT, 3);
    world.mail(3, [31]);
    assert_eq!(world.check(&view).await, [0, 31]);
}

#[tokio::test]
async fn consent_given_again_folds_only_the_new_generation() {
    for unseen in [true, false] {
        let world = written().await;
        let view = world.start_at(AT_ONCE).await;
        world.check(&view).await;
        if unseen {
            world.consent.withhold();
        }
        world.consent.destroy(TENANT, 1);
        if !unseen {
            world.check(&view).await;
        }
        world.consent.grant(TENANT, 1);
        world.consent.tell();
        assert_eq!(world.check(&view).await, [0, 20, 30]);
        world.sealed_at(world.consent.position() - 2, TENANT, 1, 1, [11]);
        world.mail(1, [12]);
        let reader = world.reader(&view).await;
        assert_eq!(world.check(&view).await, [0, 12, 20, 30]);
        assert!(reader.fold().held.is_superset(&told(1, 2, [12]).into_iter().collect()));
        drop(reader);
        view.stop().await;
        let view = world.start().await;
        assert_eq!(world.check(&view).await, [0, 12, 20, 30]);
        assert_eq!(rows::chunks(view.store(), TENANT, 1), [2]);
    }
}

#[tokio::test]
async fn a_held_mailbox_that_is_destroyed_leaves_nothing() {
    let world = written().await;
    let view = world.start().await;
    world.check(&view).await;
    let sealed = world.consent.position();
    world.consent.hold(TENANT, 1);
    world.sealed_at(sealed, TENANT, 1, 1, [11]);
    assert_eq!(world.check(&view).await, [0, 20, 30]);
    assert_eq!(rows::chunks(view.store(), TENANT, 1), [1]);
    view.stop().await;
    let view = world.start().await;
    world.check(&view).await;
    assert_eq!(rows::place(view.store(), TENANT, 1).map(|place| place.position), Some(5));
    world.consent.destroy(TENANT, 1);
    world.check(&view).await;
    assert!(rows::chunks(view.store(), TENANT, 1).is_empty());
    view.stop().await;
    let view = world.start().await;
    assert_eq!(world.check(&view).await, [0, 20, 30]);
    assert_eq!(rows::place(view.store(), TENANT, 1), None);
    assert_eq!(world.consent.mailbox(TENANT, 1).state, State::Destroyed);
}
