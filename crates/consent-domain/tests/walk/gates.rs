//! Which of the seven gates say no to one user, application, purpose and source, who may be named, and what closed gates do to what
//! is held.
//!
//! Where domain.md leaves room, ARCHITECTURE.md ("Gates") was followed: the basic tier asks G4, G5 and G6 only; where any application
//! will do, G4 asks those that come furthest; who has no mailbox of their own is stopped at G2.

use std::collections::BTreeSet;

use crate::facts::{Application, Kind, Purpose, Source, User};
use crate::history::Then;

/// The gates that say no, by the number domain.md gives them.
pub fn closed(then: Then<'_>, user: User, application: Application, purpose: Purpose, source: Source) -> BTreeSet<u8> {
    let mailbox = source == Source::Mailbox;
    let switches = then.switches(application);
    let says_no = [
        (1, mailbox && !then.feature_on(application, purpose)),
        (2, mailbox && !switches.is_some_and(|switches| switches.mailboxes)),
        (3, mailbox && !then.granted(purpose)),
        (4, !role_chosen(then, user, application)),
        (5, group(then, user, purpose) != Out::No),
        (6, !opted_in(then, user, purpose)),
        (7, mailbox && !then.region_allowed()),
    ];
    says_no.into_iter().filter_map(|(gate, no)| no.then_some(gate)).collect()
}

/// "Whose gate is not open (other than KEEP) appears in no answer"; "departed people count in KPIs, are no introducer and no path node".
pub fn named(then: Then<'_>, user: User, purpose: Purpose) -> bool {
    let Some((_, here)) = then.entry(user) else { return false };
    let remembered = purpose == Purpose::Analytics && !then.departed_are_erased();
    role_chosen_somewhere(then, user, purpose)
        && group(then, user, purpose) != Out::Erased
        && opted_in(then, user, purpose)
        && (here || remembered)
}

fn role_chosen_somewhere(then: Then<'_>, user: User, purpose: Purpose) -> bool {
    let all = then.applications();
    let on = |application: &Application| then.feature_on(*application, purpose);
    let reading = |application: &Application| on(application) && then.switches(*application).is_some_and(|switches| switches.mailboxes);
    let furthest = [all.iter().copied().filter(reading).collect(), all.iter().copied().filter(on).collect(), all];
    let furthest: Option<BTreeSet<Application>> = furthest.into_iter().find(|some| !some.is_empty());
    furthest.is_none_or(|some| some.iter().any(|application| role_chosen(then, user, *application)))
}

/// What is to become of a user's mailbox data for a purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Open,
    Keep,
    Hold,
    Destroy,
}

/// The effects of all closed gates; the strictest counts.
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
        then.feature_on(application, purpose)
            && then.switches(application).is_some_and(|switches| switches.mailboxes)
            && role_chosen(then, user, application)
    });
    if !then.region_allowed() || !somewhere {
        return Verdict::Hold;
    }
    if !listed || out == Out::Kept { Verdict::Keep } else { Verdict::Open }
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
    let chosen = then.switches(application).map(|switches| switches.roles).unwrap_or_default();
    let roles = then.entry(user).map(|(entry, _)| entry.roles).unwrap_or_default();
    chosen.is_empty() || !chosen.is_disjoint(&roles)
}

fn opted_in(then: Then<'_>, user: User, purpose: Purpose) -> bool {
    then.choice(user, purpose).unwrap_or(then.everybody_is_in())
}
