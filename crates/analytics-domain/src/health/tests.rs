//! Which records have a health, and whose an account shows. The formula itself is proved where it lives.

use std::sync::Arc;

use measures::health::Trend;
use vocabulary::UserId;
use vocabulary::entry::{Entry, Origin, RecordRef};

use super::State;
use crate::record::{Record, State as RecordState};
use crate::relationship::{self, Asked, Relationship, View};
use crate::testing::{
    Domains, Telling, account, asked, contact, days_ago, fold, lead, mail, mailbox, opportunity, readable, records, relationships,
    standings, them, us,
};

/// A mail each way, every so many days.
fn rhythm(theirs: u64, from: i64, every: usize) -> Vec<(Origin, Entry)> {
    let both = |days: i64| {
        let id = theirs * 10_000 + days as u64 * 2;
        [mail(id, us(1)).to(them(theirs)).at(days_ago(days)), mail(id + 1, them(theirs)).to(us(1)).at(days_ago(days - 1))]
    };
    (from..350).step_by(every).flat_map(both).map(|entry| (mailbox(1), entry)).collect()
}

fn standing(entries: &[(Origin, Entry)], record: &RecordRef, asked: Asked) -> Relationship {
    let all = relationships(&fold(entries), &readable(), asked);
    all.into_iter().find(|relationship| relationship.record.reference == *record).unwrap()
}

#[test]
fn a_score_is_50_and_its_factors() {
    for (from, every) in [(2, 3), (40, 10), (200, 5)] {
        let health = standing(&rhythm(1, from, every), &contact(), asked()).health;
        let measured = health.measured.unwrap();
        assert_eq!(i32::from(measured.factors.sum()), i32::from(measured.score));
        assert!(!health.summary.is_empty());
    }
}

#[test]
fn states_without_a_score_say_why() {
    let two = rhythm(1, 300, 100);
    for (what, entries, record, state) in [
        ("nothing of it", rhythm(6, 2, 3), contact(), Some(State::NoClosedActivities)),
        ("two interactions", two[..2].to_vec(), contact(), Some(State::NotEnoughInfo)),
        ("a lively one", rhythm(6, 2, 3), lead(), Some(State::Good)),
    ] {
        let health = standing(&entries, &record, asked()).health;
        assert_eq!(health.state, state, "{what}");
        assert_eq!(health.measured.is_some(), state == Some(State::Good), "{what}");
    }
}

#[test]
fn a_record_is_in_progress_until_a_mailbox_that_feeds_it_or_the_crm_tells_anything() {
    let (open, mut closed, mut closed_to_the_lead) = (readable(), readable(), readable());
    closed.mailboxes.clear();
    closed_to_the_lead.mailboxes.remove(&UserId(1));
    let elsewhere = |user: u64| (mailbox(user), mail(1, us(user)).to(them(9)));
    let tracked = |theirs: u64, days: i64| (Origin::Crm, mail(1, us(1)).to(them(theirs)).at(days_ago(days)));
    let about_the_account = (Origin::Crm, mail(1, us(1)).to(us(2)).about(account()));
    let (begun, few, none) = (State::ComputationInProgress, State::NotEnoughInfo, State::NoClosedActivities);
    // Contact, account, opportunity and lead.
    for (what, readable, entries, states) in [
        ("nothing yet", &open, vec![], [begun, begun, begun, begun]),
        ("nothing yet of the lead's owner and the deal's team", &open, vec![elsewhere(3)], [none, none, begun, begun]),
        ("nothing yet of the lead's owner", &open, vec![elsewhere(2)], [none, none, none, begun]),
        ("the lead's owner", &open, vec![elsewhere(1)], [none, none, none, none]),
        ("the CRM knows the contact", &open, vec![tracked(1, 30)], [few, few, few, begun]),
        ("and the account by another contact", &open, vec![tracked(2, 30)], [begun, few, few, begun]),
        ("the CRM knows the account, by none of its contacts", &open, vec![about_the_account], [begun, none, begun, begun]),
        ("the CRM knew the contact before the data window", &open, vec![tracked(1, 400)], [begun, begun, begun, begun]),
        ("the CRM tells of others", &open, vec![tracked(9, 30)], [begun, begun, begun, begun]),
        ("no consent", &closed, vec![], [none, none, none, none]),
        ("no consent of the lead's owner", &closed_to_the_lead, vec![], [begun, begun, begun, none]),
    ] {
        let all = relationships(&fold(&entries), readable, asked());
        let found = [contact(), account(), opportunity(), lead()].map(|reference| {
            let relationship = all.iter().find(|relationship| relationship.record.reference == reference).unwrap();
            let health = &relationship.health;
            assert_eq!(health.summary == "The mailboxes are still being read.", health.state == Some(begun), "{what}: {}", health.summary);
            assert!(health.measured.is_none() && !relationship.completeness.gaps.is_empty() || health.state != Some(begun), "{what}");
            health.state.unwrap()
        });
        assert_eq!(found, states, "{what}");
    }
}

