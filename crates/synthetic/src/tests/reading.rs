//! The company as ingestion's rules read it with every gate open, and the events and touches that follow, straight from the definitions.

use std::collections::{BTreeMap, HashMap, HashSet};

use ingestion_domain::{Directory, IgnoredReason, Judgement, Kept, Side, Source, TenantRules, normalise};
use measures::health::{Actor, Event, Health, Settings, Timeline, Trend, Weight, assess, trend};
use measures::strength::{Attendance, Direction, MailRole, Strength, Touch, call_weight, mail_weight, measure, meeting_weight};
use vocabulary::entry::{Answer, InteractionKind, RecordRef, Role};
use vocabulary::{Address, Timestamp, UserId};

use crate::{Company, Spec, UserKind};

/// Everything that counts, each interaction once.
pub(super) struct Reading {
    told: BTreeMap<String, Told>,
    pub ignored: BTreeMap<IgnoredReason, usize>,
    pub malformed: usize,
    pub accepted: usize,
    directory: Sides,
}

/// One interaction from all its sources.
pub(super) struct Told {
    kept: Kept,
    /// The author's own source told it: the author counts.
    author_told: bool,
    people: BTreeMap<Address, (Role, Answer)>,
    regarding: Option<RecordRef>,
    pub sources: usize,
}

struct Sides(HashMap<Address, Side>);

impl Directory for Sides {
    fn side(&self, address: &Address) -> Side {
        let inside = address.domain() == "quellmark.example";
        self.0.get(address).copied().unwrap_or(if inside { Side::InsideUnknown } else { Side::Outside })
    }

    fn may_be_read(&self, _: UserId) -> bool {
        true
    }

    fn collects(&self, _: UserId, _: Timestamp) -> bool {
        true
    }
}

impl Reading {
    pub fn of(company: &Company, spec: Spec) -> Self {
        let sides = company.users.iter().enumerate().flat_map(|(index, user)| {
            let side = match user.kind {
                UserKind::Person | UserKind::Shared => Side::Ours(UserId(index as u64)),
                UserKind::Room => Side::Room,
                UserKind::List => Side::List,
            };
            user.addresses.iter().map(move |address| (Address::parse(address).unwrap(), side))
        });
        let directory = Sides(sides.collect());
        let mut reading = Self { told: BTreeMap::new(), ignored: BTreeMap::new(), malformed: 0, accepted: 0, directory };
        let rules = TenantRules { window_start: spec.end.plus_days(-365) };
        let crm = company.crm.iter().map(|one| (Source::Crm, one));
        let mailboxes = company.mailboxes.iter().enumerate();
        let mail = mailboxes.flat_map(|(index, mailbox)| mailbox.interactions.iter().map(move |one| (index, one)));
        for (source, one) in crm.chain(mail.map(|(index, one)| (Source::Mailbox(UserId(index as u64)), one))) {
            match normalise(one, &source, &reading.directory, &rules, spec.end) {
                Judgement::Kept(kept) => reading.take(source, *kept),
                Judgement::Ignored { reason, .. } => *reading.ignored.entry(reason).or_default() += 1,
                Judgement::Malformed(_) => reading.malformed += 1,
            }
        }
        reading
    }

    fn take(&mut self, source: Source, kept: Kept) {
        self.accepted += 1;
        let author = self.directory.side(&kept.author);
        let author_told = match source {
            Source::Mailbox(owner) => author == Side::Ours(owner) || !matches!(author, Side::Ours(_)),
            Source::Crm | Source::Journal => true,
        };
        let told = self.told.entry(kept.identity.clone()).or_insert_with(|| Told {
            author_told: false,
            people: BTreeMap::new(),
            regarding: None,
            sources: 0,
            kept: kept.clone(),
        });
        told.sources += 1;
        told.author_told |= author_told;
        if kept.regarding.is_some() {
            told.regarding.clone_from(&kept.regarding);
        }
        for person in kept.copies.iter().flat_map(|copy| &copy.participants) {
            let held = told.people.entry(person.address.clone()).or_insert((person.role, person.answer));
            if held.1 == Answer::None {
                held.1 = person.answer;
            }
        }
    }

