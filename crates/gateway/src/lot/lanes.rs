//! The lanes: what reaches them, and what becomes of what they want.

use boshi_protocol::delivery;
use boshi_protocol::id::RecordId;
use boshi_protocol::lane::{self, ActId, Cause, Effect, Motion, Reading, Standing};

use super::action::Action;
use super::contact::Contact;
use super::happening::What;
use super::input::{Input, LaneNo};
use super::turn::{Work, Working};
use super::{Lot, words};
use crate::journal::{ActDone, Entry, Lift, gate_word};

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
            Input::Letters(letters) => self.fetched(letters),
            Input::Contact => turn.queue(Work::Deliver(delivery::Input::Contact)),
            Input::Recover {
                records,
                pressed,
                passing,
                waiting,
            } => {
                self.resume_pressed(turn, &pressed);
                self.resume_passing(turn, passing);
                let records = self.resume_waiting(turn, waiting, records);
                turn.queue(Work::Deliver(delivery::Input::Recover { records }));
            }
            Input::Resend(keys) => {
                for key in keys {
                    turn.queue(Work::Deliver(delivery::Input::Resend { key }));
                }
            }
            Input::Rules(rules) => self.follow(*rules, turn.now.tick),
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
        self.note_press(turn, lane);
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
