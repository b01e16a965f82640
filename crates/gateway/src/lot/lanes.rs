//! The lanes: what reaches them, and what becomes of what they want.

use boshi_protocol::delivery::{self, Ask, Key};
use boshi_protocol::id::RecordId;
use boshi_protocol::lane::{self, ActId, AskId, Cause, Effect, Motion, Outcome, Reading, Standing};
use jiff::Timestamp;

use super::action::{Action, Letter};
use super::contact::Contact;
use super::happening::What;
use super::input::{Input, LaneNo};
use super::turn::{Work, Working};
use super::vehicle::Vehicle;
use super::{Lot, words};
use crate::journal::{ActDone, Crossing, Entry, Lift, Recognition, gate_word};

impl Lot {
    pub(super) fn admit(&mut self, turn: &mut Working<'_>, input: Input) {
        match input {
            Input::Tick => {}
            Input::Read {
                lane,
                reading,
                event,
                replayed_at: Some(at),
            } => {
                let input = lane::Input::Replayed { reading, at };
                self.tell_lane(turn, lane, input, event);
            }
            Input::Read {
                lane,
                reading,
                event,
                replayed_at: None,
            } => self.read(turn, lane, reading, event),
            Input::Lane(lane, input) => turn.queue(Work::Lane(lane, input)),
            Input::Beat(devices) => {
                let findings = self.supervision.beat(&devices, turn.now.tick);
                self.act_on(turn, findings);
            }
            Input::Heard(device) => {
                let findings = self.supervision.heard(&device, turn.now.tick);
                self.act_on(turn, findings);
            }
            Input::Checked {
                lane,
                online,
                contacts,
            } => {
                let findings = self.supervision.checked(lane, &online, turn.now.tick);
                self.act_on(turn, findings);
                self.learn(turn, lane, contacts);
            }
            Input::Pushed {
                attempt,
                outcome,
                trace,
            } => self.pushed(turn, attempt, outcome, trace),
            Input::Contact => turn.queue(Work::Deliver(delivery::Input::Contact)),
            Input::Recover(records) => {
                turn.queue(Work::Deliver(delivery::Input::Recover { records }));
            }
            Input::Resend(keys) => {
                for key in keys {
                    turn.queue(Work::Deliver(delivery::Input::Resend { key }));
                }
            }
            Input::Note(entry) => turn.write(entry),
        }
    }

    /// A reading reaches its lane unless the vehicle stands in another one.
    fn read(
        &mut self,
        turn: &mut Working<'_>,
        lane: LaneNo,
        reading: Reading,
        event: Option<String>,
    ) {
        if let Some(plate) = &reading.sighting.plate {
            let standing = match self.lanes[lane.0].machine.trigger_pressed(reading.side) {
                Some(true) => Standing::OnLoop,
                Some(false) => Standing::BeforeLoop,
                None => Standing::NoLoop,
            };
            let ruling = self.crosstalk.read(&lane, plate, standing, turn.now.tick);
            for other in ruling.disowned {
                let plate = plate.clone();
                turn.queue(Work::Lane(other, lane::Input::Disown { plate }));
            }
            if !ruling.counts {
                return;
            }
        }
        self.tell_lane(turn, lane, lane::Input::Read(reading), event);
    }

    /// What the contacts of a lane say when they are asked. An event that came before the answer
    /// may be newer than it, so only those count that have told nothing yet.
    fn learn(&mut self, turn: &mut Working<'_>, lane: LaneNo, contacts: Vec<lane::Input>) {
        for input in contacts {
            let news = Contact::of(&input).filter(|it| !self.lanes[lane.0].told.contains(it));
            if news.is_some() {
                turn.queue(Work::Lane(lane, input));
            }
        }
    }

    pub(super) fn tell_lane(
        &mut self,
        turn: &mut Working<'_>,
        lane: LaneNo,
        input: lane::Input,
        event: Option<String>,
    ) {
        self.write_result(turn, lane, &input);
        self.lanes[lane.0].told.extend(Contact::of(&input));
        let now = turn.now;
        let effects = self.lanes[lane.0].machine.handle(input, now, turn.ids());
        for effect in effects {
            self.carry_out(turn, lane, effect, event.as_deref());
        }
        self.note_gate(turn, lane);
        self.note_loops(turn, lane);
    }

