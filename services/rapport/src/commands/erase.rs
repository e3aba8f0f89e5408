//! `rapport erase` and `rapport store`: who is taken out of everything, and whether every store has done so.

use std::io::Write;
use std::time::Duration;

use contracts::consent::v1 as pb;
use contracts::consent::v1::erasure_service_client::ErasureServiceClient;
use runtime::{Link, fault_of};
use vocabulary::Fault;

use crate::cli::{Erase, Store};
use crate::client::{Client, from_timestamp, told};
use crate::json::Json;
use crate::output::{counted, said, table};

/// How often an erasure that goes on is looked at.
const LOOK: Duration = Duration::from_millis(200);

/// Runs the command.
///
/// # Errors
/// What the server answers.
pub async fn run(command: Erase, out: &mut impl Write) -> Result<(), Fault> {
    match command {
        Erase::User { user, validate_only, no_wait, target } => {
            let Client { link, tenant } = Client::of(&target).await?;
            let request = pb::EraseUserRequest { tenant_id: tenant.clone(), user, validate_only, ..Default::default() };
            let answer = told(ErasureServiceClient::new(link.clone()).erase_user(request).await)?;
            let erased = Erased { what: "the user", erasure: answer.erasure, enforced: answer.enforced_time };
            erased.follow(link, tenant, no_wait, out).await
        }
        Erase::Person { addresses, validate_only, no_wait, target } => {
            let Client { link, tenant } = Client::of(&target).await?;
            let request = pb::ErasePersonRequest { tenant_id: tenant.clone(), addresses, validate_only, ..Default::default() };
            let answer = told(ErasureServiceClient::new(link.clone()).erase_person(request).await)?;
            let erased = Erased { what: "the person", erasure: answer.erasure, enforced: answer.enforced_time };
            erased.follow(link, tenant, no_wait, out).await
        }
        Erase::Tenant { tenant, confirm, validate_only, no_wait, server } => {
            let link = crate::client::link(&server.server, server.token.as_deref())?;
            let request = pb::EraseTenantRequest { tenant_id: tenant.clone(), confirm_tenant_id: confirm, validate_only };
            let answer = told(ErasureServiceClient::new(link.clone()).erase_tenant(request).await)?;
            said(writeln!(out, "{}", counted(answer.users, "user")))?;
            let erased = Erased { what: "the tenant", erasure: answer.erasure, enforced: answer.enforced_time };
            erased.follow(link, tenant, no_wait, out).await
        }
        Erase::Status { number: Some(number), target } => {
            let Client { link, tenant } = Client::of(&target).await?;
            show(&one(&link, &tenant, number).await?, out)
        }
        Erase::Status { number: None, target } => {
            let Client { link, tenant } = Client::of(&target).await?;
            let request = pb::ListErasuresRequest { tenant_id: tenant, page_size: 20, ..Default::default() };
            let listed = told(ErasureServiceClient::new(link).list_erasures(request).await)?.erasures;
            let mut rows = vec![[">number", "what", ">mailboxes", "begun", "finished", "overdue"].map(str::to_owned).to_vec()];
            rows.extend(listed.iter().map(line));
            table(out, 0, &rows)
        }
        Erase::Watch { application, target } => {
            let Client { link, tenant } = Client::of(&target).await?;
            let request = pb::WatchErasuresRequest { tenant_id: tenant, application_id: application };
            let mut watched = told(ErasureServiceClient::new(link).watch_erasures(request).await)?;
            let json = Json::new()?;
            while let Some(message) = watched.message().await.map_err(|status| fault_of(&status))? {
                said(writeln!(out, "{}", json.write("rapport.consent.v1.WatchErasuresResponse", &message)?))?;
                said(out.flush())?;
            }
            Ok(())
        }
        Erase::Acknowledge { application, number, target } => {
            let Client { link, tenant } = Client::of(&target).await?;
            let request = pb::AcknowledgeErasureRequest { tenant_id: tenant, application_id: application, number };
            let erasure = told(ErasureServiceClient::new(link).acknowledge_erasure(request).await)?.erasure.unwrap_or_default();
            show(&erasure, out)
        }
    }
}

