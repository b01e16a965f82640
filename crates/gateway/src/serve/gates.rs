//! Gate commands and texts for displays (OPEN-1 to OPEN-7, SHOW-1, SHOW-2).

use std::sync::Arc;

use boshi_protocol::endpoint::{OpenGate, ShowMsg};
use boshi_protocol::envelope::Answer;
use boshi_protocol::id::{DeviceNo, LotId};
use boshi_protocol::lane::Side;
use boshi_protocol::refusal::Refusal;
use boshi_transport::serve::Call;

use super::{Served, ServedLot, busy, no_device};
use crate::config::Lane;
use crate::display::{Display, not_shown};
use crate::driver::{Received, Unanswered};
use crate::lot::LaneNo;
use crate::replay::{Given, answer_to, interrupted};

impl Served {
    /// Carries out a gate command, once however often it comes (D-5).
    pub(super) async fn open_gate(self: &Arc<Self>, call: Call, order: OpenGate) -> Answer<()> {
        let (lot, served) = (call.envelope.lot.clone(), Arc::clone(self));
        let (at, received) = (lot.clone(), received(&call, order));
        let work = async move { served.open_once(&at, received).await };
        let orders = self.orders.once(&lot, call.digest(), call.received, work);
        orders.await.answer
    }

    async fn open_once(&self, lot: &LotId, received: Received) -> Answer<()> {
        match self.lot(lot) {
            Ok(lot) => lot.obey(received).await,
            Err(refusal) => Answer::Refused(refusal),
        }
    }

    /// Shows a text, once however often it comes (D-5). When it comes again it stands there already,
    /// which is no success on a display that is lost meanwhile (SHOW-2).
    pub(super) async fn show(self: &Arc<Self>, call: Call, text: ShowMsg) -> Answer<()> {
        let digest = call.digest();
        let (lot, served) = (call.envelope.lot, Arc::clone(self));
        let (at, device) = (lot.clone(), text.device.clone());
        let work = async move { served.show_once(&at, text).await };
        let texts = self.texts.once(&lot, digest, call.received, work);
        let Given { answer, again } = texts.await;
        if again && matches!(answer, Answer::Accepted { .. }) && !self.is_there(&lot, &device).await
        {
            let refusal = Refusal::new("DISPLAY_OFFLINE", format!("显示屏 {device} 未连接"));
            return Answer::Refused(refusal);
        }
        answer
    }

    /// Whether a display answers at this moment.
    async fn is_there(&self, lot: &LotId, display: &DeviceNo) -> bool {
        match self.lot(lot).and_then(|lot| lot.display(display)) {
            Ok(display) => display.answers().await,
            Err(_) => false,
        }
    }

    /// Success only when the display took it (SHOW-2).
    async fn show_once(&self, lot: &LotId, text: ShowMsg) -> Answer<()> {
        let display = self.lot(lot).and_then(|lot| lot.display(&text.device));
        let display = match display {
            Ok(display) => display,
            Err(refusal) => return Answer::Refused(refusal),
        };
        match display.text(text.lines).await {
            Ok(()) => Answer::done(()),
            Err(error) => Answer::Refused(not_shown(error)),
        }
    }
}

impl ServedLot {
    async fn obey(&self, received: Received) -> Answer<()> {
        let Some((lane, side)) = self.gate_of(&received.device) else {
            return Answer::Refused(no_device());
        };
        match self.driver.obey(lane, side, received).await {
            Ok(done) => answer_to(done),
            Err(Unanswered::Busy(_)) => Answer::Refused(busy()),
            Err(Unanswered::Interrupted) => interrupted(),
        }
    }

    /// The lane at which a recognizer stands, and the side that it looks at.
    fn gate_of(&self, device: &DeviceNo) -> Option<(LaneNo, Side)> {
        let lanes = self.configured.lanes.iter().enumerate();
        let found =
            |(place, lane): (usize, &Lane)| Some((LaneNo(place), lane.layout().side_of(device)?));
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

fn received(call: &Call, order: OpenGate) -> Received {
    Received {
        digest: call.digest(),
        device: order.device,
        mode: order.mode,
        plate: order.plate,
        at: call.received,
    }
}
