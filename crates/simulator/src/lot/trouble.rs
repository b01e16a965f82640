//! What goes wrong with the devices of a lane, as its plan says and chance has it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use boshi_protocol::plate::PlateColor;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt as _, SeedableRng as _};

use super::event::Event;
use super::gateway::Told;
use super::plan::{LaneFault, LanePlan};
use super::voice::Voice;
use crate::board::{OlmBoard, OlmFault};
use crate::camera::{HikCamera, HikFault, HikNamespace};
use crate::equipment::Reading;
use crate::module::{ModuleFault, RelayModule};

/// How often what is no habit strikes.
const SHARE: f64 = 1.0 / 3.0;

/// How long a camera waits for an answer that comes too late for it.
const HASTE: Duration = Duration::from_millis(5);

/// How often it sends again at most.
const MOST_REPEATS: u32 = 4;

/// How often a board says that it is busy.
const BUSY: u32 = 2;

/// How sure a camera is at most that is hardly sure.
const HARDLY_SURE: u8 = 20;

/// Chance, and what may go wrong by it; clones share it.
#[derive(Clone, Debug)]
pub(super) struct Mischief {
    faults: Arc<[LaneFault]>,
    random: Arc<Mutex<Xoshiro256PlusPlus>>,
}

impl Mischief {
    pub(super) fn new(plan: &LanePlan, seed: u64) -> Mischief {
        let random = Xoshiro256PlusPlus::seed_from_u64(seed);
        Mischief {
            faults: plan.faults.as_slice().into(),
            random: Arc::new(Mutex::new(random)),
        }
    }

    /// Of one to whom nothing happens.
    pub(super) fn none() -> Mischief {
        Mischief {
            faults: Arc::default(),
            random: Arc::new(Mutex::new(Xoshiro256PlusPlus::seed_from_u64(0))),
        }
    }

    /// Whether it is a habit.
    pub(super) fn has(&self, fault: LaneFault) -> bool {
        self.faults.contains(&fault)
    }

    /// Whether it happens this time.
    pub(super) fn strikes(&self, fault: LaneFault) -> bool {
        self.has(fault) && self.chance().random_bool(SHARE)
    }

    /// A number from 1 to `most`.
    pub(super) fn up_to(&self, most: u32) -> u32 {
        self.chance().random_range(1..=most)
    }

    fn chance(&self) -> std::sync::MutexGuard<'_, Xoshiro256PlusPlus> {
        self.random.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who tells the gateway, rightly or not.
#[derive(Debug)]
pub(super) struct Speaker {
    voice: Voice,
    mischief: Mischief,
}

impl Speaker {
    pub(super) fn new(voice: Voice, mischief: Mischief) -> Speaker {
        Speaker { voice, mischief }
    }

    /// One attempt; a reading may be told more often than it should.
    pub(super) async fn tell(&self, event: &Event, picture: Option<&str>) -> Told {
        let telling = async || self.voice.tell(event, picture).await;
        if !matches!(event, Event::Plate(_)) {
            return telling().await;
        }
        if self.mischief.strikes(LaneFault::LateReply) {
            for _ in 0..self.mischief.up_to(MOST_REPEATS) {
                if let Ok(told) = tokio::time::timeout(HASTE, telling()).await
                    && !matches!(told, Told::Taken)
                {
                    return told;
                }
            }
        }
        let told = telling().await;
        if matches!(told, Told::Taken) && self.mischief.strikes(LaneFault::Duplicate) {
            return telling().await;
        }
        told
    }
}

/// What goes wrong when a vehicle comes.
#[derive(Debug)]
pub(super) struct Trouble {
    pub(super) mischief: Mischief,
    pub(super) hik: Option<HikCamera>,
    pub(super) module: Option<RelayModule>,
    pub(super) board: Option<OlmBoard>,
}

impl Trouble {
    /// A vehicle presses the trigger loop.
    pub(super) fn vehicle_comes(&self) {
        let strikes = |fault| self.mischief.strikes(fault);
        if let Some(camera) = &self.hik {
            if strikes(LaneFault::Forbidden) {
                camera.fails_once(HikFault::Forbidden);
            }
            if strikes(LaneFault::Namespaces) {
                let spaces = [
                    HikNamespace::Isapi,
                    HikNamespace::Hikvision,
                    HikNamespace::StdCgi,
                    HikNamespace::Prefixed,
                ];
                let which = self.mischief.up_to(4).saturating_sub(1);
                camera.writes(spaces[usize::try_from(which).unwrap_or_default()]);
            }
        }
        if let Some(module) = &self.module {
            if strikes(LaneFault::Exception) {
                module.fails_once(ModuleFault::Refused);
            } else if strikes(LaneFault::Unanswered) {
                module.fails_once(ModuleFault::DoneUnanswered);
            }
        }
        // One without power stays so.
        let board = self.board.as_ref().filter(|it| !it.is_dead());
        let of_boards = [LaneFault::Busy, LaneFault::NoAck, LaneFault::Noise];
        if let Some(board) = board.filter(|_| of_boards.iter().any(|it| self.mischief.has(*it))) {
            board.fails(if strikes(LaneFault::Busy) {
                OlmFault::Busy(BUSY)
            } else if strikes(LaneFault::NoAck) {
                OlmFault::Mute
            } else if strikes(LaneFault::Noise) {
                OlmFault::Noisy
            } else {
                OlmFault::None
            });
        }
    }

    /// A camera reads a plate.
    pub(super) fn reads(&self, reading: &mut Reading) {
        if self.mischief.strikes(LaneFault::Unread) {
            *reading = Reading {
                plate: None,
                color: PlateColor::Other,
                reliability: 0,
            };
        } else if self.mischief.strikes(LaneFault::Unsure) {
            let sure = self.mischief.up_to(HARDLY_SURE.into());
            reading.reliability = u8::try_from(sure).unwrap_or(HARDLY_SURE);
        }
    }
}
