//! State into rows and back. Names and addresses are sealed under the tenant's key `names`, bound to their place.

use std::collections::BTreeMap;
use std::sync::Arc;

use consent_domain::{
    Application, Choice, Cover, Decision, DepartedPolicy, Interval, Mailbox, NamesKey, PerPurpose, Phase, Purpose, Settings, State,
    TenantConsent, UnrecordedPeople, User, UserDefault,
};
use contracts::consent::v1 as pb;
use prost::Message;
use sealing::{Context, Key};
use store::{Changes, StoreError};
use vocabulary::{Address, Fault, Kind, Reason, TenantId, Timestamp, UserId};

use super::group::{kept_mode, mode_word};
use super::{instant, micros};
use crate::keys::TenantKeys;
use crate::tables;

mod access;
mod group;

pub(crate) use access::{BUCKETS, PartKey, access_key, access_part, access_row, bucket, part_message, part_of};
pub(crate) use group::{GroupRows, groups};

/// The rows that a decision changes.
pub(crate) struct Rows {
    id: TenantId,
    tenant: pb::StoredTenant,
    applications: Option<pb::StoredApplications>,
    users: Vec<(UserId, pb::StoredUser)>,
    groups: Vec<GroupRows>,
    gone: Option<UserId>,
}

impl Rows {
    /// Those of a tenant that stands as `next` after the decision.
    pub fn of(next: &State, decision: &Decision, keys: &TenantKeys) -> Self {
        let names = &keys.names;
        let id = next.tenant.clone();
        let settings = super::tenant::settings(&id, &next.settings);
        let tenant = pb::StoredTenant {
            sealed_settings: sealed(names, &settings_place(&id), &settings),
            consent: Some(consent(&next.consent)),
            position: next.position,
            names_generation: next.names.generation,
            names_retiring: next.names.retiring,
        };
        let applications = (!decision.applications.is_empty()).then(|| {
            let applications = next.applications.values().map(application).collect();
            pb::StoredApplications { applications }
        });
        let users = decision.users.iter().map(|user| (user.id, stored_user(&id, user, names))).collect();
        let groups = decision.groups.iter().map(|(group, held)| GroupRows::of(&id, group, held.as_ref(), keys)).collect();
        let gone = decision.erasure.as_ref().and_then(|erasure| erasure.user);
        Self { id, tenant, applications, users, groups, gone }
    }

    /// Writes them.
    pub fn put(&self, changes: &mut Changes<'_>) -> Result<(), StoreError> {
        changes.put::<tables::Tenants>(&self.id, &self.tenant)?;
        if let Some(applications) = &self.applications {
            changes.put::<tables::Applications>(&self.id, applications)?;
        }
        for (user, row) in &self.users {
            changes.put::<tables::Users>(&(self.id.clone(), *user), row)?;
        }
        for group in &self.groups {
            group.put(&self.id, changes)?;
        }
        if let Some(user) = self.gone {
            changes.delete::<tables::Users>(&(self.id.clone(), user));
        }
        Ok(())
    }
}

fn consent(consent: &TenantConsent) -> pb::StoredConsent {
    pb::StoredConsent {
        granted: consent.granted,
        consent_type: super::consent::consent_type_word(consent.consent_type).into(),
        grant_micros: consent.grant_time.unwrap_or_default().micros(),
        revoke_micros: consent.revoke_time.unwrap_or_default().micros(),
        legal_basis: consent.legal_basis.to_string(),
        text_version: consent.text_version.to_string(),
        analytics: consent.covers.analytics.as_ref().map(cover),
        graph: consent.covers.graph.as_ref().map(cover),
    }
}

fn cover(cover: &Cover) -> pb::StoredCover {
    pb::StoredCover { expire_micros: micros(cover.expire_time), expired: cover.expired }
}

fn application(application: &Application) -> pb::StoredApplication {
    pb::StoredApplication {
        application_id: application.id.to_string(),
        display_name: application.display_name.to_string(),
        relationship_analytics: application.feature.analytics,
        connection_graph: application.feature.graph,
        mailbox_source: application.mailbox_source,
        position: application.position,
        roles: application.roles.iter().map(ToString::to_string).collect(),
        analytics_since_micros: micros(application.feature_since.analytics),
        graph_since_micros: micros(application.feature_since.graph),
        analytics_lapsed: application.lapsed.analytics,
        graph_lapsed: application.lapsed.graph,
    }
}

