//! `rapport access`: who read personal data, about whom, how often. Listed as it comes, ranked by nothing.

use std::io::Write;

use contracts::consent::v1 as pb;
use contracts::consent::v1::consent_service_client::ConsentServiceClient;
use pb::access_entry::Subject;
use pb::list_access_request::About;
use vocabulary::Fault;

use crate::cli::Access;
use crate::client::{Client, from_timestamp, told};
use crate::commands::records::{kind_word, record_ref};
use crate::output::{counted, said, table};

/// Runs the command.
///
/// # Errors
/// When a day or record is none, and what the server answers.
pub async fn run(command: Access, out: &mut impl Write) -> Result<(), Fault> {
    let Access::List { about, record, by, since, until, target } = command;
    let about = match (about, record) {
        (Some(address), _) => Some(About::Address(address)),
        (None, Some(record)) => Some(About::Record(record_ref(&record)?)),
        (None, None) => None,
    };
    let (since_time, until_time) = (day("--since", since)?, day("--until", until)?);
    let Client { link, tenant } = Client::of(&target).await?;
    let caller = by.unwrap_or_default();
    let mut request = pb::ListAccessRequest { tenant_id: tenant, about, caller, since_time, until_time, ..Default::default() };
    let mut rows = vec![["day", "who", "about", "method", ">times", "last"].map(str::to_owned).to_vec()];
    let mut client = ConsentServiceClient::new(link);
    let uncounted = loop {
        let page = told(client.list_access(request.clone()).await)?;
        rows.extend(page.entries.iter().map(line));
        if page.next_page_token.is_empty() {
            break page.uncounted;
        }
        request.page_token = page.next_page_token;
    };
    table(out, 0, &rows)?;
    if uncounted > 0 {
        said(writeln!(out, "and {} that came too many at once to be told apart", counted(uncounted, "read")))?;
    }
    Ok(())
}

fn day(field: &'static str, text: Option<String>) -> Result<Option<prost_types::Timestamp>, Fault> {
    let parse = |text: String| format!("{text}T00:00:00Z").parse().map_err(|_| Fault::invalid_field(field, "must be as 2026-05-04"));
    text.map(parse).transpose()
}

fn line(entry: &pb::AccessEntry) -> Vec<String> {
    let caller = entry.caller.clone().unwrap_or_default();
    let who = match caller.kind() {
        pb::CallerKind::User => caller.address,
        pb::CallerKind::Operator => "the operator".to_owned(),
        pb::CallerKind::Service => "a program".to_owned(),
        pb::CallerKind::Erased | pb::CallerKind::Unspecified => "somebody erased since".to_owned(),
    };
    let about = match &entry.subject {
        Some(Subject::User(address)) => address.clone(),
        Some(Subject::Person(hash)) => format!("person {hash}"),
        Some(Subject::Record(record)) => format!("{}/{}", kind_word(record.kind()), record.record_id),
        Some(Subject::Everybody(_)) => "everybody".to_owned(),
        None => String::new(),
    };
    let day = entry.day_time.as_ref().map(|day| from_timestamp(day).day().to_string()).unwrap_or_default();
    let last = entry.last_time.as_ref().map(|last| from_timestamp(last).to_string()).unwrap_or_default();
    let method = entry.method.rsplit_once('/').map_or(entry.method.as_str(), |(_, method)| method).to_owned();
    vec![day, who, about, method, entry.count.to_string(), last]
}
