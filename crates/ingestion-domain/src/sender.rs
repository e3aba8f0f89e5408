//! Senders that are no people: no-reply and daemon addresses, by the part before the `@` (Rapport rule).

use vocabulary::Address;

/// Whole local parts, without `-`, `_` and `.`.
const DAEMONS: [&str; 7] = ["bounce", "bounces", "daemon", "mailerdaemon", "mailsystem", "postmaster", "root"];

/// What a local part may begin or end with, written in any of the usual ways.
const NO_REPLY: [&str; 2] = ["noreply", "donotreply"];

/// Whether a machine writes from this address.
pub(crate) fn is_automatic(address: &Address) -> bool {
    // What follows `+` or `=` is a tag, as in `bounces+17=ada=example.com@`.
    let local = address.local().split(['+', '=']).next().unwrap_or_default();
    let joined: String = local.chars().filter(|c| !"-_.".contains(*c)).collect();
    DAEMONS.contains(&joined.as_str())
        || NO_REPLY.iter().any(|word| joined.starts_with(word) || joined.ends_with(word))
        || local.split(['-', '_']).any(|word| matches!(word, "bounce" | "bounces"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(locals: &[&str], automatic: bool) {
        for local in locals {
            let address = Address::parse(&format!("{local}@example.com")).unwrap();
            assert_eq!(is_automatic(&address), automatic, "{local}");
        }
    }

    #[test]
    fn machines_are_told_by_their_names() {
        check(&["noreply", "no-reply", "NO_REPLY", "do-not-reply", "donotreply", "noreply+17", "no.reply-crm"], true);
        check(&["calendar-noreply", "mailer-daemon", "postmaster", "daemon", "root"], true);
        check(&["bounce", "bounces", "bounces+17=ada", "openbmc-bounces", "bounce-17"], true);
    }

    #[test]
    fn people_are_not() {
        check(&["ada", "reply", "postmaster-general", "ada.bounce", "daemonica", "norbert.eply", "info", "sales"], false);
    }
}
