//! Invented names of people and companies, and the addresses they make. All domains are reserved (`.example`, RFC 2606).

mod companies;
mod people;

use std::collections::HashSet;

use crate::dice::{Dice, pick};

pub(crate) use companies::{CONTACT_TITLES, NEWSLETTERS, SERVICES, SOLUTIONS};

/// How often a company's name is drawn again because it is taken.
const REDRAWS: usize = 12;

/// Draws names and keeps addresses and company names apart.
#[derive(Default)]
pub(crate) struct Names {
    addresses: HashSet<String>,
    companies: HashSet<String>,
}

impl Names {
    /// A full name and a new address at `domain`.
    pub fn person(&mut self, dice: &mut Dice, domain: &str) -> (String, String) {
        let culture = pick(dice, &people::CULTURES);
        let (given, family) = (pick(dice, culture.given), pick(dice, culture.family));
        let local = format!("{}.{}", folded(given), folded(family));
        let mut address = format!("{local}@{domain}");
        let mut number = 2;
        while !self.addresses.insert(address.clone()) {
            address = format!("{local}{number}@{domain}");
            number += 1;
        }
        (format!("{given} {family}"), address)
    }

    /// A company's name and its domain, both new.
    pub fn company(&mut self, dice: &mut Dice) -> (String, String) {
        let mut draw = || format!("{} {}", pick(dice, &companies::STEMS), pick(dice, &companies::TRADES));
        let mut name = draw();
        for _ in 0..REDRAWS {
            if !self.companies.contains(&name) {
                break;
            }
            name = draw();
        }
        // Where nearly every name is taken, the later companies have a number.
        let taken = name.clone();
        let mut number = 2;
        while !self.companies.insert(name.clone()) {
            name = format!("{taken} {number}");
            number += 1;
        }
        let domain = format!("{}.example", folded(&name));
        (name, domain)
    }
}

/// A name in the letters of an address: `Jørgen O'Dwyer` gives `jorgen-odwyer`.
fn folded(name: &str) -> String {
    let mut text = String::new();
    for letter in name.to_lowercase().chars() {
        match letter {
            'a'..='z' | '0'..='9' => text.push(letter),
            'á' | 'à' | 'â' | 'ã' | 'å' | 'ā' | 'ă' | 'ą' => text.push('a'),
            'ä' | 'æ' => text.push_str("ae"),
            'ç' | 'ć' | 'č' => text.push('c'),
            'é' | 'è' | 'ê' | 'ë' | 'ē' | 'ę' | 'ě' => text.push('e'),
            'í' | 'î' | 'ï' | 'ī' | 'ı' => text.push('i'),
            'ł' => text.push('l'),
            'ñ' | 'ń' | 'ň' => text.push('n'),
            'ó' | 'ò' | 'ô' | 'õ' | 'ō' => text.push('o'),
            'ö' | 'ø' => text.push_str("oe"),
            'ř' => text.push('r'),
            'ś' | 'š' | 'ş' => text.push('s'),
            'ß' => text.push_str("ss"),
            'ú' | 'ů' | 'ū' => text.push('u'),
            'ü' => text.push_str("ue"),
            'ý' => text.push('y'),
            'ź' | 'ż' | 'ž' => text.push('z'),
            'ğ' => text.push('g'),
            ' ' | '-' => text.push('-'),
            _ => {}
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::{Part, dice};

    #[test]
    fn every_name_makes_an_address() {
        for culture in &people::CULTURES {
            for name in culture.given.iter().chain(culture.family) {
                // A letter that is folded to nothing would be missed here.
                let letters = name.chars().filter(|c| c.is_alphabetic() || matches!(c, ' ' | '-')).count();
                assert!(folded(name).len() >= letters && folded(name).is_ascii(), "{name}");
            }
        }
    }

    #[test]
    fn names_repeat_but_addresses_and_companies_do_not() {
        let (mut names, mut dice) = (Names::default(), dice(1, Part::Cast));
        let addresses: HashSet<String> = (0..3_000).map(|_| names.person(&mut dice, "org.example").1).collect();
        let domains: HashSet<String> = (0..3_000).map(|_| names.company(&mut dice).1).collect();
        assert_eq!((addresses.len(), domains.len()), (3_000, 3_000));
    }
}
