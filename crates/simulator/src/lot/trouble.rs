//! What goes wrong with the devices of a lane, as its plan says and chance has it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use boshi_protocol::plate::PlateColor;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt as _, SeedableRng as _};

use super::event::{Event, PlateRead};
use super::gateway::Told;
use super::plan::{LaneFault, LanePlan};
use super::voice::Voice;
use crate::board::{OlmBoard, OlmFault};
use crate::camera::{
    DahuaCamera, DahuaFault, HikCamera, HikFault, HikNamespace, VzMqttCamera, VzMqttFault,
};
use crate::equipment::{Reading, mistaken};
use crate::module::{ModuleFault, RelayModule};

/// How long a camera waits for an answer that comes too late for it.
const HASTE: Duration = Duration::from_millis(5);

/// How often it sends again at most.
const MOST_REPEATS: u32 = 4;

/// How often a board says that it is busy.
const BUSY: u32 = 2;

/// How sure a camera is at most of what it reads wrongly.
const SURE_OF_A_MISTAKE: u8 = 79;

/// How sure a camera is at most that is hardly sure.
const HARDLY_SURE: u8 = 20;

/// Chance, and what may go wrong by it; clones share it.
#[derive(Clone, Debug)]
pub(super) struct Mischief {
    faults: Arc<[LaneFault]>,
    /// How often what is no habit strikes.
    share: f64,
    random: Arc<Mutex<Xoshiro256PlusPlus>>,
}

impl Mischief {
    pub(super) fn new(plan: &LanePlan, seed: u64) -> Mischief {
        let random = Xoshiro256PlusPlus::seed_from_u64(seed);
        Mischief {
            faults: plan.faults.as_slice().into(),
            share: plan.fault_share,
            random: Arc::new(Mutex::new(random)),
        }
    }

    /// Of one to whom nothing happens.
    pub(super) fn none() -> Mischief {
        Mischief {
            faults: Arc::default(),
            share: 0.0,
            random: Arc::new(Mutex::new(Xoshiro256PlusPlus::seed_from_u64(0))),
        }
    }

    /// Whether it is a habit.
    pub(super) fn has(&self, fault: LaneFault) -> bool {
        self.faults.contains(&fault)
    }

    /// Whether it happens this time.
    pub(super) fn strikes(&self, fault: LaneFault) -> bool {
        self.has(fault) && self.chance().random_bool(self.share)
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
        let Event::Plate(read) = event else {
            return self.voice.tell(event, picture).await;
        };
        let large;
        let picture = match picture {
            Some(_) if self.mischief.strikes(LaneFault::NoPicture) => None,
            Some(taken) if self.mischief.strikes(LaneFault::Large) => {
                large = self.enlarged(read, taken);
                Some(large.as_str())
            }
            usual => usual,
        };
        let telling = async || self.voice.tell(event, picture).await;
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

    /// A picture that is as large as it can be: what follows the end of a JPEG is not looked at.
    fn enlarged(&self, read: &PlateRead, picture: &str) -> String {
        let mut bytes = STANDARD.decode(picture).unwrap_or_default();
        let room = self.voice.room(read).unwrap_or_default();
        bytes.resize(room.max(bytes.len()), 0);
        STANDARD.encode(bytes)
    }
}

/// What goes wrong when a vehicle comes.
#[derive(Debug)]
pub(super) struct Trouble {
    pub(super) mischief: Mischief,
    pub(super) hik: Option<HikCamera>,
    pub(super) vz_mqtt: Option<VzMqttCamera>,
    pub(super) dahua: Option<DahuaCamera>,
    pub(super) module: Option<RelayModule>,
    pub(super) board: Option<OlmBoard>,
    /// Whether who is in front was not read yet.
    pub(super) is_new: AtomicBool,
}

impl Trouble {
    /// A vehicle presses the trigger loop.
    pub(super) fn vehicle_comes(&self) {
        self.is_new.store(true, Ordering::Relaxed);
        if let Some(camera) = &self.hik {
            self.befalls_hik(camera);
        }
        if let Some(camera) = &self.vz_mqtt {
            if self.mischief.strikes(LaneFault::NotSupported) {
                camera.fails_once(VzMqttFault::Refuses);
            } else if self.mischief.strikes(LaneFault::Unanswered) {
                camera.fails_once(VzMqttFault::Mute);
            }
        }
        if let Some(camera) = &self.dahua {
            let faults = [
                (LaneFault::Sessions, DahuaFault::Crowded),
                (LaneFault::NotSupported, DahuaFault::Refuses),
                (LaneFault::Idle, DahuaFault::Idle),
                (LaneFault::Unanswered, DahuaFault::Mute),
            ];
            if let Some(fault) = self.one_of(faults) {
                camera.fails_once(fault);
            }
        }
        if let Some(module) = &self.module {
            let faults = [
                (LaneFault::Exception, ModuleFault::Refused),
                (LaneFault::Unanswered, ModuleFault::DoneUnanswered),
                (LaneFault::Lost, ModuleFault::Lost),
                (LaneFault::Stale, ModuleFault::StaleFirst),
            ];
            if let Some(fault) = self.one_of(faults) {
                module.fails_once(fault);
            }
        }
        let faults = [
            (LaneFault::Busy, OlmFault::Busy(BUSY)),
            (LaneFault::NoAck, OlmFault::Mute),
            (LaneFault::Noise, OlmFault::Noisy),
            (LaneFault::Garbled, OlmFault::Garbled),
        ];
        // One without power stays so.
        let board = self.board.as_ref().filter(|it| !it.is_dead());
        if let Some(board) = board.filter(|_| faults.iter().any(|it| self.mischief.has(it.0))) {
            board.fails(self.one_of(faults).unwrap_or_default());
        }
    }

    fn befalls_hik(&self, camera: &HikCamera) {
        let faults = [
            (LaneFault::Forbidden, HikFault::Forbidden),
            (LaneFault::NotSupported, HikFault::NotSupported),
            (LaneFault::Idle, HikFault::Idle),
            (LaneFault::CodeZero, HikFault::CodeZero),
            (LaneFault::Unanswered, HikFault::Mute),
        ];
        if let Some(fault) = self.one_of(faults) {
            camera.fails_once(fault);
        }
        camera.has_signal(!self.mischief.strikes(LaneFault::NoSignal));
        if self.mischief.strikes(LaneFault::Namespaces) {
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

    /// The first that strikes.
    fn one_of<F, const N: usize>(&self, faults: [(LaneFault, F); N]) -> Option<F> {
        let mut faults = faults.into_iter();
        let struck = faults.find(|(fault, _)| self.mischief.strikes(*fault));
        struck.map(|(_, fails)| fails)
    }

    /// A camera reads a plate.
    pub(super) fn reads(&self, reading: &mut Reading) {
        let is_new = self.is_new.swap(false, Ordering::Relaxed);
        if self.mischief.strikes(LaneFault::Unread) {
            *reading = Reading {
                plate: None,
                color: PlateColor::Other,
                reliability: 0,
            };
        } else if self.mischief.strikes(LaneFault::Unsure) {
            let sure = self.mischief.up_to(HARDLY_SURE.into());
            reading.reliability = u8::try_from(sure).unwrap_or(HARDLY_SURE);
        } else if let Some(plate) = &reading.plate
            && is_new
            && self.mischief.strikes(LaneFault::Misread)
        {
            reading.plate = Some(mistaken(plate, &mut *self.mischief.chance()));
            reading.reliability = reading.reliability.min(SURE_OF_A_MISTAKE);
        }
    }
}
