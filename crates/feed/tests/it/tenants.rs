//! Tenants come while the view follows, and do not mix.

use std::collections::BTreeSet;

use vocabulary::{Revision, UserId};

use crate::log::person;
use crate::world::{CRM, TENANT, World, told};

const OTHER: &str = "fabrikam";

#[tokio::test]
async fn two_tenants_do_not_mix() {
    let world = World::new();
    world.consent.create(OTHER);
    world.consent.grant(OTHER, 1);
    let view = world.start().await;
    world.mail(1, [1]);
    world.mail_of(OTHER, 1, [2]);
    world.mail(CRM, [3]);
    world.mail_of(OTHER, CRM, [4]);
    let others = async || {
        let reader = view.reader(OTHER, world.consent.position(), &world.log.revision()).await.unwrap();
        assert_eq!(reader.fold().held, world.readable(OTHER));
        reader.fold().held.clone()
    };
    assert_eq!(world.check(&view).await, [3, 1]);
    assert_eq!(others().await, [told(CRM, 0, [4]), told(1, 1, [2])].concat().into_iter().collect());
    world.consent.destroy(TENANT, 1);
    assert_eq!(world.check(&view).await, [3]);
    assert_eq!(others().await.len(), 2);
    view.stop().await;
    let view = world.start().await;
    let reader = view.reader(OTHER, world.consent.position(), &world.log.revision()).await.unwrap();
    assert_eq!(reader.fold().held, world.readable(OTHER));
    assert_eq!(reader.fold().held.len(), 2);
}

#[tokio::test]
async fn a_tenant_that_comes_while_the_view_follows_is_folded() {
    let world = World::empty();
    let view = world.start().await;
    world.consent.create(TENANT);
    world.mail(CRM, [1]);
    assert_eq!(world.check(&view).await, [1]);
    world.consent.grant(TENANT, 5);
    world.mail(5, [2]);
    assert_eq!(world.check(&view).await, [1, 2]);
}

#[tokio::test]
async fn a_tenant_the_mirror_does_not_know_yet_is_waited_for() {
    let world = World::new();
    world.mail(1, [1]);
    let view = world.start().await;
    world.check(&view).await;
    world.consent.withhold();
    let told_to = world.consent.position();
    world.consent.create(OTHER);
    world.consent.grant(OTHER, 1);
    world.mail_of(OTHER, 1, [2]);
    world.mail_of(OTHER, CRM, [3]);
    world.mail(1, [4]);
    // The others read on meanwhile.
    view.reader(TENANT, told_to, &Revision::default()).await.unwrap();
    world.consent.tell();
    let reader = view.reader(OTHER, world.consent.position(), &world.log.revision()).await.unwrap();
    assert_eq!(reader.fold().held, [told(CRM, 0, [3]), told(1, 1, [2])].concat().into_iter().collect());
    assert_eq!(world.check(&view).await, [1, 4]);
}

#[tokio::test]
async fn a_tenant_nobody_decided_about_is_passed_over() {
    let world = World::new();
    let view = world.start().await;
    world.sealed_at(1, "nobody", 1, 1, [1]);
    world.mail(1, [2]);
    assert_eq!(world.check(&view).await, [2]);
}

#[tokio::test]
async fn the_directory_is_learned_before_anybody_reads() {
    let world = World::new();
    let view = world.start().await;
    let reader = world.reader(&view).await;
    let everybody: BTreeSet<_> = reader.ours().collect();
    assert_eq!(everybody, (1..=3).map(|user| (person(&crate::consent::address(user)), UserId(user))).collect());

    world.consent.addresses(TENANT, 2, &["second@contoso.example", "another@contoso.example"]);
    let reader = world.reader(&view).await;
    let mut persons = ["second@contoso.example", "another@contoso.example"].map(person);
    persons.sort_unstable();
    assert_eq!(reader.persons_of(UserId(2)), persons);
    assert_eq!(reader.user_of(persons[0]), Some(UserId(2)));
    assert_eq!(reader.user_of(person(&crate::consent::address(2))), None);
    assert_eq!(reader.persons_of(UserId(9)), []);
    // Nobody is asked for twice.
    let asked = world.log.asked();
    assert_eq!(asked.iter().collect::<BTreeSet<_>>().len(), asked.len());
    assert_eq!(asked.len(), 5);
}

#[tokio::test]
async fn an_address_that_two_claim_is_whose_the_directory_says() {
    let world = World::new();
    let view = world.start().await;
    world.consent.addresses(TENANT, 3, &["shared@contoso.example"]);
    world.consent.addresses(TENANT, 2, &["shared@contoso.example"]);
    for user in 4..30 {
        world.consent.addresses(TENANT, user, &["shared@contoso.example"]);
    }
    let reader = world.reader(&view).await;
    assert_eq!(reader.user_of(person("shared@contoso.example")), Some(UserId(2)), "the lower id");
}
