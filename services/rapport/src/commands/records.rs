//! `rapport records`: takes in CRM records from a file, shows and deletes them.

use std::io::Write;

use contracts::analytics::v1 as pb;
use contracts::analytics::v1::record_service_client::RecordServiceClient;
use contracts::common::v1::{RecordKind, RecordRef};
use serde_json::{Value, json};
use vocabulary::Fault;

use crate::cli::Records;
use crate::client::{Client, told};
use crate::json::Json;
use crate::lines::{self, Lines};
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
            let records = records(&lines::text(&file)?)?;
            records.tell(out)?;
            let client = Client::of(&target).await?;
            let (numbers, given): (Vec<usize>, Vec<pb::Record>) = records.read.into_iter().unzip();
            let results = upsert(&client, given).await?.results;
            let mut counts = [0; 5];
            for (line, result) in numbers.iter().zip(&results) {
                counts[usize::try_from(result.code).unwrap_or(0).min(4)] += 1;
                if result.code() == pb::UpsertCode::Refused {
                    said(writeln!(out, "line {line}: {}: {}", result.field, result.description))?;
                }
            }
            let [_, created, updated, unchanged, refused] = counts;
            let refused = refused + records.refused.len();
            said(writeln!(out, "{created} created, {updated} updated, {unchanged} unchanged, {refused} refused"))?;
            lines::ended(refused)
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
        Records::Delete { record, validate_only, target } => {
            let named = record_ref(&record)?;
            let Client { link, tenant } = Client::of(&target).await?;
            let request = pb::DeleteRecordRequest { tenant_id: tenant, r#ref: Some(named), validate_only, ..Default::default() };
            told(RecordServiceClient::new(link).delete_record(request).await)?;
            let done = if validate_only { "would be deleted" } else { "is deleted" };
            said(writeln!(out, "{record} {done}"))
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
pub fn kind_word(kind: RecordKind) -> String {
    kind.as_str_name().trim_start_matches("RECORD_KIND_").to_lowercase()
}

/// A record of the command line, as in `contact/c-0042`.
///
/// # Errors
/// INVALID_ARGUMENT when it is none.
pub fn record_ref(text: &str) -> Result<RecordRef, Fault> {
    let wrong = || Fault::invalid_field("record", "must be as contact/ID, account/ID, lead/ID or opportunity/ID");
    let (kind, record_id) = text.split_once('/').ok_or_else(wrong)?;
    let kind = RecordKind::from_str_name(&format!("RECORD_KIND_{}", kind.to_uppercase())).ok_or_else(wrong)?;
    if kind == RecordKind::Unspecified || record_id.is_empty() {
        return Err(wrong());
    }
    Ok(RecordRef { kind: kind.into(), record_id: record_id.to_owned() })
}

/// The records of JSON lines. `"kind": "contact", "id": "c-1"` may stand for the whole `ref`.
fn records(text: &str) -> Result<Lines<pb::Record>, Fault> {
    if text.trim_start().chars().next().is_some_and(|first| first != '{') {
        return Err(Fault::invalid_field("file", "must be JSON lines, one record a line"));
    }
    let schema = Json::new()?;
    Ok(Lines::of(lines::json(text).map(|(number, value)| (number, value.and_then(|value| record(&schema, value))))))
}

fn record(schema: &Json, mut value: Value) -> Result<pb::Record, Fault> {
    if let Some(fields) = value.as_object_mut()
        && let (Some(Value::String(kind)), Some(id)) = (fields.get("kind"), fields.get("id"))
    {
        let named = json!({"kind": format!("RECORD_KIND_{}", kind.to_uppercase()), "record_id": id});
        fields.retain(|field, _| field != "kind" && field != "id");
        fields.insert("ref".to_owned(), named);
    }
    schema.read(RECORD, value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_read_from_json_lines() {
        let read = records(
            "{\"kind\":\"lead\",\"id\":\"l-1\",\"owner\":\"a@b.example\"}\n\n{\"ref\":{\"kind\":\"RECORD_KIND_LEAD\",\"recordId\":\"l-2\"}}\n",
        );
        let read = read.unwrap().read;
        assert_eq!(read.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [1, 3]);
        assert_eq!(read[0].1.r#ref.as_ref().map(|named| (named.kind(), named.record_id.as_str())), Some((RecordKind::Lead, "l-1")));
    }

    #[test]
    fn a_wrong_line_is_named_and_stops_no_other() {
        for wrong in ["{nonsense", "{\"kind\":\"boat\",\"id\":\"1\"}", "{\"kind\":\"lead\"}"] {
            let lines = records(&format!("{{\"kind\":\"lead\",\"id\":\"1\"}}\n{wrong}\n")).unwrap();
            assert_eq!((lines.read.len(), lines.refused.len()), (1, 1), "{wrong}");
            assert!(lines.refused[0].starts_with("line 2"), "{wrong}");
        }
        assert!(records("kind,id\nlead,1\n").is_err(), "CSV is not JSON lines");
    }

    #[test]
    fn a_record_is_named_by_kind_and_id() {
        for (text, kind, id) in
            [("contact/c-1", RecordKind::Contact, "c-1"), ("LEAD/7", RecordKind::Lead, "7"), ("account/a/b", RecordKind::Account, "a/b")]
        {
            let named = record_ref(text).unwrap();
            assert_eq!((named.kind(), named.record_id.as_str()), (kind, id), "{text}");
        }
        for text in ["", "contact", "contact/", "/c-1", "boat/1", "unspecified/1"] {
            assert!(record_ref(text).is_err(), "{text}");
        }
    }
}
