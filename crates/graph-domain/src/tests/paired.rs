//! Which touches a pair has, by which origin tells what.

use measures::strength::Direction::{self, Both, Inbound, Outbound};

use super::*;

const US: PersonId = PersonId(101);

/// The contacts of Ada and THEM: days ago, direction, weight; latest first.
#[track_caller]
fn check(name: &str, open: &[UserId], entries: Vec<(Origin, Entry)>, expected: &[(f64, Direction, f64)]) {
    let ties = folded(entries);
    let mut found = contacts(&ties, &readable(open));
    found.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    assert_eq!(found, expected, "{name}");
}

fn contacts(ties: &Ties, readable: &Readable) -> Vec<(f64, Direction, f64)> {
    let contacts = ties.contacts(readable, &colleague(ADA), &ties.tracked(&[THEM]));
    contacts.iter().map(|contact| (now().days_since(contact.touch.time), contact.touch.direction, contact.touch.weight)).collect()
}

#[test]
fn a_mailbox_tells_the_touches_of_its_owner() {
    let open = &[ADA, BEN];
    check("a mail sent", open, vec![(mailbox(ADA), mail(1, US, &[THEM], ago(3)))], &[(3.0, Outbound, 1.0)]);
    check("a mail received", open, vec![(mailbox(ADA), mail(1, THEM, &[US], ago(3)))], &[(3.0, Inbound, 1.0)]);
    let four = [THEM, OTHER, PersonId(502), PersonId(503)];
    check("a mail to four", open, vec![(mailbox(ADA), mail(1, US, &four, ago(3)))], &[(3.0, Outbound, 0.5)]);
    check("somebody else's mail", open, vec![(mailbox(ADA), mail(1, OTHER, &[US], ago(3)))], &[]);
    check("both merely receive it", open, vec![(mailbox(ADA), mail(1, OTHER, &[US, THEM], ago(3)))], &[]);
    check("another mailbox", open, vec![(mailbox(BEN), mail(1, US, &[THEM], ago(3)))], &[]);
    check("a closed mailbox", &[BEN], vec![(mailbox(ADA), mail(1, US, &[THEM], ago(3)))], &[]);
    let earlier = Origin::Mailbox { user: ADA, generation: 0 };
    check("an earlier generation", open, vec![(earlier, mail(1, US, &[THEM], ago(3)))], &[]);
    check("before the data window", open, vec![(mailbox(ADA), mail(1, US, &[THEM], ago(366)))], &[]);
    let task = Entry { kind: InteractionKind::Task, ..mail(1, US, &[THEM], ago(3)) };
    check("a task", open, vec![(mailbox(ADA), task)], &[]);
    let call = Entry { kind: InteractionKind::Call, ..mail(1, US, &[THEM], ago(3)) };
    check("a call", open, vec![(mailbox(ADA), call)], &[(3.0, Outbound, 2.0)]);
    let twice = vec![Participant { role: Role::Cc, ..named(THEM) }, named(THEM)];
    let mail = Entry { participants: twice, ..mail(1, US, &[THEM], ago(3)) };
    check("in To and Cc", open, vec![(mailbox(ADA), mail)], &[(3.0, Outbound, 1.0)]);
}

#[test]
fn meetings_are_between_organiser_and_attendee() {
    let open = &[ADA];
    let told = |entry| vec![(mailbox(ADA), entry)];
    check("accepted", open, told(meeting(1, US, THEM, Answer::Accepted, ago(3))), &[(3.0, Both, 3.0)]);
    check("we accepted", open, told(meeting(1, THEM, US, Answer::Accepted, ago(3))), &[(3.0, Both, 3.0)]);
    check("no answer", open, told(meeting(1, US, THEM, Answer::None, ago(3))), &[(3.0, Outbound, 0.3)]);
    check("we never answered", open, told(meeting(1, THEM, US, Answer::None, ago(3))), &[(3.0, Inbound, 0.3)]);
    check("declined", open, told(meeting(1, US, THEM, Answer::Declined, ago(3))), &[]);
    let cancelled = Entry { cancelled: true, ..meeting(1, US, THEM, Answer::Accepted, ago(3)) };
    check("cancelled", open, told(cancelled), &[]);
}

#[test]
fn the_crm_names_everybody_and_adds_what_the_mailbox_lacks() {
    let both = [(3.0, Outbound, 1.0), (4.0, Inbound, 1.0)];
    let told = vec![(mailbox(ADA), mail(1, US, &[THEM], ago(3))), (Origin::Crm, mail(2, THEM, &[US], ago(4)))];
    check("one each", &[ADA], told.clone(), &both);
    check("without the mailbox", &[], told, &both[1..]);
    let copies = vec![(mailbox(ADA), mail(1, US, &[THEM], ago(3))), (Origin::Crm, mail(1, US, &[THEM], ago(3)))];
    check("the same mail twice", &[ADA], copies, &both[..1]);
    check(
        "among others",
        &[],
        vec![(Origin::Crm, mail(1, US, &[OTHER, THEM, person_of(BEN)], ago(3)))],
        &[(3.0, Outbound, 1.0 / 3f64.sqrt())],
    );
    check("both merely receive it", &[], vec![(Origin::Crm, mail(1, OTHER, &[US, THEM], ago(3)))], &[]);
}

