//! What is where in which module.

use std::time::Duration;

use super::frame::{Call, OFF, ON, Peer};
use crate::config::{self, InputsBy, ModbusModule, PulseBy};

/// Waveshare: this much above a relay's own address, the module opens the relay again by itself.
const WAVESHARE_FLASH: u16 = 0x200;

/// 聚英: the registers of the first relay's mode, and how far the next relay's are.
const JY_FIRST_MODE: u16 = 3;
const JY_NEXT_MODE: u16 = 5;

/// 聚英: closed for a while (闪开).
const JY_FLASH: u16 = 4;

/// A module as it is wired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wiring {
    pub(super) peer: Peer,
    module: ModbusModule,
    relays_at: u16,
    inputs_at: u16,
    inputs_by: InputsBy,
    /// Who times pulses.
    pub(super) pulse_by: PulseBy,
}

impl Wiring {
    pub(super) fn of(config: &config::Modbus) -> Wiring {
        let (relays_at, inputs_by, pulse_by) = match config.module {
            ModbusModule::Waveshare => (0, InputsBy::Inputs, PulseBy::Module),
            ModbusModule::JyDam => (0, InputsBy::Inputs, PulseBy::Module),
            // Its firmware differs in the function that reads inputs: `inputs_by` says which.
            ModbusModule::Adam6060 => (0x10, InputsBy::Coils, PulseBy::Gateway),
            ModbusModule::Zlan6842 => (0x10, InputsBy::Inputs, PulseBy::Gateway),
            ModbusModule::Plain => (0, InputsBy::Inputs, PulseBy::Gateway),
        };
        Wiring {
            peer: Peer {
                framing: config.frames(),
                unit: config.answers_to(),
            },
            module: config.module,
            relays_at: config.relays_at.unwrap_or(relays_at),
            inputs_at: config.inputs_at.unwrap_or(0),
            inputs_by: config.inputs_by.unwrap_or(inputs_by),
            pulse_by: config.pulse_by.unwrap_or(pulse_by),
        }
    }

    /// Closes or opens a relay.
    pub(super) fn switch(&self, relay: u16, on: bool) -> Call {
        Call::WriteCoil {
            at: self.relay(relay),
            value: if on { ON } else { OFF },
        }
    }

    /// Closes a relay, and opens it again after `length` if the module times that itself.
    pub(super) fn pulse(&self, relay: u16, length: Duration) -> Call {
        let tenths = u16::try_from(length.as_millis() / 100);
        let tenths = tenths.expect("a pulse was checked to be ten seconds at most");
        match (self.pulse_by, self.module) {
            (PulseBy::Module, ModbusModule::Waveshare) => Call::WriteCoil {
                at: self.relay(relay).wrapping_add(WAVESHARE_FLASH),
                value: tenths,
            },
            (PulseBy::Module, ModbusModule::JyDam) => Call::WritePair {
                at: JY_FIRST_MODE + JY_NEXT_MODE * (relay - 1),
                values: [JY_FLASH, tenths],
            },
            (PulseBy::Gateway, _) | (PulseBy::Module, _) => self.switch(relay, true),
        }
    }

    /// Asks how a relay is.
    pub(super) fn look(&self, relay: u16) -> Call {
        Call::Coils {
            at: self.relay(relay),
            count: 1,
        }
    }

    /// Asks how the first `count` relays are.
    pub(super) fn looks(&self, count: u16) -> Call {
        Call::Coils {
            at: self.relays_at,
            count,
        }
    }

    /// Asks how the first `count` inputs are.
    pub(super) fn inputs(&self, count: u16) -> Call {
        let at = self.inputs_at;
        match self.inputs_by {
            InputsBy::Inputs => Call::Inputs { at, count },
            InputsBy::Coils => Call::Coils { at, count },
        }
    }

    fn relay(&self, relay: u16) -> u16 {
        self.relays_at.wrapping_add(relay - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wiring(module: &str) -> Wiring {
        let text = format!("name = \"M\"\naddress = \"m:502\"\nmodule = {module:?}");
        Wiring::of(&toml::from_str(&text).unwrap())
    }

    #[test]
    fn a_pulse_is_what_the_makers_say() {
        let second = Duration::from_secs(1);
        for (module, relay, call) in [
            (
                "waveshare",
                1,
                Call::WriteCoil {
                    at: 0x200,
                    value: 10,
                },
            ),
            (
                "jy-dam",
                1,
                Call::WritePair {
                    at: 3,
                    values: [4, 10],
                },
            ),
            (
                "jy-dam",
                2,
                Call::WritePair {
                    at: 8,
                    values: [4, 10],
                },
            ),
            ("adam-6060", 1, Call::WriteCoil { at: 16, value: ON }),
            ("zlan-6842", 2, Call::WriteCoil { at: 17, value: ON }),
            ("plain", 3, Call::WriteCoil { at: 2, value: ON }),
        ] {
            assert_eq!(wiring(module).pulse(relay, second), call, "{module}");
        }
        assert_eq!(wiring("jy-dam").peer.unit, 254);
        assert_eq!(
            wiring("adam-6060").inputs(6),
            Call::Coils { at: 0, count: 6 }
        );
    }
}
