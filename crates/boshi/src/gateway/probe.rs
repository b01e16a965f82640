//! Tries a device before it is part of a lot.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use boshi_gateway::config::{Framing, ModbusModule};
use boshi_gateway::probe::{self, ModbusProbe, Opening, Probed};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::terminal::{say, table};

/// Longest pulse in milliseconds, as for a lane's barrier.
const LONGEST_PULSE_MS: u64 = 10_000;

/// Most inputs and relays that are asked for at once.
const MOST_CONTACTS: i64 = 64;

/// Which device, and how it is tried.
#[derive(Args)]
pub(crate) struct Probe {
    /// What it speaks
    #[arg(value_enum)]
    driver: Driver,
    /// Where it is, `host:port`
    address: String,
    /// Which module of relays and contacts it is
    #[arg(long, value_enum, default_value_t = Module::Plain)]
    module: Module,
    /// Serial frames through the connection, as serial servers have them
    #[arg(long)]
    rtu: bool,
    /// The module's number; its maker's when it is left out
    #[arg(long)]
    unit: Option<u8>,
    /// How many of the module's inputs and relays are asked for
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=MOST_CONTACTS))]
    count: u16,
    /// Where the camera's picture is written
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
    /// Close the output for a moment: a barrier that is wired to it opens
    #[arg(long)]
    really_open: bool,
    /// The output, as counted from 1
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=MOST_CONTACTS))]
    output: u16,
    /// How long the output is closed, in milliseconds
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u64).range(100..=LONGEST_PULSE_MS))]
    pulse: u64,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Devices that can be tried: those that the gateway connects to.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Driver {
    /// A module of relays and contacts
    Modbus,
    /// A camera of 臻识 over TCP
    VzTcp,
}

/// Modules that are known.
#[derive(Clone, Copy, ValueEnum)]
enum Module {
    Waveshare,
    JyDam,
    #[value(name = "adam-6060")]
    Adam6060,
    #[value(name = "zlan-6842")]
    Zlan6842,
    Plain,
}

pub(super) async fn probe(wanted: Probe) -> anyhow::Result<()> {
    let open = wanted.really_open.then(|| Opening {
        output: wanted.output,
        pulse: Duration::from_millis(wanted.pulse),
    });
    let probed = match wanted.driver {
        Driver::Modbus => {
            let probe = ModbusProbe {
                module: wanted.module.into(),
                framing: if wanted.rtu {
                    Framing::Rtu
                } else {
                    Framing::Tcp
                },
                unit: wanted.unit,
                count: wanted.count,
                open,
            };
            probe::modbus(&wanted.address, probe).await
        }
        Driver::VzTcp => probe::vz_tcp(&wanted.address, open).await,
    };
    if let Some(path) = &wanted.picture {
        keep_picture(path, &probed)?;
    }
    if wanted.json {
        say(&as_json(&probed).to_string());
    } else {
        print(&probed);
    }
    ensure!(probed.is_well(), "设备没有答出全部问题");
    Ok(())
}

fn keep_picture(path: &PathBuf, probed: &Probed) -> anyhow::Result<()> {
    let Some(picture) = &probed.picture else {
        bail!("设备没有给出图片，未写入 {}", path.display());
    };
    fs::write(path, picture).with_context(|| format!("无法写入 {}", path.display()))
}

fn print(probed: &Probed) {
    let rows = probed.findings.iter().map(|finding| {
        let (well, found) = match &finding.found {
            Ok(found) => ("正常", found),
            Err(why) => ("失败", why),
        };
        vec![finding.what.clone(), well.to_owned(), found.clone()]
    });
    say(&table(&["项目", "结果", "内容"], rows.collect()));
}

fn as_json(probed: &Probed) -> Value {
    let findings = probed.findings.iter().map(|finding| {
        let (found, error) = (finding.found.as_ref().ok(), finding.found.as_ref().err());
        json!({"what": finding.what, "found": found, "error": error})
    });
    json!({
        "findings": findings.collect::<Vec<_>>(),
        "picture_bytes": probed.picture.as_ref().map(Vec::len),
    })
}

impl From<Module> for ModbusModule {
    fn from(module: Module) -> ModbusModule {
        match module {
            Module::Waveshare => ModbusModule::Waveshare,
            Module::JyDam => ModbusModule::JyDam,
            Module::Adam6060 => ModbusModule::Adam6060,
            Module::Zlan6842 => ModbusModule::Zlan6842,
            Module::Plain => ModbusModule::Plain,
        }
    }
}
