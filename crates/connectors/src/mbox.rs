//! Reads mbox archives (mboxo and mboxrd, CRLF or LF, gzip or not) as a stream. Only headers are kept in memory.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use ingestion_domain::Interaction;

use crate::calendar::CalendarSearch;
use crate::lines::Lines;
use crate::{Refused, Unreadable, eml};

/// A message of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// Which message of the archive, from 1.
    pub number: u64,
    /// Where its `From ` line begins: bytes from the beginning, uncompressed.
    pub offset: u64,
    /// What it says.
    pub interaction: Interaction,
}

/// The messages of an archive, in order. One that cannot be read does not end it; a broken stream does, after one last item
/// that says where.
pub struct Messages<R> {
    lines: Lines<R>,
    /// Whether the present line is a separator that begins the next message.
    at_separator: bool,
    number: u64,
    headers: Vec<u8>,
    ended: Option<Ended>,
}

/// How the archive ended.
#[derive(Debug)]
enum Ended {
    Well,
    /// The stream broke; not yet told.
    Broken(Unreadable),
}

/// An archive on disk, decompressed if need be.
pub type Archive = Messages<Box<dyn BufRead + Send>>;

/// Opens an archive, compressed or not: its first bytes tell.
///
/// # Errors
/// Those of opening the file and reading its first bytes.
pub fn open(path: &Path) -> io::Result<Archive> {
    Ok(read(decompressed(File::open(path)?)?))
}

/// A reader of the same bytes, decompressed if they are gzip (of one or several members).
///
/// # Errors
/// Those of reading the first bytes.
pub fn decompressed(reader: impl Read + Send + 'static) -> io::Result<Box<dyn BufRead + Send>> {
    let mut reader = BufReader::with_capacity(BUFFER, reader);
    if reader.fill_buf()?.starts_with(&[0x1f, 0x8b]) {
        return Ok(Box::new(BufReader::with_capacity(BUFFER, MultiGzDecoder::new(reader))));
    }
    Ok(Box::new(reader))
}

const BUFFER: usize = 64 * 1024;

/// Reads an archive that is not compressed.
pub fn read<R: BufRead>(reader: R) -> Messages<R> {
    Messages { lines: Lines::new(reader), at_separator: false, number: 0, headers: Vec::new(), ended: None }
}

impl<R> fmt::Debug for Messages<R> {
    /// Where it is; nothing of what it read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Messages").field("number", &self.number).field("ended", &self.ended).finish_non_exhaustive()
    }
}

impl<R: BufRead> Iterator for Messages<R> {
    type Item = Result<Parsed, Refused>;

    fn next(&mut self) -> Option<Self::Item> {
        if !self.at_separator && self.ended.is_none() {
            let offset = self.lines.end();
            if self.skip_to_separator() {
                self.number += 1;
                return Some(Err(Refused { number: self.number, offset, reason: Unreadable::NotMbox }));
            }
        }
        if self.at_separator {
            self.number += 1;
            let (number, offset) = (self.number, self.lines.start());
            let parsed = self.message().map(|interaction| Parsed { number, offset, interaction });
            return Some(parsed.map_err(|reason| Refused { number, offset, reason }));
        }
        match self.ended.replace(Ended::Well) {
            Some(Ended::Broken(reason)) => Some(Err(Refused { number: self.number + 1, offset: self.lines.end(), reason })),
            Some(Ended::Well) | None => None,
        }
    }
}

impl<R: BufRead> Messages<R> {
    /// Goes to the first separator; says whether there was text before it.
    fn skip_to_separator(&mut self) -> bool {
        let mut found_text = false;
        let mut after_blank = true;
        while self.advance() {
            if after_blank && is_separator(self.lines.line()) {
                self.at_separator = true;
                break;
            }
            after_blank = is_blank(self.lines.line());
            found_text |= !after_blank;
        }
        found_text
    }

    /// Reads the message behind the present separator, up to the next one.
    fn message(&mut self) -> Result<Interaction, Unreadable> {
        self.at_separator = false;
        self.headers.clear();
        let (mut in_headers, mut after_blank, mut too_large) = (true, false, false);
        let mut calendar = CalendarSearch::default();
        while self.advance() {
            let line = self.lines.line();
            if after_blank && is_separator(line) {
                self.at_separator = true;
                break;
            }
            after_blank = is_blank(line);
            if !in_headers {
                calendar.take(line);
            } else if after_blank {
                in_headers = false;
            } else if self.headers.len() + line.len() <= eml::HEADERS_LIMIT {
                self.headers.extend_from_slice(line);
            } else {
                too_large = true;
            }
        }
        if in_headers && let Some(Ended::Broken(reason)) = &self.ended {
            // Half its headers are not the message; the break is told here and nowhere else.
            let reason = *reason;
            self.ended = Some(Ended::Well);
            return Err(reason);
        }
        if too_large {
            return Err(Unreadable::HeadersTooLarge);
        }
        eml::of_headers(&mut self.headers, calendar.found())
    }

    /// Goes to the next line; `false` at the end, and where the stream breaks.
    fn advance(&mut self) -> bool {
        if self.ended.is_some() {
            return false;
        }
        match self.lines.advance() {
            Ok(true) => return true,
            Ok(false) => self.ended = Some(Ended::Well),
            Err(error) => self.ended = Some(Ended::Broken(error.into())),
        }
        false
    }
}

fn is_blank(line: &[u8]) -> bool {
    matches!(line, b"\n" | b"\r\n")
}

/// A `From ` line, which also names a time of day: a paragraph that begins with "From " does not.
fn is_separator(line: &[u8]) -> bool {
    let is_time = |w: &[u8]| w[0].is_ascii_digit() && w[1] == b':' && w[2].is_ascii_digit() && w[3].is_ascii_digit();
    line.starts_with(b"From ") && line.windows(4).any(is_time)
}
