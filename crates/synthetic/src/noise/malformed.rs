//! One interaction for each way in which a source can be wrong, so that the counter of malformed ones has something to count.

use ingestion_domain::interaction::Meeting;
use ingestion_domain::{Detail, Email, Interaction};

use super::anytime;
use crate::cast::Cast;
use crate::chronicle::Chronicle;
use crate::correspondence::email;
use crate::dice::Dice;
use crate::post::interaction;

pub(super) fn add(cast: &Cast, dice: &mut Dice, chronicle: &mut Chronicle) {
    let (own, at) = (cast.user(0), anytime(cast, dice));
    let sound = email(dice, "someone@parcel-track.example", &[own], &[], at);
    let mail = |spoil: fn(&mut Email)| {
        let mut mail = sound.clone();
        mail.message_id = None;
        spoil(&mut mail);
        interaction(Detail::Email(Box::new(mail)))
    };
    let (uid, end) = ("broken@series".to_owned(), Some(at.plus_days(-1)));
    let sound = Meeting { uid, start: Some(at), end, organizer: own.to_owned(), ..Meeting::default() };
    let meeting = |spoil: fn(&mut Meeting)| {
        let mut meeting = sound.clone();
        spoil(&mut meeting);
        interaction(Detail::Meeting(Box::new(meeting)))
    };
    let all = [
        mail(|mail| "Parcel Track".clone_into(&mut mail.from)),
        mail(|mail| mail.from.clear()),
        mail(|mail| mail.to.push("undisclosed-recipients:;".to_owned())),
        mail(|mail| mail.cc.push("two words@parcel-track.example".to_owned())),
        mail(|mail| mail.to.push("nobody@".to_owned())),
        mail(|mail| (mail.received, mail.date) = (mail.date, None)),
        // This one ends before it starts as it stands.
        meeting(|_| {}),
        meeting(|meeting| meeting.uid.clear()),
        meeting(|meeting| meeting.start = None),
        meeting(|meeting| meeting.end = None),
        Interaction::default(),
    ];
    for (number, one) in all.iter().enumerate() {
        chronicle.put(&[number % cast.people], one);
    }
}
