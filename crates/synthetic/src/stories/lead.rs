//! A lead whose people several colleagues know, each to another degree, its owner hardly.

use super::KnownLead;
use super::rhythm::Teller;
use crate::cast::{Cast, Department};

pub(super) fn known(cast: &Cast, teller: &mut Teller<'_>) -> KnownLead {
    let lead = &cast.leads[0];
    let stakeholders: Vec<&str> = cast.contacts_of(super::KNOWN_LEAD).iter().map(|contact| contact.address.as_str()).collect();
    let (own, sponsor, buyer) = (lead.address.as_str(), stakeholders[0], stakeholders[1]);
    let of = |department| cast.user(cast.member(department, 0));
    let [friend, engineer, marketer, controller] =
        [Department::CustomerSuccess, Department::Engineering, Department::Marketing, Department::Finance].map(of);
    let owner = cast.user(lead.owner);
    let sponsor_record = &cast.contacts_of(super::KNOWN_LEAD)[0].record.reference;

    // Strong: every week, and a meeting a month, one of which the CRM knows.
    teller.rhythm(friend, sponsor, 355.0, 3.0, 7.0);
    for month in 0..11 {
        teller.meet(friend, &[sponsor], 9 + 30 * month, (month == 2).then_some(sponsor_record));
    }
    // Strong enough to step in: every ten days.
    teller.rhythm(engineer, buyer, 350.0, 5.0, 10.0);
    // Medium: every five weeks.
    teller.rhythm(marketer, own, 340.0, 18.0, 35.0);
    // Weak: one answer, then silence.
    let first = teller.exchange(owner, own, 95.0, 2);
    teller.track(&first, 2, &lead.record.reference);
    teller.call(owner, own, 64.0, Some(&lead.record.reference));
    teller.exchange(owner, own, 45.0, 1);
    teller.exchange(owner, own, 12.0, 1);
    // Nearly forgotten.
    teller.exchange(controller, sponsor, 120.0, 2);
    teller.exchange(sponsor, controller, 150.0, 2);

    KnownLead {
        lead_id: lead.record.id().to_owned(),
        people: [own, sponsor, buyer].map(str::to_owned).to_vec(),
        owner: owner.to_owned(),
        introducers: [friend, engineer, marketer, owner, controller].map(str::to_owned).to_vec(),
    }
}
