//! What single header fields say, from the mail parser's values.

use mail_parser::HeaderValue;
use vocabulary::Timestamp;

use crate::date;

/// The addresses of a field. Groups give their members, which for `undisclosed-recipients:;` is nobody.
pub(crate) fn addresses<'a>(value: &'a HeaderValue<'_>) -> impl Iterator<Item = String> + 'a {
    // Some clients put the whole address into quotes.
    let bare = |text: &str| text.trim().trim_matches(['\'', '"']).to_owned();
    let all = value.as_address().into_iter().flat_map(|addresses| addresses.iter());
    all.filter_map(|one| one.address()).filter(|text| text.contains('@')).map(bare)
}

/// The ids of a field. What holds white space is no id but prose, as in `Your message of Friday`.
pub(crate) fn ids<'a>(value: &'a HeaderValue<'_>) -> impl Iterator<Item = String> + 'a {
    let ids = match value {
        HeaderValue::Text(id) => std::slice::from_ref(id),
        HeaderValue::TextList(ids) => ids.as_slice(),
        _ => &[],
    };
    ids.iter().filter(|id| !id.contains(char::is_whitespace)).map(ToString::to_string)
}

/// The text of a field on one line; none where it is empty.
pub(crate) fn text(value: &HeaderValue<'_>) -> Option<String> {
    let words: Vec<&str> = value.as_text()?.split_ascii_whitespace().collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// A date; none where it is impossible.
pub(crate) fn date(value: &HeaderValue<'_>) -> Option<Timestamp> {
    date::parse(value.as_text()?)
}

/// The date of a Received field, which stands behind its last semicolon.
pub(crate) fn received(value: &HeaderValue<'_>) -> Option<Timestamp> {
    date::parse(value.as_text()?.rsplit_once(';')?.1)
}

/// Whether a Content-Type is a calendar.
pub(crate) fn is_calendar(value: &HeaderValue<'_>) -> bool {
    value.as_content_type().is_some_and(|kind| {
        kind.ctype().eq_ignore_ascii_case("text") && kind.subtype().is_some_and(|sub| sub.eq_ignore_ascii_case("calendar"))
    })
}
