//! Tries a device before it is part of a lot.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail, ensure};
use boshi_gateway::config::{
    BAUDS, Framing, ModbusModule, Parity, SerialLine, StopBits, Topic, VzMqtt, is_host, is_serial,
};
use boshi_gateway::probe::{
    self, DahuaProbe, HikProbe, ModbusProbe, OlmProbe, Opening, Probed, VzMqttProbe,
};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::terminal::{say, table};

/// Longest pulse in milliseconds, as for a lane's barrier.
const LONGEST_PULSE_MS: u64 = 10_000;

/// The variable that holds a camera's password.
const PASSWORD_VARIABLE: &str = "BOSHI_PROBE_PASSWORD";

/// Most lines of a board.
const MOST_ROWS: u8 = 4;

/// Channels of a camera.
const MOST_CHANNELS: i64 = 16;

/// Longest that a camera behind a broker is waited for, in seconds.
const LONGEST_WAIT: u64 = 120;

/// Outputs of a camera of 臻识 over MQTT.
const MOST_OUTPUTS: u16 = 4;

/// Longest serial number in characters, as in the configuration.
const LONGEST_SERIAL: usize = 128;

/// Most inputs and relays that are asked for at once.
const MOST_CONTACTS: i64 = 64;

/// Which device, and how it is tried.
#[derive(Args)]
pub(crate) struct Probe {
    /// What it speaks
    #[arg(value_enum)]
    driver: Driver,
    /// Where it is, `host:port`, of `vz-mqtt` its broker; a module or a board may hang on a serial port, `/dev/ttyS0`
    address: String,
    /// Which module of relays and contacts it is
    #[arg(long, value_enum, default_value_t = Module::Plain)]
    module: Module,
    /// Serial frames through the connection, as serial servers have them
    #[arg(long)]
    rtu: bool,
    /// The module's or board's number; its maker's when it is left out
    #[arg(long)]
    unit: Option<u8>,
    /// Bits a second of a serial port
    #[arg(long, default_value_t = 9_600)]
    baud: u32,
    /// The parity of a serial port
    #[arg(long, value_enum, default_value_t = Checked::None)]
    parity: Checked,
    /// The stop bits of a serial port
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=2))]
    stop_bits: u8,
    /// How many inputs, and relays of a module, are asked for: 8 of a module, 2 of a camera when it is left out
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=MOST_CONTACTS))]
    count: Option<u16>,
    /// Whom one logs in as: at a camera of 海康 or 大华 `admin` when it is left out, at a broker nobody
    #[arg(long)]
    user: Option<String>,
    /// With which password; better in the environment, where nobody else sees it
    #[arg(long, env = PASSWORD_VARIABLE, hide_env_values = true)]
    password: Option<String>,
    /// The authorities of a 海康 camera's certificate, PEM: it is called over HTTPS
    #[arg(long, value_name = "FILE", conflicts_with = "certificate")]
    ca: Option<PathBuf>,
    /// The camera's own certificate in place of those
    #[arg(long, value_name = "FILE")]
    certificate: Option<PathBuf>,
    /// The serial number of a camera behind a broker, `{sn}` in the topics
    #[arg(long, value_name = "SERIAL")]
    serial: Option<String>,
    /// The topics under which it speaks
    #[arg(long, value_name = "TOPIC", default_value = VzMqtt::UP)]
    up: String,
    /// The topics under which it is told
    #[arg(long, value_name = "TOPIC", default_value = VzMqtt::DOWN)]
    down: String,
    /// The topics under which it answers
    #[arg(long, value_name = "TOPIC", default_value = VzMqtt::REPLY)]
    reply: String,
    /// How many seconds its first word is waited for: it says every ten that it is there
    #[arg(long, value_name = "SECONDS", default_value_t = 12, value_parser = clap::value_parser!(u64).range(1..=LONGEST_WAIT))]
    wait: u64,
    /// The camera's channel of the barrier and the picture
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=MOST_CHANNELS))]
    channel: u16,
    /// What a board is to show, a line each
    #[arg(long = "text", value_name = "TEXT", default_values_t = ["测试".to_owned(), "粤B12345".to_owned()])]
    texts: Vec<String>,
    /// How wide a board is, in letters
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u8).range(4..=32))]
    columns: u8,
    /// Where the camera's picture is written
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
    /// Close the output for a moment: a barrier that is wired to it opens
    #[arg(long)]
    really_open: bool,
    /// The output, as counted from 1: the first, or of 海康 the barrier itself, when it is left out; 大华 has none
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=MOST_CONTACTS))]
    output: Option<u16>,
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
    /// A camera of 臻识 through an MQTT broker
    VzMqtt,
    /// A gate camera of 海康 (ISAPI)
    Hik,
    /// A gate camera of 大华: its login, its event stream, its barrier; no more is documented
    Dahua,
    /// A display board of OLM / 金颉
    Olm,
}

