//! What can be said of the ledger.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

use super::Target;

/// Shows, exports, proves and verifies what was decided.
#[derive(Debug, Subcommand)]
pub enum Ledger {
    /// Shows the events: what was decided, when, and by whom.
    Events {
        /// Only events about this user, by any of their addresses.
        #[arg(long, value_name = "ADDRESS", default_value = "")]
        user: String,
        /// Only these kinds.
        #[arg(long = "kind", value_enum)]
        kinds: Vec<EventKind>,
        /// Only events from this instant on, as in `2026-05-04T00:00:00Z`.
        #[arg(long, value_name = "TIME")]
        since: Option<String>,
        /// Only events before this instant.
        #[arg(long, value_name = "TIME")]
        until: Option<String>,
        /// Prints JSON lines, each a `rapport.consent.v1.ConsentEvent`.
        #[arg(long)]
        json: bool,
        /// Which suite and tenant.
        #[command(flatten)]
        target: Target,
    },
    /// Prints the signed size and root of the ledger: keep it, and show later that nothing was changed.
    Checkpoint {
        /// Prints the key that signs it instead.
        #[arg(long)]
        key: bool,
        /// Which suite and tenant.
        #[command(flatten)]
        target: Target,
    },
    /// Writes every event into a file that can be verified without the suite.
    Export {
        /// The file; `-` for standard output.
        file: PathBuf,
        /// Which suite and tenant.
        #[command(flatten)]
        target: Target,
    },
    /// Verifies an export, without the suite: names what was changed, removed or moved.
    Verify {
        /// The export.
        file: PathBuf,
        /// The key to believe, as `rapport ledger checkpoint --key` printed it. Without it the key in the file is taken, which shows only that the
        /// file is in itself whole.
        #[arg(long, value_name = "KEY")]
        key: Option<String>,
        /// A checkpoint kept from before: the ledger must continue it.
        #[arg(long, value_name = "FILE")]
        older: Option<PathBuf>,
    },
    /// Proves that an event stands in the ledger, and verifies the proof.
    Prove {
        /// The event's place, as `events` shows it.
        index: i64,
        /// Which suite and tenant.
        #[command(flatten)]
        target: Target,
    },
    /// Prints the text that administrators are shown before they consent.
    Text {
        /// The version; none: the latest.
        #[arg(default_value = "")]
        version: String,
        /// Which suite and tenant.
        #[command(flatten)]
        target: Target,
    },
}

/// A kind of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EventKind {
    /// A tenant was made.
    TenantCreated,
    /// Its settings changed.
    TenantChanged,
    /// Consent was given.
    ConsentGranted,
    /// Consent was withdrawn.
    ConsentWithdrawn,
    /// A legacy grant ended.
    ConsentEnded,
    /// An application changed.
    ApplicationChanged,
    /// A group changed.
    GroupChanged,
    /// The directory changed.
    DirectoryChanged,
    /// A user opted out or in.
    UserChose,
    /// Something is erased for good.
    Erased,
    /// Ids behind erased addresses became known.
    ErasedNamed,
    /// The key `names` is replaced.
    NamesReplaced,
    /// Mailboxes opened or closed by themselves.
    MailboxesChanged,
}
