//! Ordinary life around the stories: the relationships of every other account and lead, and the company's own mail and meetings.

mod external;
mod internal;

pub(crate) use external::live as external;
pub(crate) use internal::fill as internal;
