//! Gate commands and texts for displays (OPEN-1 to OPEN-7, SHOW-1, SHOW-2).

use std::sync::Arc;

use boshi_protocol::code::OpenMode;
use boshi_protocol::endpoint::{OpenGate, ReceiveOpenGate, ShowMsg};
use boshi_protocol::envelope::{Answer, reply_text};
use boshi_protocol::id::{DeviceNo, LotId};
use boshi_protocol::lane::{By, Done, OpenRefusal, Order, Side};
use boshi_protocol::refusal::Refusal;
use boshi_transport::serve::Call;
use jiff::Timestamp;

use super::{Served, ServedLot, busy, no_device};
use crate::devices::CommandError;
use crate::display::Display;
use crate::journal::Entry;
use crate::lot::LaneNo;
use crate::replay::{Occurrence, answer_again};

impl Served {
    /// Carries out a gate command, once however often it comes (D-5). A caller that goes away does
    /// not end it: its answer is kept for when he comes again.
    pub(super) async fn open_gate(self: &Arc<Self>, call: Call, order: OpenGate) -> Answer<()> {
        let lot = call.envelope.lot.clone();
        match self.replays.meet(&lot, call.digest, call.received) {
            Occurrence::Again(answer) => answer_again(answer).await,
            Occurrence::TooMany => Answer::Refused(busy()),
            Occurrence::First(answer) => {
                let served = Arc::clone(self);
                let given = answer.subscribe();
                tokio::spawn(async move {
                    let result = served.open_once(&call, order).await;
                    answer.send_replace(Some(result));
                });
                answer_again(given).await
            }
        }
    }

    async fn open_once(&self, call: &Call, order: OpenGate) -> Answer<()> {
        let (lot, digest) = (call.envelope.lot.clone(), call.digest);
        let OpenGate {
            device,
            plate,
            mode,
        } = order;
        let came = Entry::Command {
            lot: lot.clone(),
            digest,
            device: device.clone(),
            mode: mode.as_str().to_owned(),
            plate: plate.clone(),
            by: "platform".to_owned(),
            at: call.received,
        };
        self.note(came).await;
        let answer = match self.lot(&lot) {
            Ok(lot) => lot.command(&device, Order::of(mode, plate), mode).await,
            Err(refusal) => Answer::Refused(refusal),
        };
        let answered = Entry::CommandAnswered {
            lot,
            digest,
            reply: reply_text::<ReceiveOpenGate>(&answer),
            at: Timestamp::now(),
        };
        self.note(answered).await;
        answer
    }

    /// Whether the disk takes it or not, the gate has to obey.
    async fn note(&self, entry: Entry) {
        if let Err(error) = self.journal.write(vec![entry]).await {
            tracing::error!(%error, "a command cannot be written into the journal");
        }
    }

    /// Shows a text; success only when the display took it (SHOW-2).
    pub(super) async fn show(&self, lot: &LotId, text: ShowMsg) -> Answer<()> {
        let display = self.lot(lot).and_then(|lot| lot.display(&text.device));
        let display = match display {
            Ok(display) => display,
            Err(refusal) => return Answer::Refused(refusal),
        };
        match display.text(text.lines).await {
            Ok(()) => Answer::done(()),
            Err(CommandError::NotDone(why)) => {
                Answer::Refused(Refusal::new("DISPLAY_FAILED", format!("显示失败：{why}")))
            }
            Err(CommandError::Unknown(why)) => {
                let sentence = format!("显示屏未应答，是否显示未知：{why}");
                Answer::Refused(Refusal::new("DISPLAY_SILENT", sentence))
            }
        }
    }
}

impl ServedLot {
    async fn command(&self, device: &DeviceNo, order: Order, mode: OpenMode) -> Answer<()> {
        let Some((lane, side)) = self.gate_of(device) else {
            return Answer::Refused(no_device());
        };
        // A hold concerns the barrier as such, whichever recognizer names it.
        let side = match mode {
            OpenMode::HoldOpen | OpenMode::Restore => None,
            OpenMode::Normal | OpenMode::Forced => Some(side),
        };
        let done = self.driver.command(lane, side, order, By::Platform).await;
        match done {
            Ok(done) => answered(done),
            Err(_) => Answer::Refused(busy()),
        }
    }

    /// The lane at which a recognizer stands, and the side that it looks at.
    pub(crate) fn gate_of(&self, device: &DeviceNo) -> Option<(LaneNo, Side)> {
        let lanes = self.configured.lanes.iter().enumerate();
        let found = |(place, lane): (usize, &crate::config::Lane)| {
            Some((LaneNo(place), lane.layout().side_of(device)?))
        };
        lanes.into_iter().find_map(found)
    }

    /// The display of that number, or the one beside the recognizer of that number.
    fn display(&self, device: &DeviceNo) -> Result<&Display, Refusal> {
        let lanes = &self.configured.lanes;
        let beside = self
            .gate_of(device)
            .and_then(|(lane, side)| lanes[lane.0].display_of(side));
        let number = beside.unwrap_or(device);
        let mut displays = self.displays.iter();
        displays
            .find(|display| display.device() == number)
            .ok_or_else(no_device)
    }
}

/// OPEN-7: success only when the barrier did it; otherwise why not.
pub(crate) fn answered(done: Result<Done, OpenRefusal>) -> Answer<()> {
    match done {
        Ok(done) => Answer::Accepted {
            note: done.note().unwrap_or_default().to_owned(),
            body: (),
        },
        Err(refusal) => Answer::Refused(refusal.into()),
    }
}