    fn carry_out(
        &mut self,
        turn: &mut Working<'_>,
        lane: LaneNo,
        effect: Effect,
        event: Option<&str>,
    ) {
        match effect {
            Effect::Recognized { recognition, ask } => {
                self.recognized(turn, lane, recognition, ask, event);
            }
            Effect::Amended { recognition, ask } => self.amended(turn, lane, recognition, ask),
            Effect::AskAgain { ask } => self.ask(turn, ask),
            Effect::Crossed(crossing) => self.crossed(turn, lane, crossing),
            Effect::Settled {
                record,
                outcome,
                at,
            } => self.ended(turn, record, outcome, at),
            Effect::Abnormal(abnormal) => self.abnormal(turn, lane, abnormal),
            Effect::AbnormalCleared {
                occurrence,
                code,
                at,
            } => {
                if let Some(first) = self.lanes[lane.0].occurrences.remove(&occurrence) {
                    self.cleared(turn, lane, first, &code, at);
                }
            }
            Effect::Drive { act, motion, cause } => self.drive(turn, lane, act, motion, &cause),
            Effect::Answer { command, answer } => turn.act(Action::Answer { command, answer }),
            Effect::LiftSeen { at } => {
                let (lot, name) = (self.id.clone(), self.lanes[lane.0].name.clone());
                turn.write(Entry::LiftSeen {
                    lot,
                    lane: name,
                    at,
                });
                self.tell(turn, Some(lane), What::LiftSeen);
            }
            Effect::Show { side, sign } => turn.act(Action::Show { lane, side, sign }),
        }
    }

    fn recognized(
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
        let key = Key::recognition(it.record);
        self.letters
            .insert(key.clone(), Letter::Recognition(recognition));
        match ask {
            Some(ask) => self.ask(turn, ask),
            None => self.enqueue(turn, key),
        }
    }

    /// The vehicle was read better, or its plate typed: what is pushed from now on says so.
    fn amended(
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
        let key = Key::recognition(it.record);
        self.letters
            .insert(key.clone(), Letter::Recognition(recognition));
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

    fn ask(&mut self, turn: &mut Working<'_>, ask: AskId) {
        let AskId { record, round } = ask;
        if let Some(vehicle) = self.vehicles.get_mut(&record) {
            vehicle.settled = false;
        }
        let ask = Ask(u64::from(round));
        turn.queue(Work::Deliver(delivery::Input::Ask { record, ask }));
    }

    fn crossed(&mut self, turn: &mut Working<'_>, lane: LaneNo, it: lane::Crossing) {
        let crossing = Crossing {
            lot: self.id.clone(),
            lane: self.lanes[lane.0].name.clone(),
            device: it.recognizer,
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

    fn ended(&mut self, turn: &mut Working<'_>, record: RecordId, outcome: Outcome, at: Timestamp) {
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

    fn drive(
        &mut self,
        turn: &mut Working<'_>,
        lane: LaneNo,
        act: ActId,
        motion: Motion,
        cause: &Cause,
    ) {
        let record = words::vehicle_of(cause);
        if let Some(vehicle) = record.and_then(|record| self.vehicles.get_mut(record)) {
            vehicle.lifted(turn.now.tick);
        }
        turn.write(Entry::Lift(Lift {
            lot: self.id.clone(),
            lane: self.lanes[lane.0].name.clone(),
            act: act.0,
            cause: words::cause(cause).to_owned(),
            record: record.cloned(),
            at: turn.now.wall,
        }));
        let what = What::Driven {
            cause: words::cause(cause),
            record: record.map(RecordId::to_string),
        };
        self.tell(turn, Some(lane), what);
        turn.act(Action::Drive { lane, act, motion });
    }

    /// What a barrier did with an act is written down before the lane hears of it.
    fn write_result(&mut self, turn: &mut Working<'_>, lane: LaneNo, input: &lane::Input) {
        let lane::Input::ActDone { act, result } = input else {
            return;
        };
        turn.write(Entry::ActDone(ActDone {
            lot: self.id.clone(),
            lane: self.lanes[lane.0].name.clone(),
            act: act.0,
            result: result.clone().err().unwrap_or_else(|| "done".to_owned()),
            at: turn.now.wall,
        }));
        if let Err(reason) = result.clone() {
            self.tell(turn, Some(lane), What::DriveFailed { reason });
        }
    }

    /// A hold outlives the program: it is written down as soon as it begins or ends.
    fn note_gate(&mut self, turn: &mut Working<'_>, lane: LaneNo) {
        let state = &mut self.lanes[lane.0];
        let gate = state.machine.gate();
        if gate == state.gate {
            return;
        }
        state.gate = gate;
        turn.write(Entry::Gate {
            lot: self.id.clone(),
            lane: state.name.clone(),
            state: gate,
            at: turn.now.wall,
        });
        let what = What::Gate {
            state: gate_word(gate),
        };
        self.tell(turn, Some(lane), what);
    }

    /// A vehicle that presses a loop is in that lane, whichever other lane has read it as well.
    fn note_loops(&mut self, turn: &mut Working<'_>, lane: LaneNo) {
        let state = &mut self.lanes[lane.0];
        let mut newly = false;
        for (side, was) in &mut state.pressed {
            let is = state.machine.trigger_pressed(*side).unwrap_or(false);
            newly |= is && !*was;
            *was = is;
        }
        if newly {
            for (other, plate) in self.crosstalk.pressed(&lane, turn.now.tick) {
                turn.queue(Work::Lane(other, lane::Input::Disown { plate }));
            }
        }
    }
}
