//! How large a company to generate, from which seed, ending when.

use vocabulary::Timestamp;

/// The frozen instant of the demo: Monday, 2026-06-15T09:00:00Z. Nothing but scheduled meetings lies after it.
pub const DEMO_NOW: Timestamp = Timestamp::from_seconds(1_781_514_000);

/// 42 days before [`DEMO_NOW`]: when the falling deal still looked well.
pub const SIX_WEEKS_BEFORE: Timestamp = DEMO_NOW.plus_days(-42);

/// How large a company to generate. Figures too small for the stories are raised to what they need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spec {
    /// The same seed gives the same company, to the byte.
    pub seed: u64,
    /// The last instant of the generated past.
    pub end: Timestamp,
    /// How many days of past, at least 365.
    pub days: u32,
    /// Colleagues with a mailbox of their own. One shared mailbox, two rooms and two lists come on top.
    pub users: usize,
    /// Accounts.
    pub accounts: usize,
    /// Contacts over all accounts.
    pub contacts: usize,
    /// Opportunities, open and closed.
    pub opportunities: usize,
    /// Leads, open and closed.
    pub leads: usize,
    /// Distinct interactions for [`Company`](crate::Company), within 2 %; mailbox copies, exactly, for [`Stream`](crate::Stream).
    pub interactions: usize,
}

impl Spec {
    /// The demo's company: 40 users, 120 accounts, 600 contacts, 40 opportunities and 20 leads, a year of 60,000 interactions.
    pub const fn demo() -> Self {
        Self {
            seed: 20_260_615,
            end: DEMO_NOW,
            days: 365,
            users: 40,
            accounts: 120,
            contacts: 600,
            opportunities: 40,
            leads: 20,
            interactions: 60_000,
        }
    }

    /// A company for measurements, sized for `n` interactions: at a million, 400 users, 2,000 accounts, 20,000 contacts and 5,000
    /// opportunities.
    pub const fn bench(n: usize) -> Self {
        let size = Self {
            users: n / 2_500,
            accounts: n / 500,
            contacts: n / 50,
            opportunities: n / 200,
            leads: n / 400,
            interactions: n,
            ..Self::demo()
        };
        size.raised()
    }

    /// The same company from another seed.
    pub const fn seeded(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// At least what the stories need.
    pub(crate) const fn raised(self) -> Self {
        let accounts = at_least(self.accounts, 16);
        Self {
            days: if self.days < 365 { 365 } else { self.days },
            users: at_least(self.users, 16),
            accounts,
            contacts: at_least(self.contacts, 2 * accounts + 24),
            opportunities: at_least(self.opportunities, 8),
            leads: at_least(self.leads, 4),
            ..self
        }
    }

    /// The first instant of the generated past.
    pub(crate) const fn start(&self) -> Timestamp {
        self.end.plus_days(-(self.days as i64))
    }
}

const fn at_least(value: usize, least: usize) -> usize {
    if value < least { least } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_ends_on_a_monday_morning() {
        assert_eq!(DEMO_NOW.to_string(), "2026-06-15T09:00:00Z");
        assert!(crate::office::is_workday(DEMO_NOW) && !crate::office::is_workday(DEMO_NOW.plus_days(-1)));
    }

    #[test]
    fn a_bench_of_a_million_has_the_stated_size() {
        let spec = Spec::bench(1_000_000);
        assert_eq!((spec.users, spec.accounts, spec.contacts, spec.opportunities), (400, 2_000, 20_000, 5_000));
        assert_eq!(Spec::demo().raised(), Spec::demo());
        assert_eq!(Spec::bench(0), Spec::bench(0).raised());
    }
}
