//! What ends by itself: legacy grants, features without consent, held mailboxes; and whatever the operator's regions changed since the
//! last start. No command is needed: the service takes this decision when [`due`] says so (domain.md, section 7).

use vocabulary::Timestamp;

use crate::touch::DAYS_HELD;
use crate::{Application, Decision, Moment, Purpose, State, TenantConsent, touch};

/// The next instant at which [`decide`] has something to decide; absent: never, as things stand. Takes time in proportion to the users.
pub fn due(state: &State) -> Option<Timestamp> {
    let ends = Purpose::ALL.into_iter().filter_map(|purpose| {
        let cover = state.consent.covers.of(purpose).filter(|cover| state.consent.granted && !cover.expired)?;
        cover.expire_time
    });
    let deadlines = Purpose::ALL.into_iter().filter_map(|purpose| state.consent_deadline(purpose));
    let held = state.directory.users().flat_map(|user| {
        let since = Purpose::ALL.into_iter().filter_map(|purpose| user.mailbox.held_since(purpose));
        since.map(|since| since.plus_days(DAYS_HELD)).min()
    });
    ends.chain(deadlines).chain(held).min()
}

/// The tenant's consent and applications as they are at an instant, though what ended may not have been decided yet.
pub fn present(state: &State, now: Timestamp) -> (TenantConsent, Vec<Application>) {
    let consent = state.consent.at(now);
    let applications = state.applications.values().map(|held| held.outliving(&state.consent, &consent).at(&consent, now)).collect();
    (consent, applications)
}

/// Marks what has ended, and settles everybody under the gates that are left.
pub fn decide(state: &State, moment: Moment) -> Decision {
    let (consent, applications) = present(state, moment.time);
    let mut decision = Decision::at(moment);
    let after = state.gates_under(&applications, &consent);
    touch::everybody(&mut decision, state, &after);
    drop(after);
    let changed = applications.into_iter().filter_map(|next| {
        let held = state.applications.get(&next.id)?;
        let position = if next.same_as(held) { held.position } else { moment.position };
        (next != *held).then_some(Application { position, ..next })
    });
    decision.applications.extend(changed);
    decision.consent = (consent != state.consent).then_some(consent);
    decision
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grant::{self, Grant};
    use crate::testing::{self, INSTANT, application, granted, held, later, moment, tenant};
    use crate::{ConsentType, switch};

    /// Nothing is due before the instant, everything at it, and nothing after.
    fn ends(state: &State, days: i64) -> Decision {
        assert_eq!(due(state), Some(INSTANT.plus_days(days)));
        let early = Moment { time: Timestamp::from_micros(INSTANT.plus_days(days).micros() - 1), ..moment(50) };
        assert!(decide(state, early).is_empty());
        let decision = decide(state, later(50, days));
        let mut after = state.clone();
        after.apply(&decision);
        assert!(decide(&after, later(51, days)).is_empty());
        assert!(due(&after).is_none_or(|next| next > INSTANT.plus_days(days)));
        decision
    }

    #[test]
    fn a_legacy_grant_ends_at_its_instant_and_its_keys_with_it() {
        let mut state = tenant();
        for (purpose, days) in [(Purpose::ConnectionGraph, 10), (Purpose::RelationshipAnalytics, 40)] {
            let legacy = Some((purpose, Some(INSTANT.plus_days(days))));
            let grant = Grant { legacy, ..testing::grant(ConsentType::IdentifiableInsights) };
            state.apply(&grant::decide(&state, &grant, moment(state.position + 1)).unwrap());
        }
        let decision = ends(&state, 10);
        assert_eq!((decision.closed, decision.destroy.len(), decision.narrowing), (3, 3, true));
        state.apply(&decision);
        let open = |state: &State| Purpose::ALL.map(|purpose| held(state, 1).mailbox.is_open(purpose));
        assert_eq!(open(&state), [true, false]);
        state.apply(&ends(&state, 40));
        assert_eq!((open(&state), state.keys().count()), ([false, false], 0));
        // Consent had come in time: the feature stays on, and nobody turned a switch.
        assert_eq!((state.applications["crm"].position, due(&state)), (2, None));
        // Granted again, it begins anew.
        let again = grant::decide(&state, &testing::grant(ConsentType::IdentifiableInsights), later(60, 41)).unwrap();
        assert!(again.mint.iter().all(|name| name.generation == 2) && again.opened == 3);
    }

    #[test]
    fn a_feature_without_consent_switches_off_after_fourteen_days() {
        let mut state = tenant();
        let decision = ends(&state, 14);
        let [application] = decision.applications.as_slice() else { panic!("one application") };
        assert!(!application.feature.analytics && application.lapsed.graph && application.position == 50);
        assert!(!decision.narrowing);
        state.apply(&decision);
        // Consent that comes later opens nothing until the feature is turned on again.
        state.apply(&grant::decide(&state, &testing::grant(ConsentType::IdentifiableInsights), later(51, 15)).unwrap());
        assert_eq!(state.mailboxes_open(), 0);
        let on = switch::update(&state, testing::application("crm", true, true, true), None, later(52, 16)).unwrap();
        assert_eq!(on.opened, 3);
        assert_eq!(due(&granted()), None);
    }

    #[test]
    fn what_is_held_is_destroyed_after_thirty_days() {
        let mut state = granted();
        let off = switch::update(&state, application("crm", true, true, false), None, later(8, 5)).unwrap();
        state.apply(&off);
        let decision = ends(&state, 35);
        assert_eq!((decision.closed, decision.destroy.len()), (3, 9));
        state.apply(&decision);
        let on = switch::update(&state, application("crm", true, true, true), None, later(60, 36)).unwrap();
        assert!(on.mint.len() == 9 && on.mint.iter().all(|name| name.generation == 2));
    }

    #[test]
    fn regions_that_were_allowed_at_the_last_start_and_are_not_now_hold() {
        let mut state = granted();
        state.allowed_regions = ["eu".into()].into();
        let decision = decide(&state, moment(8));
        assert_eq!((decision.users.len(), decision.closed, decision.narrowing), (3, 0, true));
        let other = Application { roles: vec!["Sales".into()], ..application("crm", true, true, true) };
        state.applications.insert("crm".into(), other);
        assert!(!decide(&state, moment(8)).users.is_empty());
    }
}
