//! Which of the seven gates say no to one user, application, purpose and source, and what that does to what is held.

use std::collections::BTreeSet;

use crate::facts::{Application, DAY, Kind, Purpose, Second, Source, Then, User};

/// The gates that say no, by the number domain.md gives them.
pub fn closed(then: Then<'_>, user: User, application: Application, purpose: Purpose, source: Source) -> BTreeSet<u8> {
    let mailbox = source == Source::Mailbox;
    let mut closed = BTreeSet::new();
    if mailbox && !then.feature_on(application, purpose) {
        closed.insert(1);
    }
    if mailbox && !then.mailboxes_on(application) {
        closed.insert(2);
    }
    if mailbox && !(then.granted(purpose) && then.needs_identifiable(application)) {
        closed.insert(3);
    }
    if !role_chosen(then, user, application) {
        closed.insert(4);
    }
    match group(then, user, purpose) {
        Out::Erased => drop(closed.insert(5)),
        // Who was kept may go on being named, but nothing more is read from the mailbox.
        Out::Kept if mailbox => drop(closed.insert(5)),
        Out::Kept | Out::No => {}
    }
    if !opted_in(then, user, purpose) {
        closed.insert(6);
    }
    if !then.region_allowed() {
        closed.insert(7);
    }
    closed
}

/// What is to become of a user's mailbox data for a purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Open,
    Keep,
    Hold,
    Destroy,
}

pub fn verdict(then: Then<'_>, user: User, purpose: Purpose) -> Verdict {
    let Some((entry, listed)) = then.entry(user) else {
        return Verdict::Destroy;
    };
    let out = group(then, user, purpose);
    if entry.kind == Kind::Guest
        || !then.granted(purpose)
        || !opted_in(then, user, purpose)
        || out == Out::Erased
        || (!listed && then.departed_are_erased())
    {
        return Verdict::Destroy;
    }
    let somewhere = then.applications().into_iter().any(|application| {
        then.needs_identifiable(application)
            && then.feature_on(application, purpose)
            && then.mailboxes_on(application)
            && role_chosen(then, user, application)
    });
    if !then.region_allowed() || !somewhere {
        return Verdict::Hold;
    }
    if !listed || out == Out::Kept { Verdict::Keep } else { Verdict::Open }
}

/// The deadline GetConsent shows while a feature is on and no consent is given.
pub fn deadline(then: Then<'_>, application: Application, purpose: Purpose) -> Option<Second> {
    let since = then.feature_since(application, purpose)?;
    (!then.granted(purpose)).then_some(since + 14 * DAY)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Out {
    No,
    Kept,
    Erased,
}

/// One group that erases is enough, whatever the others keep.
pub fn group(then: Then<'_>, user: User, purpose: Purpose) -> Out {
    let ways: Vec<bool> = then.groups_of(user).into_iter().filter_map(|group| then.group_out(group, purpose)).collect();
    match (ways.is_empty(), ways.iter().all(|future_only| *future_only)) {
        (true, _) => Out::No,
        (false, true) => Out::Kept,
        (false, false) => Out::Erased,
    }
}

fn role_chosen(then: Then<'_>, user: User, application: Application) -> bool {
    let chosen = then.roles_chosen(application);
    let roles = then.entry(user).map(|(entry, _)| entry.roles).unwrap_or_default();
    chosen.is_empty() || !chosen.is_disjoint(&roles)
}

fn opted_in(then: Then<'_>, user: User, purpose: Purpose) -> bool {
    then.choice(user, purpose).unwrap_or(then.everybody_is_in())
}