fn stored_user(tenant: &TenantId, user: &User, names: &Key) -> pb::StoredUser {
    let intervals = |intervals: &[Interval]| {
        let stored = intervals.iter().map(|Interval { from, to, scope }| pb::StoredInterval {
            from_position: *from,
            to_position: to.unwrap_or_default(),
            scope_micros: micros(*scope),
        });
        stored.collect()
    };
    let standing = |purpose| pb::StoredStanding {
        kept: *user.mailbox.phases.of(purpose) == Some(Phase::Kept),
        held_micros: micros(user.mailbox.held_since(purpose)),
        group_mode: user.grouped.of(purpose).map_or(0, |mode| mode_word(mode).into()),
        scope_micros: micros(*user.scope.of(purpose)),
    };
    pb::StoredUser {
        sealed_entry: sealed(names, &user_place(tenant, user.id), &super::directory::told(user)),
        opted_out_of_analytics: user.choice.analytics == Choice::Out,
        opted_out_of_graph: user.choice.graph == Choice::Out,
        opted_in_to_analytics: user.choice.analytics == Choice::In,
        opted_in_to_graph: user.choice.graph == Choice::In,
        analytics: Some(standing(Purpose::RelationshipAnalytics)),
        graph: Some(standing(Purpose::ConnectionGraph)),
        departed: user.departed,
        generation: user.mailbox.generation,
        destroyed: user.mailbox.is_destroyed(),
        analytics_intervals: intervals(&user.mailbox.intervals.analytics),
        graph_intervals: intervals(&user.mailbox.intervals.graph),
    }
}

/// Which keys `names` a tenant has.
pub(crate) fn names(row: &pb::StoredTenant) -> NamesKey {
    NamesKey { generation: row.names_generation.max(1), retiring: row.names_retiring }
}

/// A tenant's settings and consent.
///
/// # Errors
/// STORE_FAILED when a row is not what was written.
pub(crate) fn tenant(tenant: &TenantId, row: &pb::StoredTenant, keys: &TenantKeys) -> Result<(Settings, TenantConsent), Fault> {
    let settings: pb::Tenant = opened(keys, &settings_place(tenant), &row.sealed_settings)?;
    let unrecorded_people = match settings.unrecorded_people() {
        pb::UnrecordedPeople::Unspecified | pb::UnrecordedPeople::Hidden => UnrecordedPeople::Hidden,
        pb::UnrecordedPeople::Visible => UnrecordedPeople::Visible,
    };
    let user_default = match settings.user_default() {
        pb::UserDefault::Unspecified | pb::UserDefault::In => UserDefault::In,
        pb::UserDefault::Out => UserDefault::Out,
    };
    let departed = match settings.departed_policy() {
        pb::DepartedPolicy::Unspecified | pb::DepartedPolicy::Keep => DepartedPolicy::Keep,
        pb::DepartedPolicy::Erase => DepartedPolicy::Erase,
    };
    let position = u64::from_str_radix(settings.etag.trim_matches('"'), 16).map_err(|_| damaged("a tenant's etag"))?;
    let time = settings.create_time.ok_or_else(|| damaged("a tenant's time"))?;
    let lists: Result<Vec<_>, _> = settings.known_lists.iter().map(|text| Address::parse(text)).collect();
    let kept = row.consent.clone().unwrap_or_default();
    let settings = Settings {
        display_name: settings.display_name.into(),
        domains: settings.domains.into_iter().map(Into::into).collect(),
        data_window_days: u16::try_from(settings.data_window_days).map_err(|_| damaged("a tenant's window"))?,
        known_lists: lists.map_err(|_| damaged("a tenant's lists"))?,
        unrecorded_people,
        region: settings.region.into(),
        user_default,
        departed,
        create_time: Timestamp::from_micros(time.seconds * 1_000_000 + i64::from(time.nanos) / 1000),
        position,
    };
    let consent = TenantConsent {
        granted: kept.granted,
        consent_type: super::consent::kept_consent_type(kept.consent_type),
        covers: PerPurpose { analytics: kept.analytics.map(kept_cover), graph: kept.graph.map(kept_cover) },
        grant_time: instant(kept.grant_micros),
        revoke_time: instant(kept.revoke_micros),
        legal_basis: kept.legal_basis.into(),
        text_version: kept.text_version.into(),
    };
    Ok((settings, consent))
}

