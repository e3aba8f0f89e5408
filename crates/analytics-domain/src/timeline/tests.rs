//! Which interactions count for which record: the rules of section 2, one row each.

use vocabulary::entry::{Answer, Entry, InteractionKind, Origin, Version};
use vocabulary::{Identity, Timestamp, UserId};

use super::Direction;
use crate::testing::{
    Telling, account, call, contact, days_ago, entry, lead, mail, mailbox, meeting, now, opportunity, them, timeline, us,
};

const CRM: Origin = Origin::Crm;

/// What an interaction counts as for contact c1, account a1, opportunity o1 and lead l1: S(ent), R(eceived), I(nternal) or -.
fn check(what: &str, entries: &[(Origin, Entry)], expected: &str) {
    let records = [contact(), account(), opportunity(), lead()];
    let word = |record| {
        let counted = timeline(entries, record).counted;
        assert!(counted.len() <= 1, "{what}: counts {} times", counted.len());
        counted.first().map_or('-', |counted| match counted.direction {
            Direction::Sent => 'S',
            Direction::Received => 'R',
            Direction::Internal => 'I',
        })
    };
    assert_eq!(records.iter().map(word).collect::<String>(), expected, "{what}");
}

fn one(what: &str, origin: Origin, entry: Entry, expected: &str) {
    check(what, &[(origin, entry)], expected);
}

#[test]
fn mail_counts_by_author_and_recipients() {
    one("from the owner to the customer", mailbox(1), mail(1, us(1)).to(them(1)), "SSS-");
    one("the customer's second address", mailbox(1), mail(1, us(1)).cc(them(11)), "SSS-");
    one("from the customer to the owner", mailbox(1), mail(1, them(1)).to(us(1)), "RRR-");
    one("from the customer to the owner in copy", mailbox(1), mail(1, them(1)).cc(us(1)), "RRR-");
    one("from the team", mailbox(2), mail(1, us(2)).to(them(5)), "--S-");
    one("R2: to a stakeholder, by somebody who is not on the team", mailbox(3), mail(1, us(3)).to(them(5)).cc(us(1)), "----");
    one("the same, as the CRM tells it", CRM, mail(1, us(3)).to(them(5)).cc(us(1)), "----");
    one("to a stakeholder who is a contact of the account", mailbox(1), mail(1, us(1)).to(them(2)), "-SS-");
    one("to the account's primary contact", mailbox(1), mail(1, us(1)).to(them(3)), "-SS-");
    one("from somebody off the team to the customer", mailbox(3), mail(1, us(3)).to(them(1)), "SS--");
    one("to the lead", mailbox(1), mail(1, us(1)).to(them(6)), "---S");
    one("to a stakeholder of the lead", mailbox(1), mail(1, us(1)).to(them(7)), "---S");
    one("to the lead, by somebody else", mailbox(2), mail(1, us(2)).to(them(6)), "----");
    one("from the lead to somebody else", mailbox(2), mail(1, them(6)).to(us(2)), "----");
    one("between outsiders, both of whom merely receive", CRM, mail(1, them(9)).to(them(1)).cc(us(1)), "----");
    one("among ourselves", mailbox(1), mail(1, us(1)).to(us(2)), "----");
    one("to oneself", mailbox(1), mail(1, us(1)).to(us(1)), "----");
}

#[test]
fn our_author_counts_through_his_own_mailbox_or_the_crm_only() {
    let sent = || mail(1, us(4)).to(them(1)).cc(us(1));
    one("a closed mailbox tells nothing", mailbox(4), sent(), "----");
    one("a colleague's copy names the owner alone", mailbox(1), mail(1, us(4)).to(us(1)), "----");
    one("a colleague's copy that says more is not believed", mailbox(1), sent(), "----");
    one("the CRM tells it", CRM, sent(), "SS--");
    one("the CRM tells it of somebody who may not be named", CRM, mail(1, us(5)).to(them(1)), "SS--");
    check("a colleague's copy adds nothing to the CRM's", &[(CRM, sent()), (mailbox(1), mail(1, us(4)).to(us(1)))], "SS--");
    let other = Origin::Mailbox { user: UserId(1), generation: 2 };
    one("another generation of keys", other, mail(1, us(1)).to(them(1)), "----");
}

