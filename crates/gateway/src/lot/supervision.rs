//! The watch over the devices: which answer, which are lost (ABN-1, ABN-3).
//!
//! Every device is asked for at an interval, and a device whose heartbeats stop is asked for at
//! once; what counts is whether it answers then, or was heard from a moment ago.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use boshi_protocol::code::AbnormalCode;
use boshi_protocol::id::{DeviceNo, RecordId};
use boshi_protocol::moment::Tick;

use super::input::LaneNo;
use crate::config;

/// How long after the start a device that does not answer yet is not missed: time for the
/// controllers to come up after the same power cut.
const COMING_UP: Duration = Duration::from_secs(10);

/// What a device is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceKind {
    /// A display.
    Display,
    /// A plate recognizer.
    Recognizer,
    /// A barrier.
    Barrier,
}

impl DeviceKind {
    /// What it is called when it is lost (ABN-1).
    pub const fn code(self) -> AbnormalCode {
        match self {
            DeviceKind::Display => AbnormalCode::DisplayLost,
            DeviceKind::Recognizer => AbnormalCode::RecognizerLost,
            DeviceKind::Barrier => AbnormalCode::BarrierLost,
        }
    }
}

/// A device as people may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceState {
    /// Its number.
    pub device: DeviceNo,
    /// What it is.
    pub kind: DeviceKind,
    /// Its lane.
    pub lane: LaneNo,
    /// Whether it answers, as far as anybody knows.
    pub online: Option<bool>,
    /// When it was heard from last.
    pub heard: Option<Tick>,
}

/// What the watch has found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Finding {
    /// The devices of this lane are to be asked for.
    Check(LaneNo),
    /// A device answers, for the first time or again.
    Online {
        device: DeviceNo,
        lane: LaneNo,
        kind: DeviceKind,
    },
    /// A device is lost, or still is, and that is to be told (D-15).
    Lost {
        device: DeviceNo,
        lane: LaneNo,
        kind: DeviceKind,
    },
}

#[derive(Debug)]
pub(super) struct Supervision {
    devices: BTreeMap<DeviceNo, Watched>,
    lanes: usize,
    times: config::Supervision,
    repeat: Duration,
    next_check: Tick,
    /// Until when the controllers may still be coming up.
    coming_up: Tick,
    checking: BTreeSet<LaneNo>,
}

#[derive(Debug)]
struct Watched {
    kind: DeviceKind,
    lane: LaneNo,
    heard: Option<Tick>,
    /// Until when its next heartbeat is awaited, if it sends any.
    beat_due: Option<Tick>,
    link: Link,
}

#[derive(Debug)]
enum Link {
    Unknown,
    Online,
    Lost {
        tell_again: Tick,
        occurrence: Option<RecordId>,
    },
}

impl Supervision {
    pub(super) fn new(
        lanes: &[config::Lane],
        times: config::Supervision,
        repeat: Duration,
    ) -> Supervision {
        let mut devices = BTreeMap::new();
        for (place, lane) in lanes.iter().enumerate() {
            let mut watch = |device: &DeviceNo, kind| {
                devices.insert(device.clone(), Watched::new(kind, LaneNo(place)));
            };
            lane.recognizers()
                .for_each(|device| watch(device, DeviceKind::Recognizer));
            lane.displays()
                .for_each(|device| watch(device, DeviceKind::Display));
            watch(&lane.barrier, DeviceKind::Barrier);
        }
        Supervision {
            devices,
            lanes: lanes.len(),
            next_check: Tick::ZERO,
            coming_up: Tick::ZERO + COMING_UP.min(times.check),
            times,
            repeat,
            checking: BTreeSet::new(),
        }
    }

    /// Watches by these times from now on, `repeat` being how often a loss that lasts is told.
    pub(super) fn set_times(&mut self, times: config::Supervision, repeat: Duration, now: Tick) {
        self.next_check = self.next_check.min(now + times.check);
        self.times = times;
        self.repeat = repeat;
    }

    /// A device sent its heartbeat, and is expected to go on doing so.
    pub(super) fn beat(&mut self, devices: &[DeviceNo], now: Tick) -> Vec<Finding> {
        let mut findings = Vec::new();
        for device in devices {
            findings.extend(self.heard(device, now));
            if let Some(watched) = self.devices.get_mut(device) {
                watched.beat_due = Some(now + self.times.silence);
            }
        }
        findings
    }

    /// A device said something.
    pub(super) fn heard(&mut self, device: &DeviceNo, now: Tick) -> Vec<Finding> {
        let Some(watched) = self.devices.get_mut(device) else {
            return Vec::new();
        };
        watched.heard = Some(now);
        if let Some(due) = &mut watched.beat_due {
            *due = now + self.times.silence;
        }
        watched.found(device, true, now, self.repeat)
    }

