//! Three deals: one that goes well, one that falls silent, one that was never answered.

use super::rhythm::Teller;
use super::{DEALS, Deal, FALLING, ONE_WAY, ToldDeal, WARM, person};
use crate::cast::{Cast, Opportunity};

/// Two exchanges a week to the last working day, a meeting every four weeks, one to come.
pub(super) fn warm(cast: &Cast, teller: &mut Teller<'_>) -> Deal {
    let (opportunity, deal) = deal(cast, WARM);
    let (ours, theirs) = (cast.user(opportunity.owner), deal.contact.address.as_str());
    let colleague = cast.user(opportunity.team[0]);
    let regarding = &opportunity.record.reference;

    let mails = teller.rhythm(ours, theirs, 360.0, 17.0, 3.4);
    teller.track(&mails, 9, regarding);
    // They write and we answer: nothing waits for us.
    for days_ago in [13.0, 10.0, 6.0, 4.0] {
        teller.exchange(theirs, ours, days_ago, 2);
    }
    for weeks in 0..12 {
        teller.meet(ours, &[theirs, colleague], 12 + 28 * weeks, (weeks % 3 == 0).then_some(regarding));
    }
    teller.meet(ours, &[theirs, colleague], -8, None);
    for days_ago in [24.0, 51.0, 87.0, 140.0, 203.0] {
        teller.call(ours, theirs, days_ago, Some(regarding));
    }
    teller.call(theirs, ours, 33.0, Some(regarding));
    for nth in 1..4 {
        let other = person(cast, WARM, nth);
        teller.rhythm(colleague, &other.address, 330.0, 11.0 + nth as f64, 24.0);
    }
    deal
}

/// An exchange every six days until eight weeks before the end, then one mail of ours that nobody answers.
pub(super) fn falling(cast: &Cast, teller: &mut Teller<'_>) -> Deal {
    let (opportunity, deal) = deal(cast, FALLING);
    let (ours, theirs) = (cast.user(opportunity.owner), deal.contact.address.as_str());
    let regarding = &opportunity.record.reference;

    let mails = teller.rhythm(ours, theirs, 350.0, 55.0, 6.0);
    teller.track(&mails, 8, regarding);
    teller.exchange(ours, theirs, 52.0, 1);
    for weeks in 0..8 {
        teller.meet(ours, &[theirs], 61 + 30 * weeks, (weeks % 2 == 0).then_some(regarding));
    }
    for days_ago in [73.0, 121.0, 180.0] {
        teller.call(theirs, ours, days_ago, Some(regarding));
    }
    deal
}

/// A mail a week for half a year and more, none of them answered.
pub(super) fn one_way(cast: &Cast, teller: &mut Teller<'_>) -> Deal {
    let (opportunity, deal) = deal(cast, ONE_WAY);
    let (ours, theirs) = (cast.user(opportunity.owner), deal.contact.address.as_str());
    for week in 0..30 {
        let mails = teller.exchange(ours, theirs, 4.0 + 7.0 * f64::from(week), 1);
        teller.track(&mails, 1, &opportunity.record.reference);
    }
    deal
}

/// The opportunity of a story's account, and its names.
pub(super) fn deal(cast: &Cast, account: usize) -> (&Opportunity, Deal) {
    let number = DEALS.iter().position(|told: &ToldDeal| told.account == account).unwrap_or_default();
    let opportunity = &cast.opportunities[number];
    let deal = Deal {
        opportunity_id: opportunity.record.id().to_owned(),
        account_id: cast.accounts[account].record.id().to_owned(),
        contact: person(cast, account, 0),
        owner: cast.user(opportunity.owner).to_owned(),
    };
    (opportunity, deal)
}
