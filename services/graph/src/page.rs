//! Page tokens: where a page ended, sealed under a key of the tenant and bound to the question, so that a token opens for no other.

use std::cmp::Reverse;

use consent_client::Permit;
use data_encoding::BASE64URL_NOPAD;
use graph_domain::Introducer;
use sealing::{Context, Key, open, seal};
use vocabulary::{Address, Fault, Kind, Reason, Timestamp};

use crate::convert::{Question, Whom};

/// Longer than any token of ours.
const LONGEST: usize = 1024;

/// Where a page ended, and the instant that all pages of an answer share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The instant asked about.
    pub at: Timestamp,
    /// The last introducer that was shown.
    pub after: Position,
}

/// The place of an introducer in the list: what the list is ordered by. Introducers that come or go move nobody to another page.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    rank: Reverse<(bool, u32)>,
    last: Reverse<Timestamp>,
    address: Address,
}

impl Position {
    /// The place of an introducer with this address.
    pub fn of(introducer: &Introducer, address: &Address) -> Self {
        Self { rank: Reverse(introducer.standing.rank()), last: Reverse(introducer.last.time), address: address.clone() }
    }
}

impl Token {
    /// The text of the token, for the question it belongs to.
    pub fn seal(&self, permit: &Permit, question: &Question) -> String {
        let Position { rank: Reverse((enhanced, figure)), last: Reverse(last), address } = &self.after;
        let mut plain = Vec::with_capacity(32 + address.as_str().len());
        plain.extend(self.at.micros().to_le_bytes());
        plain.push(u8::from(*enhanced));
        plain.extend(figure.to_le_bytes());
        plain.extend(last.micros().to_le_bytes());
        plain.extend(address.as_str().bytes());
        BASE64URL_NOPAD.encode(&seal(&key(permit), &place(question), &plain))
    }

    /// What [`Self::seal`] wrote for the same question.
    ///
    /// # Errors
    /// INVALID_ARGUMENT, PAGE_TOKEN_INVALID when it is not ours, damaged, or of another question or tenant.
    pub fn open(text: &str, permit: &Permit, question: &Question) -> Result<Self, Fault> {
        let parsed = Some(text).filter(|text| text.len() <= LONGEST).and_then(|text| {
            let sealed = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
            Self::parse(&open(&key(permit), &place(question), &sealed).ok()?)
        });
        parsed.ok_or_else(|| {
            Fault::new(Kind::InvalidArgument, Reason::PageTokenInvalid, "the page token is not ours or belongs to another request")
        })
    }

    fn parse(plain: &[u8]) -> Option<Self> {
        let (at, rest) = plain.split_first_chunk()?;
        let (enhanced, rest) = rest.split_first()?;
        let (figure, rest) = rest.split_first_chunk()?;
        let (last, address) = rest.split_first_chunk()?;
        let instant = |bytes: &[u8; 8]| Timestamp::from_micros(i64::from_le_bytes(*bytes));
        let address = Address::parse(std::str::from_utf8(address).ok()?).ok()?;
        let rank = Reverse((*enhanced != 0, u32::from_le_bytes(*figure)));
        Some(Self { at: instant(at), after: Position { rank, last: Reverse(instant(last)), address } })
    }
}

fn key(permit: &Permit) -> Key {
    permit.lookup_key.derive("rapport graph page tokens v1")
}

/// The question as the token is bound to it. The page size and the demanded revision may differ from page to page.
fn place(question: &Question) -> Context {
    let context = Context::new("graph.introducers.page").tenant(&question.tenant);
    let context = match &question.whom {
        Whom::Address(address) => context.bytes(b"address").bytes(address.as_str().as_bytes()),
        Whom::Record(record) => context.bytes(b"record").number(record.kind as u64).bytes(record.record_id.as_bytes()),
    };
    question.as_of.map_or(context.clone(), |at| context.number(at.micros() as u64))
}
