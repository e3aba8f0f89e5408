//! Health in words, for people: plain English, no names.

use measures::health::{Cap, Figures, Measured, Silence, State, Trend};
use vocabulary::Timestamp;

use crate::health::Breadth;

/// The summary of a lead or opportunity that is won or lost.
pub const NOT_OPEN: &str = "No longer open, so it has no health.";

/// What a state, and the score where there is one, means. `events` is how many interactions there were.
pub fn summary(state: State, measured: Option<&Measured>, events: usize) -> String {
    let grade = match state {
        State::Good => "Good",
        State::Fair => "Fair",
        State::Poor => "Poor",
        State::NotEnoughInfo => return format!("Too little to judge by: {}, and a score needs 3.", counted(events as u64, "interaction")),
        State::NoClosedActivities => return "No interaction yet.".to_owned(),
        State::ComputationInProgress => return "The mailboxes are still being read.".to_owned(),
        State::SomethingWentWrong => return "The score could not be computed.".to_owned(),
        State::EntityTooOld => return "Older than 2 years, so it has no health.".to_owned(),
    };
    let Some(measured) = measured else { return format!("{grade}.") };
    let figures = &measured.figures;
    let usual = figures.expected_gap_days;
    let mut text = format!("{grade}: {} against a usual gap of {usual:.1} days, {}.", recency(figures), activity(figures));
    if let Some(held) = &measured.factors.cap {
        text.push(' ');
        text.push_str(&capitalised(&cap(held)));
        text.push('.');
    }
    text
}

/// The same for an account: `best` is the summary of its best contact.
pub fn account_summary(state: State, best: Option<&str>, breadth: Breadth) -> String {
    let contacts = breadth.good + breadth.fair + breadth.poor + breadth.unscored;
    let Some(best) = best else {
        return if contacts == 0 { "No contact on the account.".to_owned() } else { summary(state, None, 0) };
    };
    let carried = match breadth.breadth() {
        0 => "No contact is in fair or good health".to_owned(),
        1 => "A single thread: one contact carries it".to_owned(),
        many => format!("{many} contacts carry it"),
    };
    format!("{best} {carried}.")
}

/// What asks for attention besides the grade: a decline, and somebody who waits for us. Sentences that follow a summary, or nothing.
pub fn attention(trend: Trend, awaiting_us_since: Option<Timestamp>, as_of: Timestamp) -> String {
    let mut text = String::new();
    if trend == Trend::Declining {
        text.push_str(" Declining: fewer active days than in the quarter before.");
    }
    if let Some(since) = awaiting_us_since {
        let days = as_of.days_since(since) as u64;
        let waited = if days == 0 { "less than a day".to_owned() } else { counted(days, "day") };
        text.push_str(&format!(" They have waited {waited} for our answer."));
    }
    text
}

/// How many days were active.
pub fn activity(figures: &Figures) -> String {
    format!("{} in the last {} days", counted(figures.active_days.into(), "active day"), figures.activity_window_days)
}

/// How long ago the last interaction was.
pub fn recency(figures: &Figures) -> String {
    match figures.days_since_last as u64 {
        0 => "last contact within a day".to_owned(),
        days => format!("last contact {} ago", counted(days, "day")),
    }
}

/// How the silence compares with the usual gap.
pub fn rhythm(figures: &Figures) -> String {
    format!("silent for {:.1} times the usual gap of {:.1} days", figures.gaps, figures.expected_gap_days)
}

/// Who has not acted.
pub fn cap(cap: &Cap) -> String {
    let since = |who: &str, silence: Silence| match silence {
        Silence::Never => format!("{who} have not acted at all"),
        Silence::Days(days) => format!("{who} have not acted for {}", counted(days.into(), "day")),
    };
    let us = cap.silent.us.map(|silence| since("we", silence));
    let them = cap.silent.them.map(|silence| since("they", silence));
    let who = [us, them].into_iter().flatten().collect::<Vec<_>>().join(" and ");
    format!("{who}, so the score is at most 39")
}

/// The longest silence behind a cap, in days; all of the data window for a side that never acted.
pub fn silent_days(cap: &Cap, data_window_days: u32) -> u32 {
    let days = |silence: Silence| match silence {
        Silence::Never => data_window_days,
        Silence::Days(days) => days,
    };
    cap.silent.us.into_iter().chain(cap.silent.them).map(days).max().unwrap_or_default()
}

fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
