//! What was told to be wrong, and is.

use std::collections::BTreeMap;

use super::super::super::*;
use crate::code::AbnormalCode;
use crate::moment::Tick;

/// The occurrences so far.
pub(super) struct Alarms {
    repeat: std::time::Duration,
    /// Each with its code, how often and when it was told, and whether it is over.
    occurrences: BTreeMap<OccurrenceId, Occurrence>,
}

struct Occurrence {
    code: AbnormalCode,
    repeats: u32,
    told: Tick,
    over: bool,
}

impl Alarms {
    pub(super) fn new(timing: &Timing) -> Alarms {
        Alarms {
            repeat: timing.alarm_repeat.max(LEAST_REPEAT),
            occurrences: BTreeMap::new(),
        }
    }

    /// D-15: once, and again at an interval while it lasts.
    pub(super) fn told(&mut self, abnormal: &Abnormal, now: Tick) {
        match self.occurrences.get_mut(&abnormal.occurrence) {
            None => {
                assert_eq!(abnormal.repeats, 0, "D-15: {abnormal:?}");
                let occurrence = Occurrence {
                    code: abnormal.code.clone(),
                    repeats: 0,
                    told: now,
                    over: false,
                };
                self.occurrences.insert(abnormal.occurrence, occurrence);
            }
            Some(before) => {
                before.repeats += 1;
                assert!(!before.over, "D-15: told after it was over: {abnormal:?}");
                assert_eq!(before.repeats, abnormal.repeats, "D-15: {abnormal:?}");
                assert!(
                    before.told + self.repeat <= now,
                    "D-15: too soon: {abnormal:?}"
                );
                before.told = now;
            }
        }
    }

    pub(super) fn cleared(&mut self, occurrence: OccurrenceId) {
        let known = self.occurrences.get_mut(&occurrence);
        let told = known.filter(|occurrence| !occurrence.over);
        told.expect("D-15: what is over was told, and is over once")
            .over = true;
    }

    /// ABN-1: as many loops are told to be pressed for too long as are.
    pub(super) fn demands(&self, pressed_too_long: usize) {
        let lasts = |occurrence: &&Occurrence| {
            occurrence.code == AbnormalCode::LoopPressed && !occurrence.over
        };
        let told = self.occurrences.values().filter(lasts).count();
        assert_eq!(told, pressed_too_long, "ABN-1: loops pressed for too long");
    }
}
