//! What a demo can tell of the company: a few relationships written by hand, on accounts that nothing else touches.

mod accounts;
mod deals;
mod lead;
mod rhythm;

use crate::cast::Cast;
use crate::chronicle::Chronicle;
use crate::dice::{Part, dice};
use rhythm::Teller;

/// How many accounts the stories have for themselves: the first ones.
pub(crate) const ACCOUNTS: usize = 7;
/// How many contacts each of them has.
pub(crate) const CONTACTS: [usize; ACCOUNTS] = [4, 2, 2, 5, 1, 2, 3];

const WARM: usize = 0;
const FALLING: usize = 1;
const ONE_WAY: usize = 2;
const SINGLE_THREADED: usize = 3;
const NEWSLETTER_ONLY: usize = 4;
/// The account whose people are the stakeholders of the first lead.
pub(crate) const KNOWN_LEAD: usize = 5;
const TRACKED: usize = 6;

/// An opportunity of a story.
pub(crate) struct ToldDeal {
    pub account: usize,
    /// In euro.
    pub revenue: i64,
}

/// The opportunities of stories, the first ones by number.
pub(crate) const DEALS: [ToldDeal; 4] = [
    ToldDeal { account: WARM, revenue: 640_000 },
    ToldDeal { account: FALLING, revenue: 480_000 },
    ToldDeal { account: ONE_WAY, revenue: 310_000 },
    ToldDeal { account: SINGLE_THREADED, revenue: 220_000 },
];

/// A contact of the CRM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The record id.
    pub contact_id: String,
    /// The address.
    pub address: String,
}

/// An open opportunity with one customer contact, who is also the primary contact of its account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deal {
    /// The record id of the opportunity.
    pub opportunity_id: String,
    /// The record id of its account.
    pub account_id: String,
    /// Its customer contact.
    pub contact: Person,
    /// The address of its owner.
    pub owner: String,
}

/// An account that hangs by one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SingleThread {
    /// The record id of the account.
    pub account_id: String,
    /// The only contact with whom anybody still talks.
    pub live: Person,
}

/// A lead whose people several colleagues know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownLead {
    /// The record id of the lead.
    pub lead_id: String,
    /// The addresses of its people: its own, then its stakeholders'.
    pub people: Vec<String>,
    /// The address of its owner, who knows them little.
    pub owner: String,
    /// The addresses of everybody who knows one of them, strongest first.
    pub introducers: Vec<String>,
}

/// A mail that the CRM tracks and a mailbox holds: one interaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackedMail {
    /// Who received it.
    pub contact: Person,
    /// The Message-ID, in brackets.
    pub message_id: String,
    /// The address of its author, whose mailbox holds it.
    pub author: String,
}

/// What a demo can tell of the company. All opportunities and the lead are open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stories {
    /// The largest deal, two-way and lively to the last day: GOOD.
    pub warm: Deal,
    /// The second largest: in touch every six days until 55 days before the end, one unanswered mail after that. GOOD 42 days before
    /// the end, FAIR and DECLINING at the end.
    pub falling: Deal,
    /// We write every week, they never answer: held at 39.
    pub one_way: Deal,
    /// Five contacts, one of them alive: breadth 1.
    pub single_threaded: SingleThread,
    /// Sends newsletters and nothing else: no interaction counts.
    pub newsletter_only: Person,
    /// Five colleagues know its people; the owner is not among the best.
    pub lead: KnownLead,
    /// The address of the strongest introducer of [`Self::lead`]: the answer is another one once they opt out.
    pub opt_out_user: String,
    /// Counts once, though two sources tell it.
    pub tracked: TrackedMail,
}

/// Writes the stories.
pub(crate) fn tell(cast: &Cast, chronicle: &mut Chronicle) -> Stories {
    let mut teller = Teller { dice: dice(cast.spec.seed, Part::Stories), end: cast.spec.end, chronicle };
    let lead = lead::known(cast, &mut teller);
    Stories {
        warm: deals::warm(cast, &mut teller),
        falling: deals::falling(cast, &mut teller),
        one_way: deals::one_way(cast, &mut teller),
        single_threaded: accounts::single_threaded(cast, &mut teller),
        newsletter_only: accounts::newsletter_only(cast, &mut teller),
        tracked: accounts::tracked(cast, &mut teller),
        opt_out_user: lead.introducers.first().cloned().unwrap_or_default(),
        lead,
    }
}

/// The `nth` contact of an account, from 0.
fn person(cast: &Cast, account: usize, nth: usize) -> Person {
    let contact = &cast.contacts_of(account)[nth];
    Person { contact_id: contact.record.id().to_owned(), address: contact.address.clone() }
}
