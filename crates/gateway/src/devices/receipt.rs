//! What whoever told the gateway something has to wait for.

use tokio::sync::oneshot;

use crate::driver::Busy;

/// An event has been taken in, and is being written.
#[derive(Debug, Default)]
pub(crate) struct Receipt {
    /// Whether the event was taken before.
    pub(super) is_repeated: bool,
    /// What has to be on disk, each told of when it is.
    waits: Vec<oneshot::Receiver<()>>,
}

impl Receipt {
    /// Of an event that was taken before.
    pub(super) fn repeated() -> Receipt {
        Receipt {
            is_repeated: true,
            waits: Vec::new(),
        }
    }

    /// Of one whose writing is told of.
    pub(super) fn of(written: oneshot::Receiver<()>) -> Receipt {
        Receipt {
            is_repeated: false,
            waits: vec![written],
        }
    }

    /// Of this and more.
    pub(super) fn and(mut self, more: Receipt) -> Receipt {
        self.waits.extend(more.waits);
        self
    }

    /// Returns when it is on disk.
    ///
    /// # Errors
    /// [`Busy`] when the lot ended before.
    pub(super) async fn written(self) -> Result<(), Busy> {
        for written in self.waits {
            written.await.map_err(|_| Busy)?;
        }
        Ok(())
    }
}
