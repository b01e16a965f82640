//! Tells the driver: where a lane has a display, what was decided is shown on it (SHOW-1).
//!
//! In the background and at most once: a display that does not answer delays no vehicle, and the
//! next decision is shown anyway. A vehicle that is asked about again and again is told once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use boshi_protocol::code::Alignment;
use boshi_protocol::endpoint::{Line, ReceiveShowMsg, ShowMsg};
use boshi_protocol::id::{DeviceNo, LotId, RecordId};
use boshi_protocol::plate::Plate;
use tokio::sync::Semaphore;

use crate::decision::Decision;
use crate::lots::Lot;

/// How long a display may take: a driver has read the barrier by then.
const TIMEOUT: Duration = Duration::from_secs(3);
/// Texts under way: beyond that they are dropped, since they are worth nothing later.
const UNDER_WAY: usize = 256;

/// What was told last at each display.
type Told = Mutex<HashMap<(LotId, DeviceNo), (RecordId, String)>>;

/// Shows decisions.
#[derive(Clone)]
pub(crate) struct Announcer {
    told: Arc<Told>,
    under_way: Arc<Semaphore>,
}

impl Announcer {
    pub(crate) fn new() -> Announcer {
        Announcer {
            told: Arc::default(),
            under_way: Arc::new(Semaphore::new(UNDER_WAY)),
        }
    }

    /// Shows what was decided about the vehicle at `recognizer`, if that lane has a display.
    pub(crate) fn announce(
        &self,
        lot: &Arc<Lot>,
        recognizer: &DeviceNo,
        uuid: &RecordId,
        plate: Option<&Plate>,
        decision: &Decision,
    ) {
        let Some(display) = lot.rules.displays.get(recognizer) else {
            return;
        };
        let sentence = decision.reason.sentence().to_owned();
        let told = (uuid.clone(), sentence.clone());
        let place = (lot.id.clone(), display.clone());
        let mut memory = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if memory.get(&place) == Some(&told) {
            return;
        }
        let Ok(permit) = Arc::clone(&self.under_way).try_acquire_owned() else {
            return;
        };
        memory.insert(place, told);
        drop(memory);
        let lines = plate.map(|plate| plate.as_str().to_owned());
        let lines = lines.into_iter().chain([sentence]).map(|text| Line {
            text,
            alignment: Alignment::Center,
        });
        let show = ShowMsg {
            device: display.clone(),
            lines: lines.collect(),
        };
        let lot = Arc::clone(lot);
        tokio::spawn(async move {
            let (peer, now) = (&lot.peer, lot.peer.now());
            let shown = peer.call::<ReceiveShowMsg>(&show, now, TIMEOUT);
            if let Err(fault) = shown.await {
                tracing::debug!(lot = %lot.id, device = %show.device, %fault, "nothing was shown");
            }
            drop(permit);
        });
    }
}