    /// The interactions that count for a record with these people on each side, or regard it.
    pub fn of_record(&self, ours: &[&str], theirs: &[&str], regarding: Option<&RecordRef>) -> Vec<Event> {
        let (ours, theirs) = (addresses(ours), addresses(theirs));
        let told = self.told.values().filter(|told| !told.kept.cancelled);
        told.filter_map(|told| told.event(&ours, &theirs, regarding)).collect()
    }

    /// The same, with any of ours: what counts for a contact.
    pub fn of_contact(&self, contact: &str) -> Vec<Event> {
        let people = self.directory.0.iter().filter(|(_, side)| matches!(side, Side::Ours(_)));
        let ours: Vec<&str> = people.map(|(address, _)| address.as_str()).collect();
        self.of_record(&ours, &[contact], None)
    }

    /// Every interaction with this id in its identity.
    pub fn named(&self, id: &str) -> Vec<&Told> {
        self.told.iter().filter(|(identity, _)| identity.contains(id)).map(|(_, told)| told).collect()
    }

    /// The strength of the tie between one of ours and somebody else.
    pub fn strength(&self, user: &str, other: &str, at: Timestamp) -> Strength {
        let (user, other) = (Address::parse(user).unwrap(), Address::parse(other).unwrap());
        let touches: Vec<Touch> = self.told.values().filter_map(|told| told.touch(&user, &other)).collect();
        measure(&touches, at)
    }
}

impl Told {
    fn event(&self, ours: &HashSet<Address>, theirs: &HashSet<Address>, regarding: Option<&RecordRef>) -> Option<Event> {
        let came = |side: &HashSet<Address>| {
            let accepted = self.people.iter().any(|(who, (_, answer))| side.contains(who) && *answer == Answer::Accepted);
            accepted || side.contains(&self.kept.author)
        };
        let names = |side: &HashSet<Address>| self.people.keys().any(|who| side.contains(who));
        let (by_us, by_them) = (ours.contains(&self.kept.author) && self.author_told, theirs.contains(&self.kept.author));
        let actor = match self.kept.kind {
            InteractionKind::Meeting if came(ours) && came(theirs) => Some(Actor::Both),
            _ if by_us && names(theirs) => Some(Actor::Us),
            _ if by_them && names(ours) => Some(Actor::Them),
            _ if regarding.is_some() && self.regarding.as_ref() == regarding => Some(Actor::Neither),
            _ => None,
        };
        Some(Event { time: self.kept.time, actor: actor?, weight: Weight::NEUTRAL })
    }

    fn touch(&self, user: &Address, other: &Address) -> Option<Touch> {
        let (time, others) = (self.kept.time, self.kept.others);
        let outbound = self.kept.author == *user && self.people.contains_key(other);
        let inbound = self.kept.author == *other && self.people.contains_key(user);
        let (direction, weight) = match self.kept.kind {
            InteractionKind::Meeting if !self.kept.cancelled => {
                let attendance = |who| match self.people.get(who).map(|(_, answer)| *answer) {
                    _ if self.kept.author == *who => Some(Attendance::Organiser),
                    answer => answer.map(|answer| match answer {
                        Answer::Accepted => Attendance::Accepted,
                        Answer::Tentative => Attendance::Tentative,
                        Answer::Declined => Attendance::Declined,
                        Answer::None => Attendance::Invited,
                    }),
                };
                meeting_weight(attendance(user)?, attendance(other)?, others)?
            }
            InteractionKind::Email | InteractionKind::Call if outbound || inbound => {
                let role = self.people[if outbound { other } else { user }].0;
                let role = if role == Role::To { MailRole::To } else { MailRole::Cc };
                let weight = if self.kept.kind == InteractionKind::Call { call_weight(others) } else { mail_weight(role, others) };
                (if outbound { Direction::Outbound } else { Direction::Inbound }, weight)
            }
            _ => return None,
        };
        Some(Touch { time, direction, weight, one_to_one: others == 1 })
    }
}

/// Health and trend of a timeline at an instant, under settings nobody touched.
pub(super) fn health(events: &[Event], at: Timestamp) -> (Health, Trend) {
    let timeline = Timeline::read(events, at, 365);
    (assess(&timeline, &Settings::default()), trend(&timeline))
}

fn addresses(texts: &[&str]) -> HashSet<Address> {
    texts.iter().map(|text| Address::parse(text).unwrap()).collect()
}
