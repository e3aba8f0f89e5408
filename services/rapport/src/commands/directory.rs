//! `rapport directory`: takes in users from a file and shows them.

use std::io::Write;

use contracts::consent::v1 as pb;
use contracts::consent::v1::directory_service_client::DirectoryServiceClient;
use vocabulary::Fault;

use crate::cli::Directory;
use crate::client::{Client, told};
use crate::json::Json;
use crate::lines::{self, Lines};
use crate::output::{counted, said};

mod groups;

const USER: &str = "rapport.consent.v1.User";
const USERS_AT_ONCE: usize = 500;
const COLUMNS: [&str; 6] = ["external_id", "addresses", "display_name", "kind", "department", "roles"];

/// Runs the command.
///
/// # Errors
/// When the file cannot be read, and what the server answers.
pub async fn run(command: Directory, out: &mut impl Write) -> Result<(), Fault> {
    match command {
        Directory::Sync { file, full, validate_only, expect_destroyed, target } => {
            let users = users(&lines::text(&file)?)?;
            users.tell(out)?;
            if full && (users.read.is_empty() || !users.refused.is_empty()) {
                let wrong = "a full sync takes whole files only: whoever it does not name departs";
                return Err(Fault::invalid_field("file", wrong));
            }
            let client = Client::of(&target).await?;
            let intent = Intent { full, validate_only, expected_destroyed: expect_destroyed };
            let (numbers, given): (Vec<usize>, Vec<pb::User>) = users.read.into_iter().unzip();
            let synced = sync(&client, given, intent).await?;
            for refused in &synced.refused {
                let line = usize::try_from(refused.index).ok().and_then(|index| numbers.get(index)).copied().unwrap_or_default();
                said(writeln!(out, "line {line}: {}: {}", refused.field, refused.description))?;
            }
            let pb::SyncUsersResponse { added, updated, departed, unchanged, refused, mailboxes_closed, .. } = synced;
            let refused = refused.len() + users.refused.len();
            said(writeln!(out, "{added} added, {updated} updated, {departed} departed, {unchanged} unchanged, {refused} refused"))?;
            if mailboxes_closed > 0 {
                let verb = if validate_only { "would be destroyed" } else { "are destroyed" };
                said(writeln!(out, "the keys of {} {verb}", counted(mailboxes_closed, "mailbox")))?;
            }
            lines::ended(refused)
        }
        Directory::SyncGroups { file, full, validate_only, expect_destroyed, target } => {
            let intent = Intent { full, validate_only, expected_destroyed: expect_destroyed };
            groups::sync(&lines::text(&file)?, intent, &target, out).await
        }
        Directory::Groups(target) => groups::list(&target, out).await,
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

/// How a sync is meant.
#[derive(Clone, Copy, Debug, Default)]
pub struct Intent {
    /// Users that it does not name have departed.
    pub full: bool,
    /// Only says what would happen.
    pub validate_only: bool,
    /// How many mailboxes' keys it may destroy, where that is more than a slip may.
    pub expected_destroyed: i64,
}

/// Sends users to the directory.
///
/// # Errors
/// What the server answers: WOULD_DESTROY when it would destroy more than it was told to expect.
pub async fn sync(client: &Client, users: Vec<pb::User>, intent: Intent) -> Result<pb::SyncUsersResponse, Fault> {
    let mode = if intent.full { pb::SyncMode::Full } else { pb::SyncMode::Delta };
    let message = |users: &[pb::User]| pb::SyncUsersRequest {
        tenant_id: client.tenant.clone(),
        mode: mode.into(),
        users: users.to_vec(),
        validate_only: intent.validate_only,
        expected_destroyed: intent.expected_destroyed,
    };
    let mut messages: Vec<pb::SyncUsersRequest> = users.chunks(USERS_AT_ONCE).map(message).collect();
    if messages.is_empty() {
        messages.push(message(&[]));
    }
    told(DirectoryServiceClient::new(client.link.clone()).sync_users(tokio_stream::iter(messages)).await)
}

/// The users of a file.
fn users(text: &str) -> Result<Lines<pb::User>, Fault> {
    rows(text, USER, &COLUMNS, user)
}

/// The rows of a file: JSON lines, or CSV with a head, separated by commas, semicolons or tabs.
pub(super) fn rows<M: prost::Message + Default>(
    text: &str,
    message: &str,
    known: &[&str],
    row: impl Fn(&csv::StringRecord, Result<csv::StringRecord, csv::Error>) -> Result<M, Fault>,
) -> Result<Lines<M>, Fault> {
    if text.trim_start().starts_with('{') {
        let schema = Json::new()?;
        return Ok(Lines::of(lines::json(text).map(|(number, value)| (number, value.and_then(|value| schema.read(message, value))))));
    }
    let head = text.lines().next().unwrap_or_default();
    let delimiter = [b'\t', b';'].into_iter().find(|delimiter| head.contains(*delimiter as char)).unwrap_or(b',');
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(text.as_bytes());
    let columns = reader.headers().map_err(|error| Fault::invalid_field("head", error.to_string()))?.clone();
    if let Some(unknown) = columns.iter().find(|column| !known.contains(column)) {
        return Err(Fault::invalid_field("head", format!("unknown column {unknown}; there are {}", known.join(", "))));
    }
    // The head is line 1.
    Ok(Lines::of((2..).zip(reader.records()).map(|(number, held)| (number, row(&columns, held)))))
}

fn user(columns: &csv::StringRecord, row: Result<csv::StringRecord, csv::Error>) -> Result<pb::User, Fault> {
    let row = row.map_err(|error| Fault::invalid_field("row", error.to_string()))?;
    let cell = |name| cell(columns, &row, name);
    let list = |name| listed(cell(name));
    let kind = if cell("kind").is_empty() { "PERSON".to_owned() } else { cell("kind").to_uppercase() };
    let kind = pb::UserKind::from_str_name(&format!("USER_KIND_{kind}"))
        .ok_or_else(|| Fault::invalid_field("kind", "must be PERSON, GUEST, SHARED, ROOM or LIST"))?;
    let addresses = list("addresses");
    let external_id = match cell("external_id") {
        "" => addresses.first().cloned().unwrap_or_default(),
        named => named.to_owned(),
    };
    Ok(pb::User {
        external_id,
        addresses,
        display_name: cell("display_name").to_owned(),
        kind: kind.into(),
        department: cell("department").to_owned(),
        roles: list("roles"),
        ..Default::default()
    })
}

/// What stands in a column, nothing where there is none.
pub(super) fn cell<'a>(columns: &csv::StringRecord, row: &'a csv::StringRecord, name: &str) -> &'a str {
    columns.iter().position(|column| column == name).and_then(|column| row.get(column)).unwrap_or("").trim()
}