#[test]
fn somebody_who_merely_receives_the_same_mail_is_not_told_of() {
    one("a copy that names another recipient", mailbox(1), mail(1, them(1)).to(us(2)), "----");
    one("one's own copy", mailbox(2), mail(1, them(1)).to(us(2)), "RRR-");
}

#[test]
fn copies_are_one_interaction() {
    let received = |user: u64| (mailbox(user), mail(1, them(1)).to(us(user)));
    check("one mail in three mailboxes", &[received(1), received(2), received(3)], "RRR-");
    check("tracked and read", &[(CRM, mail(1, us(1)).to(them(1))), (mailbox(1), mail(1, us(1)).to(them(1)))], "SSS-");
    let tracked = mail(1, us(1)).to(them(9)).about(lead());
    check(
        "the regarding comes from the CRM, people from both",
        &[(CRM, tracked), (mailbox(1), mail(1, us(1)).to(them(9)).cc(them(1)))],
        "SSSS",
    );
    let claimed = mail(1, us(1)).to(them(9)).about(lead());
    one("a mailbox has no regarding", mailbox(1), claimed, "----");
}

#[test]
fn the_clamped_date_of_one_mailbox_yields_to_the_date_that_was_written() {
    let at = |user: u64, time: Timestamp| (mailbox(user), mail(1, them(1)).to(us(user)).at(time));
    let counted = timeline(&[at(1, days_ago(3)), at(2, days_ago(5)), at(3, days_ago(4))], &contact()).counted;
    assert_eq!(counted.iter().map(|counted| counted.time).collect::<Vec<_>>(), [days_ago(5)]);
}

#[test]
fn what_was_tracked_on_a_record_always_counts_for_it() {
    one("with nobody of interest on it", CRM, mail(1, us(3)).to(them(9)).about(opportunity()), "--S-");
    one("received from somebody who is not on it", CRM, mail(1, them(9)).to(us(3)).about(lead()), "---R");
    one("with nobody from outside", CRM, mail(1, us(3)).to(us(1)).about(opportunity()), "--I-");
    one("a task with nobody at all", CRM, entry(InteractionKind::Task, 1, us(3)).about(contact()), "I---");
    one("an internal meeting", CRM, meeting(1, us(3)).about(account()), "-I--");
    one("and for the others by their own rules", CRM, mail(1, us(3)).to(them(1)).about(opportunity()), "SSS-");
}

#[test]
fn calls_and_activities_have_the_callers_direction() {
    one("to the customer", CRM, call(1, us(1)).to(them(1)), "SSS-");
    one("from the customer", CRM, call(1, them(1)).to(us(1)), "RRR-");
    one("R1: to a lead's stakeholder, by the owner", CRM, call(1, us(1)).to(them(7)), "---S");
    one("R1: by anybody else", CRM, call(1, us(2)).to(them(7)).to(us(1)), "----");
    one("R1: from the stakeholder to the owner", CRM, call(1, them(7)).to(us(1)), "---R");
    one("a visit", CRM, entry(InteractionKind::Custom("visit".into()), 1, us(1)).to(them(1)), "SSS-");
}

