//! The word for a strength, which needs evidence of its own: a score alone may come from one busy day.

/// The word people read beside the score.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Label {
    /// Under 5: not listed.
    Dormant,
    /// 5 to 29, or more on a single active day.
    Weak,
    /// 30 to 59 on at least 2 active days, or more on exactly 2.
    Medium,
    /// 60 and more on at least 3 active days.
    Strong,
}

impl Label {
    /// The label of a `score` that rests on `active_days` distinct UTC days; a tie that lacks the days gets the label below.
    ///
    /// Source: bands of the published who-knows-whom labels; evidence in days, Rapport rule (persistence: Raeder et al., Social Networks
    /// 2011).
    pub const fn of(score: u8, active_days: u32) -> Self {
        match score {
            60.. if active_days >= 3 => Self::Strong,
            30.. if active_days >= 2 => Self::Medium,
            5.. => Self::Weak,
            _ => Self::Dormant,
        }
    }

    /// Whether a tie with this label appears in lists.
    pub const fn is_listed(self) -> bool {
        !matches!(self, Self::Dormant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tie_that_lacks_the_days_gets_the_label_below() {
        for (score, active_days, label) in [
            (100, 3, Label::Strong),
            (60, 3, Label::Strong),
            (60, 2, Label::Medium),
            (60, 1, Label::Weak),
            (59, 9, Label::Medium),
            (30, 2, Label::Medium),
            (30, 1, Label::Weak),
            (29, 9, Label::Weak),
            (5, 1, Label::Weak),
            (4, 9, Label::Dormant),
            (0, 0, Label::Dormant),
        ] {
            assert_eq!(Label::of(score, active_days), label, "{score} on {active_days} days");
        }
        assert!(Label::Weak.is_listed() && !Label::Dormant.is_listed());
    }
}
