//! `rapport show`: one relationship, or who knows whom, for people.

use std::io::Write;

use contracts::analytics::v1 as analytics;
use contracts::gateway::v1::overview_service_client::OverviewServiceClient;
use contracts::gateway::v1::{GetOverviewRequest, OverviewPart};
use contracts::graph::v1 as graph;
use contracts::graph::v1::graph_service_client::GraphServiceClient;
use contracts::graph::v1::list_introducers_request::Target as Whom;
use vocabulary::{Fault, Kind, Reason};

use crate::cli::Show;
use crate::client::{Client, from_timestamp, instant, told};
use crate::commands::records::{kind_word, record_ref};
use crate::json::Json;
use crate::output::{counted, said, table, thousands};

/// Runs the command.
///
/// # Errors
/// What the server answers.
pub async fn run(command: Show, out: &mut impl Write) -> Result<(), Fault> {
    match command {
        Show::Relationship { record, at, target } => {
            let Client { link, tenant } = Client::of(&target).await?;
            let request = GetOverviewRequest {
                tenant_id: tenant,
                r#ref: Some(record_ref(&record)?),
                window_days: at.window_days,
                as_of: instant(at.as_of.as_deref())?,
                ..Default::default()
            };
            let overview = told(OverviewServiceClient::new(link).get_overview(request).await)?;
            if at.json {
                let value = Json::new()?.write("rapport.gateway.v1.GetOverviewResponse", &overview)?;
                return said(writeln!(out, "{value:#}"));
            }
            if let Some(relationship) = &overview.relationship {
                print_relationship(relationship, out)?;
            }
            let missing = |part: OverviewPart| overview.unavailable.iter().any(|unavailable| unavailable.part() == part);
            if !missing(OverviewPart::Introducers) {
                print_introducers(&overview.introducers, out)?;
            }
            for part in &overview.unavailable {
                let name = part.part().as_str_name().trim_start_matches("OVERVIEW_PART_").to_lowercase();
                said(writeln!(out, "  missing: {name}: {}", part.message))?;
            }
            match overview.unavailable.len() as i64 {
                0 => Ok(()),
                missing => Err(partial(missing)),
            }
        }
        Show::Introducers { whom, count, at, target } => {
            let Client { link, tenant } = Client::of(&target).await?;
            let target = if whom.contains('@') { Whom::Address(whom) } else { Whom::Record(record_ref(&whom)?) };
            let request = graph::ListIntroducersRequest {
                tenant_id: tenant,
                target: Some(target),
                as_of: instant(at.as_of.as_deref())?,
                page_size: count,
                ..Default::default()
            };
            let listed = told(GraphServiceClient::new(link).list_introducers(request).await)?;
            if at.json {
                let value = Json::new()?.write("rapport.graph.v1.ListIntroducersResponse", &listed)?;
                return said(writeln!(out, "{value:#}"));
            }
            print_introducers(&listed.introducers, out)
        }
    }
}

/// Prints a relationship: figures, score and factors.
///
/// # Errors
/// When nothing can be printed.
pub fn print_relationship(relationship: &analytics::Relationship, out: &mut impl Write) -> Result<(), Fault> {
    let record = relationship.record.clone().unwrap_or_default();
    let named = record.r#ref.clone().unwrap_or_default();
    let kind = kind_word(named.kind());
    said(writeln!(out, "{kind} {}  {}", named.record_id, record.name))?;
    if let Some(as_of) = &relationship.as_of {
        said(writeln!(out, "  as of {}", from_timestamp(as_of)))?;
    }
    let kpis = relationship.kpis.clone().unwrap_or_default();
    let rate = |rate: Option<f64>| rate.map_or("-".to_owned(), |rate| format!("{:.0} %", rate * 100.0));
    let hours = |time: &Option<analytics::ResponseTime>| time.as_ref().map_or("-".to_owned(), |time| format!("{:.1} h", time.median_hours));
    let row = |label: &str, us: String, them: String| vec![label.to_owned(), us, them];
    let rows = [
        row("", ">us".to_owned(), ">them".to_owned()),
        row("mails", thousands(kpis.emails_sent), thousands(kpis.emails_received)),
        row("meetings", thousands(kpis.meetings_sent), thousands(kpis.meetings_received)),
        row("calls", thousands(kpis.calls_made), thousands(kpis.calls_received)),
        row("hours given", format!("{:.1}", kpis.time_by_us_minutes / 60.0), format!("{:.1}", kpis.time_by_them_minutes / 60.0)),
        row("answered", rate(kpis.response_rate_by_us), rate(kpis.response_rate_by_them)),
        row("median answer", hours(&kpis.first_response_by_us), hours(&kpis.first_response_by_them)),
    ];
    table(out, 2, &rows)?;
    if let Some(last) = &kpis.last_interaction {
        let time = last.time.as_ref().map(from_timestamp).unwrap_or_default();
        said(writeln!(out, "  last interaction {time}, on {}", counted(kpis.active_days.into(), "active day")))?;
    }
    if let Some(health) = &relationship.health {
        print_health(health, 2, out)?;
    }
    for gap in relationship.completeness.iter().flat_map(|completeness| &completeness.gaps) {
        said(writeln!(out, "  partial: {gap}"))?;
    }
    Ok(())
}

/// Prints a score with the factors that sum to it, `indent` columns in.
///
/// # Errors
/// When nothing can be printed.
pub fn print_health(health: &analytics::Health, indent: usize, out: &mut impl Write) -> Result<(), Fault> {
    let margin = " ".repeat(indent);
    let word = |name: &str, prefix: &str| name.trim_start_matches(prefix).to_lowercase().replace('_', " ");
    let state = word(health.state().as_str_name(), "HEALTH_STATE_");
    let trend = word(health.trend().as_str_name(), "TREND_");
    let Some(score) = health.score else { return said(writeln!(out, "{margin}health: {state}")) };
    said(writeln!(out, "{margin}health {score} ({state}, {trend}): {}", health.summary))?;
    said(writeln!(out, "{margin}  {:>4}  a neutral relationship", health.base))?;
    for factor in &health.factors {
        said(writeln!(out, "{margin}  {:>+4}  {}", factor.points, factor.text))?;
    }
    said(writeln!(out, "{margin}  {score:>4}  together"))
}

/// Prints introducers, strongest first.
///
/// # Errors
/// When nothing can be printed.
pub fn print_introducers(introducers: &[graph::Introducer], out: &mut impl Write) -> Result<(), Fault> {
    if introducers.is_empty() {
        return said(writeln!(out, "  nobody of ours who may be named"));
    }
    for introducer in introducers {
        let strength = introducer.strength.map_or("basic".to_owned(), |strength| strength.to_string());
        let label = introducer.label().as_str_name().trim_start_matches("STRENGTH_LABEL_").to_lowercase().replace("unspecified", "counted");
        said(writeln!(out, "  {strength:>5} {label:<8} {} <{}>", introducer.display_name, introducer.address))?;
        said(writeln!(out, "        {}", introducer.reasons.join("; ")))?;
    }
    Ok(())
}

/// What a script sees of an answer that is not whole.
fn partial(missing: i64) -> Fault {
    let message = format!("{} of the answer could not be had", counted(missing, "part"));
    Fault::new(Kind::Unavailable, Reason::RevisionNotReached, message)
}
