//! What a mail's own headers say about mailing lists.

use crate::interaction::Headers;

/// Whether it came through a list: List-Id, List-Post or Precedence list (Rapport rule).
pub(crate) fn is_list_mail(headers: &Headers) -> bool {
    let is_list = |precedence: &str| precedence.trim().eq_ignore_ascii_case("list");
    headers.list_post
        || headers.list_id.as_deref().is_some_and(|id| !id.trim().is_empty())
        || headers.precedence.as_deref().is_some_and(is_list)
}
