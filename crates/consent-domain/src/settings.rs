//! The settings of a tenant.

use std::fmt;

use vocabulary::{Address, Timestamp};

/// How far back interactions count unless the tenant says otherwise, in days (domain.md, section 6).
pub const DEFAULT_WINDOW_DAYS: u16 = 365;

/// Whether people who are on no CRM record may be asked about (domain.md, section 5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnrecordedPeople {
    /// Only people on a CRM record appear in who knows whom.
    #[default]
    Hidden,
    /// Anybody may be asked about.
    Visible,
}

/// What holds for a user who has chosen nothing (domain.md, section 7, `user_default`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UserDefault {
    /// A grant opts everybody in who has not opted out.
    #[default]
    In,
    /// Everybody chooses: only who has opted in is read.
    Out,
}

/// What becomes of the mailbox of somebody the directory no longer names (domain.md, section 7, what a closing gate does).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DepartedPolicy {
    /// Readers keep the keys, ingestion does not.
    #[default]
    Keep,
    /// The keys are destroyed.
    Erase,
}

/// An organisation's settings.
#[derive(Clone, PartialEq, Eq)]
pub struct Settings {
    /// For people.
    pub display_name: Box<str>,
    /// The verified domains, lower case: whoever has an address there is inside.
    pub domains: Vec<Box<str>>,
    /// How far back interactions count, in days: 1 to 3650.
    pub data_window_days: u16,
    /// Addresses that are mailing lists though no header says so.
    pub known_lists: Vec<Address>,
    /// Whether people who are on no CRM record may be asked about.
    pub unrecorded_people: UnrecordedPeople,
    /// Where the tenant's data belongs; empty: nowhere in particular. Gate G7 compares it with what the operator allows.
    pub region: Box<str>,
    /// What holds for a user who has chosen nothing.
    pub user_default: UserDefault,
    /// What becomes of the mailboxes of those who leave.
    pub departed: DepartedPolicy,
    /// When the tenant was made.
    pub create_time: Timestamp,
    /// The position of the last change of the settings.
    pub position: u64,
}

impl Settings {
    /// Whether `next` takes away something that these settings show, apart from mailboxes: a shorter window, or people who may no
    /// longer be asked about.
    pub fn narrowed_by(&self, next: &Self) -> bool {
        let hidden = (self.unrecorded_people, next.unrecorded_people) == (UnrecordedPeople::Visible, UnrecordedPeople::Hidden);
        hidden || next.data_window_days < self.data_window_days
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { data_window_days, unrecorded_people, region, user_default, departed, position, .. } = self;
        write!(
            f,
            "Settings({data_window_days} days, {unrecorded_people:?}, region {region:?}, {user_default:?}, {departed:?}, position {position})"
        )
    }
}
