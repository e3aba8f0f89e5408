//! How gates and choices become the state of mailboxes: the one place where a closing gate means hold or destroy.

use std::sync::Arc;

use crate::{Decision, Gate, Gates, KeyName, PerPurpose, Purpose, Source, Standing, State, User, UserKind};

/// Settles one user, who is new or was `held`, under the gates as they will be, and adds to the decision what changes.
pub fn user(decision: &mut Decision, before: &Gates, after: &Gates, held: Option<&Arc<User>>, next: User) {
    let standing = PerPurpose::from_fn(|purpose| standing(after, &next, purpose));
    let (mailbox, keys) = next.mailbox.settle(standing, decision.position);
    let old_generation = next.mailbox.generation;
    let next = User { mailbox, ..next };
    let named = |gates: &Gates, user: &User| PerPurpose::from_fn(|purpose| gates.may_be_named(user, purpose));
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
pub fn everybody(decision: &mut Decision, state: &State, after: &Gates) {
    let before = state.gates();
    for held in state.directory.users() {
        user(decision, &before, after, Some(held), User::clone(held));
    }
}

/// What the gates make of one purpose of a mailbox (domain.md, section 7, what a closing gate does): G3 and G6 destroy, as does an
/// entry that is no mailbox any more; G1 and G2 hold. Somebody who departed keeps what is open and opens nothing new.
fn standing(gates: &Gates, user: &User, purpose: Purpose) -> Standing {
    let destroys = [Gate::TenantConsent, Gate::User].into_iter().any(|gate| !gates.is_open(gate, user, purpose));
    if destroys || !user.entry.kind.has_mailbox() {
        Standing::Destroyed
    } else if gates.first_closed(user, purpose, Source::Mailbox).is_none() {
        Standing::Open
    } else {
        Standing::Held
    }
}

/// Whether a holder may do less with the mailbox or the entry than before.
fn takes_away(held: &User, next: &User) -> bool {
    let closes = Purpose::ALL.into_iter().any(|purpose| {
        held.mailbox.is_open(purpose) && !(next.mailbox.is_open(purpose) && next.mailbox.generation == held.mailbox.generation)
    });
    let departs = next.departed && !held.departed;
    let introduces_nobody = held.entry.kind == UserKind::Person && next.entry.kind != UserKind::Person;
    closes || departs || introduces_nobody
}
