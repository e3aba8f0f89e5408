//! The only place where a `tonic::Status` is made, with the details a client may decode, and its reverse for callers of links.

use std::borrow::Cow;
use std::collections::HashMap;
use std::error::Error;
use std::time::Duration;

use tonic::{Code, Response, Status};
use tonic_types::{ErrorDetails, FieldViolation, PreconditionViolation, StatusExt};
use vocabulary::{Fault, Kind, Reason, Violation};

/// The domain of every `google.rpc.ErrorInfo` of the suite.
pub const DOMAIN: &str = "rapport.dev";

/// How long to wait before a call is tried again that met a broken connection.
const RECONNECT: Duration = Duration::from_millis(200);

/// What a handler returns: the message, or the fault as a status.
///
/// # Errors
/// The fault as [`status`] makes it.
pub fn answer<T>(result: Result<T, Fault>) -> Result<Response<T>, Status> {
    result.map(Response::new).map_err(status)
}

/// The status of a fault: `ErrorInfo` always, and `BadRequest`, `PreconditionFailure` and `RetryInfo` where they apply.
pub fn status(fault: Fault) -> Status {
    let mut details = ErrorDetails::new();
    let metadata: HashMap<String, String> = fault.metadata.into_iter().map(|(key, value)| (key.into_owned(), value)).collect();
    let subject = metadata.get("subject").cloned().unwrap_or_default();
    details.set_error_info(fault.reason.as_str(), DOMAIN, metadata);
    let code = match fault.kind {
        Kind::InvalidArgument => {
            let violations = fault.violations.into_iter().map(|violation| FieldViolation::new(violation.field, violation.description));
            details.set_bad_request(violations.collect::<Vec<_>>());
            Code::InvalidArgument
        }
        Kind::FailedPrecondition => {
            let violation = PreconditionViolation::new(fault.reason.as_str(), subject, fault.message.as_str());
            details.set_precondition_failure(vec![violation]);
            Code::FailedPrecondition
        }
        Kind::Internal => {
            tracing::error!(reason = fault.reason.as_str(), message = fault.message, "answered with a defect of ours");
            Code::Internal
        }
        Kind::NotFound => Code::NotFound,
        Kind::AlreadyExists => Code::AlreadyExists,
        Kind::Aborted => Code::Aborted,
        Kind::PermissionDenied => Code::PermissionDenied,
        Kind::Unauthenticated => Code::Unauthenticated,
        Kind::ResourceExhausted => Code::ResourceExhausted,
        Kind::Unavailable => Code::Unavailable,
        Kind::DeadlineExceeded => Code::DeadlineExceeded,
    };
    if fault.retry_after.is_some() {
        details.set_retry_info(fault.retry_after);
    }
    Status::with_error_details(code, fault.message, details)
}

/// The status of a method that nobody serves, as gRPC has it.
pub(crate) fn unknown_method() -> Status {
    Status::unimplemented("there is no such method")
}

/// The fault behind the status that a link answered with: the very one where the suite made it, else the nearest.
///
/// A broken connection is UNAVAILABLE, DEPENDENCY_UNAVAILABLE.
pub fn fault_of(status: &Status) -> Fault {
    let details = status.get_error_details();
    match details.error_info() {
        Some(info) if info.domain == DOMAIN => {
            let (kind, by_code) = nearest(status.code());
            let mut fault = Fault::new(kind, Reason::parse(&info.reason).unwrap_or(by_code), status.message());
            fault.metadata = info.metadata.iter().map(|(key, value)| (Cow::Owned(key.clone()), value.clone())).collect();
            fault.retry_after = details.retry_info().and_then(|retry| retry.retry_delay);
            if let Some(bad) = details.bad_request() {
                let violations = bad.field_violations.iter();
                fault.violations = violations.map(|held| Violation::new(&held.field, &held.description)).collect();
            }
            fault
        }
        Some(_) | None => foreign(status),
    }
}

/// A status the suite did not make: the transport's, tonic's, or a proxy's.
fn foreign(status: &Status) -> Fault {
    let broken = status.source().is_some() && status.code() != Code::DeadlineExceeded;
    let (kind, reason) = if broken { (Kind::Unavailable, Reason::DependencyUnavailable) } else { nearest(status.code()) };
    let message = match kind {
        Kind::Unavailable => "a part the answer needs cannot be reached".into(),
        _ => format!("a part the answer needs answered {:?}", status.code()),
    };
    let retry_after = (kind == Kind::Unavailable).then_some(RECONNECT);
    Fault { retry_after, ..Fault::new(kind, reason, message) }
}

