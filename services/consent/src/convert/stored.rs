//! State into rows and back. Names and addresses are sealed under the tenant's key `names`, bound to their place.

use std::collections::BTreeMap;
use std::sync::Arc;

use consent_domain::{Application, Decision, Interval, Mailbox, PerPurpose, Settings, State, TenantConsent, UnrecordedPeople, User};
use contracts::consent::v1 as pb;
use prost::Message;
use sealing::{Context, Key};
use store::{Changes, StoreError};
use vocabulary::{Address, Fault, Kind, Reason, TenantId, Timestamp, UserId};

use crate::tables;

/// The rows that a decision changes.
pub(crate) struct Rows {
    id: TenantId,
    tenant: pb::StoredTenant,
    applications: Option<pb::StoredApplications>,
    users: Vec<(UserId, pb::StoredUser)>,
}

impl Rows {
    /// Those of a tenant that stands as `next` after the decision.
    pub fn of(next: &State, decision: &Decision, names: &Key) -> Self {
        let id = next.tenant.clone();
        let settings = super::tenant::settings(&id, &next.settings);
        let tenant = pb::StoredTenant {
            sealed_settings: sealed(names, &settings_place(&id), &settings),
            consent: Some(consent(&next.consent)),
            position: next.position,
        };
        let applications = decision.application.as_ref().map(|_| {
            let applications = next.applications.values().map(application).collect();
            pb::StoredApplications { applications }
        });
        let users = decision.users.iter().map(|user| (user.id, stored_user(&id, user, names))).collect();
        Self { id, tenant, applications, users }
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
    }
}

fn application(application: &Application) -> pb::StoredApplication {
    pb::StoredApplication {
        application_id: application.id.to_string(),
        display_name: application.display_name.to_string(),
        relationship_analytics: application.feature.analytics,
        connection_graph: application.feature.graph,
        mailbox_source: application.mailbox_source,
        position: application.position,
    }
}

fn stored_user(tenant: &TenantId, user: &User, names: &Key) -> pb::StoredUser {
    let intervals = |intervals: &[Interval]| {
        let stored =
            intervals.iter().map(|Interval { from, to }| pb::StoredInterval { from_position: *from, to_position: to.unwrap_or_default() });
        stored.collect()
    };
    pb::StoredUser {
        sealed_entry: sealed(names, &user_place(tenant, user.id), &super::directory::told(user)),
        opted_out_of_analytics: user.opted_out.analytics,
        opted_out_of_graph: user.opted_out.graph,
        departed: user.departed,
        generation: user.mailbox.generation,
        destroyed: user.mailbox.is_destroyed(),
        analytics_intervals: intervals(&user.mailbox.intervals.analytics),
        graph_intervals: intervals(&user.mailbox.intervals.graph),
    }
}

/// A tenant's settings and consent.
///
/// # Errors
/// STORE_FAILED when a row is not what was written.
pub(crate) fn tenant(tenant: &TenantId, row: &pb::StoredTenant, names: &Key) -> Result<(Settings, TenantConsent), Fault> {
    let settings: pb::Tenant = opened(names, &settings_place(tenant), &row.sealed_settings)?;
    let unrecorded_people = match settings.unrecorded_people() {
        pb::UnrecordedPeople::Unspecified | pb::UnrecordedPeople::Hidden => UnrecordedPeople::Hidden,
        pb::UnrecordedPeople::Visible => UnrecordedPeople::Visible,
    };
    let position = u64::from_str_radix(settings.etag.trim_matches('"'), 16).map_err(|_| damaged("a tenant's etag"))?;
    let time = settings.create_time.ok_or_else(|| damaged("a tenant's time"))?;
    let lists: Result<Vec<_>, _> = settings.known_lists.iter().map(|text| Address::parse(text)).collect();
    let kept = row.consent.clone().unwrap_or_default();
    let instant = |micros: i64| (micros != 0).then(|| Timestamp::from_micros(micros));
    let settings = Settings {
        display_name: settings.display_name.into(),
        domains: settings.domains.into_iter().map(Into::into).collect(),
        data_window_days: u16::try_from(settings.data_window_days).map_err(|_| damaged("a tenant's window"))?,
        known_lists: lists.map_err(|_| damaged("a tenant's lists"))?,
        unrecorded_people,
        create_time: Timestamp::from_micros(time.seconds * 1_000_000 + i64::from(time.nanos) / 1000),
        position,
    };
    let consent = TenantConsent {
        granted: kept.granted,
        consent_type: super::consent::kept_consent_type(kept.consent_type),
        grant_time: instant(kept.grant_micros),
        revoke_time: instant(kept.revoke_micros),
        legal_basis: kept.legal_basis.into(),
        text_version: kept.text_version.into(),
    };
    Ok((settings, consent))
}

/// A tenant's applications.
pub(crate) fn applications(row: pb::StoredApplications) -> BTreeMap<Box<str>, Application> {
    let applications = row.applications.into_iter().map(|kept| Application {
        id: kept.application_id.into(),
        display_name: kept.display_name.into(),
        feature: PerPurpose { analytics: kept.relationship_analytics, graph: kept.connection_graph },
        mailbox_source: kept.mailbox_source,
        position: kept.position,
    });
    applications.map(|application| (application.id.clone(), application)).collect()
}

/// A user.
///
/// # Errors
/// STORE_FAILED when the row is not what was written.
pub(crate) fn user(tenant: &TenantId, id: UserId, row: &pb::StoredUser, names: &Key) -> Result<User, Fault> {
    let entry: pb::User = opened(names, &user_place(tenant, id), &row.sealed_entry)?;
    let entry = super::directory::entry(&entry).map_err(|_| damaged("a directory entry"))?;
    let intervals = |stored: &[pb::StoredInterval]| -> Vec<Interval> {
        let spans =
            stored.iter().map(|span| Interval { from: span.from_position, to: (span.to_position != 0).then_some(span.to_position) });
        spans.collect()
    };
    let intervals = PerPurpose { analytics: intervals(&row.analytics_intervals), graph: intervals(&row.graph_intervals) };
    let mailbox = Mailbox { generation: row.generation, intervals };
    if mailbox.is_destroyed() != row.destroyed {
        return Err(damaged("a mailbox"));
    }
    let opted_out = PerPurpose { analytics: row.opted_out_of_analytics, graph: row.opted_out_of_graph };
    Ok(User { id, entry: Arc::new(entry), departed: row.departed, opted_out, mailbox })
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

fn opened<M: Message + Default>(key: &Key, place: &Context, sealed: &[u8]) -> Result<M, Fault> {
    M::decode(sealing::open(key, place, sealed)?.as_slice()).map_err(|_| damaged("a sealed message"))
}

fn damaged(what: &str) -> Fault {
    Fault::new(Kind::Internal, Reason::StoreFailed, format!("{what} is not what was written"))
}
