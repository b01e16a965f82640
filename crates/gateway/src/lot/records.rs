//! Vehicles: what is written of them, and handed on to be pushed.

use boshi_protocol::delivery::{self, Ask, Key};
use boshi_protocol::id::RecordId;
use boshi_protocol::lane::{self, AskId, Outcome};
use jiff::Timestamp;

use super::happening::What;
use super::input::LaneNo;
use super::turn::{Work, Working};
use super::vehicle::Vehicle;
use super::{Lot, words};
use crate::journal::{Crossing, Entry, Letter, Recognition};

impl Lot {
    pub(super) fn recognized(
        &mut self,
        turn: &mut Working<'_>,
        lane: LaneNo,
        it: lane::Recognition,
        ask: Option<AskId>,
        event: Option<&str>,
    ) {
        let recognition = self.recognition(lane, &it, event);
        let (plate, color) = (it.sighting.plate.clone(), it.sighting.color);
        let vehicle = Vehicle::new(lane, plate, color, turn.now.tick);
        let what = What::Recognized {
            record: it.record.to_string(),
            plate: vehicle.plate_text(),
            color: color.as_str(),
        };
        self.vehicles.insert(it.record.clone(), vehicle);
        turn.write(Entry::Recognition(recognition.clone()));
        self.tell(turn, Some(lane), what);
        self.offer(turn, recognition, ask);
    }

    /// The vehicle was read better, or its plate typed: what is pushed from now on says so.
    pub(super) fn amended(
        &mut self,
        turn: &mut Working<'_>,
        lane: LaneNo,
        it: lane::Recognition,
        ask: Option<AskId>,
    ) {
        let recognition = self.recognition(lane, &it, None);
        if let Some(vehicle) = self.vehicles.get_mut(&it.record) {
            vehicle.plate.clone_from(&it.sighting.plate);
            vehicle.color = it.sighting.color;
        }
        turn.write(Entry::Amended(recognition.clone()));
        self.offer(turn, recognition, ask);
    }

    /// Has a recognition that is written down pushed, for a lane that asks or for nobody.
    fn offer(&mut self, turn: &mut Working<'_>, it: Recognition, ask: Option<AskId>) {
        let key = Key::recognition(it.record.clone());
        self.letters.insert(key.clone(), Letter::Recognition(it));
        match ask {
            Some(ask) => self.ask(turn, ask),
            None => self.enqueue(turn, key),
        }
    }

    fn recognition(
        &self,
        lane: LaneNo,
        it: &lane::Recognition,
        event: Option<&str>,
    ) -> Recognition {
        Recognition {
            lot: self.id.clone(),
            lane: self.lanes[lane.0].name.clone(),
            device: it.recognizer.clone(),
            record: it.record.clone(),
            plate: it.sighting.plate.clone(),
            color: it.sighting.color,
            reliability: it.sighting.reliability,
            image: it.sighting.picture.as_deref().map(str::to_owned),
            at: it.at,
            replayed: it.origin == lane::Origin::Replay,
            event: event.map(str::to_owned),
        }
    }

    pub(super) fn ask(&mut self, turn: &mut Working<'_>, ask: AskId) {
        let AskId { record, round } = ask;
        if let Some(vehicle) = self.vehicles.get_mut(&record) {
            vehicle.settled = false;
        }
        let ask = Ask(u64::from(round));
        turn.queue(Work::Deliver(delivery::Input::Ask { record, ask }));
    }

    pub(super) fn crossed(&mut self, turn: &mut Working<'_>, lane: LaneNo, it: lane::Crossing) {
        let crossing = Crossing {
            lot: self.id.clone(),
            lane: self.lanes[lane.0].name.clone(),
            device: it.recognizer,
            side: it.side,
            record: it.record.clone(),
            plate: it.plate,
            color: it.color,
            at: it.at,
        };
        if let Some(vehicle) = self.vehicles.get_mut(&it.record) {
            vehicle.crossed(turn.now.tick);
        }
        turn.write(Entry::Crossing(crossing.clone()));
        let key = Key::crossing(it.record);
        self.letters.insert(key.clone(), Letter::Crossing(crossing));
        self.enqueue(turn, key);
    }

    pub(super) fn ended(
        &mut self,
        turn: &mut Working<'_>,
        record: RecordId,
        outcome: Outcome,
        at: Timestamp,
    ) {
        let word = words::outcome(outcome);
        turn.write(Entry::Outcome {
            lot: self.id.clone(),
            record: record.clone(),
            outcome: word.to_owned(),
            at,
        });
        if let Some(vehicle) = self.vehicles.remove(&record) {
            if vehicle.settled {
                self.letters.remove(&Key::recognition(record.clone()));
            }
            let what = What::Passage {
                record: record.to_string(),
                plate: vehicle.plate_text(),
                color: vehicle.color.as_str(),
                outcome: word,
                steps: vehicle.steps(),
            };
            self.tell(turn, Some(vehicle.lane), what);
        }
    }
}
