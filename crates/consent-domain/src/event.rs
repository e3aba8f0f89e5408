//! What a decision leaves in the ledger: each that is not empty at least one event, and nothing that it does not say.

use vocabulary::UserId;

use crate::{Application, Choice, Decision, ErasureKind, Group, NamesKey, PerPurpose, Purpose, Settings, State, TenantConsent, User};

/// An event of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What it is about.
    pub about: About,
    /// How many mailboxes the decision opens; told by its first event.
    pub opened: u64,
    /// How many mailboxes lose a key; told by its first event.
    pub closed: u64,
}

/// What an event is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// A tenant was made.
    TenantCreated(Settings),
    /// Its settings are these from now on.
    TenantChanged(Settings),
    /// Consent was given, or given in other words.
    Granted(TenantConsent),
    /// Consent was withdrawn.
    Withdrawn,
    /// Consent ended by itself for these purposes.
    Ended(PerPurpose<bool>),
    /// An application is so from now on.
    Application(Application),
    /// A group is so from now on; absent: gone.
    Group(Box<str>, Option<Group>),
    /// The directory names others.
    Directory {
        /// Users it had not named before.
        added: u64,
        /// Users whose entries changed.
        changed: u64,
        /// Users it names no more.
        departed: u64,
        /// Users it names again.
        returned: u64,
    },
    /// A user chose.
    Choice(UserId, PerPurpose<Choice>),
    /// Something is erased for good; every withdrawal that destroys keys is.
    Erasure(u64, ErasureKind),
    /// Ids behind erased addresses became known: the number, and how many.
    ErasureNamed(u64, u64),
    /// The key `names` is replaced, or its replacement is over.
    Names(NamesKey),
    /// Mailboxes only, for instance after 30 days of hold; or only what is due later.
    Mailboxes,
}

impl Event {
    /// The one user whom it is about, if there is one: what it says is sealed under a key of theirs.
    pub const fn user(&self) -> Option<UserId> {
        match self.about {
            About::Choice(user, _) => Some(user),
            _ => None,
        }
    }
}

/// The events of a decision about a tenant that stood as `before`, in the order of their places in the ledger.
pub fn derive(before: Option<&State>, decision: &Decision) -> Vec<Event> {
    // Everything a decision may say, so that what is added to it is not forgotten here.
    let Decision {
        moment: _,
        settings,
        consent,
        applications,
        groups,
        users,
        mint: _,
        destroy: _,
        names,
        erasure,
        narrowing: _,
        opened,
        closed,
    } = decision;
    let mut abouts: Vec<About> = Vec::new();
    abouts.extend(settings.clone().map(|settings| match before {
        Some(_) => About::TenantChanged(settings),
        None => About::TenantCreated(settings),
    }));
    let held = before.map(|state| &state.consent);
    abouts.extend(consent.as_ref().filter(|next| held != Some(next)).map(|next| consented(held, next)));
    let held = |id: &str| before.and_then(|state| state.applications.get(id));
    let stands = |next: &Application| held(&next.id).is_some_and(|held| held.same_as(next) && held.lapsed == next.lapsed);
    abouts.extend(applications.iter().filter(|next| !stands(next)).cloned().map(About::Application));
    abouts.extend(groups.iter().map(|(id, group)| About::Group(id.clone(), group.clone())));
    abouts.extend(directory(before, users.iter().map(AsRef::as_ref)));
    let known = |user: &User| before.and_then(|state| state.directory.get(user.id)).map(|held| held.choice).unwrap_or_default();
    let chose = users.iter().filter(|user| known(user) != user.choice);
    abouts.extend(chose.map(|user| About::Choice(user.id, user.choice)));
    abouts.extend(erasure.as_ref().map(|erasure| match erasure.kind {
        Some(kind) => About::Erasure(erasure.number, kind),
        None => About::ErasureNamed(erasure.number, erasure.people.len() as u64),
    }));
    abouts.extend(names.map(About::Names));
    if abouts.is_empty() && !decision.is_empty() {
        abouts.push(About::Mailboxes);
    }
    let mut events: Vec<_> = abouts.into_iter().map(|about| Event { about, opened: 0, closed: 0 }).collect();
    if let Some(first) = events.first_mut() {
        (first.opened, first.closed) = (*opened, *closed);
    }
    events
}

fn consented(before: Option<&TenantConsent>, next: &TenantConsent) -> About {
    let ended = PerPurpose::from_fn(|purpose: Purpose| {
        let expired = |consent: &TenantConsent| consent.covers.of(purpose).is_some_and(|cover| cover.expired);
        expired(next) && !before.is_some_and(expired)
    });
    match (before.is_some_and(|before| before.granted), next.granted) {
        (true, false) => About::Withdrawn,
        _ if ended.any(|ended| *ended) => About::Ended(ended),
        (_, false) => About::Withdrawn,
        (_, true) => About::Granted(next.clone()),
    }
}