/// The parts of a cell, separated by semicolons.
pub(super) fn listed(cell: &str) -> Vec<String> {
    cell.split(';').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_read_from_json_lines_and_csv_of_any_separator() {
        for text in [
            "{\"external_id\":\"7\",\"addresses\":[\"a@b.example\",\"c@b.example\"],\"kind\":\"USER_KIND_LIST\"}\n",
            "external_id,addresses,kind\n7,a@b.example;c@b.example,list\n",
            "external_id;addresses;kind\n7;\"a@b.example;c@b.example\";list\n",
            "kind\texternal_id\taddresses\nLIST\t7\ta@b.example; c@b.example\n",
        ] {
            let read = users(text).unwrap().read;
            assert_eq!((read.len(), read[0].1.external_id.as_str(), read[0].1.kind()), (1, "7", pb::UserKind::List));
            assert_eq!(read[0].1.addresses, ["a@b.example", "c@b.example"]);
        }
    }

    #[test]
    fn a_wrong_line_is_named_and_stops_no_other() {
        for text in ["addresses,kind\na@b.example,robot\nc@b.example,\n", "{\"shoe\":1}\n{\"external_id\":\"1\"}\n"] {
            let users = users(text).unwrap();
            assert_eq!((users.read.len(), users.refused.len()), (1, 1), "{text}");
            assert!(users.refused[0].starts_with("line "), "{text}");
        }
        assert!(users("addresses,shoe_size\na@b.example,44\n").unwrap_err().message.contains("unknown column shoe_size"));
    }
}
