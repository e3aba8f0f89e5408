//! The address of a mailing list, as its headers name it.

/// From List-Post (RFC 2369), as in `<mailto:ada-fans@lists.example>`, else from List-Id (RFC 2919), whose first label is the
/// list and whose rest is its host, as in `Fans of Ada <ada-fans.lists.example>`.
pub(crate) fn address(list_post: Option<&str>, list_id: Option<&str>) -> Option<String> {
    list_post.and_then(of_mailto).or_else(|| list_id.and_then(of_list_id))
}

fn of_mailto(list_post: &str) -> Option<String> {
    let (_, target) = list_post.split_once("mailto:")?;
    let address = target.split(['>', '?', ',']).next()?.trim();
    address.contains('@').then(|| address.to_owned())
}

fn of_list_id(list_id: &str) -> Option<String> {
    let id = match list_id.rsplit_once('<') {
        Some((_, inner)) => inner.split('>').next()?,
        None => list_id,
    };
    let id = id.trim();
    if id.contains('@') {
        return Some(id.to_owned());
    }
    let (list, host) = id.split_once('.')?;
    // A host of one label is none: the id is opaque.
    (!list.is_empty() && host.contains('.')).then(|| format!("{list}@{host}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_named_by_list_post_or_list_id() {
        for (list_post, list_id, named) in [
            (Some("<mailto:fans@lists.example>"), None, Some("fans@lists.example")),
            (Some("<mailto:fans@lists.example?subject=x>"), Some("<other.lists.example>"), Some("fans@lists.example")),
            (Some("NO"), Some("Fans of Ada <fans.lists.example>"), Some("fans@lists.example")),
            (None, Some("fans.lists.example"), Some("fans@lists.example")),
            (None, Some("<fans@lists.example>"), Some("fans@lists.example")),
            (None, Some("<opaque>"), None),
            (None, Some("<4711.localhost>"), None),
            (Some("<https://lists.example/post>"), None, None),
            (None, None, None),
        ] {
            assert_eq!(address(list_post, list_id).as_deref(), named, "{list_post:?} {list_id:?}");
        }
    }
}
