//! Page tokens: where a list goes on, sealed, and good only for the list they were given for. They end with the process.

use data_encoding::BASE64URL_NOPAD;
use sealing::{Context, Key};
use vocabulary::{Fault, Kind, Reason};

const LARGEST: usize = 1000;
const USUAL: usize = 100;

/// The page size to answer with; 0 reads as 100.
///
/// # Errors
/// INVALID_ARGUMENT below 0 and above 1000.
pub(crate) fn size(page_size: i32) -> Result<usize, Fault> {
    match usize::try_from(page_size) {
        Ok(0) => Ok(USUAL),
        Ok(size) if size <= LARGEST => Ok(size),
        Ok(_) | Err(_) => Err(Fault::invalid_field("page_size", format!("must be between 0 and {LARGEST}"))),
    }
}

/// The token for what follows `last` in `list`, which names the method and all that selects the list.
pub(crate) fn token(key: &Key, list: &[&str], last: &str) -> String {
    BASE64URL_NOPAD.encode(&sealing::seal(key, &place(list), last.as_bytes()))
}

/// What the list goes on after; `None` at its beginning.
///
/// # Errors
/// INVALID_ARGUMENT, PAGE_TOKEN_INVALID when the token is not ours or belongs to another list.
pub(crate) fn after(key: &Key, list: &[&str], token: &str) -> Result<Option<String>, Fault> {
    if token.is_empty() {
        return Ok(None);
    }
    let sealed = BASE64URL_NOPAD.decode(token.as_bytes()).map_err(|_| invalid())?;
    let last = sealing::open(key, &place(list), &sealed).map_err(|_| invalid())?;
    String::from_utf8(last).map(Some).map_err(|_| invalid())
}

fn place(list: &[&str]) -> Context {
    list.iter().fold(Context::new("consent.page"), |place, part| place.bytes(part.as_bytes()))
}

fn invalid() -> Fault {
    Fault::new(Kind::InvalidArgument, Reason::PageTokenInvalid, "the page token is not of this list, or is from before a restart")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_for_its_own_list_only() {
        let key = Key::random();
        let mine = token(&key, &["ListUsers", "contoso"], "user-0001");
        assert_eq!(after(&key, &["ListUsers", "contoso"], &mine).unwrap().as_deref(), Some("user-0001"));
        assert_eq!(after(&key, &["ListUsers", "contoso"], "").unwrap(), None);
        for (list, text) in [
            (["ListUsers", "fabrikam"], mine.as_str()),
            (["ListApplications", "contoso"], mine.as_str()),
            (["ListUsers", "contoso"], "u1"),
            (["ListUsers", "contoso"], "é"),
        ] {
            assert_eq!(after(&key, &list, text).unwrap_err().reason, Reason::PageTokenInvalid);
        }
        assert!(!mine.contains("user-0001"));
    }

    #[test]
    fn page_sizes_have_a_default_and_a_limit() {
        for (asked, answered) in [(0, Some(100)), (1, Some(1)), (1000, Some(1000)), (1001, None), (-1, None)] {
            assert_eq!(size(asked).ok(), answered);
        }
    }
}
