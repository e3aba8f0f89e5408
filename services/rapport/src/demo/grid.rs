//! The third act: every open opportunity, what needs attention first.

use std::io::Write;

use contracts::analytics::v1 as pb;
use contracts::analytics::v1::analytics_service_client::AnalyticsServiceClient;
use contracts::common::v1::RecordKind;
use serde_json::{Value, json};
use vocabulary::Fault;

use super::stage::Stage;
use crate::client::{from_timestamp, told};
use crate::output::{table, thousands};

/// How many rows the text shows.
const SHOWN: usize = 12;

/// The grid.
pub async fn open_opportunities(stage: &mut Stage<'_, impl Write>) -> Result<(), Fault> {
    stage.act("Open opportunities, what needs attention first")?;
    let request = pb::ListRelationshipsRequest {
        tenant_id: stage.client.tenant.clone(),
        kind: RecordKind::Opportunity.into(),
        state: pb::RecordState::Open.into(),
        page_size: 100,
        revision: stage.revision.clone(),
        ..Default::default()
    };
    let page = told(AnalyticsServiceClient::new(stage.client.link.clone()).list_relationships(request).await)?;
    let head = ["account", "owner", ">revenue", "close", ">mails", ">meetings", ">score", "trend", "why"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    let mut facts = Vec::new();
    for relationship in &page.relationships {
        let row = Row::of(stage, relationship);
        facts.push(row.json());
        if rows.len() <= SHOWN {
            rows.push(row.cells());
        }
    }
    stage.print(|out| table(out, 3, &rows))?;
    stage.tell(&format!("   {} of {} shown; mails and meetings are ours / theirs.", rows.len() - 1, page.total))?;
    stage.fact("grid", "total", page.total);
    stage.fact("grid", "opportunities", facts);
    Ok(())
}

/// A row of the grid.
struct Row {
    opportunity: String,
    account: String,
    owner: String,
    revenue_minor: i64,
    currency: String,
    close: String,
    kpis: pb::Kpis,
    health: pb::Health,
}

impl Row {
    fn of(stage: &Stage<'_, impl Write>, relationship: &pb::Relationship) -> Self {
        let record = relationship.record.clone().unwrap_or_default();
        let account = stage.record(&record.account_id).map(|account| account.name.clone());
        Self {
            opportunity: record.r#ref.clone().unwrap_or_default().record_id,
            account: account.unwrap_or_else(|| record.name.clone()),
            owner: stage.user_name(&record.owner),
            revenue_minor: record.revenue_minor,
            currency: record.currency,
            close: record.close_time.as_ref().map(|time| from_timestamp(time).day().to_string()).unwrap_or_default(),
            kpis: relationship.kpis.clone().unwrap_or_default(),
            health: relationship.health.clone().unwrap_or_default(),
        }
    }

    fn trend(&self) -> String {
        self.health.trend().as_str_name().trim_start_matches("TREND_").to_lowercase().replace('_', " ")
    }

    fn cells(&self) -> Vec<String> {
        vec![
            self.account.clone(),
            self.owner.clone(),
            format!("{} {}", thousands(self.revenue_minor / 100), self.currency),
            self.close.clone(),
            format!("{}/{}", self.kpis.emails_sent, self.kpis.emails_received),
            format!("{}/{}", self.kpis.meetings_sent, self.kpis.meetings_received),
            self.health.score.map_or("-".to_owned(), |score| score.to_string()),
            self.trend(),
            self.health.summary.clone(),
        ]
    }

    fn json(&self) -> Value {
        json!({
            "opportunity": self.opportunity, "account": self.account, "owner": self.owner, "revenue_minor": self.revenue_minor,
            "currency": self.currency, "close": self.close, "emails_sent": self.kpis.emails_sent,
            "emails_received": self.kpis.emails_received, "meetings_sent": self.kpis.meetings_sent,
            "meetings_received": self.kpis.meetings_received, "score": self.health.score,
            "state": self.health.state().as_str_name(), "trend": self.trend(), "reason": self.health.summary,
        })
    }
}
