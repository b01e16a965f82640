//! What a camera is asked and told, and what its answers mean: paths and documents, without I/O.

use boshi_protocol::lane::Position;

use super::xml::{self, Element};
use crate::config::{HikBarrier, HikMode};
use crate::devices::relays::Step;

/// Longest text of an answer that is repeated to people, in characters.
const MAX_SHOWN_CHARS: usize = 80;

/// What a camera says about itself.
pub(super) const DEVICE_INFO: &str = "/ISAPI/System/deviceInfo";

/// What happens, as long as one listens.
pub(super) const ALERT_STREAM: &str = "/ISAPI/Event/notification/alertStream";

/// Something that a camera is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Command {
    pub(super) path: String,
    pub(super) body: String,
}

/// What a camera says about itself.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct DeviceInfo {
    pub(super) model: Option<String>,
    pub(super) serial: Option<String>,
    pub(super) firmware: Option<String>,
}

/// What the state of a barrier is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GateStatus {
    At(Position),
    /// The camera has no signal of the arm.
    NoSignal,
}

impl Command {
    /// For people.
    pub(super) fn shown(&self) -> String {
        format!("PUT {}\n{}", self.path, self.body)
    }
}

/// How the level of an input is asked for, from 1.
pub(super) fn input_path(number: u16) -> String {
    format!("/ISAPI/System/IO/inputs/{number}/status")
}

/// How the state of a barrier is asked for.
pub(super) fn gate_path(channel: u16) -> String {
    format!("/ISAPI/Parking/channels/{channel}/barrierGate/barrierGateStatus")
}

/// How what the camera sees is asked for: the main stream of a channel.
pub(super) fn picture_path(channel: u16) -> String {
    format!("/ISAPI/Streaming/channels/{channel}01/picture")
}

/// What opens a barrier of a channel, or closes an output in its place for a moment.
pub(super) fn opening(channel: u16, output: Option<u16>) -> Command {
    match output {
        Some(output) => switch(output, "pulse"),
        None => drive(channel, HikMode::Open),
    }
}

/// What a step means to the camera, one thing after the other. An arm that nobody has held is not
/// closed: it is up for somebody (OPEN-2).
pub(super) fn commands(barrier: &HikBarrier, step: Step, was_held: bool) -> Vec<Command> {
    if let Some(output) = barrier.output {
        let state = match step {
            Step::Pulse { .. } => "pulse",
            Step::Close { .. } => "high",
            Step::Open { .. } => "low",
        };
        return vec![switch(output, state)];
    }
    let modes = match step {
        Step::Pulse { .. } => &[HikMode::Open],
        Step::Close { .. } => barrier.hold.as_slice(),
        Step::Open { .. } => barrier.release.as_slice(),
    };
    modes
        .iter()
        .filter(|mode| was_held || **mode != HikMode::Close)
        .map(|mode| drive(barrier.channel, *mode))
        .collect()
}

fn drive(channel: u16, mode: HikMode) -> Command {
    let mode = mode.word();
    Command {
        path: format!("/ISAPI/Parking/channels/{channel}/barrierGate"),
        body: format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><BarrierGate version=\"2.0\" \
             xmlns=\"http://www.isapi.org/ver20/XMLSchema\"><ctrlMode>{mode}</ctrlMode></BarrierGate>"
        ),
    }
}

fn switch(output: u16, state: &str) -> Command {
    Command {
        path: format!("/ISAPI/System/IO/outputs/{output}/trigger"),
        body: format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><IOPortData version=\"2.0\" \
             xmlns=\"http://www.isapi.org/ver20/XMLSchema\"><outputState>{state}</outputState></IOPortData>"
        ),
    }
}

