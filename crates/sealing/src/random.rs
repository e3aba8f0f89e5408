//! Random bytes and ids from the operating system: the only place that asks for them.

/// `N` bytes from the operating system's generator (`getrandom(2)`), fit for keys and nonces.
///
/// # Panics
/// When the operating system has no randomness to give. Nothing may go on without it: a predictable key is worse than no process.
#[expect(clippy::disallowed_methods, reason = "the one place that draws randomness")]
#[expect(clippy::expect_used, reason = "a process without randomness must not go on")]
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut drawn = [0; N];
    getrandom::fill(&mut drawn).expect("the operating system gives no randomness");
    drawn
}

/// A random id of 64 bits, never 0, so that 0 can mean "none".
pub fn id() -> u64 {
    loop {
        let id = u64::from_le_bytes(bytes());
        if id != 0 {
            return id;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_drawn_differs_every_time() {
        assert_ne!(bytes::<32>(), bytes::<32>());
        assert_ne!(id(), id());
        assert_ne!(id(), 0);
    }
}
