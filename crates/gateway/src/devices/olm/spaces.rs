//! How many vehicles are in a lot, for the boards that show how many spaces are free.

use std::time::Duration;

use boshi_protocol::id::LotId;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use crate::journal::Journal;

/// How often it is counted: a vehicle that has driven in is seen on the board within that.
const COUNTED: Duration = Duration::from_secs(2);

/// Counts again and again, while anybody listens.
pub(crate) async fn count(journal: Journal, lot: LotId, to: watch::Sender<Option<u64>>) {
    let mut times = interval(COUNTED);
    times.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = times.tick() => {}
            () = to.closed() => return,
        }
        match journal.occupancy(&lot).await {
            Ok(now) => {
                let inside = Some(now.inside());
                to.send_if_modified(|known| std::mem::replace(known, inside) != inside);
            }
            Err(error) => tracing::debug!(%error, "the vehicles inside cannot be counted"),
        }
    }
}
