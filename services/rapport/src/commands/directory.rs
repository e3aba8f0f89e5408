//! `rapport directory`: takes in users from a file and shows them.

use std::io::{Read, Write};
use std::path::Path;

use contracts::consent::v1 as pb;
use contracts::consent::v1::directory_service_client::DirectoryServiceClient;
use vocabulary::Fault;

use crate::cli::Directory;
use crate::client::{Client, told};
use crate::json::Json;
use crate::output::said;

const USER: &str = "rapport.consent.v1.User";
const USERS_AT_ONCE: usize = 500;
const COLUMNS: [&str; 6] = ["external_id", "addresses", "display_name", "kind", "department", "roles"];

/// Runs the command.
///
/// # Errors
/// When the file cannot be read, and what the server answers.
pub async fn run(command: Directory, out: &mut impl Write) -> Result<(), Fault> {
    match command {
        Directory::Sync { file, full, target } => {
            let users = users(&read(&file)?)?;
            let client = Client::of(&target).await?;
            let mode = if full { pb::SyncMode::Full } else { pb::SyncMode::Delta };
            let synced = sync(&client, users, mode).await?;
            for refused in &synced.refused {
                said(writeln!(out, "user {}: {}: {}", refused.index + 1, refused.field, refused.description))?;
            }
            let pb::SyncUsersResponse { added, updated, departed, unchanged, refused, .. } = synced;
            let refused = refused.len();
            said(writeln!(out, "{added} added, {updated} updated, {departed} departed, {unchanged} unchanged, {refused} refused"))
        }
        Directory::List(target) => {
            let Client { link, tenant } = Client::of(&target).await?;
            let mut directory = DirectoryServiceClient::new(link);
            let mut page_token = String::new();
            loop {
                let request = pb::ListUsersRequest { tenant_id: tenant.clone(), page_size: 500, page_token };
                let page = told(directory.list_users(request).await)?;
                for user in page.users {
                    let mailbox = if user.mailbox_open { "open" } else { "closed" };
                    let kind = user.kind().as_str_name().trim_start_matches("USER_KIND_").to_lowercase();
                    said(writeln!(out, "{}  {kind}  mailbox {mailbox}  {}", user.external_id, user.addresses.join(" ")))?;
                }
                if page.next_page_token.is_empty() {
                    return Ok(());
                }
                page_token = page.next_page_token;
            }
        }
    }
}

/// Sends users to the directory.
///
/// # Errors
/// What the server answers.
pub async fn sync(client: &Client, users: Vec<pb::User>, mode: pb::SyncMode) -> Result<pb::SyncUsersResponse, Fault> {
    let mut messages: Vec<pb::SyncUsersRequest> = users
        .chunks(USERS_AT_ONCE)
        .map(|part| pb::SyncUsersRequest { tenant_id: client.tenant.clone(), mode: mode.into(), users: part.to_vec() })
        .collect();
    if messages.is_empty() {
        messages.push(pb::SyncUsersRequest { tenant_id: client.tenant.clone(), mode: mode.into(), users: Vec::new() });
    }
    told(DirectoryServiceClient::new(client.link.clone()).sync_users(tokio_stream::iter(messages)).await)
}

/// A file, or standard input for `-`.
///
/// # Errors
/// When it cannot be read, or is no UTF-8.
pub fn read(file: &Path) -> Result<String, Fault> {
    let mut text = String::new();
    let done = if file == Path::new("-") {
        std::io::stdin().read_to_string(&mut text).map(drop)
    } else {
        std::fs::read_to_string(file).map(|read| text = read)
    };
    done.map_err(|error| Fault::invalid_field("file", format!("{}: {error}", file.display())))?;
    Ok(text)
}

/// The users of a file: JSON lines, or CSV or TSV with a head.
fn users(text: &str) -> Result<Vec<pb::User>, Fault> {
    if text.trim_start().starts_with('{') {
        let json = Json::new()?;
        let line = |(number, line): (usize, &str)| {
            let value = serde_json::from_str(line).map_err(|error| at(number, &error.to_string()))?;
            json.read(USER, value).map_err(|fault| at(number, &fault.message))
        };
        return text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).map(line).collect();
    }
    let head = text.lines().next().unwrap_or_default();
    let delimiter = if head.contains('\t') { b'\t' } else { b',' };
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(text.as_bytes());
    let columns = reader.headers().map_err(|error| at(0, &error.to_string()))?.clone();
    if let Some(unknown) = columns.iter().find(|column| !COLUMNS.contains(column)) {
        return Err(at(0, &format!("unknown column {unknown}; there are {}", COLUMNS.join(", "))));
    }
    let row = |(number, row): (usize, Result<csv::StringRecord, csv::Error>)| {
        let row = row.map_err(|error| at(number + 1, &error.to_string()))?;
        let cell = |name| columns.iter().position(|column| column == name).and_then(|column| row.get(column)).unwrap_or("").trim();
        let list = |name| cell(name).split(';').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect::<Vec<_>>();
        let kind = if cell("kind").is_empty() { "PERSON".to_owned() } else { cell("kind").to_uppercase() };
        let kind = pb::UserKind::from_str_name(&format!("USER_KIND_{kind}"))
            .ok_or_else(|| at(number + 1, "kind must be PERSON, GUEST, SHARED, ROOM or LIST"))?;
        let addresses = list("addresses");
        let external_id =
            if cell("external_id").is_empty() { addresses.first().cloned().unwrap_or_default() } else { cell("external_id").to_owned() };
        Ok(pb::User {
            external_id,
            addresses,
            display_name: cell("display_name").to_owned(),
            kind: kind.into(),
            department: cell("department").to_owned(),
            roles: list("roles"),
            ..Default::default()
        })
    };
    reader.records().enumerate().map(row).collect()
}

fn at(line: usize, description: &str) -> Fault {
    Fault::invalid_field(format!("line {}", line + 1), description)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_read_from_json_lines_csv_and_tsv() {
        for text in [
            "{\"external_id\":\"7\",\"addresses\":[\"a@b.example\",\"c@b.example\"],\"kind\":\"USER_KIND_LIST\"}\n",
            "external_id,addresses,kind\n7,a@b.example;c@b.example,list\n",
            "kind\texternal_id\taddresses\nLIST\t7\ta@b.example; c@b.example\n",
        ] {
            let read = users(text).unwrap();
            assert_eq!((read.len(), read[0].external_id.as_str(), read[0].kind()), (1, "7", pb::UserKind::List));
            assert_eq!(read[0].addresses, ["a@b.example", "c@b.example"]);
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        for (text, said) in [
            ("addresses,shoe_size\na@b.example,44\n", "unknown column shoe_size"),
            ("addresses,kind\na@b.example,robot\n", "line 2"),
            ("{\"external_id\":\"1\"}\n{\"shoe\":1}\n", "line 2"),
        ] {
            assert!(users(text).unwrap_err().message.contains(said), "{text}");
        }
    }
}
