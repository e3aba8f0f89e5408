//! A record is removed. What refers to it is not touched: a reference to a record that is not there leads nowhere.

use std::fmt;
use std::sync::Arc;

use vocabulary::entry::RecordRef;
use vocabulary::{Fault, Reason, Stale};

use crate::{Record, Records};

/// What the CRM says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delete {
    /// Which record.
    pub reference: RecordRef,
    /// The version that the CRM saw; absent: whichever.
    pub expected: Option<u64>,
}

/// Why nothing is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeleteError {
    /// No such record.
    NotFound,
    /// The record changed since the CRM looked.
    Stale,
}

/// The record that goes.
///
/// # Errors
/// [`DeleteError`].
pub fn decide(held: &Records, command: &Delete) -> Result<Arc<Record>, DeleteError> {
    let record = held.get(&command.reference).ok_or(DeleteError::NotFound)?;
    Stale::check(command.expected, record.version).map_err(|Stale| DeleteError::Stale)?;
    Ok(Arc::clone(record))
}

impl fmt::Display for DeleteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => f.write_str("no such record"),
            Self::Stale => Stale.fmt(f),
        }
    }
}

impl std::error::Error for DeleteError {}

impl From<DeleteError> for Fault {
    fn from(error: DeleteError) -> Self {
        match error {
            DeleteError::NotFound => Self::not_found(Reason::RecordNotFound, error.to_string()),
            DeleteError::Stale => Stale.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use vocabulary::Kind;
    use vocabulary::entry::RecordKind;

    use super::*;
    use crate::testing::{contact, records, reference};

    #[test]
    fn only_the_record_that_the_crm_saw_is_removed() {
        let mut held = records();
        held.put(Arc::new(Record { version: 7, ..Record::named(contact()) }));
        for (named, expected, decided) in [
            (contact(), None, Ok(contact())),
            (contact(), Some(7), Ok(contact())),
            (contact(), Some(6), Err(DeleteError::Stale)),
            (reference(RecordKind::Contact, "absent"), None, Err(DeleteError::NotFound)),
            (reference(RecordKind::Contact, "absent"), Some(7), Err(DeleteError::NotFound)),
            (reference(RecordKind::Account, "c1"), None, Err(DeleteError::NotFound)),
        ] {
            let command = Delete { reference: named, expected };
            assert_eq!(decide(&held, &command).map(|record| record.reference.clone()), decided, "{command:?}");
        }
    }

    #[test]
    fn what_cannot_be_removed_says_why() {
        for (error, kind, reason) in
            [(DeleteError::NotFound, Kind::NotFound, Reason::RecordNotFound), (DeleteError::Stale, Kind::Aborted, Reason::StaleEtag)]
        {
            let fault = Fault::from(error);
            assert_eq!((fault.kind, fault.reason), (kind, reason));
        }
    }
}
