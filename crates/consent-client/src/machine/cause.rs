//! Why a stream is dropped.

use std::fmt;

/// Why the machine dropped a stream. Nothing that was told after it is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// An older consent speaks than one heard before.
    LowerIncarnation,
    /// The incarnation changed within a stream.
    IncarnationChanged,
    /// A snapshot is older than the mirror, or its parts do not belong together.
    SnapshotInconsistent,
    /// A decision is missing before this one, or before what a renewal vouched for.
    PositionSkipped,
    /// A change came before the snapshot was whole.
    OutOfTurn,
    /// A tenant was named for the first time without its settings.
    SettingsMissing,
    /// Consent left us without a word for too long.
    Silent,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LowerIncarnation => "an older consent speaks than one heard before",
            Self::IncarnationChanged => "the incarnation of consent changed within a stream",
            Self::SnapshotInconsistent => "a snapshot is older than the mirror, or its parts do not belong together",
            Self::PositionSkipped => "a decision is missing",
            Self::OutOfTurn => "a change came before the snapshot was whole",
            Self::SettingsMissing => "a tenant was named for the first time without its settings",
            Self::Silent => "consent has not said a word for too long",
        })
    }
}

impl std::error::Error for Cause {}
