//! Abnormalities: what the lanes and the watch over the devices find, on its way to the platform.

use boshi_protocol::code::AbnormalCode;
use boshi_protocol::delivery::Key;
use boshi_protocol::id::{DeviceNo, RecordId};
use boshi_protocol::lane::{self, Abnormal};
use jiff::Timestamp;

use super::Lot;
use super::action::Action;
use super::happening::What;
use super::input::LaneNo;
use super::supervision::{DeviceKind, Finding};
use super::turn::{Work, Working};
use crate::journal::{Abnormality, DeviceChange, Entry, Letter};

/// One message about something that is wrong (D-15).
struct Message {
    id: RecordId,
    /// The id of the first message about the same.
    occurrence: RecordId,
    code: AbnormalCode,
    device: Option<DeviceNo>,
    since: Timestamp,
}

impl Lot {
    /// What a lane has found.
    pub(super) fn abnormal(&mut self, turn: &mut Working<'_>, lane: LaneNo, it: Abnormal) {
        let id = turn.new_id();
        // A crossing is over as it happens; everything else when that is said.
        let lasts = !it.code.is_of_a_crossing();
        let occurrence = if lasts {
            let occurrences = &mut self.lanes[lane.0].occurrences;
            let first = occurrences.entry(it.occurrence);
            first.or_insert_with(|| id.clone()).clone()
        } else {
            id.clone()
        };
        let message = Message {
            id,
            occurrence: occurrence.clone(),
            code: it.code,
            device: it.device,
            since: it.since,
        };
        self.report(turn, lane, message);
        if !lasts {
            self.write_cleared(turn, occurrence, it.since);
        }
    }

    /// ABN-1, ABN-3, D-15: what the watch over the devices has found.
    pub(super) fn act_on(&mut self, turn: &mut Working<'_>, findings: Vec<Finding>) {
        for finding in findings {
            match finding {
                Finding::Check(lane) => turn.act(Action::Check(lane)),
                Finding::Online { device, lane, kind } => {
                    tell_link(turn, lane, kind, true);
                    self.write_device(turn, lane, device.clone(), true);
                    if let Some(first) = self.supervision.occurrence_ended(&device) {
                        self.cleared(turn, lane, first, &kind.code(), turn.now.wall);
                    }
                }
                Finding::Lost { device, lane, kind } => {
                    tell_link(turn, lane, kind, false);
                    let id = turn.new_id();
                    let occurrence = self.supervision.occurrence_of(&device, &id);
                    if occurrence == id {
                        self.write_device(turn, lane, device.clone(), false);
                    }
                    let message = Message {
                        occurrence,
                        id,
                        code: kind.code(),
                        device: Some(device),
                        since: turn.now.wall,
                    };
                    self.report(turn, lane, message);
                }
            }
        }
    }

    /// Something that lasted is over.
    pub(super) fn cleared(
        &mut self,
        turn: &mut Working<'_>,
        lane: LaneNo,
        occurrence: RecordId,
        code: &AbnormalCode,
        at: Timestamp,
    ) {
        self.write_cleared(turn, occurrence, at);
        let code = code.to_string();
        self.tell(turn, Some(lane), What::Cleared { code });
    }

    /// ABN-2: in the words of the standard, or of the lot.
    fn report(&mut self, turn: &mut Working<'_>, lane: LaneNo, it: Message) {
        let state = &self.lanes[lane.0];
        let (gate, name) = (&state.gate_name, &state.name);
        let msg = self.texts.message(&it.code, gate, name, it.device.as_ref());
        let what = What::Abnormal {
            code: it.code.to_string(),
            text: msg.clone(),
        };
        self.tell(turn, Some(lane), what);
        let key = Key::abnormality(it.id.clone());
        let it = Abnormality {
            lot: self.id.clone(),
            id: it.id,
            occurrence: it.occurrence,
            code: it.code,
            device: it.device,
            msg,
            at: it.since,
        };
        turn.write(Entry::Abnormality(it.clone()));
        self.letters.insert(key.clone(), Letter::Abnormality(it));
        self.enqueue(turn, key);
    }

    fn write_device(&self, turn: &mut Working<'_>, lane: LaneNo, device: DeviceNo, online: bool) {
        turn.write(Entry::DeviceState(DeviceChange {
            lot: self.id.clone(),
            lane: self.lanes[lane.0].name.clone(),
            device,
            online,
            at: turn.now.wall,
        }));
    }

    fn write_cleared(&self, turn: &mut Working<'_>, occurrence: RecordId, at: Timestamp) {
        let lot = self.id.clone();
        turn.write(Entry::AbnormalityCleared {
            lot,
            occurrence,
            at,
        });
    }
}

/// The lane of a barrier has to know whether it can be reached (OPEN-7).
fn tell_link(turn: &mut Working<'_>, lane: LaneNo, kind: DeviceKind, up: bool) {
    if kind == DeviceKind::Barrier {
        turn.queue(Work::Lane(lane, lane::Input::BarrierLink { up }));
    }
}
