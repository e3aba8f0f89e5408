//! What a service answers about people is counted, and consent is told every few seconds (ListAccess). Counting waits for nothing.

use std::sync::Arc;
use std::time::Duration;

use contracts::common::v1 as common;
use contracts::consent::v1 as pb;
use contracts::consent::v1::access_report_service_client::AccessReportServiceClient;
use pb::counted_read::Subject as Counted;
use runtime::tally::{self, Asker, Counts};
use runtime::{Caller, Context, Onward, Tally, fault_of, sized};
use sealing::KeyedHash;
use vocabulary::entry::RecordKind;
use vocabulary::{Address, Subject, TenantId};

use crate::Permit;

/// How long consent may take to answer; a report that comes again is taken in once.
const PATIENCE: Duration = Duration::from_secs(5);

/// Counts what one service answers. Clones count together.
#[derive(Clone, Debug)]
pub struct Reads(Arc<Tally>);

impl Reads {
    /// Begins to report to the consent of `context`, until the process has answered its last call. Must be called within a Tokio runtime.
    pub fn start(context: &Context) -> Self {
        let tally = Arc::new(Tally::new(Arc::clone(&context.clock)));
        let client = sized!(AccessReportServiceClient::new(context.link("consent")), context.config.limits.internal());
        let reporter = sealing::random::id();
        let reporting = tally::report(Arc::clone(&tally), context.clone(), move |sequence, counts| {
            let mut client = client.clone();
            async move {
                let report = Onward::service().within(PATIENCE).request(message(reporter, sequence, &counts));
                client.report_access(report).await.map(drop).map_err(|status| fault_of(&status))
            }
        });
        context.tasks.spawn(reporting);
        Self(tally)
    }

    /// Counts an answer about `subjects` by `method`, as in `rapport.graph.v1.GraphService/ListIntroducers`. To be called once the answer is
    /// certain.
    pub fn count(&self, caller: &Caller, tenant: &TenantId, method: &'static str, subjects: impl IntoIterator<Item = Subject>) {
        self.0.count(caller, tenant, method, subjects);
    }
}

/// Whom an address stands for: somebody in the directory, or an outside person.
pub fn subject(permit: &Permit, address: &Address) -> Subject {
    match permit.user_at(address) {
        Some(user) => Subject::User(user.id),
        None => Subject::Person(KeyedHash::of_erased(&permit.lookup_key).hash128(address.as_str().as_bytes())),
    }
}

fn message(reporter_id: u64, sequence: u64, counts: &Counts) -> pb::ReportAccessRequest {
    let reads = counts.reads.iter().map(|(read, times)| {
        let (kind, caller) = match &read.asker {
            Asker::Operator => (pb::CallerKind::Operator, String::new()),
            Asker::Service => (pb::CallerKind::Service, String::new()),
            Asker::User(address) => (pb::CallerKind::User, address.to_string()),
        };
        let subject = match &read.subject {
            Subject::User(user) => Counted::UserId(user.0),
            Subject::Person(hash) => Counted::Person(hash.to_le_bytes().to_vec()),
            Subject::Record(record) => {
                Counted::Record(common::RecordRef { kind: kind_word(record.kind).into(), record_id: record.id.to_string() })
            }
            Subject::Everybody => Counted::Everybody(true),
        };
        pb::CountedRead {
            tenant_id: read.tenant.to_string(),
            caller_kind: kind.into(),
            caller,
            method: read.method.to_owned(),
            subject: Some(subject),
            day: read.day.0,
            count: times.count,
            last_micros: times.last.micros(),
        }
    });
    let uncounted = counts.uncounted.iter();
    let uncounted = uncounted.map(|((tenant, day), count)| pb::UncountedReads { tenant_id: tenant.to_string(), day: day.0, count: *count });
    pb::ReportAccessRequest { reporter_id, sequence, reads: reads.collect(), uncounted: uncounted.collect() }
}

const fn kind_word(kind: RecordKind) -> common::RecordKind {
    match kind {
        RecordKind::Contact => common::RecordKind::Contact,
        RecordKind::Account => common::RecordKind::Account,
        RecordKind::Lead => common::RecordKind::Lead,
        RecordKind::Opportunity => common::RecordKind::Opportunity,
    }
}