/// How each byte on a serial port is checked: its parity.
#[derive(Clone, Copy, ValueEnum)]
enum Checked {
    None,
    Even,
    Odd,
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
    wanted.check()?;
    let open = wanted.really_open.then(|| Opening {
        output: wanted.output.unwrap_or(1),
        pulse: Duration::from_millis(wanted.pulse),
    });
    let probed = match wanted.driver {
        Driver::Modbus => probe::modbus(&wanted.address, wanted.module(open)).await,
        Driver::VzTcp => probe::vz_tcp(&wanted.address, open).await,
        Driver::VzMqtt => probe::vz_mqtt(&wanted.address, wanted.vz_mqtt(open)?).await,
        Driver::Hik => probe::hik(&wanted.address, wanted.hik()?).await,
        Driver::Dahua => probe::dahua(&wanted.address, wanted.dahua()?).await,
        Driver::Olm => probe::olm(&wanted.address, wanted.board()?).await,
    };
    if wanted.json {
        say(&as_json(&probed).to_string());
    } else {
        print(&probed);
    }
    if let Some(path) = &wanted.picture {
        keep_picture(path, &probed)?;
    }
    ensure!(probed.is_well(), "设备没有答出全部问题");
    Ok(())
}

impl Probe {
    /// # Errors
    /// Which option is wrong, what it is, and what it should be.
    fn check(&self) -> anyhow::Result<()> {
        let address = &self.address;
        let may_be_serial = matches!(self.driver, Driver::Modbus | Driver::Olm);
        let port = if may_be_serial {
            "，或串口，如 /dev/ttyS0"
        } else {
            ""
        };
        let is_port = may_be_serial && is_serial(address);
        ensure!(
            is_port || is_host(address),
            "ADDRESS 收到 {address:?}，应为 主机:端口，如 192.168.1.10:502{port}"
        );
        ensure!(
            !self.really_open || self.driver != Driver::Olm,
            "--really-open 不适用于 olm：显示屏不开闸"
        );
        let secured = self.ca.is_some() || self.certificate.is_some();
        ensure!(
            !secured || self.driver == Driver::Hik,
            "--ca、--certificate 只适用于 hik"
        );
        ensure!(
            BAUDS.contains(&self.baud),
            "--baud 收到 {}，应为 {BAUDS:?} 之一",
            self.baud
        );
        Ok(())
    }

    fn line(&self) -> SerialLine {
        SerialLine {
            baud: self.baud,
            parity: match self.parity {
                Checked::None => Parity::None,
                Checked::Even => Parity::Even,
                Checked::Odd => Parity::Odd,
            },
            stop_bits: match self.stop_bits {
                2 => StopBits::Two,
                _ => StopBits::One,
            },
        }
    }

    fn module(&self, open: Option<Opening>) -> ModbusProbe {
        ModbusProbe {
            module: self.module.into(),
            framing: if self.rtu { Framing::Rtu } else { Framing::Tcp },
            unit: self.unit,
            line: self.line(),
            count: self.count.unwrap_or(8),
            open,
        }
    }

    /// Whom one logs in as at a camera, and with which password.
    fn login(&self) -> anyhow::Result<(String, String)> {
        let user = self.user.clone().unwrap_or_else(|| "admin".to_owned());
        let missing = || anyhow!("--password 缺失，应为 {user} 的密码，或写入 {PASSWORD_VARIABLE}");
        let password = self.password.clone().ok_or_else(missing)?;
        Ok((user, password))
    }

