//! The rules that a lot goes by, which may change while it does.

use boshi_protocol::abnormal_text::Texts;
use boshi_protocol::delivery::Policy;
use boshi_protocol::moment::Tick;

use super::Lot;
use crate::config::{self, Config, ConfigError};

/// What a lot is made with, beside its own configuration.
#[derive(Clone, Debug)]
pub struct Rules {
    /// How long lanes wait for what.
    pub timing: config::Timing,
    /// How often and how long is pushed.
    pub policy: Policy,
    /// How devices are watched.
    pub supervision: config::Supervision,
    /// What abnormalities are called.
    pub texts: Texts,
}

impl Rules {
    /// The rules that are configured.
    ///
    /// # Errors
    /// [`ConfigError`] when a message of an abnormality cannot be filled in.
    pub fn of(config: &Config) -> Result<Rules, ConfigError> {
        Ok(Rules {
            timing: config.timing.clone(),
            policy: Policy {
                attempts: config.push.attempts,
                budget: config.push.budget,
                probe_interval: config.push.probe,
                ..Policy::default()
            },
            supervision: config.supervision.clone(),
            texts: config.texts()?,
        })
    }
}

impl Lot {
    /// Goes by `rules` from now on; nothing that is under way is given up.
    pub(super) fn follow(&mut self, rules: Rules, now: Tick) {
        let Rules {
            timing,
            policy,
            supervision,
            texts,
        } = rules;
        for lane in &mut self.lanes {
            lane.machine.set_timing(timing.of_lane());
        }
        self.crosstalk.set_window(timing.crosstalk);
        self.supervision
            .set_times(supervision, timing.alarm_repeat, now);
        self.delivery.set_policy(policy);
        self.texts = texts;
    }
}
