//! The end of the wire at either side: takes requests, and has the side's clock.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use boshi_transport::call::Fault;
use boshi_transport::played::{Carried, Wire};
use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};

/// What came back, or why nothing did.
pub(crate) type Reply = Result<(u16, Vec<u8>), Fault>;

/// A request on its way.
pub(crate) struct Parcel {
    pub(crate) path: &'static str,
    pub(crate) body: String,
    pub(crate) timeout: Duration,
    pub(crate) reply: oneshot::Sender<Reply>,
}

/// One side's end of the wire.
pub(crate) struct End {
    now: Mutex<Timestamp>,
    out: mpsc::UnboundedSender<Parcel>,
}

impl End {
    pub(crate) fn new(out: mpsc::UnboundedSender<Parcel>) -> End {
        End {
            now: Mutex::new(Timestamp::UNIX_EPOCH),
            out,
        }
    }

    /// The side's clock says this.
    pub(crate) fn set(&self, now: Timestamp) {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }
}

impl Wire for End {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn exchange(&self, path: &'static str, body: String, timeout: Duration) -> Carried {
        let (reply, replied) = oneshot::channel();
        let parcel = Parcel {
            path,
            body,
            timeout,
            reply,
        };
        let sent = self.out.send(parcel).is_ok();
        Box::pin(async move {
            let gone = || Fault::Network("the world has ended".to_owned());
            if !sent {
                return Err(gone());
            }
            replied.await.unwrap_or_else(|_| Err(gone()))
        })
    }
}
