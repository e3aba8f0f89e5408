//! Reading an email: its headers only.

use std::time::Duration;

use vocabulary::entry::{Answer, InteractionKind, Role, Version};
use vocabulary::{Address, Timestamp, Violation};

use super::{Author, People, Reading, address};
use crate::interaction::Headers;
use crate::judgement::IgnoredReason;
use crate::{Directory, Email, Source, identity, list, sender};

pub(super) fn read(
    email: &Email,
    source_id: Option<&str>,
    source: Source,
    directory: &impl Directory,
    now: Timestamp,
) -> Result<Reading, Violation> {
    let from = address(&email.from, || "email.from".to_owned())?;
    let to = addresses(&email.to, "to")?;
    let cc = addresses(&email.cc, "cc")?;
    let date = email.date.ok_or_else(|| Violation::new("email.date", "an email needs a date"))?;
    let time = instant(date, email.received, now)?;

    let message_id = email.message_id.as_deref().and_then(identity::message_id);
    let replied_to = email.in_reply_to.as_deref().and_then(identity::message_id);
    let identity = match (message_id, source_id) {
        (Some(id), _) => identity::of_email(id),
        (None, Some(id)) if source == Source::Crm => identity::of_tracked_email(id),
        (None, _) => identity::of_unnamed_email(date, &from, &to, &cc),
    };

    let list = email.headers.list_address.as_deref().and_then(|text| Address::parse(text).ok());
    let mut people = People::new(directory, list);
    for (recipients, role) in [(to, Role::To), (cc, Role::Cc)] {
        for recipient in recipients {
            people.add(recipient, role, Answer::None);
        }
    }
    let kept_out = kept_out(&email.headers, &from, replied_to.is_some());
    let author = author(from, &email.headers, &people);
    let (people, to_list) = people.others_than(author.as_ref());
    Ok(Reading {
        identity,
        thread: thread(email, message_id, replied_to),
        replies_to: replied_to.map(identity::of_email),
        kind: InteractionKind::Email,
        time,
        duration_seconds: 0,
        version: Version::default(),
        cancelled: false,
        author,
        people,
        to_list: to_list || list::is_list_mail(&email.headers),
        kept_out,
    })
}

/// How far a sound clock may be ahead of ours.
const SKEW: Duration = Duration::from_secs(5 * 60);

/// Its Date, but no later than it was received (Rapport rule). It never becomes `now`: the same mail has the same instant whenever it
/// is read.
fn instant(date: Timestamp, received: Option<Timestamp>, now: Timestamp) -> Result<Timestamp, Violation> {
    let time = received.map_or(date, |received| date.min(received));
    match received {
        _ if time <= now.plus(SKEW) => Ok(time),
        Some(_) => Err(Violation::new("email.received_time", "lies in the future")),
        None => Err(Violation::new("email.date", "lies in the future, and no received time says when it came")),
    }
}

fn addresses(texts: &[String], header: &str) -> Result<Vec<Address>, Violation> {
    let parse = |(index, text): (usize, &String)| address(text, || format!("email.{header}[{index}]"));
    texts.iter().enumerate().map(parse).collect()
}

/// Who wrote: From, or Reply-To where a list put itself into From because of DMARC (Rapport rule).
fn author<D: Directory>(from: Address, headers: &Headers, people: &People<'_, D>) -> Option<Author> {
    let rescued = || {
        let reply_to = Address::parse(headers.reply_to.as_deref()?).ok()?;
        people.author(reply_to).filter(|author| !sender::is_automatic(&author.address))
    };
    people.author(from).or_else(rescued)
}

/// First of References, else In-Reply-To, else its own Message-ID; the source's conversation only where there is none of them
/// (Rapport rule: a thread must have one name in every mailbox).
fn thread(email: &Email, message_id: Option<&str>, replied_to: Option<&str>) -> Option<String> {
    let first = email.references.iter().find_map(|id| identity::message_id(id));
    let conversation = || email.conversation_id.as_deref().map(str::trim).filter(|id| !id.is_empty());
    first.or(replied_to).or(message_id).map(identity::of_thread).or_else(|| conversation().map(identity::of_conversation))
}

/// The rules that look at headers and sender alone, in their order.
fn kept_out(headers: &Headers, from: &Address, is_reply: bool) -> Option<IgnoredReason> {
    if is_automatic(headers, is_reply) {
        Some(IgnoredReason::Automatic)
    } else if sender::is_automatic(from) {
        Some(IgnoredReason::NoReplySender)
    } else if headers.calendar {
        Some(IgnoredReason::CalendarNotification)
    } else {
        None
    }
}

fn is_automatic(headers: &Headers, is_reply: bool) -> bool {
    // RFC 3834 allows parameters behind the keyword.
    let keyword = |text: &str| text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let auto_submitted = headers.auto_submitted.as_deref().map(keyword).unwrap_or_default();
    let precedence = headers.precedence.as_deref().map(keyword).unwrap_or_default();
    !matches!(auto_submitted.as_str(), "" | "no")
        || matches!(precedence.as_str(), "bulk" | "junk")
        || headers.null_return_path
        || (headers.list_unsubscribe && !headers.list_post && !is_reply)
}
