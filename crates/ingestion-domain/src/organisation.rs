//! The organisation behind an address: its registrable domain. Freemail domains are nobody's organisation.

use vocabulary::Address;

/// The registrable domain of an address by the public suffix list (Rapport rule), as in `example.co.uk`.
/// `None` where the domain is itself a public suffix.
pub fn organisation(address: &Address) -> Option<&str> {
    psl::domain_str(address.domain())
}

/// Whether a domain is a public mail service, and so never an account: by its registrable domain, any case (Rapport rule).
pub fn is_freemail(domain: &str) -> bool {
    let domain = domain.to_ascii_lowercase();
    let registrable = psl::domain_str(&domain).unwrap_or(&domain);
    let label = registrable.split('.').next().unwrap_or_default();
    FREEMAIL.binary_search(&registrable).is_ok() || FREEMAIL_ANY_SUFFIX.contains(&label)
}

/// Services that use one name under many public suffixes, as in `yahoo.co.uk`.
const FREEMAIL_ANY_SUFFIX: [&str; 6] = ["gmx", "hotmail", "live", "outlook", "yahoo", "yandex"];

/// The published list, sorted.
const FREEMAIL: [&str; 54] = [
    "126.com",
    "139.com",
    "163.com",
    "aim.com",
    "aliyun.com",
    "aol.com",
    "att.net",
    "bluewin.ch",
    "bol.com.br",
    "btinternet.com",
    "comcast.net",
    "cox.net",
    "daum.net",
    "fastmail.com",
    "fastmail.fm",
    "foxmail.com",
    "free.fr",
    "freenet.de",
    "gmail.com",
    "googlemail.com",
    "hanmail.net",
    "hey.com",
    "hushmail.com",
    "icloud.com",
    "inbox.com",
    "inbox.ru",
    "laposte.net",
    "libero.it",
    "list.ru",
    "mac.com",
    "mail.com",
    "mail.ru",
    "mailbox.org",
    "me.com",
    "msn.com",
    "naver.com",
    "orange.fr",
    "pm.me",
    "posteo.de",
    "proton.me",
    "protonmail.com",
    "qq.com",
    "rediffmail.com",
    "rocketmail.com",
    "sbcglobal.net",
    "seznam.cz",
    "sina.com",
    "t-online.de",
    "tutanota.com",
    "uol.com.br",
    "verizon.net",
    "web.de",
    "ymail.com",
    "zoho.com",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_organisation_is_the_registrable_domain() {
        for (address, organisation_name) in [
            ("a@example.com", Some("example.com")),
            ("a@mail.eu.example.co.uk", Some("example.co.uk")),
            ("a@lists.org0035.example", Some("org0035.example")),
            ("a@co.uk", None),
            ("a@localhost", None),
        ] {
            assert_eq!(organisation(&Address::parse(address).unwrap()), organisation_name, "{address}");
        }
    }

    #[test]
    fn freemail_is_told_by_the_registrable_domain() {
        assert!(FREEMAIL.is_sorted());
        for domain in ["gmail.com", "GMX.de", "yahoo.co.uk", "mx.web.de", "hotmail.fr"] {
            assert!(is_freemail(domain), "{domain}");
        }
        for domain in ["example.com", "gmail.example.com", "com", "", "live-events.com"] {
            assert!(!is_freemail(domain), "{domain}");
        }
    }
}
