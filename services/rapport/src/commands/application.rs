//! `rapport application`: registers applications and turns their switches.

use std::io::Write;

use contracts::consent::v1 as pb;
use contracts::consent::v1::application_service_client::ApplicationServiceClient;
use runtime::Link;
use vocabulary::{Fault, Kind, Reason};

use crate::cli::{Application, OnOrOff, Switches};
use crate::client::{Client, told};
use crate::output::{counted, said, table};

/// Runs the command.
///
/// # Errors
/// What the server answers.
pub async fn run(command: Application, out: &mut impl Write) -> Result<(), Fault> {
    match command {
        Application::Register(switches) => {
            let Client { link, tenant } = Client::of(&switches.target).await?;
            let held = pb::Application { display_name: switches.id.clone(), ..Default::default() };
            let request =
                pb::RegisterApplicationRequest { tenant_id: tenant, application: Some(turned(held, &switches)), request_id: String::new() };
            told(ApplicationServiceClient::new(link).register_application(request).await)?;
            said(writeln!(out, "application {} registered", switches.id))
        }
        Application::Update(switches) => {
            let Client { link, tenant } = Client::of(&switches.target).await?;
            let held = all(link.clone(), &tenant).await?.into_iter().find(|held| held.application_id == switches.id);
            let unknown = || Fault::new(Kind::NotFound, Reason::ApplicationNotFound, "no such application");
            let held = held.ok_or_else(unknown)?;
            let etag = held.etag.clone();
            let application = Some(turned(held, &switches));
            let request = pb::UpdateApplicationRequest { tenant_id: tenant, application, etag, ..Default::default() };
            let changed = told(ApplicationServiceClient::new(link).update_application(request).await)?;
            let held = match changed.mailboxes_held {
                0 => String::new(),
                count => format!("; {} held for 30 days, then destroyed", counted(count, "mailbox")),
            };
            said(writeln!(out, "application {} changed{held}", switches.id))
        }
        Application::List(target) => {
            let Client { link, tenant } = Client::of(&target).await?;
            let head = ["application", "relationship analytics", "connection graph", "mailbox source", "roles"];
            let mut rows = vec![head.map(str::to_owned).to_vec()];
            for held in all(link, &tenant).await? {
                let switch = |on| if on { "on" } else { "off" }.to_owned();
                let roles = if held.roles.is_empty() { "any".to_owned() } else { held.roles.join(", ") };
                let switches = [held.relationship_analytics, held.connection_graph, held.mailbox_source].map(switch);
                rows.push([vec![held.application_id], switches.to_vec(), vec![roles]].concat());
            }
            table(out, 0, &rows)
        }
    }
}

/// The application with the switches turned that are named.
fn turned(held: pb::Application, switches: &Switches) -> pb::Application {
    let switch = |named: Option<OnOrOff>, held: bool| named.map_or(held, |named| named == OnOrOff::On);
    pb::Application {
        application_id: switches.id.clone(),
        display_name: switches.name.clone().unwrap_or(held.display_name),
        relationship_analytics: switch(switches.relationship_analytics, held.relationship_analytics),
        connection_graph: switch(switches.connection_graph, held.connection_graph),
        mailbox_source: switch(switches.mailbox_source, held.mailbox_source),
        roles: match (switches.any_role, switches.roles.is_empty()) {
            (true, _) => Vec::new(),
            (false, true) => held.roles,
            (false, false) => switches.roles.clone(),
        },
        etag: String::new(),
        lapsed: Vec::new(),
    }
}

async fn all(link: Link, tenant: &str) -> Result<Vec<pb::Application>, Fault> {
    let request = pb::ListApplicationsRequest { tenant_id: tenant.to_owned(), page_size: 1000, page_token: String::new() };
    Ok(told(ApplicationServiceClient::new(link).list_applications(request).await)?.applications)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::{Cli, Command};

    fn switches(arguments: &[&str]) -> Switches {
        let line = [&["rapport", "application", "update", "crm"], arguments].concat();
        match Cli::try_parse_from(line).unwrap().command {
            Command::Application(Application::Update(switches)) => switches,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn only_what_is_named_turns() {
        let held =
            pb::Application { application_id: "crm".into(), connection_graph: true, roles: vec!["Sales".into()], ..Default::default() };
        let check = |arguments: &[&str], expected: pb::Application| assert_eq!(turned(held.clone(), &switches(arguments)), expected);
        check(&[], held.clone());
        check(&["--connection-graph", "off"], pb::Application { connection_graph: false, ..held.clone() });
        check(&["--mailbox-source", "on", "--any-role"], pb::Application { mailbox_source: true, roles: Vec::new(), ..held.clone() });
        check(&["--role", "A", "--role", "B"], pb::Application { roles: vec!["A".into(), "B".into()], ..held.clone() });
    }
}
