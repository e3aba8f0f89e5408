//! The fourth and fifth act: a deal that falls, explained then and now; an account that hangs by one person.

use std::io::Write;

use contracts::analytics::v1::Health;
use contracts::common::v1::RecordKind;
use synthetic::SIX_WEEKS_BEFORE;
use vocabulary::{Fault, Timestamp};

use super::stage::{Stage, reference, relationship};
use crate::commands::show::print_health;

const HEALTH: &str = "rapport.analytics.v1.Health";

/// One falling deal as of six weeks ago and now.
pub async fn falling(stage: &mut Stage<'_, impl Write>) -> Result<(), Fault> {
    stage.act("A deal that falls: six weeks ago, and now")?;
    let deal = stage.company.stories.falling.clone();
    let name = stage.record(&deal.opportunity_id).map(|record| record.name.clone()).unwrap_or_default();
    stage.tell(&format!("   {name}"))?;
    for (when, key, as_of) in [("six weeks ago", "six_weeks_ago", Some(SIX_WEEKS_BEFORE)), ("now", "now", None::<Timestamp>)] {
        let overview = stage.overview(reference(RecordKind::Opportunity, &deal.opportunity_id), as_of).await?;
        let health = relationship(&overview)?.health.clone().unwrap_or_default();
        sums_up(&health)?;
        stage.tell(&format!("   {when}:"))?;
        stage.print(|out| print_health(&health, 5, out))?;
        let health = stage.json.write(HEALTH, &health)?;
        stage.fact("health", key, health);
    }
    stage.fact("health", "opportunity", deal.opportunity_id);
    Ok(())
}

/// An account with its breadth.
pub async fn single_threaded(stage: &mut Stage<'_, impl Write>) -> Result<(), Fault> {
    stage.act("An account that hangs by one person")?;
    let story = stage.company.stories.single_threaded.clone();
    let overview = stage.overview(reference(RecordKind::Account, &story.account_id), None).await?;
    let account = relationship(&overview)?.clone();
    let (health, breadth) = (account.health.unwrap_or_default(), account.breadth.unwrap_or_default());
    let name = account.record.unwrap_or_default().name;
    let contact = stage.record(&health.contact_id).map(|contact| contact.name.clone()).unwrap_or_default();
    stage.tell(&format!(
        "   {name}: score {}, which is {contact}'s. Breadth {}: {} good, {} fair, {} poor, {} without a score.",
        health.score.unwrap_or_default(),
        breadth.breadth,
        breadth.good,
        breadth.fair,
        breadth.poor,
        breadth.unscored
    ))?;
    let (health, told) = (stage.json.write(HEALTH, &health)?, stage.json.write("rapport.analytics.v1.Breadth", &breadth)?);
    stage.fact("account", "account", story.account_id);
    stage.fact("account", "name", name);
    stage.fact("account", "health", health);
    stage.fact("account", "breadth", told);
    Ok(())
}

/// Whether the factors sum to the score: the demo shows no figure that does not.
fn sums_up(health: &Health) -> Result<(), Fault> {
    let factors: i32 = health.factors.iter().map(|factor| factor.points).sum();
    match health.score {
        Some(score) if health.base + factors != score => Err(Fault::internal("factors that do not sum to the score")),
        _ => Ok(()),
    }
}
