//! Events of the ledger as they are written down for good, and the questions about them.

use consent_domain::event::{About, Event};
use consent_domain::{
    Application, Choice, Cover, DepartedPolicy, ErasureKind, Group, PerPurpose, Purpose, Settings, State, TenantConsent, UnrecordedPeople,
    UserDefault,
};
use contracts::consent::v1 as pb;
use ledger::Hash;
use pb::consent_event_body::About as Word;
use prost::Message as _;
use vocabulary::{Address, Fault, TenantId, Timestamp, UserId};

use super::fields::Fields;
use super::group::mode_word;
use super::{purpose_word, tenant};
use crate::events::{Filter, Texts};

/// What kind of event, as its leaf says.
pub(crate) const fn kind(about: &About) -> pb::ConsentEventKind {
    match about {
        About::TenantCreated(_) => pb::ConsentEventKind::TenantCreated,
        About::TenantChanged(_) => pb::ConsentEventKind::TenantChanged,
        About::Granted(_) => pb::ConsentEventKind::ConsentGranted,
        About::Withdrawn => pb::ConsentEventKind::ConsentWithdrawn,
        About::Ended(_) => pb::ConsentEventKind::ConsentEnded,
        About::Application(_) => pb::ConsentEventKind::ApplicationChanged,
        About::Group(..) => pb::ConsentEventKind::GroupChanged,
        About::Directory { .. } => pb::ConsentEventKind::DirectoryChanged,
        About::Choice(..) => pb::ConsentEventKind::UserChose,
        About::Erasure(..) => pb::ConsentEventKind::Erased,
        About::ErasureNamed(..) => pb::ConsentEventKind::ErasedNamed,
        About::Names(_) => pb::ConsentEventKind::NamesReplaced,
        About::Mailboxes => pb::ConsentEventKind::MailboxesChanged,
    }
}

/// What an event says.
pub(crate) fn body(tenant: &TenantId, event: &Event, texts: &Texts) -> pb::ConsentEventBody {
    let about = match &event.about {
        About::TenantCreated(settings) | About::TenantChanged(settings) => Some(Word::Tenant(settled(tenant, settings))),
        About::Granted(consent) => Some(Word::Grant(granted(consent, texts))),
        About::Ended(purposes) => Some(Word::End(pb::ConsentEventEnd { purposes: chosen(*purposes) })),
        About::Application(held) => Some(Word::Application(application(held))),
        About::Group(id, held) => Some(Word::Group(group(id, held.as_ref()))),
        About::Directory { added, changed, departed, returned } => {
            let [added, changed, departed, returned] = [*added, *changed, *departed, *returned].map(|count| count as i64);
            Some(Word::Directory(pb::ConsentEventDirectory { added, changed, departed, returned }))
        }
        About::Choice(user, choice) => {
            let of = |wanted: Choice| chosen(PerPurpose::from_fn(|purpose| *choice.of(purpose) == wanted));
            Some(Word::Choice(pb::ConsentEventChoice { user_id: user.0, opted_out: of(Choice::Out), opted_in: of(Choice::In) }))
        }
        About::Erasure(number, kind) => {
            Some(Word::Erasure(pb::ConsentEventErasure { number: *number, kind: erasure_word(*kind).into(), people: 0 }))
        }
        About::ErasureNamed(number, people) => {
            Some(Word::Erasure(pb::ConsentEventErasure { number: *number, kind: 0, people: *people as i64 }))
        }
        About::Names(names) => Some(Word::Names(pb::ConsentEventNames { generation: names.generation, retiring: names.retiring })),
        About::Withdrawn | About::Mailboxes => None,
    };
    pb::ConsentEventBody { mailboxes_opened: event.opened as i64, mailboxes_closed: event.closed as i64, about }
}

fn settled(id: &TenantId, settings: &Settings) -> pb::ConsentEventTenant {
    let told = pb::Tenant { etag: String::new(), ..tenant::settings(id, settings) };
    pb::ConsentEventTenant {
        region: settings.region.to_string(),
        user_default: match settings.user_default {
            UserDefault::In => pb::UserDefault::In,
            UserDefault::Out => pb::UserDefault::Out,
        }
        .into(),
        departed_policy: match settings.departed {
            DepartedPolicy::Keep => pb::DepartedPolicy::Keep,
            DepartedPolicy::Erase => pb::DepartedPolicy::Erase,
        }
        .into(),
        data_window_days: settings.data_window_days.into(),
        unrecorded_people: match settings.unrecorded_people {
            UnrecordedPeople::Hidden => pb::UnrecordedPeople::Hidden,
            UnrecordedPeople::Visible => pb::UnrecordedPeople::Visible,
        }
        .into(),
        settings_hash: Hash::of(&told.encode_to_vec()).0.into(),
    }
}

