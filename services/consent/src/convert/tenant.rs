//! Tenants and their settings.

use consent_domain::settings::DEFAULT_WINDOW_DAYS;
use consent_domain::tenant::Update;
use consent_domain::{Allowed, DepartedPolicy, Settings, State, UnrecordedPeople, UserDefault};
use contracts::consent::v1 as pb;
use prost::Message as _;
use vocabulary::{Address, Etag, Fault, TenantId, Timestamp};

use super::fields::Fields;

/// The most bytes the settings of a tenant take as a message: they are kept in one row.
const LARGEST: usize = 5 * 1024;
const WINDOW: std::ops::RangeInclusive<i32> = 0..=3650;

/// A tenant to be made: its settings are complete but for time and position.
pub(crate) fn created(request: &pb::CreateTenantRequest) -> Result<(TenantId, Update), Fault> {
    let mut fields = Fields::default();
    fields.request_id(&request.request_id);
    let tenant = fields.tenant("tenant_id", &request.tenant_id);
    let given = request.tenant.clone().unwrap_or_default();
    let settings = update(&mut fields, &given, &request.tenant_id);
    fields.done(tenant.map(|tenant| (tenant, settings)))
}

/// Changes of a tenant's settings, and how many mailboxes they may destroy.
pub(crate) fn updated(request: &pb::UpdateTenantRequest) -> Result<(TenantId, Update, Allowed), Fault> {
    let mut fields = Fields::default();
    fields.request_id(&request.request_id);
    let tenant = fields.tenant("tenant_id", &request.tenant_id);
    if request.tenant.is_none() {
        fields.wrong("tenant", "is missing");
    }
    let given = request.tenant.clone().unwrap_or_default();
    let expected = fields.etag(&request.etag);
    let update = Update { expected, ..update(&mut fields, &given, &request.tenant_id) };
    let allowed = fields.allowed(request.expected_destroyed, request.validate_only);
    fields.done(tenant.zip(allowed).map(|(tenant, allowed)| (tenant, update, allowed)))
}

fn update(fields: &mut Fields, given: &pb::Tenant, tenant: &str) -> Update {
    if !given.tenant_id.is_empty() && given.tenant_id != tenant {
        fields.wrong("tenant.tenant_id", "is another one than tenant_id");
    }
    if given.encoded_len() > LARGEST {
        let description = format!("takes more than {LARGEST} bytes; lists beyond that belong into the directory, as kind LIST");
        fields.wrong("tenant", description);
        return Update::default();
    }
    let display_name = fields.words("tenant.display_name", &given.display_name, 256);
    let days = given.data_window_days;
    if !WINDOW.contains(&days) {
        fields.wrong("tenant.data_window_days", "must be 1 to 3650; 0 leaves it as it is, at first 365");
    }
    let domains = given.domains.iter().enumerate().filter_map(|(at, text)| fields.domain(format!("tenant.domains[{at}]"), text));
    let domains = distinct(domains.collect());
    let lists = given.known_lists.iter().enumerate().filter_map(|(at, text)| fields.address(format!("tenant.known_lists[{at}]"), text));
    let known_lists: Vec<Address> = distinct(lists.collect());
    let unrecorded_people = match pb::UnrecordedPeople::try_from(given.unrecorded_people) {
        Ok(pb::UnrecordedPeople::Unspecified) => None,
        Ok(pb::UnrecordedPeople::Hidden) => Some(UnrecordedPeople::Hidden),
        Ok(pb::UnrecordedPeople::Visible) => Some(UnrecordedPeople::Visible),
        Err(_) => {
            fields.wrong("tenant.unrecorded_people", "is not known");
            None
        }
    };
    let region = given.region.trim();
    if region.len() > 64 || !region.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-')) {
        fields.wrong("tenant.region", "must be up to 64 of a-z, 0-9 and '-'");
    }
    let user_default = match pb::UserDefault::try_from(given.user_default) {
        Ok(pb::UserDefault::Unspecified) => None,
        Ok(pb::UserDefault::In) => Some(UserDefault::In),
        Ok(pb::UserDefault::Out) => Some(UserDefault::Out),
        Err(_) => {
            fields.wrong("tenant.user_default", "is not known");
            None
        }
    };
    let departed = match pb::DepartedPolicy::try_from(given.departed_policy) {
        Ok(pb::DepartedPolicy::Unspecified) => None,
        Ok(pb::DepartedPolicy::Keep) => Some(DepartedPolicy::Keep),
        Ok(pb::DepartedPolicy::Erase) => Some(DepartedPolicy::Erase),
        Err(_) => {
            fields.wrong("tenant.departed_policy", "is not known");
            None
        }
    };
    Update {
        display_name: display_name.filter(|name| !name.is_empty()),
        domains: (!domains.is_empty()).then_some(domains),
        data_window_days: u16::try_from(days).ok().filter(|days| *days > 0),
        known_lists: (!known_lists.is_empty()).then_some(known_lists),
        unrecorded_people,
        region: (!region.is_empty()).then(|| region.into()),
        user_default,
        departed,
        expected: None,
    }
}

fn distinct<T: PartialEq>(values: Vec<T>) -> Vec<T> {
    let mut kept: Vec<T> = Vec::with_capacity(values.len());
    for value in values {
        if !kept.contains(&value) {
            kept.push(value);
        }
    }
    kept
}

/// The settings of a new tenant: what is not given has its default.
pub(crate) fn first_settings(given: Update, now: Timestamp, position: u64) -> Settings {
    Settings {
        display_name: given.display_name.unwrap_or_default(),
        domains: given.domains.unwrap_or_default(),
        data_window_days: given.data_window_days.unwrap_or(DEFAULT_WINDOW_DAYS),
        known_lists: given.known_lists.unwrap_or_default(),
        unrecorded_people: given.unrecorded_people.unwrap_or_default(),
        region: given.region.unwrap_or_default(),
        user_default: given.user_default.unwrap_or_default(),
        departed: given.departed.unwrap_or_default(),
        create_time: now,
        position,
    }
}

/// A tenant as clients see it.
pub(crate) fn tenant(state: &State) -> pb::Tenant {
    settings(&state.tenant, &state.settings)
}

/// A tenant's settings as a message.
pub(crate) fn settings(tenant: &TenantId, settings: &Settings) -> pb::Tenant {
    let unrecorded_people = match settings.unrecorded_people {
        UnrecordedPeople::Hidden => pb::UnrecordedPeople::Hidden,
        UnrecordedPeople::Visible => pb::UnrecordedPeople::Visible,
    };
    let user_default = match settings.user_default {
        UserDefault::In => pb::UserDefault::In,
        UserDefault::Out => pb::UserDefault::Out,
    };
    let departed_policy = match settings.departed {
        DepartedPolicy::Keep => pb::DepartedPolicy::Keep,
        DepartedPolicy::Erase => pb::DepartedPolicy::Erase,
    };
    pb::Tenant {
        tenant_id: tenant.to_string(),
        display_name: settings.display_name.to_string(),
        domains: settings.domains.iter().map(ToString::to_string).collect(),
        data_window_days: settings.data_window_days.into(),
        known_lists: settings.known_lists.iter().map(|list| list.as_str().to_owned()).collect(),
        unrecorded_people: unrecorded_people.into(),
        create_time: Some(super::time(settings.create_time)),
        etag: Etag(settings.position).to_string(),
        region: settings.region.to_string(),
        user_default: user_default.into(),
        departed_policy: departed_policy.into(),
    }
}
