//! Counts of reads: what is asked for, what is reported, and how it is told.

use consent_domain::access::{Asker, Read, Sought, Times};
use consent_domain::{State, User};
use contracts::common::v1 as common;
use contracts::consent::v1 as pb;
use pb::access_entry::Subject as Told;
use pb::counted_read::Subject as Counted;
use pb::list_access_request::About;
use prost_types::Timestamp as WireTime;
use runtime::tally;
use sealing::Key;
use vocabulary::entry::{RecordKind, RecordRef};
use vocabulary::{Address, Day, Fault, Subject, TenantId, Timestamp, UserId};

use super::fields::Fields;
use super::time;
use crate::access::{Report, Taken, person};

/// Longer than any method of ours.
const LONGEST_METHOD: usize = 128;
/// Longer than any address.
const LONGEST_CALLER: usize = 320;
const LONGEST_RECORD_ID: usize = 128;

/// What a list is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Listing {
    pub tenant: TenantId,
    pub about: Option<AskedAbout>,
    pub caller: Option<Address>,
    pub since: Option<Day>,
    pub until: Option<Day>,
}

/// About whom or what.
#[derive(Clone, Debug)]
pub(crate) enum AskedAbout {
    Address(Address),
    Record(RecordRef),
}

/// A request, taken apart.
///
/// # Errors
/// INVALID_ARGUMENT with every field that is wrong.
pub(crate) fn listing(request: &pb::ListAccessRequest) -> Result<Listing, Fault> {
    let mut fields = Fields::default();
    let tenant = fields.tenant("tenant_id", &request.tenant_id);
    let about = match &request.about {
        None => None,
        Some(About::Address(text)) => fields.address("address", text).map(AskedAbout::Address),
        Some(About::Record(named)) => record(&mut fields, named).map(AskedAbout::Record),
    };
    let caller = if request.caller.is_empty() { None } else { fields.address("caller", &request.caller) };
    let since = request.since_time.as_ref().and_then(|at| day(&mut fields, "since_time", at));
    let until = request.until_time.as_ref().and_then(|at| day(&mut fields, "until_time", at));
    if since.zip(until).is_some_and(|(since, until)| since > until) {
        fields.wrong("until_time", "lies before since_time");
    }
    fields.done(tenant.map(|tenant| Listing { tenant, about, caller, since, until }))
}

fn record(fields: &mut Fields, named: &common::RecordRef) -> Option<RecordRef> {
    let kind = kind_of(named.kind());
    if kind.is_none() {
        fields.wrong("record.kind", "must be a contact, an account, a lead or an opportunity");
    }
    let id = &named.record_id;
    let printable = !id.is_empty() && id.chars().count() <= LONGEST_RECORD_ID && !id.chars().any(char::is_control);
    if !printable {
        fields.wrong("record.record_id", "must be 1 to 128 printable characters");
    }
    kind.filter(|_| printable).map(|kind| RecordRef { kind, id: id.as_str().into() })
}

fn day(fields: &mut Fields, field: &str, at: &WireTime) -> Option<Day> {
    // The years that RFC 3339 has.
    if !(-62_135_596_800..=253_402_300_799).contains(&at.seconds) || !(0..1_000_000_000).contains(&at.nanos) {
        fields.wrong(field, "is no instant");
        return None;
    }
    Some(Timestamp::from_seconds(at.seconds).day())
}

impl Listing {
    /// The user of ours whom it is about.
    pub fn user<'a>(&self, state: &'a State) -> Option<&'a User> {
        match &self.about {
            Some(AskedAbout::Address(address)) => state.directory.at_address(address).map(|user| &**user),
            Some(AskedAbout::Record(_)) | None => None,
        }
    }

    /// In the words of the rules. Under every name that somebody was known by: who is in the directory may not always have been.
    pub fn sought(&self, state: &State, lookup: &Key) -> Sought {
        let hashes = |user: &User| user.entry.addresses.iter().map(|address| person(lookup, address)).collect::<Vec<_>>();
        let subjects = match (&self.about, self.user(state)) {
            (None, _) => Vec::new(),
            (Some(AskedAbout::Record(record)), _) => vec![Subject::Record(record.clone())],
            (Some(AskedAbout::Address(_)), Some(user)) => {
                let people = hashes(user).into_iter().map(Subject::Person);
                [Subject::User(user.id), Subject::Everybody].into_iter().chain(people).collect()
            }
            (Some(AskedAbout::Address(address)), None) => vec![Subject::Person(person(lookup, address))],
        };
        let askers = self.caller.as_ref().map(|caller| match state.directory.at_address(caller) {
            Some(user) => [Asker::User(user.id)].into_iter().chain(hashes(user).into_iter().map(Asker::Unlisted)).collect(),
            None => vec![Asker::Unlisted(person(lookup, caller))],
        });
        Sought { subjects, askers: askers.unwrap_or_default() }
    }

    /// As whose reading it is counted.
    pub fn subject(&self, state: &State, lookup: &Key) -> Subject {
        match (&self.about, self.user(state)) {
            (None, _) => Subject::Everybody,
            (Some(AskedAbout::Record(record)), _) => Subject::Record(record.clone()),
            (Some(AskedAbout::Address(_)), Some(user)) => Subject::User(user.id),
            (Some(AskedAbout::Address(address)), None) => Subject::Person(person(lookup, address)),
        }
    }

    /// What tells this list from every other one.
    pub fn words(&self) -> [String; 4] {
        let about = match &self.about {
            None => String::new(),
            Some(AskedAbout::Address(address)) => format!("address {}", address.as_str()),
            Some(AskedAbout::Record(record)) => format!("record {} {}", record.kind as u8, record.id),
        };
        let caller = self.caller.as_ref().map(|caller| caller.as_str().to_owned()).unwrap_or_default();
        let day = |day: Option<Day>| day.map(|day| day.0.to_string()).unwrap_or_default();
        [about, caller, day(self.since), day(self.until)]
    }
}

