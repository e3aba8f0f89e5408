//! What each command does, one file each.

pub mod access;
pub mod application;
pub mod backup;
pub mod consent;
pub mod directory;
pub mod erase;
pub mod export;
pub mod import;
pub mod keyring;
pub mod ledger;
pub mod records;
pub mod restore;
pub mod scrub;
pub mod serve;
pub mod show;
pub mod tenant;
