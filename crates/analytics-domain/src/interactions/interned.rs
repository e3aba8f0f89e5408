//! Small numbers for long values.

use std::hash::Hash;

use super::Map;

/// Values, each once, by the number it was given when it first came.
pub(super) struct Interned<T> {
    values: Vec<T>,
    numbers: Map<T, u32>,
}

impl<T> Default for Interned<T> {
    fn default() -> Self {
        Self { values: Vec::new(), numbers: Map::default() }
    }
}

impl<T: Clone + Eq + Hash> Interned<T> {
    /// The number of a value, given now if it has none.
    pub fn number(&mut self, value: T) -> u32 {
        if let Some(number) = self.numbers.get(&value) {
            return *number;
        }
        let number = self.values.len() as u32;
        self.values.push(value.clone());
        self.numbers.insert(value, number);
        number
    }

    /// The number of a value, if it has one.
    pub fn find(&self, value: &T) -> Option<u32> {
        self.numbers.get(value).copied()
    }

    /// The value of a number that was given.
    pub fn value(&self, number: u32) -> &T {
        &self.values[number as usize]
    }

    /// The values, by number.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.values.iter()
    }
}