/// One count, `caller` being who read.
pub(crate) fn entry(state: &State, day: Day, read: &Read, times: Times, caller: pb::AccessCaller) -> pb::AccessEntry {
    let subject = match &read.subject {
        Subject::User(user) => Told::User(state.directory.get(*user).map(|user| first(user)).unwrap_or_default()),
        Subject::Person(hash) => Told::Person(format!("{hash:032x}")),
        Subject::Record(record) => {
            Told::Record(common::RecordRef { kind: kind_word(record.kind).into(), record_id: record.id.to_string() })
        }
        Subject::Everybody => Told::Everybody(true),
    };
    pb::AccessEntry {
        caller: Some(caller),
        method: read.method.to_string(),
        subject: Some(subject),
        day_time: Some(time(day.start())),
        count: i64::try_from(times.count).unwrap_or(i64::MAX),
        last_time: Some(time(times.last)),
    }
}

/// Who read; `named` is how somebody called themselves whom the directory does not name.
pub(crate) fn caller(state: &State, asker: Asker, named: Option<&str>) -> pb::AccessCaller {
    let (kind, address) = match asker {
        Asker::Operator => (pb::CallerKind::Operator, None),
        Asker::Service => (pb::CallerKind::Service, None),
        Asker::User(user) => (pb::CallerKind::User, state.directory.get(user).map(|user| first(user))),
        Asker::Unlisted(_) => (pb::CallerKind::User, named.map(str::to_owned)),
    };
    let kind = if kind == pb::CallerKind::User && address.is_none() { pb::CallerKind::Erased } else { kind };
    pb::AccessCaller { kind: kind.into(), address: address.unwrap_or_default() }
}

fn first(user: &User) -> String {
    user.entry.addresses.first().map(|address| address.as_str().to_owned()).unwrap_or_default()
}

/// A report. What makes no sense in it is passed over: it would come again for ever.
///
/// # Errors
/// INVALID_ARGUMENT when it has no number.
pub(crate) fn report(request: pb::ReportAccessRequest) -> Result<Report, Fault> {
    let pb::ReportAccessRequest { reporter_id: reporter, sequence, reads, uncounted } = request;
    if sequence == 0 {
        return Err(Fault::invalid_field("sequence", "must be 1 or more"));
    }
    let reported = reads.len();
    let reads: Vec<Taken> = reads.into_iter().filter_map(taken).collect();
    if reads.len() < reported {
        tracing::warn!(reads = reported - reads.len(), "counts of reads were reported that make no sense");
    }
    let uncounted = uncounted.into_iter().filter_map(|of| Some((TenantId::parse(&of.tenant_id).ok()?, Day(of.day), of.count)));
    Ok(Report { reporter, sequence, reads, uncounted: uncounted.collect() })
}

fn taken(read: pb::CountedRead) -> Option<Taken> {
    let asker = match read.caller_kind() {
        pb::CallerKind::Operator => tally::Asker::Operator,
        pb::CallerKind::Service => tally::Asker::Service,
        pb::CallerKind::User if (1..=LONGEST_CALLER).contains(&read.caller.len()) => tally::Asker::User(read.caller.into()),
        pb::CallerKind::User | pb::CallerKind::Unspecified | pb::CallerKind::Erased => return None,
    };
    let subject = match read.subject? {
        Counted::UserId(user) => Subject::User(UserId(user)),
        Counted::Person(hash) => Subject::Person(u128::from_le_bytes(hash.try_into().ok()?)),
        Counted::Record(named) => {
            let id = Some(named.record_id.as_str()).filter(|id| (1..=LONGEST_RECORD_ID).contains(&id.chars().count()))?;
            Subject::Record(RecordRef { kind: kind_of(named.kind())?, id: id.into() })
        }
        Counted::Everybody(_) => Subject::Everybody,
    };
    let tenant = TenantId::parse(&read.tenant_id).ok()?;
    let method = Some(read.method).filter(|method| (1..=LONGEST_METHOD).contains(&method.len()))?.into();
    let times = Times { count: read.count, last: Timestamp::from_micros(read.last_micros) };
    (read.count > 0).then_some(Taken { tenant, day: Day(read.day), asker, method, subject, times })
}

fn kind_of(kind: common::RecordKind) -> Option<RecordKind> {
    match kind {
        common::RecordKind::Unspecified => None,
        common::RecordKind::Contact => Some(RecordKind::Contact),
        common::RecordKind::Account => Some(RecordKind::Account),
        common::RecordKind::Lead => Some(RecordKind::Lead),
        common::RecordKind::Opportunity => Some(RecordKind::Opportunity),
    }
}

fn kind_word(kind: RecordKind) -> common::RecordKind {
    match kind {
        RecordKind::Contact => common::RecordKind::Contact,
        RecordKind::Account => common::RecordKind::Account,
        RecordKind::Lead => common::RecordKind::Lead,
        RecordKind::Opportunity => common::RecordKind::Opportunity,
    }
}
