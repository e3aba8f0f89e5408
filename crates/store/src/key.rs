//! Keys as bytes whose order is the order of the keys. No key is the beginning of another key of the same type.

use vocabulary::{PersonId, TenantId, UserId};

/// A key, or a part of one, in an order-preserving form that ends by itself, so that parts can stand one after the other.
pub trait KeyBytes: Sized {
    /// Appends the key.
    fn write(&self, out: &mut Vec<u8>);

    /// Takes a key from the front of `bytes`; `None` when they do not begin with one.
    fn read(bytes: &mut &[u8]) -> Option<Self>;
}

/// The leading parts of a key `K`: `()` for all, `(a,)`, `(a, b)` or `(a, b, c)`.
///
/// Only whole parts: the prefix `("a",)` never meets a key that begins with `"ab"`.
pub trait Prefix<K> {
    /// Appends the leading parts.
    fn write_prefix(&self, out: &mut Vec<u8>);
}

macro_rules! big_endian {
    ($($integer:ty),*) => {$(
        impl KeyBytes for $integer {
            fn write(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_be_bytes());
            }

            fn read(bytes: &mut &[u8]) -> Option<Self> {
                <[u8; size_of::<$integer>()]>::read(bytes).map(Self::from_be_bytes)
            }
        }
    )*};
}

big_endian!(u8, u16, u32, u64, u128);

impl<const N: usize> KeyBytes for [u8; N] {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        let (part, rest) = bytes.split_first_chunk()?;
        *bytes = rest;
        Some(*part)
    }
}

impl KeyBytes for UserId {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        u64::read(bytes).map(Self)
    }
}

impl KeyBytes for PersonId {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        u64::read(bytes).map(Self)
    }
}

/// Ended by a zero, which no tenant id contains and which sorts before all that they do.
impl KeyBytes for TenantId {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.as_str().as_bytes());
        out.push(0);
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        let end = bytes.iter().position(|byte| *byte == 0)?;
        let text = std::str::from_utf8(&bytes[..end]).ok()?;
        let tenant = Self::parse(text).ok()?;
        *bytes = &bytes[end + 1..];
        Some(tenant)
    }
}

/// Ended by `00 01`, a zero within written as `00 FF`: order and self-termination hold for every text.
impl KeyBytes for String {
    fn write(&self, out: &mut Vec<u8>) {
        for byte in self.bytes() {
            out.push(byte);
            if byte == 0 {
                out.push(0xFF);
            }
        }
        out.extend_from_slice(&[0, 1]);
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        let mut text = Vec::new();
        loop {
            let zero = bytes.iter().position(|byte| *byte == 0)?;
            text.extend_from_slice(&bytes[..zero]);
            let mark = *bytes.get(zero + 1)?;
            *bytes = &bytes[zero + 2..];
            match mark {
                1 => return Self::from_utf8(text).ok(),
                0xFF => text.push(0),
                _ => return None,
            }
        }
    }
}

impl KeyBytes for () {
    fn write(&self, _out: &mut Vec<u8>) {}

    fn read(_bytes: &mut &[u8]) -> Option<Self> {
        Some(())
    }
}

impl<K: KeyBytes> Prefix<K> for () {
    fn write_prefix(&self, _out: &mut Vec<u8>) {}
}

macro_rules! tuple {
    ($($part:ident $at:tt),+) => {
        impl<$($part: KeyBytes),+> KeyBytes for ($($part,)+) {
            fn write(&self, out: &mut Vec<u8>) {
                $(self.$at.write(out);)+
            }

            fn read(bytes: &mut &[u8]) -> Option<Self> {
                Some(($($part::read(bytes)?,)+))
            }
        }
    };
}

tuple!(A 0);
tuple!(A 0, B 1);
tuple!(A 0, B 1, C 2);
tuple!(A 0, B 1, C 2, D 3);

macro_rules! leading {
    ($prefix:ty, of $key:ty, for $($part:ident),+) => {
        impl<$($part: KeyBytes),+> Prefix<$key> for $prefix {
            fn write_prefix(&self, out: &mut Vec<u8>) {
                self.write(out);
            }
        }
    };
}

leading!((A,), of (A, B), for A, B);
leading!((A,), of (A, B, C), for A, B, C);
leading!((A,), of (A, B, C, D), for A, B, C, D);
leading!((A, B), of (A, B, C), for A, B, C);
leading!((A, B), of (A, B, C, D), for A, B, C, D);
leading!((A, B, C), of (A, B, C, D), for A, B, C, D);

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(key: &impl KeyBytes) -> Vec<u8> {
        let mut out = Vec::new();
        key.write(&mut out);
        out
    }

    fn check<K: KeyBytes + Ord + Clone + std::fmt::Debug>(mut keys: Vec<K>) {
        for key in &keys {
            let written = bytes(key);
            let mut rest = written.as_slice();
            assert_eq!(K::read(&mut rest).as_ref(), Some(key));
            assert!(rest.is_empty(), "{key:?} was not read to its end");
            for end in 0..written.len() {
                assert!(K::read(&mut &written[..end]).is_none(), "a beginning of {key:?} passed for a key");
            }
        }
        let mut by_bytes = keys.clone();
        by_bytes.sort_by_key(bytes);
        keys.sort();
        assert_eq!(by_bytes, keys);
    }

    fn tenant(text: &str) -> TenantId {
        TenantId::parse(text).unwrap()
    }

    #[test]
    fn byte_order_is_key_order_and_keys_are_read_back() {
        check(vec![0_u64, 1, 255, 256, u64::MAX]);
        check(vec![0_u32, 1, 255, 256, u32::MAX]);
        check(vec![0_u128, 1, u64::MAX.into(), u128::MAX]);
        check(vec![[0_u8, 1], [1, 0], [255, 255]]);
        check(["a", "ab", "a-b", "b", "0", "a0"].map(tenant).to_vec());
        check(["", "\0", "\0\0", "a", "a\0", "a\0b", "ab", "\u{1}", "é"].map(String::from).to_vec());
        check(vec![
            (tenant("a"), UserId(u64::MAX), 7_u32, 1_u8),
            (tenant("a"), UserId(0), 9, 0),
            (tenant("ab"), UserId(0), 0, 0),
            (tenant("a-"), UserId(3), 0, 0),
        ]);
        check(vec![("a".to_owned(), 0_u32), ("a".to_owned(), u32::MAX), ("a\0".to_owned(), 0), ("ab".to_owned(), 1)]);
    }

    #[test]
    fn a_prefix_is_the_beginning_of_exactly_the_keys_with_those_parts() {
        let mut prefix = Vec::new();
        Prefix::<(TenantId, UserId)>::write_prefix(&(tenant("a"),), &mut prefix);
        assert!(bytes(&(tenant("a"), UserId(1))).starts_with(&prefix));
        assert!(!bytes(&(tenant("ab"), UserId(1))).starts_with(&prefix));
        assert!(!bytes(&(tenant("a-"), UserId(1))).starts_with(&prefix));
    }
}
