//! `rapport keyring` and `rapport consent recover`: what is done to keys and decisions while nothing serves them.

use std::io::Write;
use std::path::Path;

use consent::Recovery;
use runtime::config;
use vocabulary::{Fault, SystemClock, TenantId};

use crate::cli::{Keyring, NextRoot, Recover};
use crate::commands::serve::settings;
use crate::output::{counted, said};

/// Runs `rapport keyring`.
///
/// # Errors
/// When the settings are wrong, or the keyring cannot be opened or is in use.
pub async fn run(command: Keyring, out: &mut impl Write) -> Result<(), Fault> {
    let (to, config) = match command {
        Keyring::AttachMirror { config } => {
            consent::attach_mirror(&settings(&config)?).await?;
            return said(writeln!(out, "the mirror holds every key and every decision"));
        }
        Keyring::RotateRoot { to, config } => (to, settings(&config)?),
    };
    let (next, setting) = named(to);
    consent::rotate_root(&config, &next).await?;
    said(writeln!(out, "the keyring is sealed under the next root key: start the suite with `{setting}`, and destroy the former one"))
}

/// Runs `rapport consent recover`.
///
/// # Errors
/// When the settings are wrong, a process serves these stores, or this way does not bring consent back.
pub async fn recover(command: Recover, out: &mut impl Write) -> Result<(), Fault> {
    let config = settings(&command.config)?;
    if command.way.from_mirror {
        let recovered = consent::recover(&config, &SystemClock, Recovery::FromMirror).await?;
        return said(writeln!(out, "keyring and store hold what the mirror does, up to position {}", recovered.position));
    }
    let erase = command.erase_tenant.iter().map(|id| TenantId::parse(id)).collect::<Result<Vec<_>, _>>();
    let erase = erase.map_err(|error| Fault::invalid_field("--erase-tenant", error.to_string()))?;
    let recovered = consent::recover(&config, &SystemClock, Recovery::WithdrawAll { erase }).await?;
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let (tenants, mailboxes) = (counted(number(recovered.withdrawn), "tenant"), counted(number(recovered.mailboxes), "mailbox"));
    let erased = counted(number(recovered.erased), "tenant");
    said(writeln!(out, "withdrawn: the consent of {tenants}, the keys of {mailboxes}; erased: {erased}"))?;
    said(writeln!(out, "decide again, before consent is granted anew, what was decided since: opt-outs, groups, erasures"))
}

/// The next root key, and the setting that names it.
fn named(to: NextRoot) -> (config::Keyring, String) {
    let none = config::Keyring::default();
    match to {
        NextRoot { to_env: Some(name), .. } => {
            let setting = format!("keyring.root_key_env = {name:?}");
            (config::Keyring { root_key_env: Some(name), ..none }, setting)
        }
        NextRoot { to_command: Some(command), .. } => {
            let words: Vec<String> = command.split_whitespace().map(str::to_owned).collect();
            (config::Keyring { root_key_command: words.clone(), ..none }, format!("keyring.root_key_command = {words:?}"))
        }
        NextRoot { to_file, .. } => {
            let setting = format!("keyring.root_key_file = {:?}", to_file.as_deref().unwrap_or(Path::new("")));
            (config::Keyring { root_key_file: to_file, ..none }, setting)
        }
    }
}
