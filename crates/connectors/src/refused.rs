//! What cannot be read, and where it stands.

use std::fmt;
use std::io;

/// A message of an archive that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Which message of the archive, from 1.
    pub number: u64,
    /// Where it begins, or where the archive breaks off: bytes from the beginning, uncompressed.
    pub offset: u64,
    /// Why.
    pub reason: Unreadable,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "message {} at byte {}: {}", self.number, self.offset, self.reason)
    }
}

impl std::error::Error for Refused {}

/// Why something is no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// There is not one header.
    NoHeaders,
    /// The headers have more than [`eml::HEADERS_LIMIT`](crate::eml::HEADERS_LIMIT) bytes.
    HeadersTooLarge,
    /// Text before the first `From ` line: no mbox, or the middle of one.
    NotMbox,
    /// The archive ends too early, in the middle of a message or of its compression.
    Truncated,
    /// The archive cannot be decompressed, or the device failed.
    Failed(io::ErrorKind),
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoHeaders => f.write_str("there is not one header"),
            Self::HeadersTooLarge => f.write_str("the headers are larger than 1 MiB"),
            Self::NotMbox => f.write_str("there is text before the first 'From ' line"),
            Self::Truncated => f.write_str("the archive ends too early; everything before was read"),
            Self::Failed(kind) => write!(f, "the archive cannot be read further: {kind}"),
        }
    }
}

impl From<io::Error> for Unreadable {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Truncated,
            kind => Self::Failed(kind),
        }
    }
}
