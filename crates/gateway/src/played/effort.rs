//! What a vehicle costs the gateway, from the press of its loop to its crossing, with everything that is
//! pushed: which is counted by running this under callgrind twice: `cargo xtask effort`.

use boshi_protocol::lane::{Input as LaneInput, Side, Sighting};
use boshi_protocol::plate::{Plate, PlateColor};
use boshi_transport::played::Carried;

use super::*;
use crate::config::COMMENTED;

/// Vehicles that drive through, one behind the other, in a wave.
const TOGETHER: usize = 8;
/// How many times as many drive through; once when nobody counts.
const WAVES: &str = "BOSHI_EFFORT_WAVES";

/// A platform that lets everybody pass, at once.
struct Generous(PlayedTime);

impl Wire for Generous {
    fn now(&self) -> Timestamp {
        self.0.get().1
    }

    fn exchange(&self, _: &'static str, _: String, _: Duration) -> Carried {
        let answer = br#"{"respCode":"0","respDesc":"","data":null}"#;
        Box::pin(async move { Ok((200, answer.to_vec())) })
    }
}

struct Site {
    gateway: Played,
    time: PlayedTime,
    since_start: Duration,
    lifts: usize,
    folder: tempfile::TempDir,
}

impl Site {
    async fn start() -> Site {
        boshi_transport::certificate::install_crypto();
        let text = COMMENTED.replace(
            "secret_file = \"./gateway-data/platform.secret\"",
            "secret = \"s\"",
        );
        let mut config = Config::parse(&text).unwrap();
        let folder = tempfile::tempdir().unwrap();
        config.data = folder.path().to_owned();
        let time = PlayedTime::default();
        let wire = Arc::new(Generous(time.clone()));
        let mut number = 0_u64;
        // The same in each run, one behind the other as those of the clock are.
        let ids = Box::new(move || {
            number += 1;
            let mut random = [0; 10];
            random[2..].copy_from_slice(&number.to_be_bytes());
            RecordId::from_uuid(
                uuid::Builder::from_unix_timestamp_millis(number, &random).into_uuid(),
            )
        });
        let (gateway, recovered) = Played::start(&config, wire, time.clone(), ids)
            .await
            .unwrap();
        let mut site = Site {
            gateway,
            time,
            since_start: Duration::ZERO,
            lifts: 0,
            folder,
        };
        site.later(1_000);
        site.hear(recovered).await;
        site
    }

    fn later(&mut self, millis: u64) {
        self.since_start += Duration::from_millis(millis);
        let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        self.time.set(self.since_start, start + self.since_start);
    }

    /// Tells the lot of something, and carries out everything that it wants done about it.
    async fn hear(&mut self, input: Input) {
        let mut inputs = vec![input];
        while let Some(input) = inputs.pop() {
            let turn = self.gateway.think(input);
            for action in self.gateway.carry_out(turn).await {
                match action {
                    Action::Drive { lane, act, .. } => {
                        self.lifts += 1;
                        let result = Ok(());
                        inputs.push(Input::Lane(lane, LaneInput::ActDone { act, result }));
                    }
                    Action::Push(push) => inputs.push(self.gateway.push(push).await),
                    Action::Fetch(_) | Action::Answer { .. } | Action::Show { .. } => {}
                    Action::Check(_) | Action::Tell(_) => {}
                }
            }
        }
    }

    async fn lane(&mut self, input: LaneInput) {
        self.hear(Input::Lane(LaneNo(0), input)).await;
        self.later(500);
        self.hear(Input::Tick).await;
    }

    async fn drives_through(&mut self, number: usize) {
        let side = Side::Entry;
        let trigger = |pressed| LaneInput::TriggerLoop { side, pressed };
        self.lane(trigger(true)).await;
        let sighting = Sighting {
            plate: Plate::read(&format!("粤B{:05}", number % 100_000)).unwrap(),
            color: PlateColor::Blue,
            reliability: Some(96),
            picture: None,
        };
        let read = Input::Read {
            lane: LaneNo(0),
            reading: Reading { side, sighting },
            event: Some(format!("event {number}")),
            replayed_at: None,
        };
        self.hear(read).await;
        self.later(3_000);
        self.hear(Input::Tick).await;
        self.lane(LaneInput::SafetyLoop { pressed: true }).await;
        self.lane(trigger(false)).await;
        self.lane(LaneInput::SafetyLoop { pressed: false }).await;
        self.later(4_000);
        self.hear(Input::Tick).await;
    }
}

#[tokio::test]
async fn a_vehicle_is_let_through_and_everything_about_it_delivered() {
    let waves = std::env::var(WAVES).map_or(1, |waves| waves.parse().unwrap());
    let mut site = Site::start().await;
    let vehicles = waves * TOGETHER;
    for number in 0..vehicles {
        site.drives_through(number).await;
    }
    assert_eq!(site.lifts, vehicles);
    let lot = site.gateway.pusher.lot.clone();
    let tally = crate::tally::tally(&site.folder.path().join("journal.db"), &lot).unwrap();
    assert_eq!(tally.delivered.len(), 2 * vehicles);
}
