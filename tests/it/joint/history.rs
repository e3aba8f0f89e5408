//! What a run did, and the judge: it knows reads, answers and nothing of the machines.

use std::collections::HashMap;
use std::fmt;

/// A read: when it began and ended, and the generation of the tenant's mailbox that it saw; 0: none.
pub struct Read {
    pub began: u64,
    pub ended: u64,
    pub holder: usize,
    pub tenant: usize,
    pub saw: u32,
}

/// Everything that happened in one run.
#[derive(Default)]
pub struct History {
    pub reads: Vec<Read>,
    /// Reads that were refused for want of a lease.
    pub refused: u64,
    /// Since when a generation of a tenant must not be seen: its withdrawal was answered, or it expired.
    pub covered: HashMap<(usize, u32), u64>,
    pub answered: u64,
    pub expired: u64,
    pub longest_answer: u64,
    /// A withdrawal that was not answered within the bound: its position, and how long it took so far.
    pub late: Option<(u64, u64)>,
}

/// Why a run is bad.
#[derive(Debug)]
pub enum Breach {
    Seen { holder: usize, generation: u32, covered: u64, began: u64, ended: u64 },
    Late { position: u64, took: u64 },
}

/// Of one run or many.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    pub reads: u64,
    pub saw: u64,
    pub refused: u64,
    pub answered: u64,
    pub expired: u64,
    pub longest_answer: u64,
}

impl History {
    /// From `since` on, nobody may see it.
    pub fn cover(&mut self, tenant: usize, generation: u32, since: u64) {
        let held = self.covered.entry((tenant, generation)).or_insert(since);
        *held = since.min(*held);
    }

    /// No read that began after an answer saw what it covered, and every withdrawal was answered in time.
    pub fn check(&self) -> Result<(), Breach> {
        for &Read { began, ended, holder, tenant, saw: generation } in &self.reads {
            if let Some(&covered) = self.covered.get(&(tenant, generation)).filter(|covered| **covered < began) {
                return Err(Breach::Seen { holder, generation, covered, began, ended });
            }
        }
        self.late.map_or(Ok(()), |(position, took)| Err(Breach::Late { position, took }))
    }

    pub fn figures(&self) -> Figures {
        Figures {
            reads: self.reads.len() as u64,
            saw: self.reads.iter().filter(|read| read.saw > 0).count() as u64,
            refused: self.refused,
            answered: self.answered,
            expired: self.expired,
            longest_answer: self.longest_answer,
        }
    }
}

impl Figures {
    pub fn add(&mut self, other: &Self) {
        self.reads += other.reads;
        self.saw += other.saw;
        self.refused += other.refused;
        self.answered += other.answered;
        self.expired += other.expired;
        self.longest_answer = self.longest_answer.max(other.longest_answer);
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Seen { holder, generation, covered, began, ended } => {
                write!(f, "holder {holder} saw generation {generation}, closed at {covered} us, in a read from {began} to {ended} us")
            }
            Self::Late { position, took } => write!(f, "the withdrawal at position {position} was not answered within {took} us"),
        }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { reads, saw, refused, answered, expired, longest_answer } = self;
        write!(f, "{reads} reads ({saw} saw a mailbox), {refused} refused, {answered} withdrawals answered, {expired} expired, ")?;
        write!(f, "longest answer {} ms", longest_answer / 1_000)
    }
}
