//! The areas of one process, put together: each is given links to those it needs, in process where they run here too.

use std::sync::Arc;

use consent_client::{Holder, Subscriber};
use runtime::{Area, Config, Context, Listeners, serve};
use vocabulary::{Clock, Fault};

/// Every area, in the order in which each needs only those before it.
pub const AREAS: [&str; 5] = ["consent", "ingestion", "analytics", "graph", "gateway"];

/// The areas of this process, bound and open, not serving yet.
pub struct Suite {
    context: Context,
    listeners: Listeners,
    areas: Vec<Area>,
}

impl Suite {
    /// Binds the listeners of the named areas, then opens the areas.
    ///
    /// # Errors
    /// When an address or store is taken, or a key is missing: what to do about it stands in the message.
    pub async fn open(names: &[&'static str], config: Arc<Config>, clock: Arc<dyn Clock>) -> Result<Self, Fault> {
        let names: Vec<&'static str> = AREAS.into_iter().filter(|area| names.is_empty() || names.contains(area)).collect();
        let listeners = Listeners::bind(&config, &names).await.map_err(|error| Fault::internal(error.to_string()))?;
        let context = Context::new(config, clock).authenticated();
        let mut context = context.map_err(|error| Fault::invalid_field("authentication", error.to_string()))?;
        let mut areas = Vec::with_capacity(names.len());
        for name in names {
            let area = open(name, &context).await?;
            let link = area.link(&context.authenticator);
            context = context.with_link(name, link);
            areas.push(area);
        }
        Ok(Self { context, listeners, areas })
    }

    /// Where each area listens.
    pub fn addresses(&self) -> Vec<(&'static str, std::net::SocketAddr)> {
        let address = |area: &Area| Some((area.name(), self.listeners.address(area.name())?));
        self.areas.iter().filter_map(address).collect()
    }

    /// What the areas were opened with; its `stopping` ends every task.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Serves until `shutdown`, then drains.
    ///
    /// # Errors
    /// When serving cannot begin.
    pub async fn serve(self, shutdown: impl Future<Output = ()>) -> Result<(), Fault> {
        let served = serve(self.listeners, self.areas, &self.context, shutdown).await;
        served.map_err(|error| Fault::internal(error.to_string()))
    }
}

async fn open(name: &'static str, context: &Context) -> Result<Area, Fault> {
    let subscriber = |holder| Subscriber::waiting(context.link("consent"), holder, Arc::clone(&context.clock));
    match name {
        "consent" => Ok(consent::open(context).await?.area()),
        "ingestion" => ingestion::open(context, subscriber(Holder::Ingestion)).await,
        "analytics" => analytics::open(context, subscriber(Holder::Analytics)).await,
        "graph" => graph::open(context, subscriber(Holder::Graph)).await,
        _ => Ok(gateway::area(context)),
    }
}