/// Whether a command was taken.
///
/// # Errors
/// Why not, for people. That it was answered at all proves nothing: only its status does.
pub(super) fn taken(status: u16, body: &[u8]) -> Result<(), String> {
    let said = xml::read(body).ok();
    let said = said.filter(|it| it.name == "ResponseStatus");
    let code = said.as_ref().and_then(|it| it.text_at(&["statusCode"]));
    match (status, code) {
        (200, Some("0" | "1")) => Ok(()),
        (200, Some(code)) => Err(refusal(&format!("statusCode {code}"), said.as_ref())),
        (200, None) => Err("答复中没有 statusCode".to_owned()),
        (status, _) => Err(refusal(&format!("HTTP {status}"), said.as_ref())),
    }
}

/// Why a camera refused, with what can be done about it.
pub(super) fn refusal(code: &str, said: Option<&Element>) -> String {
    let word = |name| said.and_then(|it| it.text_at(&[name])).map(shown);
    let words = word("subStatusCode").or_else(|| word("statusString"));
    let words = words.unwrap_or_default();
    let not_allowed = words.eq_ignore_ascii_case("notSupport") || code == "HTTP 403";
    let hint = if not_allowed {
        "；道闸须由平台控制（出入口控制模式为平台或两者）"
    } else {
        ""
    };
    format!("相机拒绝：{code} {words}{hint}")
}

/// The level of an input.
pub(super) fn level(body: &[u8]) -> Result<bool, String> {
    let document = xml::read(body).map_err(|error| error.to_string())?;
    match document.text_at(&["ioState"]) {
        Some("active") => Ok(true),
        Some("inactive") => Ok(false),
        other => Err(unexpected("ioState", other, "active 或 inactive")),
    }
}

/// The state of a barrier.
pub(super) fn gate_status(body: &[u8]) -> Result<GateStatus, String> {
    let document = xml::read(body).map_err(|error| error.to_string())?;
    match document.text_at(&["barrierGateStatus"]) {
        Some("0") => Ok(GateStatus::NoSignal),
        Some("1") => Ok(GateStatus::At(Position::Down)),
        Some("2") => Ok(GateStatus::At(Position::Up)),
        other => Err(unexpected("barrierGateStatus", other, "0、1 或 2")),
    }
}

/// Who the camera is.
pub(super) fn device_info(body: &[u8]) -> Result<DeviceInfo, String> {
    let document = xml::read(body).map_err(|error| error.to_string())?;
    if document.name != "DeviceInfo" {
        return Err(unexpected("DeviceInfo", Some(&document.name), "DeviceInfo"));
    }
    let text = |name| document.text_at(&[name]).map(shown);
    Ok(DeviceInfo {
        model: text("model"),
        serial: text("serialNumber"),
        firmware: text("firmwareVersion"),
    })
}

fn unexpected(field: &str, found: Option<&str>, expected: &str) -> String {
    match found {
        Some(found) => format!("字段 {field} 收到 {:?}，应为 {expected}", shown(found)),
        None => format!("字段 {field} 缺失，应为 {expected}"),
    }
}

