//! Reads one message (RFC 5322) into an interaction: its headers, and whether a calendar is among its parts. Nothing else of the
//! body, and no subject.

use std::borrow::Cow;
use std::sync::LazyLock;

use ingestion_domain::{Detail, Email, Interaction};
use mail_parser::{Header, HeaderName, MessageParser};

use crate::calendar::CalendarSearch;
use crate::{Unreadable, field, list};

/// How many bytes the headers of a message may have.
pub const HEADERS_LIMIT: usize = 1024 * 1024;

/// How many recipients of a message are collected, To and Cc together, so that a batch stays small. The rules refuse what goes to
/// more than 50 people anyway; where none of ours is among the first of them, a journal gives that as the reason.
pub const MOST_RECIPIENTS: usize = 512;

/// Reads a message. What a header does not say is left empty: a text without `@` is no address, a date that does not parse
/// is none. Of References only the first is kept, which names the thread, and of recipients the first [`MOST_RECIPIENTS`].
///
/// # Errors
/// [`Unreadable::NoHeaders`], [`Unreadable::HeadersTooLarge`].
pub fn parse(message: &[u8]) -> Result<Interaction, Unreadable> {
    let message = message.strip_prefix(b"\xef\xbb\xbf").unwrap_or(message);
    let mut headers = Vec::new();
    let mut lines = message.split_inclusive(|byte| *byte == b'\n');
    for line in lines.by_ref().take_while(|line| !matches!(*line, b"\n" | b"\r\n")) {
        headers.extend_from_slice(line);
        if headers.len() > HEADERS_LIMIT {
            return Err(Unreadable::HeadersTooLarge);
        }
    }
    let mut calendar = CalendarSearch::default();
    lines.for_each(|line| calendar.take(line));
    of_headers(&mut headers, calendar.found())
}

/// Reads a message from its header lines, which get a blank line behind them.
pub(crate) fn of_headers(headers: &mut Vec<u8>, has_calendar_part: bool) -> Result<Interaction, Unreadable> {
    headers.extend_from_slice(b"\r\n\r\n");
    let message = PARSER.parse_headers(headers.as_slice()).ok_or(Unreadable::NoHeaders)?;
    let headers = message.parts.first().map(|root| root.headers.as_slice()).unwrap_or_default();
    if headers.is_empty() {
        return Err(Unreadable::NoHeaders);
    }
    let email = email(headers, has_calendar_part);
    Ok(Interaction { detail: Some(Detail::Email(Box::new(email))), ..Interaction::default() })
}

fn email(headers: &[Header<'_>], has_calendar_part: bool) -> Email {
    let mut email = Email::default();
    let mut reply_to = Vec::new();
    let mut list_post = None;
    email.headers.calendar = has_calendar_part;
    for Header { name, value, .. } in headers {
        match name {
            // A second From or Date is a forgery or a fault: the first one counts.
            HeaderName::From if email.from.is_empty() => email.from = field::addresses(value).next().unwrap_or_default(),
            HeaderName::To => email.to.extend(field::addresses(value).take(MOST_RECIPIENTS - email.to.len() - email.cc.len())),
            HeaderName::Cc => email.cc.extend(field::addresses(value).take(MOST_RECIPIENTS - email.to.len() - email.cc.len())),
            HeaderName::ReplyTo => reply_to.extend(field::addresses(value)),
            HeaderName::Date if email.date.is_none() => email.date = field::date(value),
            // The topmost one was written last, by the mailbox's own server.
            HeaderName::Received if email.received.is_none() => email.received = field::received(value),
            HeaderName::MessageId if email.message_id.is_none() => email.message_id = field::ids(value).next(),
            HeaderName::InReplyTo if email.in_reply_to.is_none() => email.in_reply_to = field::ids(value).next(),
            HeaderName::References if email.references.is_empty() => email.references.extend(field::ids(value).next()),
            HeaderName::ContentType => email.headers.calendar |= field::is_calendar(value),
            HeaderName::ReturnPath => email.headers.null_return_path |= field::text(value).as_deref() == Some("<>"),
            HeaderName::ListId => email.headers.list_id = field::text(value),
            HeaderName::ListPost => list_post = field::text(value),
            HeaderName::ListUnsubscribe => email.headers.list_unsubscribe = true,
            HeaderName::AutoSubmitted => email.headers.auto_submitted = field::text(value),
            HeaderName::Other(name) if name.eq_ignore_ascii_case(PRECEDENCE) => {
                email.headers.precedence = field::text(value);
            }
            _ => {}
        }
    }
    // RFC 2369: `NO` says that nobody may post.
    email.headers.list_post = list_post.as_deref().is_some_and(|post| !post.eq_ignore_ascii_case("no"));
    email.headers.list_address = list::address(list_post.as_deref(), email.headers.list_id.as_deref());
    let is_list = |address: &String| Some(address.as_str()) == email.headers.list_address.as_deref();
    // A list that puts itself into Reply-To beside the author is not who wrote.
    email.headers.reply_to = reply_to.into_iter().find(|address| !is_list(address));
    email
}

const PRECEDENCE: &str = "Precedence";

static PARSER: LazyLock<MessageParser> = LazyLock::new(|| {
    MessageParser::new()
        .header_address(HeaderName::From)
        .header_address(HeaderName::To)
        .header_address(HeaderName::Cc)
        .header_address(HeaderName::ReplyTo)
        .header_raw(HeaderName::Date)
        .header_id(HeaderName::MessageId)
        .header_id(HeaderName::InReplyTo)
        .header_id(HeaderName::References)
        .header_content_type(HeaderName::ContentType)
        .header_raw(HeaderName::Received)
        .header_raw(HeaderName::ReturnPath)
        .header_raw(HeaderName::ListId)
        .header_raw(HeaderName::ListPost)
        .header_raw(HeaderName::ListUnsubscribe)
        .header_raw(HeaderName::AutoSubmitted)
        .header_raw(HeaderName::Other(Cow::Borrowed(PRECEDENCE)))
        .default_header_ignore()
});
