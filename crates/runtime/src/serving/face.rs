//! What one listener shows: its services, with health and reflection about exactly these.

use tonic::service::Routes;
use tonic_health::ServingStatus;
use tonic_health::server::{HealthReporter, health_reporter};
use tower::Layer as _;

use super::reflection;
use super::{Area, ServeError};
use crate::AccessTable;
use crate::authentication::Authenticator;
use crate::gate::{Gate, Gated};
use crate::guard::{Guard, Guarded};

/// The services of one listener, ready to be served.
pub(super) struct Face {
    pub(super) routes: Guarded<Gated<Routes>>,
    pub(super) health: Health,
}

impl Face {
    /// What clients see.
    pub(super) async fn public(area: &Area, authenticator: &Authenticator, reflected: bool) -> Result<Self, ServeError> {
        let gate = Gate::public(authenticator.clone(), access(area)?);
        Self::of(area, area.public_routes(), gate, area.public_services.clone(), reflected).await
    }

    /// What the suite's own services see.
    pub(super) async fn internal(area: &Area, authenticator: &Authenticator, reflected: bool) -> Result<Self, ServeError> {
        let gate = Gate::internal(authenticator.clone(), access(area)?);
        let services = [area.public_services.as_slice(), &area.internal_services].concat();
        Self::of(area, area.internal_routes(), gate, services, reflected).await
    }

    async fn of(area: &Area, mut routes: Routes, gate: Gate, services: Vec<&'static str>, reflected: bool) -> Result<Self, ServeError> {
        if reflected {
            let undescribed = |problem: String| ServeError::Descriptors { area: area.name, problem };
            let shown = reflection::only(area.descriptors, &services).map_err(|error| undescribed(error.to_string()))?;
            routes = reflection::add(routes, &shown).map_err(|error| undescribed(error.to_string()))?;
        }
        let (reporter, server) = health_reporter();
        let health = Health { reporter, services };
        health.report(if area.serves { ServingStatus::Serving } else { ServingStatus::NotServing }).await;
        Ok(Self { routes: Guard.layer(gate.layer(routes.add_service(server).prepare())), health })
    }
}

fn access(area: &Area) -> Result<AccessTable, ServeError> {
    let problem = || "not an encoded file descriptor set".to_owned();
    AccessTable::read(area.descriptors).map_err(|_| ServeError::Descriptors { area: area.name, problem: problem() })
}

/// What a listener says of its health.
pub(super) struct Health {
    reporter: HealthReporter,
    services: Vec<&'static str>,
}

impl Health {
    /// Tells everybody who watches; the empty name stands for the whole listener.
    pub(super) async fn report(&self, status: ServingStatus) {
        for service in self.services.iter().copied().chain([""]) {
            self.reporter.set_service_status(service, status).await;
        }
    }

    /// Ends the streams of those who watch, which would otherwise hold their connections for ever.
    pub(super) async fn close(mut self) {
        for service in self.services.into_iter().chain([""]) {
            self.reporter.clear_service_status(service).await;
        }
    }
}