/// Runs the command.
///
/// # Errors
/// What the server answers.
pub async fn stores(command: Store, out: &mut impl Write) -> Result<(), Fault> {
    match command {
        Store::List { server } => {
            let link = crate::client::link(&server.server, server.token.as_deref())?;
            let listed = told(ErasureServiceClient::new(link).list_stores(pb::ListStoresRequest {}).await)?.stores;
            let mut rows = vec![["store", "holds", "since"].map(str::to_owned).to_vec()];
            rows.extend(
                listed.iter().map(|store| vec![store.store_id.clone(), kind_word(store.kind()), time(store.register_time.as_ref())]),
            );
            table(out, 0, &rows)
        }
        Store::Retire { store, server } => {
            let link = crate::client::link(&server.server, server.token.as_deref())?;
            told(ErasureServiceClient::new(link).retire_store(pb::RetireStoreRequest { store_id: store }).await)?;
            said(writeln!(out, "retired: erasures no longer wait for it; destroy by hand what it held"))
        }
    }
}

/// An answered erasure.
struct Erased {
    what: &'static str,
    erasure: Option<pb::Erasure>,
    enforced: Option<prost_types::Timestamp>,
}

impl Erased {
    /// Says what was done, and waits until every store has said so.
    async fn follow(self, link: Link, tenant: String, no_wait: bool, out: &mut impl Write) -> Result<(), Fault> {
        let erasure = self.erasure.unwrap_or_default();
        let (mailboxes, addresses) = (counted(erasure.mailboxes, "mailbox"), counted(erasure.addresses, "address"));
        let Some(enforced) = &self.enforced else {
            return said(writeln!(out, "would erase {}: the keys of {mailboxes}, {addresses}", self.what));
        };
        let since = from_timestamp(enforced);
        said(writeln!(out, "erased {}: the keys of {mailboxes}, {addresses}; nobody sees them since {since}", self.what))?;
        let mut erasure = erasure;
        while erasure.finish_time.is_none() && !no_wait {
            tokio::time::sleep(LOOK).await;
            erasure = one(&link, &tenant, erasure.number).await?;
        }
        show(&erasure, out)
    }
}

async fn one(link: &Link, tenant: &str, number: u64) -> Result<pb::Erasure, Fault> {
    let request = pb::GetErasureRequest { tenant_id: tenant.to_owned(), number };
    Ok(told(ErasureServiceClient::new(link.clone()).get_erasure(request).await)?.erasure.unwrap_or_default())
}

fn show(erasure: &pb::Erasure, out: &mut impl Write) -> Result<(), Fault> {
    let mut rows = vec![[">number", "what", ">mailboxes", "begun", "finished", "overdue"].map(str::to_owned).to_vec()];
    rows.push(line(erasure));
    table(out, 0, &rows)?;
    let mut rows = vec![["store", "holds", ">rows", "reported"].map(str::to_owned).to_vec()];
    let report = |store: &pb::StoreReport| {
        vec![store.store_id.clone(), kind_word(store.kind()), store.rows.to_string(), time(store.report_time.as_ref())]
    };
    rows.extend(erasure.stores.iter().map(report));
    table(out, 2, &rows)
}

fn line(erasure: &pb::Erasure) -> Vec<String> {
    let what = erasure.kind().as_str_name().trim_start_matches("ERASURE_KIND_").to_lowercase();
    let overdue: Vec<&str> = erasure.notices.iter().filter(|notice| notice.overdue).map(|notice| notice.application_id.as_str()).collect();
    let (begun, finished) = (time(erasure.create_time.as_ref()), time(erasure.finish_time.as_ref()));
    vec![erasure.number.to_string(), what, erasure.mailboxes.to_string(), begun, finished, overdue.join(", ")]
}

fn kind_word(kind: pb::StoreKind) -> String {
    kind.as_str_name().trim_start_matches("STORE_KIND_").to_lowercase()
}

fn time(time: Option<&prost_types::Timestamp>) -> String {
    time.map_or_else(|| "not yet".to_owned(), |time| from_timestamp(time).to_string())
}
