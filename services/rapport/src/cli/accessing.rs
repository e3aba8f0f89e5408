//! What can be said of who read what.

use clap::Subcommand;

use super::Target;

/// Shows who read personal data, and about whom.
#[derive(Debug, Subcommand)]
pub enum Access {
    /// Lists who read, how often, the latest day first. A person asks with an address of their own in `--about`.
    List {
        /// About whom: an address of a person, ours or outside; none: about everybody.
        #[arg(long, value_name = "ADDRESS")]
        about: Option<String>,
        /// About which record, as in `opportunity/o-1`.
        #[arg(long, value_name = "KIND/ID", conflicts_with = "about")]
        record: Option<String>,
        /// Only what this caller read.
        #[arg(long, value_name = "ADDRESS")]
        by: Option<String>,
        /// From this UTC day on, as in `2026-05-04`.
        #[arg(long, value_name = "DAY")]
        since: Option<String>,
        /// To this UTC day, included.
        #[arg(long, value_name = "DAY")]
        until: Option<String>,
        /// Which suite and tenant.
        #[command(flatten)]
        target: Target,
    },
}
