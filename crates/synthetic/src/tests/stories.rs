//! Every story holds, by the published rules and formulas, from several seeds.

use std::collections::{BTreeMap, HashSet};

use ingestion_domain::{Detail, IgnoredReason, Interaction};
use measures::health::{Event, State, Trend, roll_up};
use measures::strength::Label;

use super::DEMO;
use super::reading::{Reading, health};
use crate::{Company, Deal, Record, RecordState, SIX_WEEKS_BEFORE, Spec};

/// Smaller companies from other seeds: stories do not lean on what is around them.
fn companies() -> impl Iterator<Item = (Company, Reading)> {
    let specs = [1, 2, 3].map(|seed| Spec { interactions: 8_000, ..Spec::demo().seeded(seed) });
    specs.into_iter().chain([Spec::demo()]).map(|spec| {
        let company = Company::generate(spec);
        let reading = Reading::of(&company, spec);
        (company, reading)
    })
}

fn record<'a>(company: &'a Company, id: &str) -> &'a Record {
    company.records.iter().find(|record| record.id() == id).unwrap()
}

/// What counts for the opportunity of a story: owner and team, with the customer contact.
fn events(company: &Company, reading: &Reading, deal: &Deal) -> Vec<Event> {
    let opportunity = record(company, &deal.opportunity_id);
    let account = record(company, opportunity.account_id.as_deref().unwrap());
    assert_eq!((opportunity.state, account.id()), (RecordState::Open, deal.account_id.as_str()));
    assert_eq!(opportunity.primary_contact_id.as_deref(), Some(deal.contact.contact_id.as_str()));
    assert_eq!(account.primary_contact_id, opportunity.primary_contact_id);
    assert_eq!(record(company, &deal.contact.contact_id).addresses.concat(), deal.contact.address);
    let ours: Vec<&str> = opportunity.team.iter().chain([&opportunity.owner]).map(String::as_str).collect();
    reading.of_record(&ours, &[&deal.contact.address], Some(&opportunity.reference))
}

/// Whether every mail of a contact in the last 14 days was answered.
fn all_answered(company: &Company, contact: &str) -> bool {
    let all = company.mailboxes.iter().flat_map(|mailbox| &mailbox.interactions);
    let mails: Vec<_> = all.filter_map(|one| if let Some(Detail::Email(email)) = &one.detail { Some(email) } else { None }).collect();
    let answered: HashSet<_> = mails.iter().filter_map(|mail| mail.in_reply_to.as_ref()).collect();
    let since = Spec::demo().end.plus_days(-14);
    let mut theirs = mails.iter().filter(|mail| mail.from == contact && mail.date > Some(since)).peekable();
    theirs.peek().is_some() && theirs.all(|mail| mail.message_id.as_ref().is_some_and(|id| answered.contains(id)))
}

#[test]
fn deals_go_as_they_are_told() {
    for (company, reading) in companies() {
        let (stories, now) = (&company.stories, Spec::demo().end);
        let of = |deal| events(&company, &reading, deal);
        let score = |deal, at| health(&of(deal), at).0.measured.unwrap().score;

        let (warm, heading) = health(&of(&stories.warm), now);
        assert_eq!((warm.state, heading), (State::Good, Trend::Steady));
        assert!(score(&stories.warm, now) >= 85);
        assert!(all_answered(&company, &stories.warm.contact.address) && all_answered(&company, &stories.single_threaded.live.address));

        let (before, after) = (score(&stories.falling, SIX_WEEKS_BEFORE), score(&stories.falling, now));
        let (_, heading) = health(&of(&stories.falling), now);
        assert!(before >= 70 && (30..56).contains(&after), "{before} {after}");
        assert_eq!(heading, Trend::Declining);
        assert_eq!(health(&of(&stories.falling), SIX_WEEKS_BEFORE).0.state, State::Good);

        let (one_way, _) = health(&of(&stories.one_way), now);
        let measured = one_way.measured.unwrap();
        assert_eq!(measured.score, 39);
        assert!(measured.uncapped > 70.0 && measured.factors.cap.is_some());
    }
}

