//! The ledger's methods of ConsentService.

use std::sync::Arc;

use contracts::consent::v1 as pb;
use ledger::{consistency, inclusion, root};
use runtime::Caller;
use vocabulary::{Fault, Reason, Subject};

use super::consent::is;
use super::user_at;
use crate::convert::event as convert;
use crate::convert::fields::Fields;
use crate::keys::blocking;
use crate::writer::Core;
use crate::{events, pages};

pub(super) fn text(core: &Core, request: &pb::GetConsentTextRequest) -> Result<pb::GetConsentTextResponse, Fault> {
    let unknown = || Fault::not_found(Reason::TextNotFound, "no text has that version");
    let (version, text) = core.texts.get(&request.version).ok_or_else(unknown)?;
    Ok(pb::GetConsentTextResponse {
        version: version.to_owned(),
        text: text.to_owned(),
        text_hash: core.texts.hash(version).map(|hash| hash.0.into()).unwrap_or_default(),
        versions: core.texts.versions().map(str::to_owned).collect(),
    })
}

pub(super) async fn list(
    core: &Arc<Core>,
    caller: Caller,
    request: pb::ListConsentEventsRequest,
) -> Result<pb::ListConsentEventsResponse, Fault> {
    let (tenant, user, mut filter) = convert::listed(&request)?;
    caller.require_tenant(&tenant)?;
    let size = pages::size(request.page_size)?;
    let selects = pb::ListConsentEventsRequest { page_size: 0, page_token: String::new(), revision: String::new(), ..request.clone() };
    let selects = format!("{selects:?}");
    let list = ["ListConsentEvents", selects.as_str()];
    let after = pages::after(&core.page_key, &list, &request.page_token)?;
    let first = after.and_then(|text| text.parse::<u64>().ok()).map_or(0, |last| last + 1);
    let (held, _) = core.read(&tenant, &request.revision)?;
    let user = user.map(|address| user_at(&held.state, &address));
    caller.require_own(user.as_ref().is_some_and(|user| user.as_ref().is_ok_and(|user| is(&caller, &held.state, user))))?;
    filter.user = user.transpose()?.map(|user| user.id);
    let ((page, ledger_size), held, revision) =
        core.read_ledger(&tenant, &request.revision, |ledger| (ledger.page(&filter, first, size), ledger.size() as i64))?;
    let last = page.indices.last().filter(|_| page.more).map(u64::to_string);
    let next_page_token = last.map(|last| pages::token(&core.page_key, &list, &last)).unwrap_or_default();
    let about = filter.user.map_or(Subject::Everybody, Subject::User);
    core.access.count(&caller, &tenant, "rapport.consent.v1.ConsentService/ListConsentEvents", [about]);
    let events = core.events(tenant, held, page.indices).await?;
    Ok(pb::ListConsentEventsResponse { events, next_page_token, ledger_size, revision })
}

pub(super) async fn checkpoint(
    core: &Arc<Core>,
    caller: Caller,
    request: pb::GetCheckpointRequest,
) -> Result<pb::GetCheckpointResponse, Fault> {
    let mut fields = Fields::default();
    let tenant = fields.tenant("tenant_id", &request.tenant_id);
    let tenant = fields.done(tenant)?;
    caller.require_tenant(&tenant)?;
    let (ledger, held, revision) = core.read_ledger(&tenant, &request.revision, Clone::clone)?;
    let signer = events::signer(&tenant, &held.keys)?;
    let answer = move || {
        let (root_hash, ledger_size) = (ledger.root().0.into(), ledger.size() as i64);
        let (checkpoint, verifier_key) = (ledger.checkpoint(&signer), signer.verifier().to_string());
        Ok(pb::GetCheckpointResponse { checkpoint, verifier_key, ledger_size, root_hash, revision })
    };
    blocking(answer).await
}

pub(super) async fn prove(
    core: &Arc<Core>,
    caller: Caller,
    request: pb::ProveConsentEventRequest,
) -> Result<pb::ProveConsentEventResponse, Fault> {
    let convert::Proven { tenant, index, size, from_size } = convert::proven(&request)?;
    caller.require_tenant(&tenant)?;
    let (ledger, held, _) = core.read_ledger(&tenant, "", Clone::clone)?;
    let user = ledger.about(index).and_then(|user| held.state.directory.get(user));
    caller.require_own(user.is_some_and(|user| is(&caller, &held.state, user)))?;
    if index >= ledger.size() {
        return Err(Fault::not_found(Reason::EventNotFound, "the ledger has no such event yet"));
    }
    let size = if size == 0 { ledger.size() } else { size };
    if !(index + 1..=ledger.size()).contains(&size) {
        return Err(Fault::invalid_field("size", "must be the size of a tree that holds the event, and not beyond the ledger"));
    }
    if from_size > size {
        return Err(Fault::invalid_field("from_size", "must not be beyond size"));
    }
    let about = ledger.about(index).map(Subject::User);
    core.access.count(&caller, &tenant, "rapport.consent.v1.ConsentService/ProveConsentEvent", about);
    let signer = events::signer(&tenant, &held.keys)?;
    let event = core.events(tenant, held, vec![index]).await?.pop();
    let answer = move || {
        let leaves = &ledger.hashes()[..size as usize];
        let told = |proof: Option<Vec<ledger::Hash>>| proof.into_iter().flatten().map(|hash| hash.0.into()).collect();
        Ok(pb::ProveConsentEventResponse {
            event,
            size: size as i64,
            root_hash: root(leaves).0.into(),
            inclusion: told(inclusion(leaves, index as usize)),
            consistency: told(consistency(leaves, from_size as usize)),
            checkpoint: ledger.checkpoint(&signer),
        })
    };
    blocking(answer).await
}
