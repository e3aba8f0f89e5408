//! The body of a guarded response: the deadline and the net for panics hold until its last frame.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, Response};
use http_body::{Body as _, Frame, SizeHint};
use tokio::time::{Sleep, sleep_until};
use tonic::body::Body;
use tonic::{Code, Status};
use tracing::Span;
use vocabulary::Fault;

use super::{detail, panicked, too_late};
use crate::{Deadline, status, trace};

pub(super) struct GuardedBody {
    inner: Body,
    deadline: Option<Pin<Box<Sleep>>>,
    span: Span,
    ended: bool,
}

impl GuardedBody {
    /// The response with its body guarded; one that is over already, as most errors are, is only recorded.
    pub(super) fn around(mut response: Response<Body>, deadline: Option<Deadline>, span: Span) -> Response<Body> {
        if let Some(code) = detail(response.headers_mut()) {
            trace::record(&span, code);
        }
        response.map(|inner| {
            if inner.is_end_stream() {
                return inner;
            }
            let deadline = deadline.map(|deadline| Box::pin(sleep_until(deadline.instant())));
            Body::new(Self { inner, deadline, span, ended: false })
        })
    }

    /// Ends the stream with the fault in its trailers, as a handler would have.
    fn end(&mut self, fault: Fault) -> Frame<Bytes> {
        self.ended = true;
        // A handler that is still at work is of no use to anybody.
        self.inner = Body::empty();
        let status = status(fault);
        trace::record(&self.span, status.code());
        let mut trailers = HeaderMap::new();
        if status.add_header(&mut trailers).is_err() {
            tracing::error!("a status does not fit its trailers");
        }
        Frame::trailers(trailers)
    }
}

impl http_body::Body for GuardedBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = self.get_mut();
        if this.ended {
            return Poll::Ready(None);
        }
        let polled = {
            let _entered = this.span.enter();
            catch_unwind(AssertUnwindSafe(|| Pin::new(&mut this.inner).poll_frame(cx)))
        };
        match polled {
            Ok(Poll::Ready(Some(Ok(mut frame)))) => {
                if let Some(trailers) = frame.trailers_mut() {
                    let code = detail(trailers).unwrap_or(Code::Ok);
                    trace::record(&this.span, code);
                }
                // A stream that never waits would otherwise outrun its deadline.
                let over = this.deadline.as_ref().is_some_and(|deadline| frame.is_data() && deadline.is_elapsed());
                if over { Poll::Ready(Some(Ok(this.end(too_late())))) } else { Poll::Ready(Some(Ok(frame))) }
            }
            Ok(Poll::Ready(other)) => Poll::Ready(other),
            Ok(Poll::Pending) => match this.deadline.as_mut().map(|deadline| deadline.as_mut().poll(cx)) {
                Some(Poll::Ready(())) => Poll::Ready(Some(Ok(this.end(too_late())))),
                Some(Poll::Pending) | None => Poll::Pending,
            },
            Err(_panic) => Poll::Ready(Some(Ok(this.end(panicked())))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.ended || self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
