//! The reasons for a tie in words, made from its figures alone: no name and no address stands in them.

use measures::strength::{Direction, ONE_SIDED_CAP};

use crate::{Contact, Evidence, Kind};

/// Why a colleague is listed, most telling first; at least one sentence for at least one contact.
pub(crate) fn reasons(contacts: &[Contact], evidence: &Evidence) -> Vec<String> {
    let count = |kind: Kind, wanted: fn(Direction) -> bool| {
        contacts.iter().filter(|contact| contact.kind == kind && wanted(contact.touch.direction)).count()
    };
    let (sent, received) = (count(Kind::Email, Direction::is_outbound), count(Kind::Email, Direction::is_inbound));
    let together = count(Kind::Meeting, |direction| direction == Direction::Both);
    let proposed = count(Kind::Meeting, |direction| direction != Direction::Both);
    let calls = count(Kind::Call, |_| true);

    let mut reasons = Vec::new();
    match (sent, received) {
        (0, 0) => {}
        (_, 0) => reasons.push(format!("{} to them", counted(sent, "mail"))),
        (0, _) => reasons.push(format!("{} from them", counted(received, "mail"))),
        _ if sent == received => reasons.push(format!("{} each way", counted(sent, "mail"))),
        _ => reasons.push(format!("{} to them, {received} from them", counted(sent, "mail"))),
    }
    if together > 0 {
        reasons.push(format!("{} together", counted(together, "meeting")));
    }
    if proposed > 0 {
        reasons.push(format!("{} without acceptance", counted(proposed, "invitation")));
    }
    if calls > 0 {
        reasons.push(counted(calls, "call"));
    }
    if let Some(day) = evidence.last_two_way_day {
        reasons.push(format!("last two-way contact on {day}"));
    }
    let percent = (evidence.one_to_one_share * 100.0).round();
    if percent > 0.0 {
        reasons.push(format!("{percent} % one to one"));
    }
    if let Some(half_life) = evidence.half_life {
        reasons.push(format!("carried by the last {} days", half_life.days()));
    }
    if evidence.one_sided {
        let silent = if evidence.received == 0 { "they have never answered" } else { "they were never answered" };
        reasons.push(format!("held at {ONE_SIDED_CAP}: {silent}"));
    }
    reasons
}

fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}
