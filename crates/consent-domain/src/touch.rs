//! How gates and choices become the state of mailboxes: the one place where a closing gate means keep, hold or destroy.

use std::sync::Arc;

use vocabulary::Timestamp;

use crate::{Decision, Gate, Gates, KeyName, OptOutMode, PerPurpose, Purpose, Standing, State, User, UserKind};

/// After how many days a held mailbox is destroyed (domain.md, section 7, what a closing gate does).
pub const DAYS_HELD: i64 = 30;

/// Settles one user, who is new or was `held`, under the gates as they will be, and adds to the decision what changes.
pub fn user(decision: &mut Decision, before: &Gates<'_>, after: &Gates<'_>, held: Option<&Arc<User>>, next: User) {
    let standing = PerPurpose::from_fn(|purpose| standing(after, &next, purpose, decision.moment.time));
    let (mailbox, keys) = next.mailbox.settle(standing, decision.moment);
    let old_generation = next.mailbox.generation;
    let next = User { mailbox, ..next };
    let named = |gates: &Gates<'_>, user: &User| PerPurpose::from_fn(|purpose| gates.may_be_named(user, purpose));
    let was_named = held.map(|held| named(before, held)).unwrap_or_default();
    let is_named = named(after, &next);
    if held.is_some_and(|held| **held == next) && was_named == is_named {
        return;
    }
    let name = |generation| move |part| KeyName { user: next.id, generation, part };
    decision.mint.extend(keys.mint.into_iter().map(name(next.mailbox.generation)));
    decision.closed += u64::from(!keys.destroy.is_empty());
    decision.destroy.extend(keys.destroy.into_iter().map(name(old_generation)));
    decision.opened += u64::from(next.mailbox.is_open_at_all() && !held.is_some_and(|held| held.mailbox.is_open_at_all()));
    decision.narrowing |= held.is_some_and(|held| {
        let less_named = Purpose::ALL.into_iter().any(|purpose| *was_named.of(purpose) && !is_named.of(purpose));
        less_named || takes_away(held, &next)
    });
    decision.users.push(Arc::new(next));
}

/// Settles every user of a tenant under the gates as they will be.
pub fn everybody(decision: &mut Decision, state: &State, after: &Gates<'_>) {
    let before = state.gates();
    for held in state.directory.users() {
        user(decision, &before, after, Some(held), User::clone(held));
    }
}

/// What the gates make of one purpose of a mailbox (domain.md, section 7, what a closing gate does). Where several are closed, the
/// strictest holds: destroy before hold, hold before keep.
fn standing(gates: &Gates<'_>, user: &User, purpose: Purpose, now: Timestamp) -> Standing {
    let closed = |gate| !gates.is_open(gate, user, purpose);
    let grouped = *user.grouped.of(purpose);
    let leaves_nothing = user.departed && gates.departed == crate::DepartedPolicy::Erase;
    let erased = closed(Gate::TenantConsent) || closed(Gate::User) || grouped == Some(OptOutMode::EraseHistory);
    if erased || leaves_nothing || !user.entry.kind.has_mailbox() {
        return Standing::Destroyed;
    }
    if [Gate::Feature, Gate::MailboxSource, Gate::Role, Gate::Region].into_iter().any(closed) {
        let over = user.mailbox.held_since(purpose).is_some_and(|since| since.plus_days(DAYS_HELD) <= now);
        return if over { Standing::Destroyed } else { Standing::Held };
    }
    if user.departed || grouped == Some(OptOutMode::FutureOnly) {
        return Standing::Kept;
    }
    Standing::Open { scope: *user.scope.of(purpose) }
}

/// Whether a holder may do less with the mailbox or the entry than before.
fn takes_away(held: &User, next: &User) -> bool {
    let same = next.mailbox.generation == held.mailbox.generation;
    let closes = Purpose::ALL.into_iter().any(|purpose| {
        let unread = held.mailbox.is_readable(purpose) && !(next.mailbox.is_readable(purpose) && same);
        let uncollected = held.mailbox.is_open(purpose) && !(next.mailbox.is_open(purpose) && same);
        unread || uncollected
    });
    let departs = next.departed && !held.departed;
    let introduces_nobody = held.entry.kind == UserKind::Person && next.entry.kind != UserKind::Person;
    closes || departs || introduces_nobody
}