#[test]
fn a_record_on_which_nobody_outside_stands_awaits_nothing() {
    let mut records = records();
    records.put(Arc::new(Record { addresses: Vec::new(), ..(**records.get(&contact()).unwrap()).clone() }));
    let (interactions, readable, reading) = (fold(&[]), readable(), super::Reading::default());
    let view = View {
        interactions: &interactions,
        records: &records,
        readable: &readable,
        directory: &Domains,
        reading: &reading,
        sees_gates: true,
    };
    let health = relationship::of(&view, records.get(&contact()).unwrap(), asked()).health;
    assert_eq!(health.state, Some(State::NoClosedActivities));
}

#[test]
fn under_the_veil_a_small_side_tells_the_same_with_and_without_consent() {
    let mut closed = readable();
    closed.mailboxes.clear();
    let seen = |readable: &_, sees_gates| standings(&fold(&[]), readable, asked(), sees_gates);
    let small = |all: Vec<Relationship>| all.into_iter().filter(|one| [lead(), opportunity()].contains(&one.record.reference)).collect();
    let [open, shut, told]: [Vec<Relationship>; 3] = [seen(&readable(), false), seen(&closed, false), seen(&readable(), true)].map(small);
    assert_eq!(open, shut);
    assert!(open.iter().all(|one| one.health.state == Some(State::NoClosedActivities)) && open != told);
}

#[test]
fn closed_and_old_deals_have_no_health() {
    let deal = |state, create_days| Record {
        state,
        create_time: Some(days_ago(create_days)),
        ..(**records().get(&opportunity()).unwrap()).clone()
    };
    for (what, record, state) in [
        ("open", deal(RecordState::Open, 730), Some(State::NoClosedActivities)),
        ("won", deal(RecordState::Won, 10), None),
        ("lost and old", deal(RecordState::Lost, 900), None),
        ("old", deal(RecordState::Open, 731), Some(State::EntityTooOld)),
    ] {
        let timeline = crate::testing::timeline(&[], &opportunity());
        let health = super::of(&record, &timeline, &super::Reading::default(), 365);
        assert_eq!(health.state, state, "{what}");
        let trendless = matches!(state, None | Some(State::EntityTooOld));
        assert_eq!(health.trend == Trend::NotApplicable, trendless, "{what}");
    }
}

#[test]
fn an_account_shows_its_best_contact_and_how_many_carry_it() {
    let entries = [rhythm(1, 100, 20), rhythm(2, 2, 3)].concat();
    let health = standing(&entries, &account(), asked()).health;
    assert_eq!(health.contact.as_deref(), Some("c2"));
    let best = standing(&entries, &crate::testing::reference(contact().kind, "c2"), asked()).health;
    assert_eq!((health.measured, health.state), (best.measured, best.state));
    let breadth = health.breadth.unwrap();
    assert_eq!((breadth.breadth(), breadth.poor, breadth.unscored), (1, 1, 1));
    assert!(health.summary.contains("A single thread: one contact carries it."), "{}", health.summary);
    let nobody = standing(&rhythm(9, 2, 3), &account(), asked()).health;
    assert_eq!((nobody.contact, nobody.state), (None, Some(State::NoClosedActivities)));
}

#[test]
fn a_past_instant_reads_no_trend_from_days_that_are_no_longer_held() {
    let entries = rhythm(1, 2, 3);
    let trend = |as_of_days: i64| standing(&entries, &contact(), Asked { as_of: days_ago(as_of_days), ..asked() }).health.trend;
    assert_eq!((trend(0), trend(100), trend(200)), (Trend::Steady, Trend::Steady, Trend::NotEnoughInfo));
}

#[test]
fn what_lies_after_the_instant_changes_nothing() {
    let (entries, at) = (rhythm(1, 2, 3), Asked { as_of: days_ago(60), ..asked() });
    let before: Vec<_> = entries.iter().filter(|(_, entry)| entry.time <= at.as_of).cloned().collect();
    assert!(before.len() < entries.len());
    assert_eq!(standing(&entries, &contact(), at), standing(&before, &contact(), at));
}
