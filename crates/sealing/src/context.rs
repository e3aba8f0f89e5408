//! What a sealed value belongs to: bound into the seal, so that it opens nowhere else.

use vocabulary::{TenantId, UserId};

/// The place of a sealed value: a purpose and fields, in order. Two contexts are equal to the cipher only if they were built from
/// the same parts in the same order: each part is written as its type, its length and its bytes.
///
/// ```
/// use sealing::{Context, Key, open, seal};
///
/// let key = Key::random();
/// let sealed = seal(&key, &Context::new("ingestion.block").number(7), b"touches");
/// assert!(open(&key, &Context::new("ingestion.block").number(8), &sealed).is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    bytes: Vec<u8>,
}

/// The type of a part; these numbers are part of the format on disk.
#[derive(Clone, Copy)]
enum Part {
    Purpose = 0,
    Tenant = 1,
    User = 2,
    Number = 3,
    Bytes = 4,
}

impl Context {
    /// A context of this purpose: which crate and which kind of value, as in `"ingestion.block"`. It must never change.
    pub fn new(purpose: &'static str) -> Self {
        Self { bytes: Vec::with_capacity(96) }.part(Part::Purpose, purpose.as_bytes())
    }

    /// Adds the tenant it belongs to.
    #[must_use]
    pub fn tenant(self, tenant: &TenantId) -> Self {
        self.part(Part::Tenant, tenant.as_str().as_bytes())
    }

    /// Adds the user whose mailbox it belongs to.
    #[must_use]
    pub fn user(self, user: UserId) -> Self {
        self.part(Part::User, &user.0.to_le_bytes())
    }

    /// Adds a number: a chunk, a generation, a position.
    #[must_use]
    pub fn number(self, number: u64) -> Self {
        self.part(Part::Number, &number.to_le_bytes())
    }

    /// Adds any bytes, such as the key of a row.
    #[must_use]
    pub fn bytes(self, bytes: &[u8]) -> Self {
        self.part(Part::Bytes, bytes)
    }

    fn part(mut self, part: Part, value: &[u8]) -> Self {
        self.bytes.push(part as u8);
        self.bytes.extend_from_slice(&(value.len() as u64).to_le_bytes());
        self.bytes.extend_from_slice(value);
        self
    }

    /// What the cipher authenticates: the format of the sealed value, then the parts.
    pub(crate) fn associated_data(&self, format: u8) -> Vec<u8> {
        let mut data = Vec::with_capacity(1 + self.bytes.len());
        data.push(format);
        data.extend_from_slice(&self.bytes);
        data
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_that_read_alike_when_joined_are_different_contexts() {
        let tenant = |text| TenantId::parse(text).unwrap();
        let contexts = [
            Context::new("a"),
            Context::new("ab"),
            Context::new("a").bytes(b"b"),
            Context::new("a").bytes(b"").bytes(b"b"),
            Context::new("a").bytes(b"b").bytes(b""),
            Context::new("a").tenant(&tenant("b")),
            Context::new("a").number(1),
            Context::new("a").user(UserId(1)),
            Context::new("a").number(1).user(UserId(1)),
            Context::new("a").user(UserId(1)).number(1),
        ];
        for (i, one) in contexts.iter().enumerate() {
            for other in &contexts[i + 1..] {
                assert_ne!(one.associated_data(1), other.associated_data(1));
            }
        }
    }
}
