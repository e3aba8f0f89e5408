//! How a mailbox stands and what was kept out. Read within a commit, so that nothing is told before it is durable.

use std::sync::Arc;

use contracts::ingestion::v1 as pb;
use runtime::Caller;
use vocabulary::{Address, Fault, Subject, TenantId};

use crate::append::Written;
use crate::batch::unknown_user;
use crate::convert;
use crate::mailboxes::{Standing, may_be_read};
use crate::service::Ingestion;
use crate::tables;

/// How a mailbox stands, by any address of its owner. Who is admitted for their own only asks about no other.
///
/// # Errors
/// PERMISSION_DENIED, ROLE_MISSING; NOT_FOUND, USER_NOT_FOUND; UNAVAILABLE while it is being read from disk; those of [`Ingestion::admit`].
pub async fn mailbox(
    ingestion: &Arc<Ingestion>,
    caller: &Caller,
    tenant: &TenantId,
    address: &Address,
) -> Result<pb::GetMailboxResponse, Fault> {
    let (permit, tenant) = ingestion.admit(tenant).await?;
    let user = permit.user_at(address);
    let asking = caller.user.as_deref().and_then(|text| Address::parse(text).ok());
    let asking = asking.and_then(|address| permit.user_at(&address));
    caller.require_own(user.zip(asking).is_some_and(|(user, asking)| user.id == asking.id))?;
    let user = user.ok_or_else(unknown_user)?;
    let (id, generation, open) = (user.id, user.generation, may_be_read(user));
    let decided = permit.revision();
    drop(permit);
    let (asked, id_of_tenant) = (Arc::clone(&tenant), tenant.id.clone());
    let look = move |changes: &mut store::Changes<'_>| {
        let standing = match open {
            true => {
                let mut mailboxes = asked.mailboxes.lock();
                let known = mailboxes.known(id, generation)?;
                Standing::Open { interactions: known.interactions(), high_water: known.high_water() }
            }
            false if generation == 0 => Standing::Never,
            false => Standing::Blocked,
        };
        let head = changes.get::<tables::Head>(&())?.unwrap_or_default();
        Ok(Written { answer: (standing, head.position), position: None, minted: Vec::new() })
    };
    let (standing, head) = ingestion.commit(tenant, look).await.await?;
    let revision = ingestion.revision(head).join(&decided);
    ingestion.reads.count(caller, &id_of_tenant, "rapport.ingestion.v1.IngestionService/GetMailbox", [Subject::User(id)]);
    Ok(convert::mailbox(standing, revision.to_string()))
}

/// What was kept out since the tenant was made.
///
/// # Errors
/// Those of [`Ingestion::admit`], and of the store.
pub async fn filter_report(ingestion: &Arc<Ingestion>, tenant: &TenantId) -> Result<pb::GetFilterReportResponse, Fault> {
    let (_, tenant) = ingestion.admit(tenant).await?;
    let asked = tenant.id.clone();
    let look = move |changes: &mut store::Changes<'_>| {
        let answer = changes.get::<tables::Tally>(&asked)?.unwrap_or_default();
        Ok(Written { answer, position: None, minted: Vec::new() })
    };
    let tally = ingestion.commit(tenant, look).await.await?;
    Ok(convert::filter_report(tally))
}
