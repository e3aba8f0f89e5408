//! Which gate says no, and who may be named.

use super::Purpose::{ConnectionGraph, RelationshipAnalytics};
use super::*;
use crate::testing::{application, consented, gates, user};
use crate::{Choice, ConsentType, UserKind};

#[test]
fn the_first_closed_gate_is_named_in_their_order() {
    let [both, off] = [application("crm", true, true, true), application("crm", false, false, false)];
    let (granted, never) = (consented(ConsentType::IdentifiableInsights), TenantConsent::default());
    let person = user(1, UserKind::Person);
    let mut out = person.clone();
    out.choice.graph = Choice::Out;
    let mut grouped = out.clone();
    grouped.grouped.graph = Some(OptOutMode::FutureOnly);
    let check = |application: &Application, consent: &TenantConsent, user: &User, purpose, source, expected| {
        let gates = gates([application], consent);
        assert_eq!(gates.first_closed(user, purpose, source), expected, "{application:?} {user:?} {source:?}");
    };
    let only_feature = application("crm", true, true, false);
    let sales = Application { roles: vec!["Sales".into()], ..both.clone() };
    check(&off, &never, &out, ConnectionGraph, Source::Mailbox, Some(Gate::Feature));
    check(&only_feature, &never, &out, ConnectionGraph, Source::Mailbox, Some(Gate::MailboxSource));
    check(&both, &never, &out, ConnectionGraph, Source::Mailbox, Some(Gate::TenantConsent));
    check(&sales, &granted, &grouped, ConnectionGraph, Source::Mailbox, Some(Gate::Role));
    check(&both, &granted, &grouped, ConnectionGraph, Source::Mailbox, Some(Gate::Group));
    check(&both, &granted, &out, ConnectionGraph, Source::Mailbox, Some(Gate::User));
    check(&both, &granted, &out, RelationshipAnalytics, Source::Mailbox, None);
    check(&both, &granted, &person, ConnectionGraph, Source::Mailbox, None);
    // The basic tier asks the personal gates only.
    check(&off, &never, &person, ConnectionGraph, Source::Crm, None);
    check(&sales, &never, &person, ConnectionGraph, Source::Crm, Some(Gate::Role));
    check(&off, &never, &grouped, ConnectionGraph, Source::Crm, Some(Gate::Group));
    check(&off, &never, &out, ConnectionGraph, Source::Crm, Some(Gate::User));
    for (kind, expected) in [
        (UserKind::Person, None),
        (UserKind::Shared, None),
        (UserKind::Guest, Some(Gate::MailboxSource)),
        (UserKind::Room, Some(Gate::MailboxSource)),
        (UserKind::List, Some(Gate::MailboxSource)),
    ] {
        check(&both, &granted, &user(2, kind), RelationshipAnalytics, Source::Mailbox, expected);
    }
    let elsewhere = Gates { region: false, ..gates([&both], &granted) };
    assert_eq!(elsewhere.first_closed(&person, ConnectionGraph, Source::Mailbox), Some(Gate::Region));
    assert_eq!(elsewhere.first_closed(&person, ConnectionGraph, Source::Crm), None);
}

#[test]
fn only_consent_to_identifiable_insights_opens_mailboxes() {
    for (consent_type, open) in
        [(ConsentType::OwnInsights, false), (ConsentType::AggregatedInsights, false), (ConsentType::IdentifiableInsights, true)]
    {
        assert_eq!(consented(consent_type).opens_mailboxes(ConnectionGraph), open);
        assert!(!TenantConsent { granted: false, ..consented(consent_type) }.opens_mailboxes(ConnectionGraph));
    }
}

#[test]
fn one_application_must_open_its_three_gates() {
    let mut applications = [application("crm", true, false, false), application("dashboard", false, true, true)];
    let granted = consented(ConsentType::IdentifiableInsights);
    let person = user(1, UserKind::Person);
    let first = |applications: &[Application], purpose| gates(applications, &granted).first_closed(&person, purpose, Source::Mailbox);
    assert_eq!(first(&applications, RelationshipAnalytics), Some(Gate::MailboxSource));
    assert_eq!(first(&applications, ConnectionGraph), None);
    // A filter of one that cannot ask anyhow keeps nobody out, the filter of one that can does.
    applications[0].roles = vec!["Sales".into()];
    assert_eq!(first(&applications, ConnectionGraph), None);
    applications[1].roles = vec!["Sales".into()];
    applications[0].roles.clear();
    assert_eq!(first(&applications, ConnectionGraph), Some(Gate::Role));
    assert_eq!(first(&[], ConnectionGraph), Some(Gate::Feature));
}

#[test]
fn who_may_be_named() {
    let app = application("crm", true, true, true);
    let never = TenantConsent::default();
    let check = |change: fn(&mut User), expected: [bool; 2]| {
        let mut person = user(1, UserKind::Person);
        change(&mut person);
        let gates = gates([&app], &never);
        assert_eq!(Purpose::ALL.map(|purpose| gates.may_be_named(&person, purpose)), expected, "{person:?}");
    };
    check(|_| {}, [true, true]);
    // Departed people count in figures, but introduce nobody.
    check(|person| person.departed = true, [true, false]);
    check(|person| person.choice.analytics = Choice::Out, [false, true]);
    check(|person| person.grouped.graph = Some(OptOutMode::EraseHistory), [true, false]);
    check(|person| person.grouped.graph = Some(OptOutMode::FutureOnly), [true, true]);
    // What a leaver is asked to leave nothing of, leaves no name either.
    let mut left = user(3, UserKind::Person);
    left.departed = true;
    let erasing = Gates { departed: DepartedPolicy::Erase, ..gates([&app], &never) };
    assert!(Purpose::ALL.into_iter().all(|purpose| !erasing.may_be_named(&left, purpose)));
    let choosing = Gates { user_default: UserDefault::Out, ..gates([&app], &never) };
    assert!(!choosing.may_be_named(&user(2, UserKind::Person), ConnectionGraph));
}