    fn vz_mqtt(&self, open: Option<Opening>) -> anyhow::Result<VzMqttProbe> {
        let serial = self.serial.clone().unwrap_or_default();
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let is_serial = (1..=LONGEST_SERIAL).contains(&serial.len()) && serial.chars().all(plain);
        ensure!(
            is_serial,
            "--serial 收到 {serial:?}，应为相机的序列号，如 a1b2c3d4-0e1f2a3b"
        );
        if let Some(Opening { output, pulse }) = open {
            ensure!(
                output <= MOST_OUTPUTS,
                "--output 收到 {output}，应为 1 到 {MOST_OUTPUTS}"
            );
            let (from, to) = (VzMqtt::PULSES.start(), VzMqtt::PULSES.end());
            ensure!(
                VzMqtt::PULSES.contains(&pulse),
                "--pulse 收到 {}，应为 {} 到 {} 毫秒",
                pulse.as_millis(),
                from.as_millis(),
                to.as_millis()
            );
        }
        let probe = VzMqttProbe {
            user: self.user.clone(),
            password: self.password.clone().map(Into::into),
            serial,
            up: topic("--up", &self.up)?,
            down: topic("--down", &self.down)?,
            reply: topic("--reply", &self.reply)?,
            patience: Duration::from_secs(self.wait),
            open,
        };
        let own = [&probe.up, &probe.down, &probe.reply].map(Topic::filter);
        ensure!(
            own[0] != own[1] && own[0] != own[2] && own[1] != own[2],
            "--up、--down、--reply 收到 {own:?}，应为三个不同的主题"
        );
        Ok(probe)
    }

    fn dahua(&self) -> anyhow::Result<DahuaProbe> {
        ensure!(
            self.output.is_none() && self.picture.is_none(),
            "--output、--picture 不适用于大华：只有开闸指令，没有抓拍的文档"
        );
        let (user, password) = self.login()?;
        Ok(DahuaProbe {
            user,
            password: password.into(),
            channel: self.channel,
            open: self.really_open,
        })
    }

    fn hik(&self) -> anyhow::Result<HikProbe> {
        let (user, password) = self.login()?;
        Ok(HikProbe {
            user,
            password: password.into(),
            ca_file: self.ca.clone(),
            certificate_file: self.certificate.clone(),
            channel: self.channel,
            inputs: self.count.unwrap_or(2),
            output: self.output,
            open: self.really_open,
        })
    }

    fn board(&self) -> anyhow::Result<OlmProbe> {
        let lines = self.texts.len();
        let rows = u8::try_from(lines).ok().filter(|it| *it <= MOST_ROWS);
        Ok(OlmProbe {
            line: self.line(),
            unit: self.unit.unwrap_or_default(),
            columns: self.columns,
            rows: rows
                .ok_or_else(|| anyhow!("--text 收到 {lines} 行，应为 1 到 {MOST_ROWS} 行"))?,
            password: self.password.clone(),
            text: self.texts.clone(),
        })
    }
}

/// A topic with no other holes than those that are filled in, or read.
fn topic(option: &str, text: &str) -> anyhow::Result<Topic> {
    let topic = Topic::read(text).ok();
    let topic = topic.filter(|it| it.holes().all(|hole| matches!(hole, "sn" | "name")));
    topic.ok_or_else(|| {
        anyhow!(
            "{option} 收到 {text:?}，应为主题，如 {}，花括号只能是整级的 {{sn}} 与 {{name}}",
            VzMqtt::UP
        )
    })
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
    let unasked = probed.unasked.iter();
    let unasked = unasked.map(|it| [it.what, "未查询", it.why].map(str::to_owned).to_vec());
    say(&table(
        &["项目", "结果", "内容"],
        rows.chain(unasked).collect(),
    ));
}

fn as_json(probed: &Probed) -> Value {
    let findings = probed.findings.iter().map(|finding| {
        let (found, error) = (finding.found.as_ref().ok(), finding.found.as_ref().err());
        json!({"what": finding.what, "found": found, "error": error})
    });
    let unasked = probed.unasked.iter();
    let unasked = unasked.map(|it| json!({"what": it.what, "why": it.why}));
    json!({
        "findings": findings.collect::<Vec<_>>(),
        "unasked": unasked.collect::<Vec<_>>(),
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