#[test]
fn the_highest_version_that_may_be_read_says_when_and_whether() {
    let version = |sequence| Version { sequence, stamp: Timestamp::EPOCH };
    let first = meeting(1, THEM, US, Answer::Accepted, ago(9));
    let moved = Entry { version: version(2), others: 3, ..meeting(1, THEM, person_of(BEN), Answer::Declined, ago(2)) };
    let off = Entry { version: version(3), cancelled: true, ..first.clone() };
    let told = vec![(mailbox(ADA), first.clone()), (mailbox(BEN), moved.clone())];
    check("moved in a colleague's mailbox", &[ADA, BEN], told.clone(), &[(2.0, Both, 1.0)]);
    check("which is closed now", &[ADA], told.clone(), &[(9.0, Both, 3.0)]);
    check("moved in the CRM", &[ADA], vec![told[0].clone(), (Origin::Crm, moved)], &[(2.0, Both, 1.0)]);
    check("cancelled later", &[ADA], vec![(mailbox(ADA), off.clone()), (mailbox(ADA), first.clone())], &[]);
    check("cancelled in a colleague's mailbox", &[ADA, BEN], vec![(mailbox(ADA), first.clone()), (mailbox(BEN), off)], &[]);

    let mut ties = folded(told);
    ties.forget(BEN);
    assert_eq!(contacts(&ties, &readable(&[ADA, BEN])), [(9.0, Both, 3.0)], "a forgotten mailbox tells nothing");
    ties.forget(ADA);
    assert_eq!(contacts(&ties, &readable(&[ADA, BEN])), []);
    ties.fold(mailbox(ADA), first);
    assert_eq!(contacts(&ties, &readable(&[ADA, BEN])), [(9.0, Both, 3.0)], "and may tell again");
}

#[test]
fn a_reply_to_a_list_counts_as_if_its_parents_author_stood_in_to() {
    let parent = Entry { stub: true, ..mail(7, THEM, &[], ago(5)) };
    let reply = |parent| Entry { parent: Some(Identity(parent)), ..mail(8, US, &[], ago(4)) };
    let resolved = [(4.0, Outbound, 1.0)];
    check("a stub", &[ADA], vec![(mailbox(ADA), parent.clone()), (mailbox(ADA), reply(7))], &resolved);
    check("a stub that came later", &[ADA], vec![(mailbox(ADA), reply(7)), (mailbox(ADA), parent.clone())], &resolved);
    let to_us = mail(7, THEM, &[US], ago(5));
    check("a mail", &[ADA], vec![(mailbox(ADA), to_us), (mailbox(ADA), reply(7))], &[(4.0, Outbound, 1.0), (5.0, Inbound, 1.0)]);
    check("a stub elsewhere", &[ADA, BEN], vec![(mailbox(BEN), parent.clone()), (mailbox(ADA), reply(7))], &[]);
    check("nothing", &[ADA], vec![(mailbox(ADA), reply(7))], &[]);
    let theirs = Entry { parent: Some(Identity(7)), ..mail(8, THEM, &[], ago(4)) };
    let ours = Entry { stub: true, ..mail(7, US, &[], ago(5)) };
    check("their reply to ours", &[ADA], vec![(mailbox(ADA), theirs), (mailbox(ADA), ours)], &[(4.0, Inbound, 1.0)]);
    let direct = Entry { parent: Some(Identity(7)), ..mail(8, US, &[OTHER], ago(4)) };
    check("a reply that names somebody", &[ADA], vec![(mailbox(ADA), parent), (mailbox(ADA), direct)], &[]);
}

#[test]
fn somebody_with_several_addresses_is_one_pair() {
    let second = PersonId(510);
    let ties = folded([(mailbox(ADA), mail(1, US, &[THEM, OTHER], ago(3))), (mailbox(ADA), mail(2, second, &[OTHER], ago(4)))]);
    let ada = Colleague { user: ADA, persons: vec![US, second] };
    let theirs = [THEM, OTHER];
    let mut directions: Vec<_> =
        ties.contacts(&readable(&[ADA]), &ada, &ties.tracked(&theirs)).iter().map(|contact| contact.touch.weight).collect();
    directions.sort_by(f64::total_cmp);
    assert_eq!(directions, [1.0 / 2f64.sqrt(), 1.0]);
}