fn shown(text: &str) -> String {
    text.chars().take(MAX_SHOWN_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const BARRIER: &str = "device = \"BAR-01\"\n";

    fn barrier(more: &str) -> HikBarrier {
        toml::from_str(&format!("{BARRIER}{more}")).unwrap()
    }

    fn modes(barrier: &HikBarrier, step: Step) -> Vec<String> {
        modes_of(commands(barrier, step, true))
    }

    fn modes_of(commands: Vec<Command>) -> Vec<String> {
        let mode = |it: Command| {
            let document = xml::read(it.body.as_bytes()).unwrap();
            assert!(it.path.starts_with("/ISAPI/"), "{}", it.path);
            let mode = document
                .text_at(&["ctrlMode"])
                .or(document.text_at(&["outputState"]));
            mode.unwrap().to_owned()
        };
        commands.into_iter().map(mode).collect()
    }

    const PULSE: Step = Step::Pulse {
        relay: 1,
        length: Duration::from_millis(500),
    };
    const HOLD: Step = Step::Close { relay: 1 };
    const RELEASE: Step = Step::Open { relay: 1 };

    /// OPEN-1, OPEN-2: models differ in what keeps an arm up.
    #[test]
    fn a_hold_and_its_end_are_what_is_configured() {
        let usual = barrier("");
        assert_eq!(modes(&usual, PULSE), ["open"]);
        assert_eq!(modes(&usual, HOLD), ["open", "lock"]);
        assert_eq!(modes(&usual, RELEASE), ["unlock", "close"]);
        let other = barrier("hold = [\"lock\"]\nrelease = [\"unlock\"]\nchannel = 2");
        assert_eq!(modes(&other, HOLD), ["lock"]);
        assert_eq!(modes(&other, RELEASE), ["unlock"]);
        let path = &commands(&other, PULSE, false)[0].path;
        assert_eq!(path, "/ISAPI/Parking/channels/2/barrierGate");
        assert_eq!(modes_of(commands(&usual, RELEASE, false)), ["unlock"]);
    }

    #[test]
    fn an_output_is_driven_in_place_of_the_barrier() {
        let output = barrier("output = 2");
        assert_eq!(modes(&output, PULSE), ["pulse"]);
        assert_eq!(modes(&output, HOLD), ["high"]);
        assert_eq!(modes(&output, RELEASE), ["low"]);
        let path = &commands(&output, PULSE, false)[0].path;
        assert_eq!(path, "/ISAPI/System/IO/outputs/2/trigger");
    }

    /// OPEN-7: that an answer came does not say that it was done.
    #[test]
    fn only_the_status_of_an_answer_says_that_a_command_was_taken() {
        let status = |code: &str, more: &str| {
            format!("<ResponseStatus><statusCode>{code}</statusCode>{more}</ResponseStatus>")
        };
        assert_eq!(taken(200, status("1", "").as_bytes()), Ok(()));
        assert_eq!(taken(200, status("0", "").as_bytes()), Ok(()));
        for (http, body, words) in [
            (
                200,
                status("4", "<subStatusCode>notSupport</subStatusCode>"),
                "平台控制",
            ),
            (
                200,
                status("3", "<statusString>Device Error</statusString>"),
                "Device Error",
            ),
            (200, String::new(), "statusCode"),
            (200, "<html/>".to_owned(), "statusCode"),
            (403, String::new(), "平台控制"),
            (500, status("1", ""), "HTTP 500"),
        ] {
            let why = taken(http, body.as_bytes()).unwrap_err();
            assert!(why.contains(words), "{http} {body}: {why}");
        }
    }

    #[test]
    fn levels_states_and_who_it_is_are_read() {
        let input = |state: &str| {
            format!(
                "<IOPortStatus xmlns=\"x\"><ioPortNo>1</ioPortNo><ioState>{state}</ioState></IOPortStatus>"
            )
        };
        assert_eq!(level(input("active").as_bytes()), Ok(true));
        assert_eq!(level(input("inactive").as_bytes()), Ok(false));
        assert!(
            level(input("1").as_bytes())
                .unwrap_err()
                .contains("ioState")
        );
        let gate = |state: &str| {
            format!(
                "<BarrierGateStatus><barrierGateStatus>{state}</barrierGateStatus></BarrierGateStatus>"
            )
        };
        assert_eq!(gate_status(gate("0").as_bytes()), Ok(GateStatus::NoSignal));
        let at = |position| Ok(GateStatus::At(position));
        assert_eq!(gate_status(gate("1").as_bytes()), at(Position::Down));
        assert_eq!(gate_status(gate("2").as_bytes()), at(Position::Up));
        assert!(
            gate_status(gate("3").as_bytes())
                .unwrap_err()
                .contains("\"3\"")
        );
        let info = "<DeviceInfo><model>DS-TCG</model><serialNumber>A1</serialNumber></DeviceInfo>";
        assert_eq!(
            device_info(info.as_bytes()).unwrap().serial.as_deref(),
            Some("A1")
        );
        assert!(device_info(b"<html/>").is_err());
    }
}
