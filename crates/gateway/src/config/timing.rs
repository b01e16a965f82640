//! How long a lane waits for what.

use std::time::Duration;

use boshi_protocol::lane;
use serde::Deserialize;

use boshi_service::config::value;

/// The times of a lane that are configured; each has the default of [`lane::Timing`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(
    missing_docs,
    reason = "each field is the one of lane::Timing with the same name"
)]
pub struct Timing {
    #[serde(deserialize_with = "value::span")]
    pub refused_poll: Duration,
    #[serde(deserialize_with = "value::span")]
    pub debounce: Duration,
    #[serde(deserialize_with = "value::span")]
    pub read_grace: Duration,
    #[serde(deserialize_with = "value::span")]
    pub approach_window: Duration,
    #[serde(deserialize_with = "value::span")]
    pub same_plate: Duration,
    #[serde(deserialize_with = "value::span")]
    pub presence: Duration,
    #[serde(deserialize_with = "value::span")]
    pub travel: Duration,
    #[serde(deserialize_with = "value::span")]
    pub follow_wait: Duration,
    #[serde(deserialize_with = "value::span")]
    pub passage: Duration,
    #[serde(deserialize_with = "value::span")]
    pub leave_grace: Duration,
    #[serde(deserialize_with = "value::span")]
    pub loop_alarm: Duration,
    #[serde(deserialize_with = "value::span")]
    pub alarm_repeat: Duration,
    #[serde(deserialize_with = "value::span")]
    pub barrier_down: Duration,
    #[serde(deserialize_with = "value::span")]
    pub far_side: Duration,
    #[serde(deserialize_with = "value::span")]
    pub act: Duration,
    #[serde(deserialize_with = "value::span")]
    pub fire_reassert: Duration,
    /// How long the same plate in two lanes of a lot is one vehicle.
    #[serde(deserialize_with = "value::span")]
    pub crosstalk: Duration,
}

impl Default for Timing {
    fn default() -> Timing {
        let lane = lane::Timing::default();
        Timing {
            refused_poll: lane.refused_poll,
            debounce: lane.debounce,
            read_grace: lane.read_grace,
            approach_window: lane.approach_window,
            same_plate: lane.same_plate,
            presence: lane.presence,
            travel: lane.travel,
            follow_wait: lane.follow_wait,
            passage: lane.passage,
            leave_grace: lane.leave_grace,
            loop_alarm: lane.loop_alarm,
            alarm_repeat: lane.alarm_repeat,
            barrier_down: lane.barrier_down,
            far_side: lane.far_side,
            act: lane.act,
            fire_reassert: lane.fire_reassert,
            crosstalk: Duration::from_secs(5),
        }
    }
}

impl Timing {
    /// The part that a lane itself knows.
    pub fn of_lane(&self) -> lane::Timing {
        lane::Timing {
            refused_poll: self.refused_poll,
            debounce: self.debounce,
            read_grace: self.read_grace,
            approach_window: self.approach_window,
            same_plate: self.same_plate,
            presence: self.presence,
            travel: self.travel,
            follow_wait: self.follow_wait,
            passage: self.passage,
            leave_grace: self.leave_grace,
            loop_alarm: self.loop_alarm,
            alarm_repeat: self.alarm_repeat,
            barrier_down: self.barrier_down,
            far_side: self.far_side,
            act: self.act,
            fire_reassert: self.fire_reassert,
        }
    }
}
