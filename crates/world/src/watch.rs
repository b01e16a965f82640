//! What the platform does by itself: asks whether the lot is there, and what it could not push; gives
//! commands.

use std::sync::Arc;
use std::time::Duration;

use boshi_platform::commands::{Act, Order, State};
use boshi_platform::played::Played;
use boshi_platform::reconcile::plan::pause;
use boshi_protocol::code::OpenMode;
use boshi_protocol::endpoint::OpenGate;
use boshi_protocol::id::DeviceNo;
use rand::RngExt as _;
use sha2::{Digest as _, Sha256};

use crate::chaos::{Ordered, Side};
use crate::exchange::{Ended, Task};
use crate::world::{Back, Planned, World};

impl World {
    pub(crate) fn property_starts(&mut self) {
        if self.property.played.is_some() {
            return;
        }
        self.runtime.block_on(self.property.starts());
        let run = self.property.run;
        self.story.tell(self.at, || {
            format!("! the platform starts for the {run}. time")
        });
        self.failures = 0;
        self.passing = false;
        self.answered_is_stored();
        self.checkpoint_is_true();
        self.plan(self.at, Planned::Beats(run));
        self.plan_to_ask(self.property.config.reconcile.interval);
    }

    pub(crate) fn property_is_down(&mut self) {
        self.account.crashes[Side::Property as usize] += 1;
        self.story
            .tell(self.at, || "! the platform is gone".to_owned());
        self.tasks.retain(|_, task| task.side != Side::Property);
        let back = self.at + self.account.away[Side::Property as usize];
        self.plan(back, Planned::Starts(Side::Property));
    }

    pub(crate) fn property_serves(
        &mut self,
        exchange: u64,
        path: &'static str,
        body: String,
        back: Option<Back>,
    ) {
        let body = self.property.spoiled.arrives(path, body);
        let record = Answered::of(path, &body);
        let serving = self.property.serves(path, body, &mut self.random);
        let Some((status, reply)) = self.runtime.block_on(serving) else {
            let line = || format!("! the platform ends over {path} {exchange}");
            self.story.tell(self.at, line);
            return self.property_is_down();
        };
        if back.is_some() && status == 200 && is_accepted(&reply) {
            self.account.answered.extend(record);
        }
        self.goes_back(exchange, back, (status, reply));
        self.look_whether_it_is_back();
    }

    fn running(&self) -> Option<(Arc<Played>, u64)> {
        let played = self.property.played.clone()?;
        Some((played, self.property.run))
    }

    pub(crate) fn beats(&mut self, of: u64) {
        let Some((played, run)) = self.running().filter(|(_, run)| *run == of) else {
            return;
        };
        self.begin(Task {
            side: Side::Property,
            run,
            what: "a heartbeat",
            going: Box::pin(async move {
                played.beat().await;
                Ended::Beaten
            }),
        });
    }

    pub(crate) fn asks(&mut self, of: u64) {
        let Some((played, run)) = self.running().filter(|(_, run)| *run == of) else {
            return;
        };
        if self.passing {
            return;
        }
        if !played.is_there() {
            // Its return is told.
            return self.plan_to_ask(self.property.config.reconcile.interval);
        }
        self.passing = true;
        self.pass_begins();
        self.begin(Task {
            side: Side::Property,
            run,
            what: "a pass",
            going: Box::pin(async move {
                let succeeded = played.pass().await.is_ok();
                Ended::Asked { succeeded }
            }),
        });
    }

    fn plan_to_ask(&mut self, wait: Duration) {
        let share = wait.mul_f64(self.random.random_range(0.8..1.0));
        let run = self.property.run;
        self.plan(self.at + share, Planned::Asks(run));
    }

    fn look_whether_it_is_back(&mut self) {
        let Some((played, run)) = self.running() else {
            return;
        };
        if played.has_returned() {
            self.plan(self.at, Planned::Asks(run));
        }
    }