/// The kind of a code, and the reason where none is told. What the suite never sends is a defect, unless it means a lost connection.
fn nearest(code: Code) -> (Kind, Reason) {
    match code {
        Code::InvalidArgument => (Kind::InvalidArgument, Reason::InvalidFields),
        Code::NotFound => (Kind::NotFound, Reason::RecordNotFound),
        Code::AlreadyExists => (Kind::AlreadyExists, Reason::TenantExists),
        Code::FailedPrecondition => (Kind::FailedPrecondition, Reason::NotGranted),
        Code::Aborted => (Kind::Aborted, Reason::StaleEtag),
        Code::PermissionDenied => (Kind::PermissionDenied, Reason::RoleMissing),
        Code::Unauthenticated => (Kind::Unauthenticated, Reason::CallerInvalid),
        // tonic says OUT_OF_RANGE where gRPC says RESOURCE_EXHAUSTED: a message above the limit.
        Code::ResourceExhausted | Code::OutOfRange => (Kind::ResourceExhausted, Reason::MessageTooLarge),
        Code::Unavailable | Code::Cancelled => (Kind::Unavailable, Reason::DependencyUnavailable),
        Code::DeadlineExceeded => (Kind::DeadlineExceeded, Reason::DeadlineExceeded),
        Code::Ok | Code::Unknown | Code::Unimplemented | Code::Internal | Code::DataLoss => (Kind::Internal, Reason::InternalFault),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_survives_the_wire_with_all_its_details() {
        let faults = [
            Fault::invalid(vec![Violation::new("page_size", "must be positive"), Violation::new("tenant_id", "is missing")]),
            Fault::not_found(Reason::TenantNotFound, "no such tenant").with("tenant", "contoso"),
            Fault::new(Kind::AlreadyExists, Reason::TenantExists, "there is one"),
            Fault::new(Kind::FailedPrecondition, Reason::NoConsent, "the gate is closed").with("gate", "G1").with("subject", "mailbox"),
            Fault::new(Kind::Aborted, Reason::StaleEtag, "read again"),
            Fault::new(Kind::PermissionDenied, Reason::RoleMissing, "no"),
            Fault::new(Kind::Unauthenticated, Reason::CallerInvalid, "who?"),
            Fault::new(Kind::ResourceExhausted, Reason::MessageTooLarge, "too large"),
            Fault::unavailable(Reason::ConsentUnknown, "no lease", Duration::from_millis(300)),
            Fault::new(Kind::DeadlineExceeded, Reason::DeadlineExceeded, "too late"),
            Fault::internal("a defect"),
        ];
        for fault in faults {
            let headers = status(fault.clone()).into_http::<()>().into_parts().0.headers;
            let received = Status::from_header_map(&headers).unwrap();
            assert_eq!(fault_of(&received), fault);
        }
    }

    #[test]
    fn every_reason_is_known_by_its_name() {
        for reason in Reason::ALL {
            assert_eq!(Reason::parse(reason.as_str()), Some(reason));
        }
        assert_eq!(Reason::parse("OTHER"), None);
    }

    #[test]
    fn a_precondition_names_its_reason_and_subject() {
        let made = status(Fault::new(Kind::FailedPrecondition, Reason::NoConsent, "closed").with("subject", "mailbox"));
        let failure = made.get_details_precondition_failure().unwrap();
        let [violation] = failure.violations.as_slice() else { panic!("one violation") };
        assert_eq!((violation.r#type.as_str(), violation.subject.as_str()), ("NO_CONSENT", "mailbox"));
    }

    #[test]
    fn a_status_of_others_becomes_the_nearest_fault() {
        let check = |status: Status, kind, reason| {
            let fault = fault_of(&status);
            assert_eq!((fault.kind, fault.reason), (kind, reason), "{status:?}");
            assert!(!fault.message.contains("secret"), "{fault}");
        };
        check(Status::unavailable("secret"), Kind::Unavailable, Reason::DependencyUnavailable);
        check(Status::cancelled("secret"), Kind::Unavailable, Reason::DependencyUnavailable);
        check(Status::out_of_range("secret"), Kind::ResourceExhausted, Reason::MessageTooLarge);
        check(Status::unimplemented("secret"), Kind::Internal, Reason::InternalFault);
        check(Status::from_error(std::io::Error::other("secret").into()), Kind::Unavailable, Reason::DependencyUnavailable);
    }
}
