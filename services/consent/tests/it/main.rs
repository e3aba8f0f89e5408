//! The consent service on real files, through links in process, with holders driven by hand.

mod directory;
mod disk;
mod enforcement;
mod granting;
mod pages;
mod refusals;
mod repeating;
mod restarting;
mod roles;

mod hand;
mod suite;