/// What the directory says otherwise; nothing when it is as it was.
fn directory<'a>(before: Option<&State>, users: impl Iterator<Item = &'a User>) -> Option<About> {
    let (mut added, mut changed, mut departed, mut returned) = (0, 0, 0, 0);
    for user in users {
        match before.and_then(|state| state.directory.get(user.id)) {
            None => added += 1,
            Some(held) if user.departed && !held.departed => departed += 1,
            Some(held) if held.departed && !user.departed => returned += 1,
            Some(held) if held.entry != user.entry => changed += 1,
            Some(_) => {}
        }
    }
    (added + changed + departed + returned > 0).then_some(About::Directory { added, changed, departed, returned })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::revoke::Revoke;
    use crate::testing::{self, INSTANT, consented, granted, later, moment, tenant, user};
    use crate::{Allowed, ConsentType, Cover, Moment, UserKind, expire, grant, opt_out, revoke};

    fn abouts(before: Option<&State>, decision: &Decision) -> Vec<About> {
        derive(before, decision).into_iter().map(|event| event.about).collect()
    }

    #[test]
    fn a_withdrawal_and_a_grant_say_what_they_open_and_close() {
        let before = tenant();
        let decision = grant::decide(&before, &testing::grant(ConsentType::IdentifiableInsights), moment(7)).unwrap();
        let events = derive(Some(&before), &decision);
        let [Event { about: About::Granted(_), opened: 2.., closed: 0 }] = events.as_slice() else { panic!("{events:?}") };
        let before = granted();
        let revoked = revoke::decide(&before, &Revoke { expected: None, allowed: Allowed::Any }, moment(8)).unwrap().numbered(&before);
        let events = derive(Some(&before), &revoked);
        let [
            Event { about: About::Withdrawn, opened: 0, closed: 2.. },
            Event { about: About::Erasure(1, ErasureKind::Withdrawal), opened: 0, closed: 0 },
        ] = events.as_slice()
        else {
            panic!("{events:?}")
        };
    }

    #[test]
    fn a_choice_is_an_event_of_the_user_and_a_mailbox_that_follows_is_none() {
        let before = granted();
        let chosen = testing::held(&before, 1);
        let both = PerPurpose { analytics: true, graph: true };
        let decision = opt_out::decide(&before, &chosen, both, moment(8)).numbered(&before);
        let out = PerPurpose { analytics: Choice::Out, graph: Choice::Out };
        let events = derive(Some(&before), &decision);
        assert_eq!(events[0], Event { about: About::Choice(chosen.id, out), opened: 0, closed: 1 });
        assert_eq!((events[0].user(), events.len(), events[1].user()), (Some(chosen.id), 2, None));
        // Only the mailbox is another one: somebody else's decision.
        let mut moved = (*chosen).clone();
        moved.mailbox.generation += 1;
        let decision = Decision { users: vec![Arc::new(moved)], opened: 1, ..Decision::at(moment(9)) };
        assert_eq!(derive(Some(&before), &decision), [Event { about: About::Mailboxes, opened: 1, closed: 0 }]);
    }

    #[test]
    fn what_ends_by_itself_is_told_apart_from_what_is_withdrawn() {
        let mut before = granted();
        before.consent.covers.graph = Some(Cover { expire_time: Some(INSTANT.plus_days(1)), expired: false });
        let after = Moment { position: 9, time: INSTANT.plus_days(2) };
        let ended = abouts(Some(&before), &expire::decide(&before, after));
        assert_eq!(ended[0], About::Ended(PerPurpose { analytics: false, graph: true }));
        let reworded = TenantConsent { text_version: "2".into(), ..before.consent.clone() };
        let decision = Decision { consent: Some(reworded.clone()), ..Decision::at(later(8, 1)) };
        assert_eq!(abouts(Some(&before), &decision), [About::Granted(reworded)]);
        let same = Decision { consent: Some(consented(ConsentType::IdentifiableInsights)), ..Decision::at(later(8, 1)) };
        assert!(matches!(abouts(None, &same)[..], [About::Granted(_)]));
    }

    #[test]
    fn the_directory_is_counted_and_names_nobody() {
        let before = granted();
        let left = Arc::new(User { departed: true, ..(*testing::held(&before, 1)).clone() });
        let decision = Decision { users: vec![left, Arc::new(user(77, UserKind::Person))], ..Decision::at(moment(8)) };
        assert_eq!(abouts(Some(&before), &decision), [About::Directory { added: 1, changed: 0, departed: 1, returned: 0 }]);
        let mut after = before.clone();
        after.apply(&decision);
        let back = Decision { users: vec![testing::held(&before, 1)], ..Decision::at(moment(9)) };
        assert_eq!(abouts(Some(&after), &back), [About::Directory { added: 0, changed: 0, departed: 0, returned: 1 }]);
    }

    #[test]
    fn every_decision_leaves_an_event_and_an_empty_one_none() {
        assert!(derive(Some(&tenant()), &Decision::at(moment(8))).is_empty());
        let settings = tenant().settings;
        let made = Decision { settings: Some(settings.clone()), ..Decision::at(moment(8)) };
        assert_eq!(abouts(None, &made), [About::TenantCreated(settings.clone())]);
        assert_eq!(abouts(Some(&tenant()), &made), [About::TenantChanged(settings)]);
        let mut application = testing::application("crm", true, true, true);
        let registered = Decision { applications: vec![application.clone()], ..Decision::at(moment(8)) };
        assert_eq!(abouts(Some(&tenant()), &registered).len(), 1);
        let mut before = tenant();
        before.apply(&registered);
        application.feature_since = PerPurpose::default();
        let other_deadline = Decision { applications: vec![application.clone()], ..Decision::at(moment(9)) };
        assert_eq!(abouts(Some(&before), &other_deadline), [About::Mailboxes]);
        application.lapsed.graph = true;
        let lapsed = Decision { applications: vec![application.clone()], ..Decision::at(moment(9)) };
        assert_eq!(abouts(Some(&before), &lapsed), [About::Application(application)]);
        let names = Decision { names: Some(NamesKey::default()), ..Decision::at(moment(8)) };
        assert_eq!(abouts(Some(&tenant()), &names), [About::Names(NamesKey::default())]);
    }
}
