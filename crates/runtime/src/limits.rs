//! How large a message may be: the two sizes, and the macro that sets them on a generated server or client.

use crate::config::Limits;

/// The largest messages a service or client takes and sends, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// The largest message taken.
    pub receive: usize,
    /// The largest message sent.
    pub send: usize,
}

impl Limits {
    /// The sizes of a public service.
    pub fn public(&self) -> Sizes {
        Sizes { receive: self.receive_bytes, send: self.send_bytes }
    }

    /// The sizes of an internal service, and of every client of a link.
    pub fn internal(&self) -> Sizes {
        Sizes { receive: self.internal_bytes, send: self.internal_bytes }
    }
}

/// Sets the [`Sizes`] of a generated server or client, which share no trait:
/// `sized!(ConsentServiceServer::new(service), config.limits.public())`.
#[macro_export]
macro_rules! sized {
    ($generated:expr, $sizes:expr) => {{
        let sizes: $crate::Sizes = $sizes;
        $generated.max_decoding_message_size(sizes.receive).max_encoding_message_size(sizes.send)
    }};
}
