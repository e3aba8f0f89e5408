//! Dates of mail headers (RFC 5322, with its obsolete forms and those of old software): weekday, seconds and zone may be missing,
//! the order of the parts does not matter.

use vocabulary::{Day, Timestamp};

/// Reads a date; `None` where a part is missing or impossible. A missing or unknown zone is UTC, as RFC 5322 says.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    let mut parts = Parts::default();
    let text = without_comments(text);
    for word in text.split([' ', '\t', '\r', '\n', ',']).filter(|word| !word.is_empty()) {
        // As in 29-Mar-2019.
        let is_joined = word.as_bytes()[0].is_ascii_digit() && word.contains('-');
        for token in word.split(|c| is_joined && c == '-') {
            parts.take(token)?;
        }
    }
    parts.instant()
}

#[derive(Debug, Default)]
struct Parts {
    day: Option<u32>,
    month: Option<u32>,
    year: Option<i64>,
    second_of_day: Option<i64>,
    zone_seconds: i64,
}

impl Parts {
    fn take(&mut self, token: &str) -> Option<()> {
        if token.contains(':') {
            self.second_of_day = Some(second_of_day(token)?);
        } else if let Some(zone) = token.strip_prefix('+') {
            self.zone_seconds = zone_seconds(zone)?;
        } else if let Some(zone) = token.strip_prefix('-') {
            self.zone_seconds = -zone_seconds(zone)?;
        } else if let Ok(number) = token.parse::<u32>() {
            match (self.day, token.len()) {
                (None, 1 | 2) => self.day = Some(number),
                _ if self.year.is_none() => self.year = Some(year(number, token.len())),
                _ => return None,
            }
        } else if let Some(hours) = named_zone(token) {
            self.zone_seconds = hours * 3600;
        } else if self.month.is_none() {
            self.month = month(token);
        }
        Some(())
    }

    fn instant(&self) -> Option<Timestamp> {
        let (day, month, year) = (self.day?, self.month?, self.year?);
        let date = day_of(year, month, day);
        // The 31st of February comes back as another day.
        let is_possible = (1900..=9999).contains(&year) && date.civil() == (year, month, day);
        let seconds = date.start().seconds() + self.second_of_day? - self.zone_seconds;
        is_possible.then(|| Timestamp::from_seconds(seconds))
    }
}

/// A day, by Howard Hinnant's `days_from_civil`; an impossible one is some other day.
fn day_of(year: i64, month: u32, day: u32) -> Day {
    let year = year - i64::from(month <= 2);
    let shifted_month = (i64::from(month) + 9) % 12;
    let day_of_year = (153 * shifted_month + 2) / 5 + i64::from(day) - 1;
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Day(i32::try_from(era * 146_097 + day_of_era - 719_468).unwrap_or_default())
}

/// Two digits are 1950 to 2049, three count from 1900 (RFC 5322, section 4.3).
fn year(number: u32, digits: usize) -> i64 {
    i64::from(number)
        + match (digits, number) {
            (..=2, ..=49) => 2000,
            (..=3, _) => 1900,
            _ => 0,
        }
}

fn month(token: &str) -> Option<u32> {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let start = token.get(..3)?;
    (1..).zip(MONTHS).find(|(_, name)| name.eq_ignore_ascii_case(start)).map(|(number, _)| number)
}

/// The 60th second of a minute is the first of the next one.
fn second_of_day(token: &str) -> Option<i64> {
    let mut parts = token.split(':').map(|part| part.parse::<u32>().ok());
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next().unwrap_or(Some(0))?);
    let is_time = hour <= 23 && minute <= 59 && second <= 60 && parts.next().is_none();
    is_time.then(|| i64::from(hour * 3600 + minute * 60 + second))
}

fn zone_seconds(digits: &str) -> Option<i64> {
    let number: u32 = digits.parse().ok()?;
    let (hours, minutes) = (number / 100, number % 100);
    (digits.len() == 4 && hours <= 24 && minutes <= 59).then(|| i64::from(hours * 3600 + minutes * 60))
}

/// The zones that RFC 5322 names, in hours east of UTC.
fn named_zone(token: &str) -> Option<i64> {
    Some(match token.to_ascii_uppercase().as_str() {
        "UT" | "UTC" | "GMT" | "Z" => 0,
        "EDT" => -4,
        "EST" | "CDT" => -5,
        "CST" | "MDT" => -6,
        "MST" | "PDT" => -7,
        "PST" => -8,
        _ => return None,
    })
}

fn without_comments(text: &str) -> String {
    let mut depth = 0_u32;
    let mut kept = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if depth == 0 => kept.push(c),
            _ => {}
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(parse(text).map(|instant| instant.to_string()).as_deref(), expected, "{text}");
    }

    #[test]
    fn the_same_instant_in_many_spellings() {
        for text in [
            "Fri, 29 Mar 2019 19:37:21 +0530",
            "Fri, 29 Mar 2019 14:07:21 Z",
            "29 Mar 2019 14:07:21 UT",
            "Fri,29 mar 19 10:07:21 EDT",
            "Fri, 29 Mar 2019 07:07:21 -0700 (PDT (summer))",
            "Fri, 29 March 119 14:07:21",
            "Fri Mar 29 14:07:21 2019",
            "29-Mar-2019 14:07:21 +0000",
            " Fri,\r\n 29 Mar 2019\r\n\t14:07:21 GMT ",
        ] {
            check(text, Some("2019-03-29T14:07:21Z"));
        }
        check("1 Jan 2020 0:30 +0100", Some("2019-12-31T23:30:00Z"));
        check("Sat, 31 Dec 2016 23:59:60 +0000", Some("2017-01-01T00:00:00Z"));
        check("29 Feb 2000 12:00:00 +0000", Some("2000-02-29T12:00:00Z"));
        check("1 Jan 70 00:00:00 +0000", Some("1970-01-01T00:00:00Z"));
    }

    #[test]
    fn impossible_and_incomplete_dates_are_none() {
        for text in [
            "",
            "yesterday",
            "Fri, 29 Mar 2019",
            "Mar 2019 14:07:21",
            "29 2019 14:07:21",
            "30 Feb 2019 14:07:21 +0000",
            "0 Mar 2019 14:07:21 +0000",
            "29 Mar 2019 24:07:21 +0000",
            "29 Mar 2019 14:07:61 +0000",
            "29 Mar 2019 14:07:21:09 +0000",
            "29 Mar 2019 14:07:21 +9999",
            "29 Mar 4294967295 14:07:21 +0000",
            "29 Mar 2019 14:é +0000",
        ] {
            check(text, None);
        }
    }
}
