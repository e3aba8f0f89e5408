//! ListAccess of ConsentService, and AccessReportService, which is internal.

use std::sync::Arc;

use consent_domain::access::Asker;
use contracts::consent::v1 as pb;
use pb::access_report_service_server::AccessReportService;
use runtime::{Caller, answer};
use tonic::{Request, Response, Status};
use vocabulary::{Fault, Kind, Reason};

use super::consent::is;
use crate::access::{Found, Place, Question, callers};
use crate::convert::access as convert;
use crate::convert::time;
use crate::pages;
use crate::tenants::Held;
use crate::writer::Core;

/// Adapts AccessReportService.
pub(crate) struct AccessReports(pub Arc<Core>);

#[tonic::async_trait]
impl AccessReportService for AccessReports {
    async fn report_access(&self, request: Request<pb::ReportAccessRequest>) -> Result<Response<pb::ReportAccessResponse>, Status> {
        let taken = match convert::report(request.into_inner()) {
            Ok(report) => self.0.take_access(report).await,
            Err(fault) => Err(fault),
        };
        answer(taken.map(|()| pb::ReportAccessResponse {}))
    }
}

pub(super) async fn list(core: &Arc<Core>, caller: Caller, request: pb::ListAccessRequest) -> Result<pb::ListAccessResponse, Fault> {
    let listing = convert::listing(&request)?;
    let tenant = listing.tenant.clone();
    caller.require_tenant(&tenant)?;
    let (held, _) = core.present(&tenant)?;
    let state = &held.state;
    caller.require_own(listing.user(state).is_some_and(|user| is(&caller, state, user)))?;
    let size = pages::size(request.page_size)?;
    let words = listing.words();
    let list = ["ListAccess", tenant.as_str(), &words[0], &words[1], &words[2], &words[3]];
    let after =
        pages::after(&core.page_key, &list, &request.page_token)?.map(|text| Place::read(&text).ok_or_else(not_ours)).transpose()?;

    let (entries, found) = page(core, &held, &listing, size, after).await?;
    let subject = listing.subject(state, &held.keys.lookup);
    core.access.count(&caller, &tenant, "rapport.consent.v1.ConsentService/ListAccess", [subject]);
    Ok(pb::ListAccessResponse {
        entries,
        next_page_token: found.next.map(|place| pages::token(&core.page_key, &list, &place.write())).unwrap_or_default(),
        uncounted: i64::try_from(found.uncounted).unwrap_or(i64::MAX),
        earliest_time: Some(time(core.access.oldest(core.clock.now()).start())),
    })
}

/// What a listing finds after a place, and where it goes on.
///
/// # Errors
/// Those of the store.
pub(super) async fn page(
    core: &Arc<Core>,
    held: &Arc<Held>,
    listing: &convert::Listing,
    size: usize,
    after: Option<Place>,
) -> Result<(Vec<pb::AccessEntry>, Found), Fault> {
    let (state, tenant) = (&held.state, listing.tenant.clone());
    let now = core.clock.now();
    let oldest = core.access.oldest(now);
    let days = (listing.since.unwrap_or(oldest).max(oldest), listing.until.unwrap_or(now.day()).min(now.day()));
    let sought = listing.sought(state, &held.keys.lookup);
    let question = Question { tenant: tenant.clone(), sought, days, size, after };
    let found = core.find_access(Arc::clone(held), question).await?;
    let mut names = callers::Names::default();
    let mut entries = Vec::with_capacity(found.reads.len());
    for (day, read, times) in &found.reads {
        let named = match read.asker {
            // Whoever was erased is named no more, at once.
            Asker::Unlisted(hash) if !state.erased.addresses.contains(&hash) => names.of(core, &tenant, hash)?,
            Asker::Operator | Asker::Service | Asker::User(_) | Asker::Unlisted(_) => None,
        };
        entries.push(convert::entry(state, *day, read, *times, convert::caller(state, read.asker, named.as_deref())));
    }
    Ok((entries, found))
}

fn not_ours() -> Fault {
    Fault::new(Kind::InvalidArgument, Reason::PageTokenInvalid, "the page token is not ours")
}
