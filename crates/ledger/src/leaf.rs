//! What stands in the tree for an event: what anybody may know for ever, and commitments to the rest.

use vocabulary::{TenantId, Timestamp};

use crate::Hash;

const FORMAT: u8 = 1;

/// A leaf. Its bytes are, numbers big end first:
///
/// ```text
/// format (1) = 1 | time, microseconds since 1970 (8) | position (8) | kind (2) | commitment to the body (32)
///            | commitment to the actor (32) | length of the tenant's id (1) | the tenant's id
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// When it was decided.
    pub time: Timestamp,
    /// The position of the decision.
    pub position: u64,
    /// What kind of event: a number of the contract.
    pub kind: u16,
    /// Whose ledger.
    pub tenant: TenantId,
    /// Commits to what the event says.
    pub body: Hash,
    /// Commits to who brought it about.
    pub actor: Hash,
}

impl Leaf {
    /// The bytes whose hash stands in the tree.
    pub fn encode(&self) -> Vec<u8> {
        let tenant = self.tenant.as_str().as_bytes();
        let mut bytes = vec![FORMAT];
        bytes.extend_from_slice(&self.time.micros().to_be_bytes());
        bytes.extend_from_slice(&self.position.to_be_bytes());
        bytes.extend_from_slice(&self.kind.to_be_bytes());
        bytes.extend_from_slice(&self.body.0);
        bytes.extend_from_slice(&self.actor.0);
        // A tenant id has at most 63 bytes.
        bytes.push(tenant.len() as u8);
        bytes.extend_from_slice(tenant);
        bytes
    }

    /// Reads what [`Self::encode`] wrote; nothing else has these bytes.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        let [format] = take(&mut rest)?;
        let time = Timestamp::from_micros(i64::from_be_bytes(take(&mut rest)?));
        let position = u64::from_be_bytes(take(&mut rest)?);
        let kind = u16::from_be_bytes(take(&mut rest)?);
        let (body, actor) = (Hash(take(&mut rest)?), Hash(take(&mut rest)?));
        let [length] = take(&mut rest)?;
        let tenant = TenantId::parse(std::str::from_utf8(rest).ok()?).ok()?;
        (format == FORMAT && usize::from(length) == rest.len()).then_some(Self { time, position, kind, tenant, body, actor })
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, after) = rest.split_first_chunk::<N>()?;
    *rest = after;
    Some(*taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leaf_is_read_back_and_nothing_else_is() {
        let leaf = Leaf {
            time: Timestamp::from_micros(1_790_000_000_123_456),
            position: 42,
            kind: 7,
            tenant: TenantId::parse("contoso").unwrap(),
            body: Hash([1; 32]),
            actor: Hash([2; 32]),
        };
        let bytes = leaf.encode();
        assert_eq!((bytes.len(), Leaf::decode(&bytes)), (1 + 8 + 8 + 2 + 64 + 1 + 7, Some(leaf)));
        for end in 0..bytes.len() {
            assert_eq!(Leaf::decode(&bytes[..end]), None, "the first {end} bytes");
        }
        assert_eq!(Leaf::decode(&[&bytes[..], b"x"].concat()), None);
        assert_eq!(Leaf::decode(&[&[2], &bytes[1..]].concat()), None);
    }
}
