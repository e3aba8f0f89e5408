//! `rapport records`: takes in CRM records from a file and shows them.

use std::io::Write;

use contracts::analytics::v1 as pb;
use contracts::analytics::v1::record_service_client::RecordServiceClient;
use serde_json::{Value, json};
use vocabulary::Fault;

use crate::cli::Records;
use crate::client::{Client, told};
use crate::commands::directory::read;
use crate::json::Json;
use crate::output::said;

const RECORD: &str = "rapport.analytics.v1.Record";
const RECORDS_AT_ONCE: usize = 500;

/// Runs the command.
///
/// # Errors
/// When the file cannot be read, and what the server answers.
pub async fn run(command: Records, out: &mut impl Write) -> Result<(), Fault> {
    match command {
        Records::Import { file, target } => {
            let records = records(&read(&file)?)?;
            let client = Client::of(&target).await?;
            let results = upsert(&client, records).await?.results;
            let mut counts = [0u64; 5];
            for (number, result) in results.iter().enumerate() {
                counts[usize::try_from(result.code).unwrap_or(0).min(4)] += 1;
                if result.code() == pb::UpsertCode::Refused {
                    said(writeln!(out, "record {}: {}: {}", number + 1, result.field, result.description))?;
                }
            }
            let [_, created, updated, unchanged, refused] = counts;
            said(writeln!(out, "{created} created, {updated} updated, {unchanged} unchanged, {refused} refused"))
        }
        Records::List(target) => {
            let Client { link, tenant } = Client::of(&target).await?;
            let mut service = RecordServiceClient::new(link);
            let mut page_token = String::new();
            loop {
                let request = pb::ListRecordsRequest { tenant_id: tenant.clone(), page_size: 500, page_token, ..Default::default() };
                let page = told(service.list_records(request).await)?;
                for record in page.records {
                    let named = record.r#ref.unwrap_or_default();
                    said(writeln!(out, "{}/{}  {}", kind_word(named.kind()), named.record_id, record.name))?;
                }
                if page.next_page_token.is_empty() {
                    return Ok(());
                }
                page_token = page.next_page_token;
            }
        }
    }
}

/// What became of records, and from which revision on they count.
pub struct Upserted {
    /// What became of each, in order.
    pub results: Vec<pb::UpsertResult>,
    /// From which revision on they count.
    pub revision: String,
}

/// Sends records.
///
/// # Errors
/// What the server answers.
pub async fn upsert(client: &Client, records: Vec<pb::Record>) -> Result<Upserted, Fault> {
    let messages: Vec<pb::UpsertRecordsRequest> = records
        .chunks(RECORDS_AT_ONCE)
        .zip(1..)
        .map(|(part, sequence)| pb::UpsertRecordsRequest { tenant_id: client.tenant.clone(), records: part.to_vec(), sequence })
        .collect();
    let mut answers = told(RecordServiceClient::new(client.link.clone()).upsert_records(tokio_stream::iter(messages)).await)?;
    let mut upserted = Upserted { results: Vec::new(), revision: String::new() };
    while let Some(answer) = answers.message().await.map_err(|status| runtime::fault_of(&status))? {
        upserted.results.extend(answer.results);
        upserted.revision = answer.revision;
    }
    Ok(upserted)
}

/// A kind of record in a word of the command line.
pub fn kind_word(kind: contracts::common::v1::RecordKind) -> String {
    kind.as_str_name().trim_start_matches("RECORD_KIND_").to_lowercase()
}

/// The records of JSON lines. `"kind": "contact", "id": "c-1"` may stand for the whole `ref`.
fn records(text: &str) -> Result<Vec<pb::Record>, Fault> {
    let schema = Json::new()?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(number, line)| {
            let wrong = |description: String| Fault::invalid_field(format!("line {}", number + 1), description);
            let mut value: Value = serde_json::from_str(line).map_err(|error| wrong(error.to_string()))?;
            if let Some(fields) = value.as_object_mut()
                && let (Some(Value::String(kind)), Some(id)) = (fields.remove("kind"), fields.remove("id"))
            {
                let kind = format!("RECORD_KIND_{}", kind.to_uppercase());
                fields.insert("ref".to_owned(), json!({"kind": kind, "record_id": id}));
            }
            schema.read(RECORD, value).map_err(|fault| wrong(fault.message))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use contracts::common::v1::RecordKind;

    use super::*;

    #[test]
    fn records_are_read_from_json_lines() {
        let read = records(
            "{\"kind\":\"lead\",\"id\":\"l-1\",\"owner\":\"a@b.example\"}\n\n{\"ref\":{\"kind\":\"RECORD_KIND_LEAD\",\"recordId\":\"l-2\"}}\n",
        );
        let read = read.unwrap();
        assert_eq!(read.len(), 2);
        assert_eq!(read[0].r#ref.as_ref().map(|named| (named.kind(), named.record_id.as_str())), Some((RecordKind::Lead, "l-1")));
    }

    #[test]
    fn a_wrong_line_is_named() {
        assert!(records("{\"kind\":\"lead\",\"id\":\"1\"}\n{nonsense\n").unwrap_err().message.contains("line 2"));
        assert!(records("{\"kind\":\"boat\",\"id\":\"1\"}\n").unwrap_err().message.contains("line 1"));
    }
}
