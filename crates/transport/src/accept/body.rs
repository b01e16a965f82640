//! The body of a request, which has to arrive in time, whoever reads it; and that of a reply, whose
//! request is under way until it is handed over.

use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::BoxError;
use axum::body::Body as Reply;
use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use super::load::UnderWay;

/// The body of a request took too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the body did not arrive in time")]
struct TooSlow;

/// Whether the body of a request could not be read since it did not arrive within
/// [`Limits::body`](super::Limits::body).
pub fn is_late(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<TooSlow>() {
            return true;
        }
        cause = error.source();
    }
    false
}

/// A body that fails when it is not there by its deadline.
pub(super) struct InTime {
    body: Incoming,
    deadline: Instant,
    /// Made when something has to be waited for, which is seldom.
    alarm: Option<Pin<Box<Sleep>>>,
}

impl InTime {
    /// The body of a request that begins now.
    pub(super) fn new(body: Incoming, within: Duration) -> InTime {
        InTime {
            body,
            deadline: Instant::now() + within,
            alarm: None,
        }
    }
}

impl Body for InTime {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            return Poll::Ready(frame.map(|frame| frame.map_err(BoxError::from)));
        }
        let deadline = self.deadline;
        let alarm = self
            .alarm
            .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        ready!(alarm.as_mut().poll(context));
        Poll::Ready(Some(Err(TooSlow.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The body of a reply.
pub(super) struct Attended {
    body: Reply,
    _under_way: UnderWay,
}

impl Attended {
    pub(super) fn new(body: Reply, under_way: UnderWay) -> Attended {
        Attended {
            body,
            _under_way: under_way,
        }
    }
}

impl Body for Attended {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
