//! When what happens to the lot counts.

use std::time::Duration;

use boshi_protocol::lane::{Input as LaneInput, Side};
use jiff::Timestamp;
use uuid::Uuid;

use super::*;
use crate::clock::PlayedTime;
use crate::config::{COMMENTED, Config};
use crate::lot::{LaneNo, Rules};

fn at(millis: u64) -> (Duration, Timestamp) {
    let since_start = Duration::from_millis(millis);
    let wall: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    (since_start, wall + since_start)
}

/// CROSS-1: the contact told in time; it is the lot that had no time.
#[tokio::test]
async fn a_loop_pressed_and_let_go_while_the_lot_was_busy_was_pressed_for_as_long_as_it_was() {
    let config = Config::parse(COMMENTED).unwrap();
    let rules = Rules::of(&config).unwrap();
    let lot = Lot::new(&config.lots[0], rules, &HashMap::new());
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(&folder.path().join("journal.db")).unwrap();
    let time = PlayedTime::default();
    let clock = Clock::played(time.clone());
    let ids = Box::new(|| RecordId::from_uuid(Uuid::now_v7()));
    let (mut core, mut messages, handle) = Core::new(lot, clock.clone(), journal, ids);
    let lane = |input| Input::Lane(LaneNo(0), input);
    let trigger = LaneInput::TriggerLoop {
        side: Side::Entry,
        pressed: true,
    };
    let under_arm = |pressed| LaneInput::SafetyLoop { pressed };
    for (millis, input) in [
        (1_000, trigger),
        (3_000, under_arm(true)),
        (3_600, under_arm(false)),
    ] {
        let (since_start, wall) = at(millis);
        time.set(since_start, wall);
        handle.post(lane(input), clock.now()).await.unwrap();
    }
    let (since_start, wall) = at(9_000);
    time.set(since_start, wall);
    let mut crossed = Vec::new();
    while let Ok(message) = messages.try_recv() {
        let (turn, _) = core.admit(message);
        crossed.extend(turn.entries.into_iter().filter_map(|entry| match entry {
            Entry::Crossing(crossing) => Some(crossing.at),
            _ => None,
        }));
    }
    assert_eq!(crossed, [at(3_000).1]);
}
