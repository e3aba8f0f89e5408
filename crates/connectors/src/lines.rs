//! Lines of a stream, with bounded memory and their position.

use std::io::{BufRead, Read, Result};

use crate::eml::HEADERS_LIMIT;

/// How much of a line is kept: a header line that reaches it is too large anyway.
const LINE_LIMIT: usize = HEADERS_LIMIT + 1;

/// A stream, line by line.
pub(crate) struct Lines<R> {
    reader: R,
    line: Vec<u8>,
    start: u64,
    end: u64,
}

impl<R: BufRead> Lines<R> {
    pub fn new(reader: R) -> Self {
        Self { reader, line: Vec::new(), start: 0, end: 0 }
    }

    /// The present line with its end, if it has one; at most [`LINE_LIMIT`] bytes of it.
    pub fn line(&self) -> &[u8] {
        &self.line
    }

    /// Where the present line begins: bytes from the beginning of the stream.
    pub fn start(&self) -> u64 {
        self.start
    }

    /// Where the present line ends.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// Reads the next line; `false` at the end.
    pub fn advance(&mut self) -> Result<bool> {
        self.line.clear();
        self.start = self.end;
        let read = self.reader.by_ref().take(LINE_LIMIT as u64).read_until(b'\n', &mut self.line);
        self.end += self.line.len() as u64;
        read?;
        if self.line.len() == LINE_LIMIT && self.line.last() != Some(&b'\n') {
            self.end += self.reader.skip_until(b'\n')? as u64;
        }
        Ok(!self.line.is_empty())
    }
}
