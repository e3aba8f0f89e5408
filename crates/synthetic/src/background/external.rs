//! The relationships of every account and lead that no story is about.

use rand::Rng;
use vocabulary::Timestamp;

use crate::Spec;
use crate::cast::{Cast, Contact, Opportunity};
use crate::chronicle::Chronicle;
use crate::dice::{Dice, Part, dice, log_normal};
use crate::relationship::{self, Relationship};
use crate::stories;

/// The share of all interactions that goes to mail with these people.
const SHARE: f64 = 0.5;
/// Mails of an average thread.
const THREAD: f64 = 2.4;
/// How much livelier than the median relationship the liveliest is.
const LIVELIEST: f64 = 6.0;

/// How a relationship goes over the year.
#[derive(Clone, Copy)]
enum Course {
    Steady,
    Rising,
    Fading,
    Dormant,
    Unanswered,
}

/// Lives through the year with everybody outside.
pub(crate) fn live(cast: &Cast, chronicle: &mut Chronicle) {
    let dice = &mut dice(cast.spec.seed, Part::External);
    let mut relationships = with_contacts(cast, dice);
    relationships.extend(with_leads(cast, dice));

    let weight: f64 = relationships.iter().map(|relationship| relationship.threads).sum();
    let threads = cast.spec.interactions as f64 * SHARE / THREAD;
    for relationship in &mut relationships {
        relationship.threads *= threads / weight;
        relationship::live(dice, relationship, cast.spec.end, chronicle);
    }
}

/// One or two relationships for each contact, `threads` a weight so far.
fn with_contacts<'a>(cast: &'a Cast, dice: &mut Dice) -> Vec<Relationship<'a>> {
    let mut relationships = Vec::new();
    for (index, contact) in cast.contacts.iter().enumerate().filter(|(_, contact)| contact.account >= stories::ACCOUNTS) {
        let deal = cast.opportunities.iter().find(|opportunity| opportunity.contact == index);
        relationships.push(main(cast, dice, contact, deal));
        if dice.random_bool(0.3) {
            let colleague = dice.random_range(0..cast.people);
            let mut second = between(cast, dice, colleague, &contact.address);
            second.threads *= 0.4;
            relationships.push(second);
        }
    }
    relationships
}

/// The relationship of the deal's owner, else mostly of the account's.
fn main<'a>(cast: &'a Cast, dice: &mut Dice, contact: &'a Contact, deal: Option<&'a Opportunity>) -> Relationship<'a> {
    let account = &cast.accounts[contact.account];
    let ours = if deal.is_some() || dice.random_bool(0.65) { account.owner } else { dice.random_range(0..cast.people) };
    let mut relationship = between(cast, dice, ours, &contact.address);
    let others = cast.contacts_of(contact.account).iter().map(|other| other.address.as_str());
    relationship.others = others.filter(|other| *other != contact.address).collect();
    if let Some(deal) = deal {
        // Who has a deal is written to.
        relationship.threads = relationship.threads.max(0.6) * 1.5;
        relationship.colleagues = deal.team.iter().map(|user| cast.user(*user)).collect();
        relationship.regarding = Some(&deal.record.reference);
    }
    relationship
}

fn with_leads<'a>(cast: &'a Cast, dice: &mut Dice) -> Vec<Relationship<'a>> {
    let mut relationships = Vec::new();
    for lead in cast.leads.iter().skip(1) {
        let mut relationship = between(cast, dice, lead.owner, &lead.address);
        relationship.others = lead.record.stakeholders.iter().filter_map(|stakeholder| stakeholder.address.as_deref()).collect();
        relationship.regarding = Some(&lead.record.reference);
        relationships.push(relationship);
    }
    relationships
}

fn between<'a>(cast: &'a Cast, dice: &mut Dice, ours: usize, theirs: &'a str) -> Relationship<'a> {
    let course = course(dice);
    let (from, until) = span(dice, course, &cast.spec);
    let lively = log_normal(dice, 1.0, 1.1).min(LIVELIEST);
    let share = until.days_since(from) / f64::from(cast.spec.days);
    Relationship {
        ours: &cast.users[ours],
        colleagues: vec![cast.user(dice.random_range(0..cast.people))],
        theirs,
        others: Vec::new(),
        from,
        until,
        threads: lively * share,
        answered: !matches!(course, Course::Unanswered),
        regarding: None,
    }
}

fn course(dice: &mut Dice) -> Course {
    match dice.random_range(0..20) {
        0..10 => Course::Steady,
        10..13 => Course::Rising,
        13..16 => Course::Fading,
        16..19 => Course::Dormant,
        _ => Course::Unanswered,
    }
}

fn span(dice: &mut Dice, course: Course, spec: &Spec) -> (Timestamp, Timestamp) {
    let (start, end) = (spec.start(), spec.end);
    match course {
        Course::Steady => (start, end),
        Course::Rising => (end.plus_days(-dice.random_range(30..150)), end),
        Course::Fading => (start, end.plus_days(-dice.random_range(25..120))),
        Course::Dormant => (start, end.plus_days(-dice.random_range(150..300))),
        Course::Unanswered => (end.plus_days(-dice.random_range(60..240)), end),
    }
}
