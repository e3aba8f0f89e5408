//! What is said to the files of a suite that does not run: its keyring, and the store of consent.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::ConfigArgs;

/// Brings consent back while nothing serves it: after a lost disk, or when it is closed because decisions are missing.
#[derive(Debug, Args)]
pub struct Recover {
    /// How.
    #[command(flatten)]
    pub way: Way,
    /// A tenant to be erased, because what is kept of it is sealed under a key that a missing decision destroyed; may be repeated.
    #[arg(long, value_name = "ID", requires = "withdraw_all")]
    pub erase_tenant: Vec<String>,
    /// Where settings come from.
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// How consent is brought back.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct Way {
    /// Keyring and store get what `keyring.mirror` holds.
    #[arg(long)]
    pub from_mirror: bool,
    /// The store goes on from where it is: every tenant's consent is withdrawn, every mailbox key destroyed.
    #[arg(long)]
    pub withdraw_all: bool,
}

/// Looks after the keyring of a suite that does not run.
#[derive(Debug, Subcommand)]
pub enum Keyring {
    /// Makes the mirror that `keyring.mirror` names, of a suite that has had none or has lost it.
    AttachMirror {
        /// Where settings come from.
        #[command(flatten)]
        config: ConfigArgs,
    },
    /// Seals the keyring, and its mirror, under another root key. Interrupted, it is done again.
    RotateRoot {
        /// The root key from now on.
        #[command(flatten)]
        to: NextRoot,
        /// Where settings come from, the present root key among them.
        #[command(flatten)]
        config: ConfigArgs,
    },
}

/// Where the root key is from now on.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct NextRoot {
    /// A file of 64 hexadecimal digits, mode 0600; made with a new root key if it is absent.
    #[arg(long, value_name = "FILE")]
    pub to_file: Option<PathBuf>,
    /// A variable of the environment.
    #[arg(long, value_name = "NAME")]
    pub to_env: Option<String>,
    /// A program that prints it, with its arguments, separated by spaces.
    #[arg(long, value_name = "COMMAND")]
    pub to_command: Option<String>,
}
