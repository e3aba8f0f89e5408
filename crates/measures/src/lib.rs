//! The two formulas of Rapport: how strong a tie is, and how healthy a relationship. Pure functions of touches, settings and an
//! instant; the same events give the same bytes in whatever order they come. No I/O, no clock, no record and no person lives here.

pub mod health;
pub mod strength;

mod rounding;