    /// A check of a lane has ended. Who was heard from a moment ago is online whatever it says.
    pub(super) fn checked(&mut self, lane: LaneNo, online: &[DeviceNo], now: Tick) -> Vec<Finding> {
        self.checking.remove(&lane);
        let silence = self.times.silence;
        let mut findings = Vec::new();
        for (device, watched) in &mut self.devices {
            if watched.lane == lane {
                let lately = watched.heard.is_some_and(|heard| now < heard + silence);
                let answers = lately || online.contains(device);
                if answers || watched.was_there() || self.coming_up <= now {
                    findings.extend(watched.found(device, answers, now, self.repeat));
                }
            }
        }
        findings
    }

    /// What time has brought.
    pub(super) fn elapse(&mut self, now: Tick) -> Vec<Finding> {
        let mut wanted = BTreeSet::new();
        let mut findings = Vec::new();
        if self.next_check <= now {
            self.next_check = if now < self.coming_up {
                self.coming_up
            } else {
                now + self.times.check
            };
            wanted.extend((0..self.lanes).map(LaneNo));
        }
        for (device, watched) in &mut self.devices {
            if watched.beat_due.take_if(|due| *due <= now).is_some() {
                wanted.insert(watched.lane);
            }
            if watched.tell_again().is_some_and(|due| due <= now) {
                findings.extend(watched.found(device, false, now, self.repeat));
            }
        }
        for lane in wanted {
            if self.checking.insert(lane) {
                findings.push(Finding::Check(lane));
            }
        }
        findings
    }

    pub(super) fn deadline(&self) -> Option<Tick> {
        let devices = self.devices.values();
        let dues = devices.flat_map(|watched| [watched.beat_due, watched.tell_again()]);
        dues.flatten().chain([self.next_check]).min()
    }

    /// The id of the first message about a lost device, which `id` is if there was none before.
    pub(super) fn occurrence_of(&mut self, device: &DeviceNo, id: &RecordId) -> RecordId {
        match self
            .devices
            .get_mut(device)
            .map(|watched| &mut watched.link)
        {
            Some(Link::Lost { occurrence, .. }) => {
                occurrence.get_or_insert_with(|| id.clone()).clone()
            }
            Some(Link::Unknown | Link::Online) | None => id.clone(),
        }
    }

    /// The id of the first message about a device that is back.
    pub(super) fn occurrence_ended(&mut self, device: &DeviceNo) -> Option<RecordId> {
        let watched = self.devices.get_mut(device)?;
        match std::mem::replace(&mut watched.link, Link::Online) {
            Link::Lost { occurrence, .. } => occurrence,
            Link::Unknown | Link::Online => None,
        }
    }

    pub(super) fn states(&self) -> Vec<DeviceState> {
        let state = |(device, watched): (&DeviceNo, &Watched)| DeviceState {
            device: device.clone(),
            kind: watched.kind,
            lane: watched.lane,
            online: match watched.link {
                Link::Unknown => None,
                Link::Online => Some(true),
                Link::Lost { .. } => Some(false),
            },
            heard: watched.heard,
        };
        self.devices.iter().map(state).collect()
    }
}

impl Watched {
    fn new(kind: DeviceKind, lane: LaneNo) -> Watched {
        Watched {
            kind,
            lane,
            heard: None,
            beat_due: None,
            link: Link::Unknown,
        }
    }

    fn was_there(&self) -> bool {
        !matches!(self.link, Link::Unknown)
    }

    fn tell_again(&self) -> Option<Tick> {
        match self.link {
            Link::Lost { tell_again, .. } => Some(tell_again),
            Link::Unknown | Link::Online => None,
        }
    }

    /// Takes note of whether the device answers; a finding when that is to be told.
    fn found(
        &mut self,
        device: &DeviceNo,
        online: bool,
        now: Tick,
        repeat: Duration,
    ) -> Vec<Finding> {
        let (device, lane, kind) = (device.clone(), self.lane, self.kind);
        match (&mut self.link, online) {
            (Link::Online, true) => Vec::new(),
            (Link::Unknown | Link::Lost { .. }, true) => {
                vec![Finding::Online { device, lane, kind }]
            }
            (Link::Lost { tell_again, .. }, false) if now < *tell_again => Vec::new(),
            (Link::Lost { tell_again, .. }, false) => {
                *tell_again = now + repeat;
                vec![Finding::Lost { device, lane, kind }]
            }
            (Link::Unknown | Link::Online, false) => {
                self.link = Link::Lost {
                    tell_again: now + repeat,
                    occurrence: None,
                };
                vec![Finding::Lost { device, lane, kind }]
            }
        }
    }
}
