//! Tries a device from the command line, before it is part of a lot: who it is, how its inputs are, a
//! picture, and only when that is really wanted, a pulse for its barrier.

use std::time::Duration;

pub use super::dahua::probe::{DahuaProbe, dahua};
pub use super::hik::probe::{HikProbe, hik};
pub use super::modbus::probe::{ModbusProbe, modbus};
pub use super::olm::probe::{OlmProbe, olm};
pub use super::vz::mqtt::probe::{VzMqttProbe, vz_mqtt};
pub use super::vz::tcp::probe::vz_tcp;

/// How long an answer is waited for.
pub(super) const ANSWER: Duration = Duration::from_secs(2);

/// What was found out of a device.
#[derive(Clone, Debug, Default)]
pub struct Probed {
    /// In the order in which it was asked for.
    pub findings: Vec<Finding>,
    /// What the device sees, a JPEG.
    pub picture: Option<Vec<u8>>,
    /// What its protocol has no question for, or none that is documented: neither found nor failed.
    pub unasked: Vec<Unasked>,
}

/// One thing that cannot be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unasked {
    /// What it is.
    pub what: &'static str,
    /// Why it was not asked for.
    pub why: &'static str,
}

/// One thing that was found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was asked for.
    pub what: String,
    /// What came back, or why nothing of use did.
    pub found: Result<String, String>,
}

/// The output that opens a barrier, for `--really-open`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    /// The relay or output, counted from 1.
    pub output: u16,
    /// How long it is closed.
    pub pulse: Duration,
}

impl Probed {
    pub(super) fn say(&mut self, what: &str, found: Result<String, String>) {
        let what = what.to_owned();
        self.findings.push(Finding { what, found });
    }

    pub(super) fn cannot(&mut self, what: &'static str, why: &'static str) {
        self.unasked.push(Unasked { what, why });
    }

    /// Whether everything that was asked for was found.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.findings.iter().all(|it| it.found.is_ok())
    }
}