#[test]
fn meetings_count_when_both_sides_are_on_them() {
    let accepted = Answer::Accepted;
    one("with the customer", mailbox(1), meeting(1, us(1)).answering(them(1), accepted), "SSS-");
    one("organised by the customer", mailbox(1), meeting(1, them(1)).answering(us(1), accepted), "RRR-");
    one("organised by an outsider who is not on it", CRM, meeting(1, them(9)).to(us(1)).to(them(1)), "RRR-");
    one("organised off the team, with the owner", mailbox(3), meeting(1, us(3)).to(us(1)).to(them(5)), "--R-");
    one("nobody of the team", mailbox(3), meeting(1, us(3)).to(them(5)), "----");
    one("a colleague's copy of a closed mailbox", mailbox(1), meeting(1, us(4)).answering(us(1), accepted), "----");
    one("R3: with the account's primary contact", mailbox(3), meeting(1, us(3)).to(them(3)), "-S--");
    one("R4: which no opportunity counts", mailbox(1), meeting(1, us(1)).to(them(3)), "-S--");
    one("R4: unless it was tracked on it", CRM, meeting(1, us(1)).to(them(3)).about(opportunity()), "-SS-");
    one("R4: or a stakeholder is there too", mailbox(1), meeting(1, us(1)).to(them(3)).to(them(5)), "-SS-");
}

#[test]
fn meetings_that_did_not_take_place_do_not_count() {
    let (accepted, declined) = (Answer::Accepted, Answer::Declined);
    let held = || meeting(1, us(1)).answering(them(1), accepted);
    one("cancelled", mailbox(1), Entry { cancelled: true, ..held() }, "----");
    one("declined by all of theirs", mailbox(1), meeting(1, us(1)).answering(them(1), declined), "----");
    one("declined by all of ours", mailbox(1), meeting(1, them(1)).answering(us(1), declined), "----");
    let some = meeting(1, us(1)).answering(them(1), declined).answering(them(2), accepted);
    one("declined by some of theirs, among them the contact", mailbox(1), some, "-SS-");
    one("not answered", mailbox(1), meeting(1, us(1)).to(them(1)), "SSS-");
    one("not ended", mailbox(1), held().at(now().plus_days(1)), "----");
    let invited = |user: u64, answer| (mailbox(user), meeting(1, them(1)).answering(us(user), answer));
    check("declined by one of ours, accepted by another", &[invited(1, declined), invited(2, accepted)], "RRR-");
    check("declined by the whole team, accepted by a colleague", &[invited(1, declined), invited(3, accepted)], "RR--");
}

#[test]
fn the_highest_version_of_a_meeting_holds_across_mailboxes() {
    let version = |sequence| Version { sequence, stamp: Timestamp::EPOCH };
    let invited = |user: u64, sequence, cancelled| {
        (mailbox(user), Entry { version: version(sequence), cancelled, ..meeting(1, them(1)).answering(us(user), Answer::Accepted) })
    };
    check("cancelled later", &[invited(1, 0, false), invited(2, 1, true)], "----");
    check("taken up again", &[invited(1, 2, false), invited(2, 1, true)], "RRR-");
}

#[test]
fn a_reply_to_a_list_counts_as_if_the_author_it_replies_to_stood_in_to() {
    let post = |author| Entry { stub: true, ..mail(1, author) };
    let reply = |author| Entry { parent: Some(Identity(1 << 64 | 1)), ..mail(2, author) };
    check("to an outsider", &[(mailbox(1), post(them(1))), (mailbox(1), reply(us(1)))], "SSS-");
    check("to us", &[(mailbox(1), post(us(1))), (mailbox(1), reply(them(1)))], "RRR-");
    check("as another mailbox knows it", &[(mailbox(2), post(them(1))), (mailbox(1), reply(us(1)))], "----");
    check("to a colleague, which is the colleague's story", &[(mailbox(1), post(us(2))), (mailbox(1), reply(them(1)))], "----");
    check("to nobody known", &[(mailbox(1), reply(us(1)))], "----");
    check("a list mail alone", &[(mailbox(1), post(them(1)))], "----");
}

#[test]
fn the_instant_asked_about_and_the_data_window_bound_a_timeline() {
    let at = |id: u64, time: Timestamp| (mailbox(1), mail(id, us(1)).to(them(1)).at(time));
    let entries = [at(1, days_ago(365)), at(2, days_ago(366)), at(3, now()), at(4, now().plus_days(1))];
    let times: Vec<_> = timeline(&entries, &contact()).counted.iter().map(|counted| counted.time).collect();
    assert_eq!(times, [days_ago(365), now()]);
}
