//! The demo: five minutes, through the real API, on a generated company at a frozen instant. Each act asks the suite and tells what
//! it answered; nothing is told that was not asked.

mod consent;
mod deals;
mod grid;
mod introducers;
pub mod load;
pub mod search;
mod stage;
mod withdrawal;

use std::io::Write;
use std::sync::Arc;

use runtime::config::Listen;
use runtime::{Config, Link, shutdown_signal};
use synthetic::{Company, DEMO_NOW, Spec};
use tokio::sync::oneshot;
use vocabulary::Fault;
use vocabulary::clock::FrozenClock;

use crate::cli::Demo;
use crate::client::Client;
use crate::output::said;
use crate::suite::Suite;
use stage::Stage;

/// Runs the demo in a directory of its own, which goes when it ends.
///
/// # Errors
/// When the suite cannot be opened, or does not answer as it should.
pub async fn run(command: Demo, out: &mut impl Write) -> Result<(), Fault> {
    let directory = tempfile::tempdir().map_err(|error| Fault::internal(format!("no temporary directory: {error}")))?;
    let mut listen = Listen::any_port();
    if !command.once {
        listen.gateway = Listen::default().gateway;
    }
    let config = Config { data_dir: directory.path().join("data"), listen, ..Config::default() };
    let data = config.data_dir.clone();
    let suite = Suite::open(&[], Arc::new(config), Arc::new(FrozenClock(DEMO_NOW))).await?;
    let gateway = suite.addresses().into_iter().find(|(area, _)| *area == "gateway").map(|(_, address)| address);
    let gateway = gateway.ok_or_else(|| Fault::internal("the gateway has no address"))?;
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(suite.serve(async move {
        let _dropped = stopped.await;
    }));

    let company = Company::generate(Spec::demo());
    let client = Client { link: Link::tcp(&format!("http://{gateway}"))?, tenant: company.tenant.id.clone() };
    let mut stage = Stage::new(out, command.json, client, company, data)?;
    acts(&mut stage).await?;
    stage.close()?;
    if !command.once {
        said(writeln!(out, "\nServing at {gateway} until interrupted."))?;
        shutdown_signal().await;
    }
    drop(stop);
    serving.await.map_err(|error| Fault::internal(error.to_string()))?
}

async fn acts(stage: &mut Stage<'_, impl Write>) -> Result<(), Fault> {
    stage.tell(&format!("Rapport, on a generated company, at {DEMO_NOW}. Nobody in it ever lived."))?;
    consent::before(stage).await?;
    consent::grant(stage).await?;
    grid::open_opportunities(stage).await?;
    deals::falling(stage).await?;
    deals::single_threaded(stage).await?;
    introducers::of_the_lead(stage).await?;
    introducers::one_opts_out(stage).await?;
    withdrawal::withdraw(stage).await?;
    withdrawal::to_try(stage)
}
