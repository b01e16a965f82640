//! Tries a module of relays and contacts.

use super::frame::{Answer, Call};
use super::wire::{LinkError, Wire};
use super::wiring::Wiring;
use crate::config::{Framing, Modbus, ModbusModule, PulseBy, SerialLine};
use crate::devices::probe::{ANSWER, Opening, Probed};
use crate::devices::stream;

/// How a module is tried.
#[derive(Clone, Copy, Debug)]
pub struct ModbusProbe {
    /// Which module it is.
    pub module: ModbusModule,
    /// How its frames travel.
    pub framing: Framing,
    /// The number that it answers to; the module's own when it is left out.
    pub unit: Option<u8>,
    /// How bytes travel, should it hang on a serial port.
    pub line: SerialLine,
    /// How many inputs and relays are asked for.
    pub count: u16,
    /// The relay to be closed for a while, if that is really wanted.
    pub open: Option<Opening>,
}

/// Tries the module at `address` (`host:port`), or on a serial port. What it does not do or say is among the findings.
pub async fn modbus(address: &str, probe: ModbusProbe) -> Probed {
    let config = Modbus::of_module(address, probe.module, probe.framing, probe.unit, probe.line);
    let wiring = Wiring::of(&config);
    let mut probed = Probed::default();
    let (line, framing) = (config.line(), config.frames());
    let gap = stream::gap(address, line);
    let mut wire = match Wire::open(address, line, framing, gap).await {
        Ok(wire) => wire,
        Err(error) => {
            probed.say("连接", Err(error.to_string()));
            return probed;
        }
    };
    probed.say("连接", Ok(format!("已连接，站号 {}", wiring.peer.unit)));
    let inputs = ask(&mut wire, &wiring, wiring.inputs(probe.count)).await;
    let is_there = !matches!(
        inputs,
        Err(LinkError::Silent | LinkError::Absent | LinkError::Closed)
    );
    probed.say("输入", levels(inputs));
    if is_there {
        let relays = ask(&mut wire, &wiring, wiring.looks(probe.count)).await;
        probed.say("继电器", levels(relays));
        if let Some(opening) = probe.open {
            probed.say("开闸脉冲", pulse(&mut wire, &wiring, opening).await);
        }
    }
    probed
}

async fn ask(wire: &mut Wire, wiring: &Wiring, call: Call) -> Result<Answer, LinkError> {
    let (_, came) = wire.ask(wiring.peer, call, ANSWER).await;
    Ok(came?.0)
}

fn levels(answer: Result<Answer, LinkError>) -> Result<String, String> {
    match answer {
        Ok(Answer::Bits(bits)) => {
            let numbered = bits.iter().enumerate();
            let shown = numbered.map(|(at, on)| format!("{}:{}", at + 1, u8::from(*on)));
            Ok(shown.collect::<Vec<_>>().join("  "))
        }
        Ok(Answer::Exception(code)) => Err(format!("模块拒绝，异常码 {code:02}")),
        Ok(Answer::Written) => Err("答非所问".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// Closes the relay once. Whatever comes back, it is never told again.
async fn pulse(wire: &mut Wire, wiring: &Wiring, opening: Opening) -> Result<String, String> {
    let Opening { output, pulse } = opening;
    written(wire, wiring, wiring.pulse(output, pulse)).await?;
    if wiring.pulse_by == PulseBy::Gateway {
        tokio::time::sleep(pulse).await;
        written(wire, wiring, wiring.switch(output, false)).await?;
    }
    Ok(format!("继电器 {output} 已吸合 {} 毫秒", pulse.as_millis()))
}

async fn written(wire: &mut Wire, wiring: &Wiring, call: Call) -> Result<(), String> {
    match ask(wire, wiring, call).await {
        Ok(Answer::Written) => Ok(()),
        Ok(Answer::Exception(code)) => Err(format!("模块拒绝，异常码 {code:02}")),
        Ok(Answer::Bits(_)) => Err("答非所问，结果未知".to_owned()),
        Err(error) => Err(format!("{error}，结果未知")),
    }
}
