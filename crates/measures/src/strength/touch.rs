//! Touches of one tie, and the day rule that turns them into two streams of events.

use vocabulary::Timestamp;

/// Which way a touch went, seen from the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// From the user to the other person.
    Outbound,
    /// From the other person to the user.
    Inbound,
    /// A meeting both accepted: one event each way.
    Both,
}

impl Direction {
    /// Whether the user reached out.
    pub const fn is_outbound(self) -> bool {
        matches!(self, Self::Outbound | Self::Both)
    }

    /// Whether the other person reached out.
    pub const fn is_inbound(self) -> bool {
        matches!(self, Self::Inbound | Self::Both)
    }
}

/// One interaction as seen from one pair (user, other person), before the day rule.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Touch {
    /// When: the date of the mail, the end of the meeting or call.
    pub time: Timestamp,
    /// Which way it went.
    pub direction: Direction,
    /// How much it weighs, as the functions of this module say; a touch without weight counts for nothing.
    pub weight: f64,
    /// Whether nobody else was on it.
    pub one_to_one: bool,
}

impl Touch {
    /// Whether this touch lies before `at` and weighs anything.
    pub(super) fn counts_before(&self, at: Timestamp) -> bool {
        self.time < at && self.weight > 0.0 && self.weight.is_finite()
    }
}

/// What one direction keeps of one UTC day: its heaviest touch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Event {
    /// The time of the heaviest touch; the latest among equally heavy ones.
    pub time: Timestamp,
    /// Its weight.
    pub weight: f64,
}

/// The two streams of a tie after the day rule: at most one event per direction and UTC day, oldest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Streams {
    /// From the user to the other person.
    pub outbound: Vec<Event>,
    /// From the other person to the user.
    pub inbound: Vec<Event>,
}

impl Streams {
    /// Applies the day rule to `touches`, whatever their order. The caller has left out what does not count.
    pub fn of(touches: &[Touch]) -> Self {
        Self {
            outbound: heaviest_of_each_day(touches.iter().filter(|touch| touch.direction.is_outbound())),
            inbound: heaviest_of_each_day(touches.iter().filter(|touch| touch.direction.is_inbound())),
        }
    }
}

fn heaviest_of_each_day<'a>(touches: impl Iterator<Item = &'a Touch>) -> Vec<Event> {
    let mut events: Vec<Event> = touches.map(|touch| Event { time: touch.time, weight: touch.weight }).collect();
    // One order for all inputs: floats are summed in it, so the sum is the same to the last bit.
    events.sort_unstable_by(|a, b| a.time.day().cmp(&b.time.day()).then(a.weight.total_cmp(&b.weight)).then(a.time.cmp(&b.time)));
    events.dedup_by(|next, kept| {
        let same_day = next.time.day() == kept.time.day();
        if same_day {
            *kept = *next;
        }
        same_day
    });
    events
}
