//! ExportService: what consent holds on a person.

use std::pin::Pin;
use std::sync::Arc;

use consent_domain::{Purpose, Source, State, User, expire};
use contracts::consent::v1 as pb;
use futures::{Stream, StreamExt as _, stream};
use pb::export_response::Item;
use pb::export_service_server::ExportService;
use runtime::{Caller, answer, status};
use tonic::{Request, Response, Status};
use vocabulary::{Address, Fault, Subject, TenantId};

use super::access;
use super::consent::is;
use crate::convert::access::listing;
use crate::convert::erasure::hashes;
use crate::convert::{consent, directory, export as convert};
use crate::events::Filter;
use crate::tenants::Held;
use crate::writer::Core;

/// Events read at once.
const AT_ONCE: usize = 200;

/// Adapts ExportService.
pub(crate) struct Exporting(pub Arc<Core>);

#[tonic::async_trait]
impl ExportService for Exporting {
    type ExportStream = Pin<Box<dyn Stream<Item = Result<pb::ExportResponse, Status>> + Send>>;

    async fn export(&self, request: Request<pb::ExportRequest>) -> Result<Response<Self::ExportStream>, Status> {
        let items = Caller::of(&request).and_then(|caller| export(&self.0, &caller, request.get_ref()));
        answer(items.map(|items| Box::pin(items.map(|item| item.map_err(status))) as Self::ExportStream))
    }
}

fn export(
    core: &Arc<Core>,
    caller: &Caller,
    request: &pb::ExportRequest,
) -> Result<impl Stream<Item = Result<pb::ExportResponse, Fault>> + Send + use<>, Fault> {
    let (tenant, addresses) = convert::asked(request)?;
    caller.require_tenant(&tenant)?;
    let (held, _) = core.read(&tenant, "")?;
    let user = addresses.iter().find_map(|address| held.state.directory.at_address(address));
    caller.require_own(user.is_some_and(|user| is(caller, &held.state, user)))?;
    if let Some(user) = user
        && let Some(at) = addresses.iter().position(|address| held.state.directory.at_address(address).is_none_or(|at| at.id != user.id))
    {
        return Err(Fault::invalid_field(format!("addresses[{at}]"), "belongs to somebody else than the others"));
    }
    let addresses = user.map_or(addresses, |user| user.entry.addresses.clone());
    let about: Vec<_> = match user {
        Some(user) => vec![Subject::User(user.id)],
        None => hashes(&held.keys.lookup, &addresses).into_iter().map(Subject::Person).collect(),
    };
    // The call that it is a part of, and counts in all areas.
    core.access.count(caller, &tenant, "rapport.gateway.v1.OverviewService/ExportPerson", about);
    let subject =
        pb::ExportedSubject { addresses: addresses.iter().map(|address| address.as_str().to_owned()).collect(), own: user.is_some() };
    let mut items = vec![Item::Subject(subject)];
    items.extend(user.map(|user| Item::User(told(core, &held.state, user))));
    items.extend(suppressed(&held, &addresses).map(Item::Suppression));
    let items = stream::iter(items).map(|item| Ok(pb::ExportResponse { item: Some(item) }));
    // The first address stands for one of ours with all of theirs.
    let asked = if user.is_some() { addresses.into_iter().take(1).collect() } else { addresses };
    let user = user.map(|user| user.id);
    let (ledger, access, of) = (Arc::clone(core), Arc::clone(core), tenant.clone());
    let events =
        stream::iter(user).flat_map(move |user| events(Arc::clone(&ledger), of.clone(), Filter { user: Some(user), ..Filter::default() }));
    let reads = stream::iter(asked).flat_map(move |address| reads(Arc::clone(&access), tenant.clone(), address));
    Ok(items.chain(events).chain(reads))
}

/// Who asked about the person, some at a time.
fn reads(core: Arc<Core>, tenant: TenantId, address: Address) -> impl Stream<Item = Result<pb::ExportResponse, Fault>> + Send {
    let request = pb::ListAccessRequest {
        tenant_id: tenant.to_string(),
        about: Some(pb::list_access_request::About::Address(address.as_str().to_owned())),
        ..Default::default()
    };
    let pages = stream::try_unfold(Some(None), move |after| {
        let (core, tenant, request) = (Arc::clone(&core), tenant.clone(), request.clone());
        async move {
            let Some(after) = after else { return Ok(None) };
            let (held, _) = core.present(&tenant)?;
            let (entries, found) = access::page(&core, &held, &listing(&request)?, AT_ONCE, after).await?;
            Ok::<_, Fault>(Some((entries, found.next.map(Some))))
        }
    });
    flattened(pages, Item::Access)
}

fn told(core: &Core, state: &State, user: &User) -> pb::ExportedUser {
    let (held, applications) = expire::present(state, core.clock.now());
    let gates = state.gates_under(&applications, &held);
    let gates = Purpose::ALL.into_iter().flat_map(|purpose| consent::user_gates(&gates, user, purpose, Source::Mailbox, true)).collect();
    let groups = state.groups.0.keys().filter(|id| state.groups.everybody_in(id).contains(&*user.entry.external_id));
    convert::user(user, directory::user(user), gates, groups.map(ToString::to_string).collect())
}

fn suppressed<'a>(held: &'a Held, addresses: &'a [Address]) -> impl Iterator<Item = pb::ExportedSuppression> + 'a {
    let hashed = hashes(&held.keys.lookup, addresses).into_iter().zip(addresses);
    let erased = hashed.filter(|(hash, _)| held.state.erased.addresses.contains(hash));
    erased.map(|(_, address)| pb::ExportedSuppression { address: address.as_str().to_owned() })
}

/// The events of the ledger about a user, some at a time. Whoever is erased meanwhile is told of no more.
fn events(core: Arc<Core>, tenant: TenantId, filter: Filter) -> impl Stream<Item = Result<pb::ExportResponse, Fault>> + Send {
    let pages = stream::try_unfold(Some(0), move |first| {
        let (core, tenant, filter) = (Arc::clone(&core), tenant.clone(), filter.clone());
        async move {
            let Some(first) = first else { return Ok(None) };
            let (page, held, _) = core.read_ledger(&tenant, "", |ledger| ledger.page(&filter, first, AT_ONCE))?;
            let next = page.indices.last().filter(|_| page.more).map(|last| last + 1);
            Ok::<_, Fault>(Some((core.events(tenant, held, page.indices).await?, next)))
        }
    });
    flattened(pages, Item::Event)
}

fn flattened<T: Send + 'static>(
    pages: impl Stream<Item = Result<Vec<T>, Fault>> + Send,
    item: impl Fn(T) -> Item + Copy + Send + 'static,
) -> impl Stream<Item = Result<pb::ExportResponse, Fault>> + Send {
    pages.flat_map(move |page| match page {
        Ok(page) => stream::iter(page.into_iter().map(move |held| Ok(pb::ExportResponse { item: Some(item(held)) }))).left_stream(),
        Err(fault) => stream::iter([Err(fault)]).right_stream(),
    })
}
