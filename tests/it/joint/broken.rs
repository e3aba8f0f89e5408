//! The rules, each with a way to break it. A variant rewrites what passes between the real machines and the world (events, actions,
//! instants, lengths); the machines themselves are left as they are.

/// What is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    Nothing,
    LeaseFromReceipt,
    NotedAfterSending,
    RenewedWhileUnacknowledged,
    RestartWithoutWaiting,
    IncarnationUnchecked,
    PermitKept,
    AcknowledgedBeforeSwap,
    SnapshotBeforeJoining,
    ExpiryIgnored,
    NoMargin,
    GoneForgotten,
    RepeatAnsweredAtOnce,
    FarewellUnrecorded,
    ReturnedUnheard,
}

impl Broken {
    pub const ALL: [Self; 14] = [
        Self::LeaseFromReceipt,
        Self::NotedAfterSending,
        Self::RenewedWhileUnacknowledged,
        Self::RestartWithoutWaiting,
        Self::IncarnationUnchecked,
        Self::PermitKept,
        Self::AcknowledgedBeforeSwap,
        Self::SnapshotBeforeJoining,
        Self::ExpiryIgnored,
        Self::NoMargin,
        Self::GoneForgotten,
        Self::RepeatAnsweredAtOnce,
        Self::FarewellUnrecorded,
        Self::ReturnedUnheard,
    ];

    /// Whether it keeps answers waiting; every other variant shows what was withdrawn.
    pub fn delays(self) -> bool {
        self == Self::RenewedWhileUnacknowledged
    }

    /// The rule it breaks, in short.
    pub fn rule(self) -> &'static str {
        match self {
            Self::Nothing => "none",
            Self::LeaseFromReceipt => "lease from the question",
            Self::NotedAfterSending => "noted before sending",
            Self::RenewedWhileUnacknowledged => "no renewal for the silent",
            Self::RestartWithoutWaiting => "restart waits",
            Self::IncarnationUnchecked => "incarnations only rise",
            Self::PermitKept => "a permit per message",
            Self::AcknowledgedBeforeSwap => "swap, then acknowledge",
            Self::SnapshotBeforeJoining => "join, then snapshot",
            Self::ExpiryIgnored => "expiry by own clock",
            Self::NoMargin => "1 % and 10 ms longer",
            Self::GoneForgotten => "the gone still count",
            Self::RepeatAnsweredAtOnce => "a repeat waits likewise",
            Self::FarewellUnrecorded => "farewells are recorded",
            Self::ReturnedUnheard => "who is back is heard first",
        }
    }

    /// How it breaks it.
    pub fn variant(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::LeaseFromReceipt => "the lease runs from the instant at which the answer was taken up",
            Self::NotedAfterSending => "the clock is read after the renewal was sent, whatever came in between",
            Self::RenewedWhileUnacknowledged => "whoever leaves a withdrawal unacknowledged is renewed all the same",
            Self::RestartWithoutWaiting => "a restarted consent counts no lease granted before",
            Self::IncarnationUnchecked => "neither half compares incarnations",
            Self::PermitKept => "a stream takes one permit for five messages",
            Self::AcknowledgedBeforeSwap => "the acknowledgement leaves before the mirror is swapped",
            Self::SnapshotBeforeJoining => "the holder enters the set after its snapshot; renewals vouch for nothing",
            Self::ExpiryIgnored => "a permit shows what has expired until word comes",
            Self::NoMargin => "consent counts a lease over when it is, by its own clock",
            Self::GoneForgotten => "a connection that is gone counts as having acknowledged",
            Self::RepeatAnsweredAtOnce => "a repeated request is answered without waiting",
            Self::FarewellUnrecorded => "the next life of consent knows of no farewell lease",
            Self::ReturnedUnheard => "a holder that is back counts as having acknowledged its snapshot",
        }
    }
}
