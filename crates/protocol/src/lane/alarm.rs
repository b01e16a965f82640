//! Abnormalities: one message an occurrence, told again while it lasts (D-15).

use std::time::Duration;

use jiff::Timestamp;

use super::effect::{Effect, OccurrenceId};
use super::record::Abnormal;
use super::timing::LEAST_REPEAT;
use super::turn::Turn;
use crate::code::AbnormalCode;
use crate::id::DeviceNo;
use crate::moment::Tick;

/// Numbers the abnormalities of a lane.
#[derive(Clone, Debug, Default)]
pub(super) struct Occurrences(u64);

impl Occurrences {
    /// Something is wrong, for the first time.
    pub(super) fn tell(
        &mut self,
        turn: &mut Turn<'_>,
        code: AbnormalCode,
        device: Option<DeviceNo>,
        since: Timestamp,
    ) -> Abnormal {
        self.0 += 1;
        let occurrence = OccurrenceId(self.0);
        let abnormal = Abnormal {
            occurrence,
            code,
            device,
            since,
            repeats: 0,
        };
        turn.emit(Effect::Abnormal(abnormal.clone()));
        abnormal
    }
}

/// Something that may go wrong and come right again.
#[derive(Clone, Debug, Default)]
pub(super) enum Watch {
    /// All is well.
    #[default]
    Quiet,
    /// It is wrong.
    Raised {
        /// As it was told last.
        abnormal: Abnormal,
        /// When it is told again; never when nobody could tell that it is over.
        again: Option<Tick>,
    },
}

impl Watch {
    pub(super) fn is_quiet(&self) -> bool {
        match self {
            Watch::Quiet => true,
            Watch::Raised { .. } => false,
        }
    }

    /// It is wrong: told, unless it was.
    pub(super) fn raise(
        &mut self,
        turn: &mut Turn<'_>,
        tell: impl FnOnce(&mut Turn<'_>) -> Abnormal,
        repeat: Option<Duration>,
    ) {
        match self {
            Watch::Quiet => {
                let abnormal = tell(turn);
                let again = repeat.map(|every| turn.tick() + every.max(LEAST_REPEAT));
                *self = Watch::Raised { abnormal, again };
            }
            Watch::Raised { .. } => {}
        }
    }

    /// When it is to be told again.
    pub(super) fn due(&self) -> Option<Tick> {
        match self {
            Watch::Quiet => None,
            Watch::Raised { again, .. } => *again,
        }
    }

    /// Tells it again, if that is due at `at`.
    pub(super) fn repeat(&mut self, turn: &mut Turn<'_>, at: Tick, every: Duration) {
        match self {
            Watch::Raised {
                abnormal,
                again: Some(again),
            } if *again <= at => {
                abnormal.repeats += 1;
                *again = turn.tick() + every.max(LEAST_REPEAT);
                turn.emit(Effect::Abnormal(abnormal.clone()));
            }
            Watch::Quiet | Watch::Raised { .. } => {}
        }
    }

    /// It is over.
    pub(super) fn clear(&mut self, turn: &mut Turn<'_>) {
        match std::mem::take(self) {
            Watch::Quiet => {}
            Watch::Raised { abnormal, .. } => turn.emit(Effect::AbnormalCleared {
                occurrence: abnormal.occurrence,
                code: abnormal.code,
                at: turn.now.wall,
            }),
        }
    }
}
