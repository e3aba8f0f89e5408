//! How one relationship stands: figures, health and completeness of a record at an instant. A pure function of what is folded, the records,
//! the permit, the instant and the window.

use std::sync::Arc;

use vocabulary::Timestamp;
use vocabulary::entry::RecordKind;

use crate::completeness::{self, Completeness};
use crate::health::{self, Health, Reading};
use crate::interactions::Interactions;
use crate::kpis::{self, Kpis};
use crate::readable::{Directory, Readable};
use crate::record::Record;
use crate::records::Records;
use crate::sides::Sides;
use crate::timeline::{self, Span};
use crate::words;

/// The time a question is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The instant.
    pub as_of: Timestamp,
    /// Days of the window before it.
    pub window_days: u32,
    /// Now: the data window ends here, whatever the instant.
    pub now: Timestamp,
    /// Days of the data window.
    pub data_window_days: u32,
}

impl Asked {
    /// The first instant that is held: the beginning of the UTC day in which the data window begins, so that the same question has the same
    /// answer all day (Rapport rule).
    pub fn earliest(&self) -> Timestamp {
        self.now.plus_days(-i64::from(self.data_window_days)).day().start()
    }

    /// The first instant that is asked for.
    pub fn from(&self) -> Timestamp {
        self.as_of.plus_days(-i64::from(self.window_days))
    }
}

/// How one relationship stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Relationship {
    /// The record.
    pub record: Arc<Record>,
    /// The instant.
    pub as_of: Timestamp,
    /// The figures.
    pub kpis: Kpis,
    /// The health.
    pub health: Health,
    /// Whether something may be missing.
    pub completeness: Completeness,
}

/// What every question of one request reads.
pub struct View<'a, D> {
    /// What is folded.
    pub interactions: &'a Interactions,
    /// The records.
    pub records: &'a Records,
    /// What the permit allows.
    pub readable: &'a Readable,
    /// Who has which address.
    pub directory: &'a D,
    /// How health is to be read.
    pub reading: &'a Reading,
    /// Whether the asker may learn whose gates are open.
    pub sees_gates: bool,
}

/// How the relationship of one record stands.
pub fn of(view: &View<'_, impl Directory>, record: &Arc<Record>, asked: Asked) -> Relationship {
    let span = Span { earliest: asked.earliest(), as_of: asked.as_of };
    let window = asked.data_window_days;
    let timeline_of = |sides: &Sides| timeline::of(view.interactions, view.records, view.readable, sides, span);
    let sides = Sides::of(view.records, record, view.directory);
    let timeline = timeline_of(&sides);
    let mut kpis = kpis::compute(&timeline, asked.from().max(span.earliest));
    let mut health = match record.reference.kind {
        RecordKind::Account => {
            let contact_health = |contact: &Arc<Record>| {
                let timeline = timeline_of(&Sides::of(view.records, contact, view.directory));
                (contact.reference.id.clone(), health::of(contact, &timeline, view.reading, window))
            };
            let contacts = view.records.contacts_of(record).into_iter().map(contact_health).collect();
            health::of_account(&timeline, contacts, view.reading, window)
        }
        RecordKind::Contact | RecordKind::Lead | RecordKind::Opportunity => health::of(record, &timeline, view.reading, window),
    };
    let completeness = completeness::of(view.interactions, view.readable, &sides, asked.from(), span.earliest);
    let completeness = if view.sees_gates { completeness } else { completeness.veiled() };
    // What is veiled awaits nothing, so that the state tells no more than the counts. With nobody on their side nothing can come.
    if timeline.counted.is_empty() && completeness.awaits_first() && !sides.people().is_empty() {
        health = health.in_progress();
    }
    health.summary.push_str(&words::attention(health.trend, kpis.awaiting_us_since, asked.as_of));
    if record.reference.kind == RecordKind::Contact {
        kpis.open_opportunities = view.records.open_opportunities(record);
    }
    Relationship { record: Arc::clone(record), as_of: asked.as_of, kpis, health, completeness }
}
