//! How long things take in a lane, in the time of the lane.

use std::time::Duration;

use rand::{Rng, RngExt as _};
use serde::{Deserialize, Deserializer};

/// How far what people do differs from its usual duration: a fifth, either way.
const SPREAD: f64 = 0.2;

/// How long what takes. In a plan: texts such as `"3s"` or `"150ms"`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Timing {
    /// From arriving at the lane until the trigger loop is pressed.
    #[serde(deserialize_with = "duration")]
    pub approach: Duration,
    /// The same for a vehicle that waited behind another one, from when that one made room.
    #[serde(deserialize_with = "duration")]
    pub move_up: Duration,
    /// From the trigger loop until the first reading, at least.
    #[serde(deserialize_with = "duration")]
    pub first_read_after: Duration,
    /// From the trigger loop until the first reading, at most.
    #[serde(deserialize_with = "duration")]
    pub first_read_within: Duration,
    /// Between two readings of a vehicle that stands there.
    #[serde(deserialize_with = "duration")]
    pub read_again: Duration,
    /// From the arm being up until the vehicle starts.
    #[serde(deserialize_with = "duration")]
    pub reaction: Duration,
    /// From starting until the anti-smash loop is pressed.
    #[serde(deserialize_with = "duration")]
    pub rolling: Duration,
    /// How long both loops are pressed.
    #[serde(deserialize_with = "duration")]
    pub straddling: Duration,
    /// How long the anti-smash loop alone is pressed.
    #[serde(deserialize_with = "duration")]
    pub clearing: Duration,
    /// Between the two presses of the anti-smash loop when a vehicle follows on another's heels.
    #[serde(deserialize_with = "duration")]
    pub tail_gap: Duration,
    /// How long the far trigger loop of a mixed lane stays pressed by a vehicle that leaves.
    #[serde(deserialize_with = "duration")]
    pub leaving: Duration,
    /// From putting in reverse until the trigger loop is free.
    #[serde(deserialize_with = "duration")]
    pub reversing: Duration,
    /// From a command until the relay has switched.
    #[serde(deserialize_with = "duration")]
    pub relay: Duration,
    /// How long the arm travels.
    #[serde(deserialize_with = "duration")]
    pub travel: Duration,
    /// From the anti-smash loop being free until the arm closes by itself.
    #[serde(deserialize_with = "duration")]
    pub auto_close: Duration,
    /// How long an arm stays up that nobody uses; zero: for ever.
    #[serde(deserialize_with = "duration")]
    pub close_unused: Duration,
    /// Between two false edges of a loop that bounces.
    #[serde(deserialize_with = "duration")]
    pub bounce: Duration,
}

impl Default for Timing {
    fn default() -> Timing {
        let ms = Duration::from_millis;
        Timing {
            approach: ms(2_000),
            move_up: ms(700),
            first_read_after: ms(300),
            first_read_within: ms(800),
            read_again: ms(1_000),
            reaction: ms(500),
            rolling: ms(1_000),
            straddling: ms(700),
            clearing: ms(800),
            tail_gap: ms(600),
            leaving: ms(1_000),
            reversing: ms(800),
            relay: ms(150),
            travel: ms(3_000),
            auto_close: ms(2_000),
            close_unused: ms(20_000),
            bounce: ms(4),
        }
    }
}

/// `usual`, as somebody does it this time.
pub(super) fn about(usual: Duration, random: &mut dyn Rng) -> Duration {
    usual.mul_f64(random.random_range(1.0 - SPREAD..1.0 + SPREAD))
}

/// Something between the two.
pub(super) fn between(least: Duration, most: Duration, random: &mut dyn Rng) -> Duration {
    least + most.saturating_sub(least).mul_f64(random.random())
}

/// A duration as people write it: `3s`, `150ms`, `1m 30s`.
pub(crate) fn duration<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    let written = jiff::SignedDuration::deserialize(from)?;
    Duration::try_from(written).map_err(serde::de::Error::custom)
}
