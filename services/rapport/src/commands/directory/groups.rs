//! `rapport directory sync-groups` and `groups`.

use std::io::Write;

use contracts::consent::v1 as pb;
use contracts::consent::v1::directory_service_client::DirectoryServiceClient;
use vocabulary::Fault;

use super::{Intent, cell, listed, rows};
use crate::cli::Target;
use crate::client::{Client, told};
use crate::lines::{self, Lines};
use crate::output::{counted, said};

const GROUP: &str = "rapport.consent.v1.Group";
const COLUMNS: [&str; 4] = ["external_id", "display_name", "member_ids", "group_ids"];
/// The most members in one part of a group.
const IDS_AT_ONCE: usize = 500;
/// The most parts in one message.
const PARTS_AT_ONCE: usize = 50;

/// Takes in the groups of a text.
///
/// # Errors
/// When the text cannot be read, and what the server answers.
pub async fn sync(text: &str, intent: Intent, target: &Target, out: &mut impl Write) -> Result<(), Fault> {
    let groups = groups(text)?;
    groups.tell(out)?;
    if intent.full && (groups.read.is_empty() || !groups.refused.is_empty()) {
        return Err(Fault::invalid_field("file", "a full sync takes whole files only: a group it does not name is gone"));
    }
    let Client { link, tenant } = Client::of(target).await?;
    let mode = if intent.full { pb::SyncMode::Full } else { pb::SyncMode::Delta };
    let message = |groups: &[(usize, pb::Group)]| pb::SyncGroupsRequest {
        tenant_id: tenant.clone(),
        mode: mode.into(),
        groups: groups.iter().map(|(_, group)| group.clone()).collect(),
        validate_only: intent.validate_only,
        expected_destroyed: intent.expected_destroyed,
    };
    let parts: Vec<_> = groups.read.iter().flat_map(|(number, group)| parts(group).into_iter().map(move |part| (*number, part))).collect();
    let mut messages: Vec<_> = parts.chunks(PARTS_AT_ONCE).map(message).collect();
    if messages.is_empty() {
        messages.push(message(&[]));
    }
    let synced = told(DirectoryServiceClient::new(link).sync_groups(tokio_stream::iter(messages)).await)?;
    for refused in &synced.refused {
        let line = usize::try_from(refused.index).ok().and_then(|index| parts.get(index)).map(|(number, _)| *number).unwrap_or_default();
        said(writeln!(out, "line {line}: {}: {}", refused.field, refused.description))?;
    }
    let pb::SyncGroupsResponse { added, updated, removed, kept, unchanged, mailboxes_closed, .. } = synced;
    let refused = synced.refused.len() + groups.refused.len();
    said(writeln!(
        out,
        "{added} added, {updated} updated, {removed} removed, {kept} kept because they are opted out, {unchanged} unchanged, {refused} refused"
    ))?;
    if mailboxes_closed > 0 {
        let verb = if intent.validate_only { "would be destroyed" } else { "are destroyed" };
        said(writeln!(out, "the keys of {} {verb}", counted(mailboxes_closed, "mailbox")))?;
    }
    lines::ended(refused)
}

/// Shows the groups.
///
/// # Errors
/// What the server answers.
pub async fn list(target: &Target, out: &mut impl Write) -> Result<(), Fault> {
    let Client { link, tenant } = Client::of(target).await?;
    let mut directory = DirectoryServiceClient::new(link);
    let mut page_token = String::new();
    loop {
        let request = pb::ListGroupsRequest { tenant_id: tenant.clone(), page_size: 500, page_token };
        let page = told(directory.list_groups(request).await)?;
        for group in page.groups {
            let word = |name: &str, prefix: &str| name.trim_start_matches(prefix).to_lowercase().replace('_', " ");
            let opted_out: Vec<_> = group
                .opt_outs
                .iter()
                .map(|held| {
                    let purpose = word(held.purpose().as_str_name(), "PURPOSE_");
                    format!("out of {purpose}, {}", word(held.mode().as_str_name(), "OPT_OUT_MODE_"))
                })
                .collect();
            let state = if opted_out.is_empty() { "in".to_owned() } else { opted_out.join("; ") };
            said(writeln!(out, "{}  {}  {state}  {}", group.external_id, counted(group.users, "user"), group.display_name))?;
        }
        if page.next_page_token.is_empty() {
            return Ok(());
        }
        page_token = page.next_page_token;
    }
}

fn groups(text: &str) -> Result<Lines<pb::Group>, Fault> {
    rows(text, GROUP, &COLUMNS, |columns, row| {
        let row = row.map_err(|error| Fault::invalid_field("row", error.to_string()))?;
        let cell = |name| cell(columns, &row, name);
        Ok(pb::Group {
            external_id: cell("external_id").to_owned(),
            display_name: cell("display_name").to_owned(),
            member_ids: listed(cell("member_ids")),
            group_ids: listed(cell("group_ids")),
        })
    })
}

/// A group in parts that a message takes.
fn parts(group: &pb::Group) -> Vec<pb::Group> {
    let part = |member_ids: &[String], group_ids: &[String]| pb::Group {
        external_id: group.external_id.clone(),
        display_name: group.display_name.clone(),
        member_ids: member_ids.to_vec(),
        group_ids: group_ids.to_vec(),
    };
    let members = group.member_ids.chunks(IDS_AT_ONCE).map(|members| part(members, &[]));
    let groups = group.group_ids.chunks(IDS_AT_ONCE).map(|groups| part(&[], groups));
    let mut parts: Vec<_> = members.chain(groups).collect();
    if parts.is_empty() {
        parts.push(part(&[], &[]));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_read_whole_and_sent_in_parts() {
        let ids: Vec<String> = (0..1200).map(|n| format!("u{n}")).collect();
        let text = format!("external_id,member_ids,group_ids\nboard,{},legal\nempty,,\n", ids.join(";"));
        let read = groups(&text).unwrap().read;
        let sent: Vec<_> = read.iter().flat_map(|(_, group)| parts(group)).collect();
        assert_eq!(
            sent.iter().map(|part| (part.member_ids.len(), part.group_ids.len())).collect::<Vec<_>>(),
            [(500, 0), (500, 0), (200, 0), (0, 1), (0, 0)]
        );
        let members: Vec<_> = sent.iter().flat_map(|part| part.member_ids.clone()).collect();
        assert_eq!(members, ids);
        assert_eq!(groups("{\"external_id\":\"b\",\"member_ids\":[\"1\"]}").unwrap().read[0].1.member_ids, ["1"]);
    }
}
