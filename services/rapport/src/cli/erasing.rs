//! What can be said of erasures and the stores that take part in them.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Server, Target};

/// Writes everything held on a person, as JSON lines.
#[derive(Debug, Args)]
pub struct Export {
    /// Any address of one of the tenant's own, or every address known of somebody outside.
    #[arg(required = true)]
    pub addresses: Vec<String>,
    /// The file; none: standard output.
    #[arg(long = "out", value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Which suite and tenant.
    #[command(flatten)]
    pub target: Target,
}

/// Erases people, and tells how far that is.
#[derive(Debug, Subcommand)]
pub enum Erase {
    /// Erases one of the tenant's own: mailbox, directory entry, every trace of the addresses.
    User {
        /// Any address of the user.
        user: String,
        /// Only says what would go.
        #[arg(long)]
        validate_only: bool,
        /// Returns when nobody sees the user any more, without waiting for every store.
        #[arg(long)]
        no_wait: bool,
        /// Which suite and tenant.
        #[command(flatten)]
        target: Target,
    },
    /// Erases an outside person and keeps the addresses out for good.
    Person {
        /// Every address known of the person.
        #[arg(required = true)]
        addresses: Vec<String>,
        /// Only says what would go.
        #[arg(long)]
        validate_only: bool,
        /// Returns when nobody sees the person any more, without waiting for every store.
        #[arg(long)]
        no_wait: bool,
        /// Which suite and tenant.
        #[command(flatten)]
        target: Target,
    },
    /// Erases a tenant with everything in it.
    Tenant {
        /// The tenant.
        tenant: String,
        /// The tenant's id once more.
        #[arg(long, value_name = "ID")]
        confirm: String,
        /// Only says what would go.
        #[arg(long)]
        validate_only: bool,
        /// Returns when nobody sees the tenant any more, without waiting for every store.
        #[arg(long)]
        no_wait: bool,
        /// Which suite.
        #[command(flatten)]
        server: Server,
    },
    /// Shows how far an erasure is, or the latest ones.
    Status {
        /// The number of the erasure; none: the latest ones.
        number: Option<u64>,
        /// Which suite and tenant.
        #[command(flatten)]
        target: Target,
    },
    /// Tells an application whom to erase from its own copies: JSON lines, until it is interrupted.
    Watch {
        /// Which application.
        application: String,
        /// Which suite and tenant.
        #[command(flatten)]
        target: Target,
    },
    /// Says for an application that its own copies are gone.
    Acknowledge {
        /// Which application.
        application: String,
        /// The number of the erasure.
        number: u64,
        /// Which suite and tenant.
        #[command(flatten)]
        target: Target,
    },
}

/// Shows and retires the stores that erasures wait for.
#[derive(Debug, Subcommand)]
pub enum Store {
    /// Lists the stores that take part.
    List {
        /// Which suite.
        #[command(flatten)]
        server: Server,
    },
    /// Ends the registration of a store that is gone for good.
    Retire {
        /// The store's id, as `store list` shows it.
        store: String,
        /// Which suite.
        #[command(flatten)]
        server: Server,
    },
}