fn kept_cover(kept: pb::StoredCover) -> Cover {
    Cover { expire_time: instant(kept.expire_micros), expired: kept.expired }
}

/// A tenant's applications.
pub(crate) fn applications(row: pb::StoredApplications) -> BTreeMap<Box<str>, Application> {
    let applications = row.applications.into_iter().map(|kept| Application {
        id: kept.application_id.into(),
        display_name: kept.display_name.into(),
        feature: PerPurpose { analytics: kept.relationship_analytics, graph: kept.connection_graph },
        feature_since: PerPurpose { analytics: instant(kept.analytics_since_micros), graph: instant(kept.graph_since_micros) },
        lapsed: PerPurpose { analytics: kept.analytics_lapsed, graph: kept.graph_lapsed },
        mailbox_source: kept.mailbox_source,
        roles: kept.roles.into_iter().map(Into::into).collect(),
        position: kept.position,
    });
    applications.map(|application| (application.id.clone(), application)).collect()
}

/// A user.
///
/// # Errors
/// STORE_FAILED when the row is not what was written.
pub(crate) fn user(tenant: &TenantId, id: UserId, row: &pb::StoredUser, keys: &TenantKeys) -> Result<User, Fault> {
    let entry: pb::User = opened(keys, &user_place(tenant, id), &row.sealed_entry)?;
    let entry = super::directory::entry(&entry).map_err(|_| damaged("a directory entry"))?;
    let intervals = |stored: &[pb::StoredInterval]| -> Vec<Interval> {
        let spans = stored.iter().map(|span| Interval {
            from: span.from_position,
            to: (span.to_position != 0).then_some(span.to_position),
            scope: instant(span.scope_micros),
        });
        spans.collect()
    };
    let intervals = PerPurpose { analytics: intervals(&row.analytics_intervals), graph: intervals(&row.graph_intervals) };
    let standings = PerPurpose { analytics: row.analytics.unwrap_or_default(), graph: row.graph.unwrap_or_default() };
    let phases = PerPurpose::from_fn(|purpose| {
        let (standing, last) = (standings.of(purpose), intervals.of(purpose).last()?);
        Some(match last.to {
            None => Phase::Open,
            Some(_) if standing.kept => Phase::Kept,
            Some(_) => Phase::Held(Timestamp::from_micros(standing.held_micros)),
        })
    });
    let mailbox = Mailbox { generation: row.generation, phases, intervals };
    if mailbox.is_destroyed() != row.destroyed {
        return Err(damaged("a mailbox"));
    }
    let choice = |out, opted_in| match (out, opted_in) {
        (true, _) => Choice::Out,
        (false, true) => Choice::In,
        (false, false) => Choice::Unset,
    };
    let analytics = choice(row.opted_out_of_analytics, row.opted_in_to_analytics);
    let choice = PerPurpose { analytics, graph: choice(row.opted_out_of_graph, row.opted_in_to_graph) };
    let grouped = PerPurpose::from_fn(|purpose| kept_mode(standings.of(purpose).group_mode));
    let scope = PerPurpose::from_fn(|purpose| instant(standings.of(purpose).scope_micros));
    Ok(User { id, entry: Arc::new(entry), departed: row.departed, choice, grouped, scope, mailbox })
}

fn settings_place(tenant: &TenantId) -> Context {
    Context::new("consent.settings").tenant(tenant)
}

fn user_place(tenant: &TenantId, user: UserId) -> Context {
    Context::new("consent.user").tenant(tenant).user(user)
}

fn sealed(key: &Key, place: &Context, message: &impl Message) -> Vec<u8> {
    sealing::seal(key, place, &message.encode_to_vec())
}

fn opened<M: Message + Default>(keys: &TenantKeys, place: &Context, sealed: &[u8]) -> Result<M, Fault> {
    M::decode(keys.opened(place, sealed)?.as_slice()).map_err(|_| damaged("a sealed message"))
}

fn damaged(what: &str) -> Fault {
    Fault::new(Kind::Internal, Reason::StoreFailed, format!("{what} is not what was written"))
}