fn granted(consent: &TenantConsent, texts: &Texts) -> pb::ConsentEventGrant {
    let cover = |purpose: Purpose| {
        let Cover { expire_time, expired } = (*consent.covers.of(purpose))?;
        Some(pb::Cover { purpose: purpose_word(purpose).into(), expire_time: expire_time.map(super::time), expired })
    };
    pb::ConsentEventGrant {
        consent_type: super::consent::consent_type_word(consent.consent_type).into(),
        legal_basis: consent.legal_basis.to_string(),
        text_version: consent.text_version.to_string(),
        text_hash: texts.hash(&consent.text_version).map(|hash| hash.0.into()).unwrap_or_default(),
        covers: Purpose::ALL.into_iter().filter_map(cover).collect(),
    }
}

fn application(held: &Application) -> pb::ConsentEventApplication {
    pb::ConsentEventApplication {
        application_id: held.id.to_string(),
        features: chosen(held.feature),
        mailbox_source: held.mailbox_source,
        roles: held.roles.len() as i32,
    }
}

fn group(id: &str, held: Option<&Group>) -> pb::ConsentEventGroup {
    let opt_out = |purpose: Purpose| {
        let mode = mode_word((*held?.opted_out.of(purpose))?).into();
        Some(pb::ConsentEventOptOut { purpose: purpose_word(purpose).into(), mode })
    };
    pb::ConsentEventGroup {
        group_id: id.to_owned(),
        gone: held.is_none(),
        opt_outs: Purpose::ALL.into_iter().filter_map(opt_out).collect(),
        members: held.map_or(0, |held| held.members.len() + held.groups.len()) as i64,
    }
}

fn chosen(purposes: PerPurpose<bool>) -> Vec<i32> {
    Purpose::ALL.into_iter().filter(|purpose| *purposes.of(*purpose)).map(|purpose| purpose_word(purpose).into()).collect()
}

/// What was erased, as a word of the contract.
pub(crate) const fn erasure_word(kind: ErasureKind) -> pb::ErasureKind {
    match kind {
        ErasureKind::Withdrawal => pb::ErasureKind::Withdrawal,
        ErasureKind::User => pb::ErasureKind::User,
        ErasureKind::Person => pb::ErasureKind::Person,
        ErasureKind::Tenant => pb::ErasureKind::Tenant,
    }
}

/// The first address that the directory has of a user; nothing for nobody.
pub(crate) fn present_address(state: &State, user: UserId) -> String {
    let address = state.directory.get(user).and_then(|user| user.entry.addresses.first());
    address.map(|address| address.as_str().to_owned()).unwrap_or_default()
}

/// A question for events: the tenant, about whom, which.
pub(crate) fn listed(request: &pb::ListConsentEventsRequest) -> Result<(TenantId, Option<Address>, Filter), Fault> {
    let mut fields = Fields::default();
    let tenant = fields.tenant("tenant_id", &request.tenant_id);
    let user = if request.user.is_empty() { None } else { fields.address("user", &request.user) };
    let mut kinds = Vec::new();
    for (at, kind) in request.kinds.iter().enumerate() {
        match pb::ConsentEventKind::try_from(*kind) {
            Ok(pb::ConsentEventKind::Unspecified) | Err(_) => fields.wrong(format!("kinds[{at}]"), "is not known"),
            Ok(kind) => kinds.push(kind as u16),
        }
    }
    let mut instant = |field: &str, time: Option<&prost_types::Timestamp>| {
        let time = time?;
        let micros = time.seconds.checked_mul(1_000_000).and_then(|micros| micros.checked_add(i64::from(time.nanos / 1000)));
        if micros.is_none() || time.nanos < 0 {
            fields.wrong(field, "is no instant");
        }
        micros.map(Timestamp::from_micros)
    };
    let (since, until) = (instant("since_time", request.since_time.as_ref()), instant("until_time", request.until_time.as_ref()));
    fields.done(tenant.map(|tenant| (tenant, user, Filter { user: None, kinds, since, until })))
}

/// Which proofs.
pub(crate) struct Proven {
    pub tenant: TenantId,
    pub index: u64,
    /// 0: the present size.
    pub size: u64,
    /// 0: no earlier tree.
    pub from_size: u64,
}

/// A question for proofs.
pub(crate) fn proven(request: &pb::ProveConsentEventRequest) -> Result<Proven, Fault> {
    let mut fields = Fields::default();
    let tenant = fields.tenant("tenant_id", &request.tenant_id);
    let mut number = |field: &str, number: i64| u64::try_from(number).map_err(|_| fields.wrong(field, "must not be negative")).ok();
    let (index, size) = (number("index", request.index), number("size", request.size));
    let from_size = number("from_size", request.from_size);
    let whole = tenant.zip(index).zip(size).zip(from_size);
    fields.done(whole.map(|(((tenant, index), size), from_size)| Proven { tenant, index, size, from_size }))
}