#[test]
fn accounts_and_contacts_are_as_they_are_told() {
    for (company, reading) in companies() {
        let (stories, now) = (&company.stories, Spec::demo().end);
        let contacts = |account: &str| {
            let of = company.records.iter().filter(|record| record.account_id.as_deref() == Some(account) && record.id().starts_with('C'));
            of.map(|contact| (contact.id().to_owned(), health(&reading.of_contact(&contact.addresses[0]), now).0))
                .collect::<BTreeMap<_, _>>()
        };
        let single = contacts(&stories.single_threaded.account_id);
        let account = roll_up(single.iter().map(|(id, health)| (id.clone(), health)));
        assert_eq!((single.len(), account.breadth(), account.good, account.poor), (5, 1, 1, 4));
        assert_eq!(account.best.as_ref(), Some(&stories.single_threaded.live.contact_id));

        let warm = contacts(&stories.warm.account_id);
        let account = roll_up(warm.iter().map(|(id, health)| (id.clone(), health)));
        assert_eq!(account.breadth(), 4);

        let events = reading.of_contact(&stories.newsletter_only.address);
        assert_eq!(health(&events, now).0.state, State::NoClosedActivities);

        let tracked = reading.named(stories.tracked.message_id.trim_matches(['<', '>']));
        assert_eq!(tracked.iter().map(|told| told.sources).collect::<Vec<_>>(), [2]);
        let id = Some(&stories.tracked.message_id);
        let is_told = |one: &&Interaction| matches!(&one.detail, Some(Detail::Email(mail)) if mail.message_id.as_ref() == id);
        assert_eq!(company.crm.iter().filter(is_told).count(), 1);
    }
}

#[test]
fn the_lead_is_known_best_by_others_than_its_owner() {
    for (company, reading) in companies() {
        let (story, now) = (&company.stories.lead, Spec::demo().end);
        let best = |user: &String| {
            let ties = story.people.iter().map(|person| reading.strength(user, person, now));
            ties.max_by(|one, other| one.raw.total_cmp(&other.raw)).unwrap()
        };
        let people = company.users.iter().filter(|user| user.kind == crate::UserKind::Person);
        let mut found: Vec<_> = people.map(|user| (best(&user.addresses[0]), user.addresses[0].clone())).collect();
        found.retain(|(tie, _)| tie.score >= 5);
        found.sort_by(|one, other| other.0.raw.total_cmp(&one.0.raw));

        let order: Vec<_> = found.iter().map(|(_, user)| user.clone()).collect();
        assert_eq!(order, story.introducers);
        assert_eq!((&company.stories.opt_out_user, order.len()), (&order[0], 5));
        assert_eq!(order.iter().position(|user| *user == story.owner), Some(3));
        let labels: Vec<_> = found.iter().map(|(tie, _)| tie.label).collect();
        assert_eq!(labels, [Label::Strong, Label::Strong, Label::Medium, Label::Weak, Label::Weak]);
        assert!(found[0].0.score >= 75 && found[0].0.score > found[1].0.score + 5);
        let lead = record(&company, &story.lead_id);
        assert_eq!((lead.state, &lead.owner), (RecordState::Open, &story.owner));
    }
}

#[test]
fn every_filter_has_something_to_count() {
    let reading = Reading::of(&DEMO, Spec::demo());
    assert_eq!(reading.malformed, 11);
    assert!(reading.accepted > 80_000, "{}", reading.accepted);
    for reason in IgnoredReason::ALL {
        let journal_only = matches!(reason, IgnoredReason::NobodyOfOurs | IgnoredReason::NobodyReadable);
        // What follows from decisions that a fresh company has not taken: a group let in again, a person erased.
        let decided = matches!(reason, IgnoredReason::BeforeScope | IgnoredReason::Suppressed);
        let counted = reading.ignored.contains_key(&reason);
        assert!(counted || journal_only || decided || reason == IgnoredReason::ListAuthor, "{reason:?}");
    }
}
