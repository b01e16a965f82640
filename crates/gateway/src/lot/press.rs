//! Presses of the anti-smash loops, written down before they count.
//!
//! Whoever told of a press and was answered does not tell of it again. So what it means if it lasts
//! is on disk by then, for as long as it does not count: a program that is killed in that while
//! counts it at its next start. Otherwise it is written as any crossing, in the transaction that
//! lets go of this, and with it that the loop is pressed: a program that starts before it is free again
//! does not count the vehicle twice, whoever tells of it.
//!
//! And whom else an earlier run had to do with: who was let through, and who waited.

use boshi_protocol::delivery::{Key, Recovered};
use boshi_protocol::id::RecordId;
use boshi_protocol::lane::{self, Foreseen, Sighting};
use boshi_protocol::moment::Tick;

use super::input::LaneNo;
use super::turn::Working;
use super::vehicle::Vehicle;
use super::{Lot, words};
use crate::journal::{Abnormality, Crossing, Entry, Press};

/// A press that is written down and does not count yet.
#[derive(Debug)]
pub(super) struct Unsettled {
    since: Tick,
    /// What the crossing is called that it is if it lasts.
    record: RecordId,
}

impl Lot {
    /// Writes down what has changed about the press of the anti-smash loop.
    pub(super) fn note_press(&mut self, turn: &mut Working<'_>, lane: LaneNo) {
        self.note_pressed(turn, lane);
        let state = &mut self.lanes[lane.0];
        let now = state.machine.unsettled_press();
        if now == state.unsettled.as_ref().map(|it| it.since) {
            return;
        }
        if let Some(Unsettled { record, .. }) = state.unsettled.take() {
            let lot = self.id.clone();
            turn.write(Entry::PressOver { lot, record });
        }
        let foreseen = state.machine.foresee(turn.ids());
        if let (Some(since), Some(foreseen)) = (now, foreseen) {
            let record = foreseen.crossing.record.clone();
            self.lanes[lane.0].unsettled = Some(Unsettled { since, record });
            self.write_press(turn, lane, foreseen);
        }
    }

    fn note_pressed(&mut self, turn: &mut Working<'_>, lane: LaneNo) {
        let state = &mut self.lanes[lane.0];
        let pressed = state.machine.is_crossed_on_loop();
        if pressed != std::mem::replace(&mut state.crossed_on_loop, pressed) {
            turn.write(Entry::Pressed {
                lot: self.id.clone(),
                lane: state.name.clone(),
                pressed,
            });
        }
    }

    fn write_press(&self, turn: &mut Working<'_>, lane: LaneNo, it: Foreseen) {
        let (gate, name) = (&self.lanes[lane.0].gate_name, &self.lanes[lane.0].name);
        let crossing = Crossing {
            lot: self.id.clone(),
            lane: name.clone(),
            device: it.crossing.recognizer,
            side: it.crossing.side,
            record: it.crossing.record,
            plate: it.crossing.plate,
            color: it.crossing.color,
            at: it.crossing.at,
        };
        let abnormality = it.abnormal.map(|abnormal| {
            let id = turn.new_id();
            let (code, device) = (abnormal.code, abnormal.device);
            Abnormality {
                lot: self.id.clone(),
                occurrence: id.clone(),
                id,
                msg: self.texts.message(&code, gate, name, device.as_ref()),
                code,
                device,
                at: abnormal.since,
            }
        });
        turn.write(Entry::Press(Press {
            crossing,
            unrecognized: it.recognition.is_some(),
            outcome: words::outcome(it.outcome).to_owned(),
            abnormality,
        }));
    }

    /// Vehicles that an earlier run let through go on passing.
    pub(super) fn resume_passing(
        &mut self,
        turn: &Working<'_>,
        passing: Vec<(LaneNo, lane::Resumed)>,
    ) {
        for (lane, it) in passing {
            let mut vehicle = Vehicle::new(lane, it.plate.clone(), it.color, turn.now.tick);
            vehicle.settled = true;
            self.vehicles.insert(it.record.clone(), vehicle);
            self.lanes[lane.0].machine.resume_passing(it, turn.now);
        }
    }

    /// Vehicles that an earlier run asked about may still wait for the answer. Returns the records that
    /// nobody asks about.
    pub(super) fn resume_waiting(
        &mut self,
        turn: &mut Working<'_>,
        waiting: Vec<(LaneNo, lane::Waited)>,
        mut records: Vec<Recovered>,
    ) -> Vec<Recovered> {
        for (lane, it) in waiting {
            if self.lanes[lane.0].machine.would_ask(it.reading.side) {
                let own = Recovered::Pending(Key::recognition(it.record.clone()));
                records.retain(|recovered| *recovered != own);
            }
            let Sighting { plate, color, .. } = &it.reading.sighting;
            let vehicle = Vehicle::new(lane, plate.clone(), *color, turn.now.tick);
            self.vehicles.insert(it.record.clone(), vehicle);
            self.tell_lane(turn, lane, lane::Input::Waited(it), None);
        }
        records
    }

    /// Presses that are counted already: the same told again is no news.
    pub(super) fn resume_pressed(&mut self, turn: &Working<'_>, lanes: &[LaneNo]) {
        for lane in lanes {
            let state = &mut self.lanes[lane.0];
            state.machine.resume_pressed(turn.now);
            state.crossed_on_loop = true;
        }
    }
}
