//! Reading an interaction: raw text becomes checked facts, lists and rooms leave the people. Which rule that breaks comes later.

mod call;
mod email;
mod meeting;

use std::cmp::Ordering;

use vocabulary::entry::{Answer, InteractionKind, Role, Version};
use vocabulary::{Address, Timestamp, UserId, Violation};

use crate::judgement::{IgnoredReason, Participant};
use crate::{Detail, Directory, Interaction, Side, Source};

/// An interaction, read.
pub(crate) struct Reading {
    pub identity: String,
    pub thread: Option<String>,
    /// The identity of the mail it replies to.
    pub replies_to: Option<String>,
    pub kind: InteractionKind,
    pub time: Timestamp,
    pub duration_seconds: u32,
    pub version: Version,
    pub cancelled: bool,
    /// `None`: a list or a room, and nothing says who wrote.
    pub author: Option<Author>,
    /// The other people, distinct, by address.
    pub people: Vec<Person>,
    /// Whether it is list mail or a list is among its recipients.
    pub to_list: bool,
    /// The rule that its own headers or marks break; all of these are tried before any that looks at people.
    pub kept_out: Option<IgnoredReason>,
}

impl Reading {
    /// Whether anybody on it is ours.
    pub fn names_ours(&self) -> bool {
        let author = self.author.iter().map(|author| author.side);
        author.chain(self.people.iter().map(|person| person.side)).any(|side| matches!(side, Side::Ours(_)))
    }
}

/// Who wrote, organised, called or did it.
#[derive(Debug)]
pub(crate) struct Author {
    pub address: Address,
    pub side: Side,
}

/// Somebody else on it: never a list or a room.
#[derive(Debug)]
pub(crate) struct Person {
    pub participant: Participant,
    pub side: Side,
}

/// Reads an interaction; the violation names the first field that is wrong.
pub(crate) fn read(interaction: &Interaction, source: Source, directory: &impl Directory, now: Timestamp) -> Result<Reading, Violation> {
    match &interaction.regarding {
        Some(_) if source != Source::Crm => {
            return Err(Violation::new("regarding", "only the CRM says which record an interaction is about"));
        }
        Some(record) if record.id.trim().is_empty() => {
            return Err(Violation::new("regarding.id", "a record needs an id"));
        }
        _ => {}
    }
    let source_id = interaction.source_id.as_deref().map(str::trim).filter(|id| !id.is_empty());
    match &interaction.detail {
        Some(Detail::Email(email)) => email::read(email, source_id, source, directory, now),
        Some(Detail::Meeting(meeting)) => meeting::read(meeting, directory),
        Some(Detail::Call(call)) => call::read(call, source_id, source, directory),
        Some(Detail::Activity(activity)) => call::read_activity(activity, source_id, source, directory),
        None => Err(Violation::new("detail", "an interaction is an email, a meeting, a call or an activity")),
    }
}

/// The longest that anything takes but a whole-day event: 31 days.
const LONGEST_SECONDS: u32 = 31 * 86_400;

/// A duration; `field` says where it stands.
fn duration(seconds: u32, field: impl FnOnce() -> String) -> Result<u32, Violation> {
    if seconds > LONGEST_SECONDS {
        return Err(Violation::new(field(), "takes longer than 31 days"));
    }
    Ok(seconds)
}

/// Parses the address in `field`.
fn address(text: &str, field: impl FnOnce() -> String) -> Result<Address, Violation> {
    Address::parse(text).map_err(|error| Violation::new(field(), error.to_string()))
}

/// Gathers the people besides the author.
struct People<'a, D> {
    directory: &'a D,
    /// The list that the mail's own headers name.
    list: Option<Address>,
    found: Vec<Person>,
    to_list: bool,
}

impl<'a, D: Directory> People<'a, D> {
    fn new(directory: &'a D, list: Option<Address>) -> Self {
        Self { directory, list, found: Vec::new(), to_list: false }
    }

    /// What an address is. A header may declare a stranger to be a list, but nobody in the directory.
    fn side(&self, address: &Address) -> Side {
        match self.directory.side(address) {
            Side::Outside | Side::InsideUnknown if self.list.as_ref() == Some(address) => Side::List,
            side => side,
        }
    }

    /// The author, unless the address is a list's or a room's.
    fn author(&self, address: Address) -> Option<Author> {
        match self.side(&address) {
            Side::List | Side::Room => None,
            side => Some(Author { address, side }),
        }
    }

    fn add(&mut self, address: Address, role: Role, answer: Answer) {
        match self.side(&address) {
            Side::List => self.to_list = true,
            Side::Room => {}
            side => self.found.push(Person { participant: Participant { address, role, answer }, side }),
        }
    }

    /// Everybody but the author, each address once: the stronger role holds, and of two answers the one that is an answer.
    fn others_than(mut self, author: Option<&Author>) -> (Vec<Person>, bool) {
        if let Some(author) = author {
            self.found.retain(|person| !is_same(author, person));
        }
        self.found.sort_by(|one, other| by_address_then_weight(&one.participant, &other.participant));
        self.found.dedup_by(|later, first| later.participant.address == first.participant.address);
        (self.found, self.to_list)
    }
}

/// Whether somebody is the author, under this or another address of theirs.
fn is_same(author: &Author, person: &Person) -> bool {
    let user = |side| if let Side::Ours(user) = side { Some::<UserId>(user) } else { None };
    person.participant.address == author.address || user(author.side).is_some_and(|author| user(person.side) == Some(author))
}

fn by_address_then_weight(one: &Participant, other: &Participant) -> Ordering {
    let weight = |person: &Participant| (person.role, person.answer == Answer::None, person.answer);
    one.address.cmp(&other.address).then_with(|| weight(one).cmp(&weight(other)))
}
