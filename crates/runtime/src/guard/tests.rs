//! Deadlines and panics, as a caller sees them.

use std::time::Duration;

use tonic::service::Routes;
use tonic_types::StatusExt as _;

use super::*;
use crate::probe::{Probe, ProbeClient};
use crate::{Link, Onward, fault_of};

fn client() -> ProbeClient {
    ProbeClient::new(Link::in_process(Routes::new(Probe::default())))
}

fn impatient() -> ProbeClient {
    ProbeClient { onward: Onward::default().within(Duration::from_secs(1)), ..client() }
}

fn check(status: &Status, kind: Kind, reason: Reason) {
    let fault = fault_of(status);
    assert_eq!((fault.kind, fault.reason), (kind, reason), "{status:?}");
    assert!(status.get_details_error_info().is_some(), "{status:?}");
    assert!(!status.message().contains("secret"), "{status:?}");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_outlives_its_deadline_answers_deadline_exceeded() {
    let status = impatient().unary("never").await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    check(&status, Kind::DeadlineExceeded, Reason::DeadlineExceeded);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_outlives_its_deadline_ends_with_deadline_exceeded() {
    let mut words = impatient().split("one two never").await.unwrap();
    assert_eq!(words.message().await.unwrap().as_deref(), Some("one"));
    assert_eq!(words.message().await.unwrap().as_deref(), Some("two"));
    check(&words.message().await.unwrap_err(), Kind::DeadlineExceeded, Reason::DeadlineExceeded);
}

#[tokio::test]
async fn handlers_see_the_deadline_only_when_there_is_one() {
    assert_eq!(client().unary("deadline").await.unwrap(), "false");
    assert_eq!(impatient().unary("deadline").await.unwrap(), "true");
}

#[tokio::test]
async fn a_panicking_handler_answers_internal_and_repeats_nothing() {
    check(&client().unary("panic").await.unwrap_err(), Kind::Internal, Reason::InternalFault);
    let mut words = client().split("one panic").await.unwrap();
    assert_eq!(words.message().await.unwrap().as_deref(), Some("one"));
    check(&words.message().await.unwrap_err(), Kind::Internal, Reason::InternalFault);
}

#[tokio::test]
async fn a_message_above_the_limit_answers_resource_exhausted() {
    let status = client().unary(&"x".repeat(60_000)).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    check(&status, Kind::ResourceExhausted, Reason::MessageTooLarge);
}

#[tokio::test]
async fn what_cannot_be_read_answers_invalid_argument() {
    let call = async |headers: &[(&'static str, &'static str)], body: &'static [u8]| {
        let mut request = Request::post("/test.v1.Probe/Unary").header("content-type", "application/grpc");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut routes = Guard.layer(Routes::new(Probe::default()));
        let Ok(response) = routes.call(request.body(http_body_util::Full::new(Bytes::from_static(body))).unwrap()).await;
        Status::from_header_map(response.headers()).unwrap()
    };
    check(&call(&[("grpc-timeout", "soon")], b"\0\0\0\0\0").await, Kind::InvalidArgument, Reason::InvalidFields);
    check(&call(&[], b"\0\0\0\0\x02\x0a\xff").await, Kind::InvalidArgument, Reason::InvalidFields);
}

#[tokio::test]
async fn a_plain_request_that_panics_answers_in_plain_http() {
    let router = axum::Router::new().route_service(
        "/",
        tower::service_fn(|_: Request<axum::body::Body>| async {
            if true {
                panic!("a secret");
            }
            Ok::<_, Infallible>(Response::new(Body::empty()))
        }),
    );
    let Ok(response) = Guard.layer(Routes::from(router)).call(Request::get("/").body(Body::empty()).unwrap()).await;
    assert_eq!(response.status(), http::StatusCode::INTERNAL_SERVER_ERROR);
}
