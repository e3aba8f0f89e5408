//! What every act needs: the suite to ask, the company to ask about, and where to tell it, as text or as JSON.

use std::io::Write;
use std::path::PathBuf;

use contracts::analytics::v1 as analytics;
use contracts::common::v1::{RecordKind, RecordRef};
use contracts::gateway::v1 as gateway;
use contracts::gateway::v1::overview_service_client::OverviewServiceClient;
use serde_json::{Map, Value};
use synthetic::{Company, Record};
use tokio::time::Instant;
use vocabulary::{Fault, Timestamp};

use crate::client::{Client, timestamp, told};
use crate::json::Json;
use crate::output::said;

/// The stage of the acts.
pub struct Stage<'a, W> {
    out: &'a mut W,
    as_json: bool,
    facts: Map<String, Value>,
    act: u32,
    /// The contracts' JSON.
    pub json: Json,
    /// The suite.
    pub client: Client,
    /// The company.
    pub company: Company,
    /// Where the suite keeps everything.
    pub data: PathBuf,
    /// The revision that the next question demands.
    pub revision: String,
}

impl<'a, W: Write> Stage<'a, W> {
    /// An empty stage.
    ///
    /// # Errors
    /// As [`Json::new`].
    pub fn new(out: &'a mut W, as_json: bool, client: Client, company: Company, data: PathBuf) -> Result<Self, Fault> {
        let (facts, act, revision) = Default::default();
        Ok(Self { out, as_json, facts, act, json: Json::new()?, client, company, data, revision })
    }

    /// Opens an act.
    ///
    /// # Errors
    /// When nothing can be printed.
    pub fn act(&mut self, title: &str) -> Result<(), Fault> {
        self.act += 1;
        self.tell(&format!("\n{}. {title}", self.act))
    }

    /// Tells a line.
    ///
    /// # Errors
    /// When nothing can be printed.
    pub fn tell(&mut self, line: &str) -> Result<(), Fault> {
        if self.as_json { Ok(()) } else { said(writeln!(self.out, "{line}")) }
    }

    /// Tells what something else prints.
    ///
    /// # Errors
    /// What it says.
    pub fn print(&mut self, print: impl FnOnce(&mut W) -> Result<(), Fault>) -> Result<(), Fault> {
        if self.as_json { Ok(()) } else { print(self.out) }
    }

    /// Keeps a fact under one of the top-level keys.
    pub fn fact(&mut self, key: &str, name: &str, value: impl Into<Value>) {
        let facts = self.facts.entry(key).or_insert_with(|| Value::Object(Map::new()));
        if let Some(facts) = facts.as_object_mut() {
            facts.insert(name.to_owned(), value.into());
        }
    }

    /// Prints the facts, where JSON is wanted.
    ///
    /// # Errors
    /// When nothing can be printed.
    pub fn close(&mut self) -> Result<(), Fault> {
        if !self.as_json {
            return Ok(());
        }
        let facts = Value::Object(std::mem::take(&mut self.facts));
        said(writeln!(self.out, "{facts:#}"))
    }

    /// Everything about a record, as of an instant.
    ///
    /// # Errors
    /// What the suite answers; INTERNAL when a part is missing: in the demo nothing is down.
    pub async fn overview(&self, record: RecordRef, as_of: Option<Timestamp>) -> Result<gateway::GetOverviewResponse, Fault> {
        let request = gateway::GetOverviewRequest {
            tenant_id: self.client.tenant.clone(),
            r#ref: Some(record),
            as_of: as_of.map(timestamp),
            revision: self.revision.clone(),
            ..Default::default()
        };
        let answer = told(OverviewServiceClient::new(self.client.link.clone()).get_overview(request).await)?;
        match answer.unavailable.first() {
            Some(part) => Err(Fault::internal(format!("{}: {}", part.part().as_str_name(), part.message))),
            None => Ok(answer),
        }
    }

    /// A record of the company.
    pub fn record(&self, id: &str) -> Option<&Record> {
        self.company.records.iter().find(|record| record.id() == id)
    }

    /// The name of a user.
    pub fn user_name(&self, address: &str) -> String {
        let user = self.company.users.iter().find(|user| user.addresses.iter().any(|held| held == address));
        user.map_or_else(|| address.to_owned(), |user| user.display_name.clone())
    }

    /// Every address of the company, of its people and of those they write to.
    pub fn addresses(&self) -> Vec<String> {
        let ours = self.company.users.iter().flat_map(|user| &user.addresses);
        let theirs = self.company.records.iter().flat_map(|record| &record.addresses);
        ours.chain(theirs).cloned().collect()
    }
}

/// Names a record in a request.
pub fn reference(kind: RecordKind, id: &str) -> RecordRef {
    RecordRef { kind: kind.into(), record_id: id.to_owned() }
}

/// The relationship of an overview.
///
/// # Errors
/// INTERNAL when there is none.
pub fn relationship(overview: &gateway::GetOverviewResponse) -> Result<&analytics::Relationship, Fault> {
    overview.relationship.as_ref().ok_or_else(|| Fault::internal("an overview without a relationship"))
}

/// Milliseconds since an instant, to a tenth: a timing, the only thing that differs from run to run.
pub fn milliseconds(since: Instant) -> f64 {
    (since.elapsed().as_secs_f64() * 10_000.0).round() / 10.0
}
