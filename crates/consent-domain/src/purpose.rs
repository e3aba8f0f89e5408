//! What mailbox data may be read for, and values that exist once for each purpose.

/// What mailbox data may be read for (domain.md, section 7: two purposes).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// KPIs, health and trend of records.
    RelationshipAnalytics,
    /// Who knows whom.
    ConnectionGraph,
}

impl Purpose {
    /// Both.
    pub const ALL: [Self; 2] = [Self::RelationshipAnalytics, Self::ConnectionGraph];

    /// The one that this one is not.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::RelationshipAnalytics => Self::ConnectionGraph,
            Self::ConnectionGraph => Self::RelationshipAnalytics,
        }
    }
}

/// One value for each purpose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PerPurpose<T> {
    /// For [`Purpose::RelationshipAnalytics`].
    pub analytics: T,
    /// For [`Purpose::ConnectionGraph`].
    pub graph: T,
}

impl<T> PerPurpose<T> {
    /// The values that `value` gives.
    pub fn from_fn(mut value: impl FnMut(Purpose) -> T) -> Self {
        Self { analytics: value(Purpose::RelationshipAnalytics), graph: value(Purpose::ConnectionGraph) }
    }

    /// The value for a purpose.
    pub const fn of(&self, purpose: Purpose) -> &T {
        match purpose {
            Purpose::RelationshipAnalytics => &self.analytics,
            Purpose::ConnectionGraph => &self.graph,
        }
    }

    /// The value for a purpose, to be changed.
    pub const fn of_mut(&mut self, purpose: Purpose) -> &mut T {
        match purpose {
            Purpose::RelationshipAnalytics => &mut self.analytics,
            Purpose::ConnectionGraph => &mut self.graph,
        }
    }

    /// Whether `holds` is true of either value.
    pub fn any(&self, mut holds: impl FnMut(&T) -> bool) -> bool {
        holds(&self.analytics) || holds(&self.graph)
    }
}
