//! The canonical text that names an interaction or a thread, the same from every source (Rapport rule).
//! The first line says what it names, so that kinds never collide; free text stands last.

use std::fmt::Write;

use vocabulary::{Address, Timestamp};

use crate::Source;

/// A Message-ID without white space and brackets around it, its case kept; `None` where nothing is left.
pub(crate) fn message_id(text: &str) -> Option<&str> {
    let text = text.trim();
    let text = text.strip_prefix('<').unwrap_or(text);
    let text = text.strip_suffix('>').unwrap_or(text).trim();
    (!text.is_empty()).then_some(text)
}

pub(crate) fn of_email(message_id: &str) -> String {
    format!("email\n{message_id}")
}

/// A mail without Message-ID that the CRM tracked under its own id.
pub(crate) fn of_tracked_email(source_id: &str) -> String {
    format!("tracked-email\n{source_id}")
}

/// A mail without any id: what its headers say. No address holds a line end or a comma.
pub(crate) fn of_unnamed_email(date: Timestamp, from: &Address, to: &[Address], cc: &[Address]) -> String {
    let mut text = format!("unnamed-email\n{}\n{}", date.micros(), from.as_str());
    for recipients in [to, cc] {
        let mut distinct: Vec<&str> = recipients.iter().map(Address::as_str).collect();
        distinct.sort_unstable();
        distinct.dedup();
        // Writing to a string does not fail.
        let _ = write!(text, "\n{}", distinct.join(","));
    }
    text
}

/// One occurrence, named by the start it had in its series.
pub(crate) fn of_meeting(uid: &str, occurrence: Timestamp) -> String {
    format!("meeting\n{}\n{uid}", occurrence.micros())
}

pub(crate) fn of_call(source: Source, source_id: &str) -> String {
    format!("call\n{}\n{source_id}", origin(source))
}

pub(crate) fn of_activity(source: Source, source_id: &str) -> String {
    format!("activity\n{}\n{source_id}", origin(source))
}

/// The thread whose first mail has this Message-ID.
pub(crate) fn of_thread(root: &str) -> String {
    format!("thread\n{root}")
}

/// The thread that its source calls a conversation.
pub(crate) fn of_conversation(id: &str) -> String {
    format!("conversation\n{id}")
}

/// Ids of the CRM and of mail systems are told apart; a journal is mailboxes.
fn origin(source: Source) -> &'static str {
    match source {
        Source::Mailbox(_) | Source::Journal => "mailbox",
        Source::Crm => "crm",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_ids_are_equal_with_and_without_brackets_but_not_whatever_their_case() {
        for (text, id) in
            [("<a@b>", Some("a@b")), ("a@b", Some("a@b")), (" < a@b > ", Some("a@b")), ("<A@b>", Some("A@b")), ("<>", None), (" ", None)]
        {
            assert_eq!(message_id(text), id, "{text}");
        }
    }
}