    pub(crate) fn ended(&mut self, side: Side, run: u64, ended: Ended) {
        let is_its = match side {
            Side::Supplier => self.supplier.played.is_some() && self.supplier.run == run,
            Side::Property => self.property.played.is_some() && self.property.run == run,
        };
        if !is_its {
            return;
        }
        match ended {
            Ended::Pushed(input) => {
                self.tell(*input);
            }
            Ended::Beaten => {
                let interval = self.property.config.heartbeat.interval;
                let share = interval.mul_f64(self.random.random_range(0.8..1.0));
                self.plan(self.at + share, Planned::Beats(run));
                self.look_whether_it_is_back();
            }
            Ended::Asked { succeeded } => {
                self.passing = false;
                self.checkpoint_is_true();
                self.failures = if succeeded { 0 } else { self.failures + 1 };
                self.account.passes += 1;
                let settings = (
                    self.property.config.heartbeat.interval,
                    self.property.config.reconcile.interval,
                );
                let wait = match self.failures {
                    0 => settings.1,
                    failures => pause(failures, settings.0, settings.1),
                };
                self.plan_to_ask(wait);
            }
            Ended::Given(end) => {
                // Its id is another one each time.
                let how = end.as_ref().map(|end| (end.state, &end.said));
                self.story
                    .tell(self.at, || format!("an order ends: {how:?}"));
                if end.is_ok_and(|end| end.state == State::Executed) {
                    self.account.executed += 1;
                }
            }
        }
    }

    /// Somebody at the platform opens a gate.
    pub(crate) fn orders(&mut self, place: usize, ordered: Ordered) {
        let Some((played, run)) = self.running() else {
            return;
        };
        let road = &self.roads[place];
        let plate = road.who_waits().and_then(|vehicle| road.plate_of(vehicle));
        let (mode, plate) = match (ordered, plate) {
            // Without a plate it would be forced (OPEN-5).
            (Ordered::Open, Some(plate)) => (OpenMode::Normal, Some(plate)),
            (Ordered::Open | Ordered::Force, _) => (OpenMode::Forced, None),
        };
        let device = ["CAM-01", "CAM-02", "CAM-03"][place];
        let open = OpenGate {
            device: DeviceNo::new(device).expect("it is a number"),
            plate,
            mode,
        };
        self.account.ordered += 1;
        self.story.tell(self.at, || {
            format!("an order for lane {}: {open:?}", road.name)
        });
        let order = Order {
            act: Act::Open(open),
            by: "world".to_owned(),
            reason: "试".to_owned(),
        };
        self.begin(Task {
            side: Side::Property,
            run,
            what: "a command",
            going: Box::pin(async move { Ended::Given(played.give(order).await) }),
        });
    }
}

/// A record of which the platform has said that it has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answered {
    pub(crate) table: &'static str,
    /// Its id; of an abnormality, which has none, the digest of the request as SQLite shows it.
    pub(crate) key: String,
}

impl Answered {
    fn of(path: &str, body: &str) -> Option<Answered> {
        let table = match path {
            "/receivePlateNumber" => "recognition",
            "/receiveCrossGate" => "crossing",
            ABNORMAL => {
                let (table, key) = ("abnormality", digest(body));
                return Some(Answered { table, key });
            }
            _ => return None,
        };
        let after = body.split_once("\"uuid\":\"")?.1;
        let key = after.split('"').next()?.to_owned();
        Some(Answered { table, key })
    }
}

/// Where abnormalities are told.
pub(crate) const ABNORMAL: &str = "/receiveAbnormal";

/// What the platform knows an abnormality by, as SQLite shows it.
pub(crate) fn digest(body: &str) -> String {
    let digest = Sha256::digest(body.as_bytes());
    digest.iter().map(|byte| format!("{byte:02X}")).collect()
}

fn is_accepted(reply: &[u8]) -> bool {
    reply.starts_with(br#"{"respCode":"0""#)
}
