//! What leaves the store with a backup: all of it, in one part.

use contracts::common::v1::BackupPart;
use contracts::common::v1::maintenance_service_server::MaintenanceServiceServer;
use maintenance::{Maintenance, Place};
use runtime::Config;

use crate::opening::options;
use crate::places::Places;
use crate::writer::Core;

/// Where decisions lie.
pub fn place(config: &Config) -> Place {
    Place { path: Places::of(config).store, options: options(config) }
}

/// Where their mirror lies, if there is one.
pub fn mirror_place(config: &Config) -> Option<Place> {
    Places::of(config).mirror.map(|mirror| Place { path: mirror.store, options: options(config) })
}

pub(crate) fn server(core: &Core) -> MaintenanceServiceServer<Maintenance> {
    Maintenance::server(core.store.clone(), |_| BackupPart::Consent, &core.limits, core.ending.clone())
}
