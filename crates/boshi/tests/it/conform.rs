//! Both of this project's sides before their judge: real processes, over HTTP and HTTPS.

mod acts;
mod controller;
mod equipment;
mod stage;
mod texts;

use boshi_conformance::case::Side;
use boshi_conformance::cases;
use serde_json::Value;

use self::controller::Controller;
use self::equipment::{Family, Lanes};
use self::stage::{Scheme, Stage};

/// The ids of the cases with that verdict.
fn with<'a>(report: &'a Value, verdict: &str) -> Vec<&'a str> {
    let requirements = report["requirements"].as_array().unwrap().iter();
    let cases = requirements.flat_map(|it| it["cases"].as_array().unwrap());
    let cases = cases.filter(|case| case["verdict"] == verdict);
    cases.map(|case| case["id"].as_str().unwrap()).collect()
}

/// Demands that what came of a part of a run is what is committed for it, which CONFORMANCE.md is
/// written from. With `BOSHI_CONFORM_RESULTS=write` it is committed anew.
fn as_committed(name: &str, report: &Value) {
    let counted = |word: &str| format!("{word} {}\n", report["summary"][word]);
    let told: String = ["passed", "failed", "weak", "remarks", "skipped"]
        .map(counted)
        .concat();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/conform/results");
    let path = std::path::Path::new(folder).join(format!("{name}.txt"));
    if std::env::var("BOSHI_CONFORM_RESULTS").is_ok_and(|wish| wish == "write") {
        std::fs::write(&path, &told).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        told, committed,
        "run again with BOSHI_CONFORM_RESULTS=write"
    );
}

/// Demands that everything was tried and that nothing is to be said about it.
fn spotless(report: &Value) {
    for verdict in ["failed", "weak", "remark", "skipped"] {
        let odd = with(report, verdict);
        assert!(odd.is_empty(), "{verdict}: {odd:?}");
    }
}

/// The cases for judging a gateway, in parts that are run side by side: hours of a lane go by in
/// them, in seconds each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// Requests, commands, vehicles.
    Gate,
    /// Pushes that fail.
    Failing,
    /// Devices that are lost.
    Devices,
}

impl Part {
    /// The part that has the case of that id.
    fn of(id: &str) -> Part {
        let is_of = |families: &[&str]| families.iter().any(|family| id.starts_with(family));
        match () {
            () if is_of(&["ABN-1", "ABN-2", "ABN-3", "ABN-4", "D-15", "PUSH-5"]) => Part::Devices,
            () if is_of(&["OPEN-7.barrier-lost", "SHOW-2.lost"]) => Part::Devices,
            () if is_of(&["PUSH", "UNPUSH", "PAGE-1.unpushed", "ABN-5", "D-2."]) => Part::Failing,
            () if is_of(&["D-17.release-time", "D-17.hanging"]) => Part::Failing,
            () => Part::Gate,
        }
    }

    fn cases(self) -> Vec<String> {
        let all = cases::all(Side::Supplier).into_iter().map(|case| case.id);
        all.filter(|id| Part::of(id) == self).collect()
    }
}

fn the_gateway_is_spotless(part: Part, scheme: Scheme) {
    let controller = Controller::start();
    let stage = Stage::set(scheme, controller.address);
    let _gateway = stage.gateway();
    let wanted = part.cases();
    let report = stage.judge("supplier", &["--only", &wanted.join(",")]);
    spotless(&report);
    assert_eq!(with(&report, "passed").len(), wanted.len());
    let name = format!("supplier-{part:?}-{}", stage.word()).to_lowercase();
    as_committed(&name, &report);
}

#[test]
fn the_gateway_passes_at_the_gate_over_http() {
    the_gateway_is_spotless(Part::Gate, Scheme::Http);
}

#[test]
fn the_gateway_passes_at_the_gate_over_https() {
    the_gateway_is_spotless(Part::Gate, Scheme::Https);
}

#[test]
fn the_gateway_passes_while_pushes_fail_over_http() {
    the_gateway_is_spotless(Part::Failing, Scheme::Http);
}

#[test]
fn the_gateway_passes_while_pushes_fail_over_https() {
    the_gateway_is_spotless(Part::Failing, Scheme::Https);
}

#[test]
fn the_gateway_passes_while_devices_are_lost_over_http() {
    the_gateway_is_spotless(Part::Devices, Scheme::Http);
}

#[test]
fn the_gateway_passes_while_devices_are_lost_over_https() {
    the_gateway_is_spotless(Part::Devices, Scheme::Https);
}

/// RECOG-1, CROSS-1, OPEN-1, SHOW-1, ABN-1: every case again, with a lane of equipment that the gateway
/// speaks to itself: a camera of 臻识 over TCP, a module over Modbus, an LED board, a guidance system.
fn equipment_is_spotless(part: Part) {
    let (lanes, stage) = Lanes::set(&[Family::VzTcp]);
    let _gateway = stage.gateway();
    lanes.are_there(&stage);
    let wanted = part.cases();
    let report = stage.judge("supplier", &["--only", &wanted.join(",")]);
    spotless(&report);
    assert_eq!(with(&report, "passed").len(), wanted.len());
}

#[test]
fn the_gateway_passes_at_the_gate_with_real_drivers() {
    equipment_is_spotless(Part::Gate);
}

#[test]
fn the_gateway_passes_while_pushes_fail_with_real_drivers() {
    equipment_is_spotless(Part::Failing);
}

#[test]
fn the_gateway_passes_while_equipment_is_lost() {
    equipment_is_spotless(Part::Devices);
}

/// What of the standard is done by a lane's devices, and what of that is the gateway's affair alone.
const OF_DEVICES: [&str; 5] = ["RECOG", "CROSS", "OPEN", "SHOW", "D-14"];
const OF_THE_GATEWAY: [&str; 8] = [
    "OPEN-5",
    "OPEN-7",
    "SHOW-1.no",
    "SHOW-2",
    "CROSS-2",
    "RECOG-2.repeats",
    "RECOG-2.same-uuid",
    "RECOG-2.until-allowed",
];

/// RECOG-1, RECOG-2, RECOG-3, CROSS-1, OPEN-1, OPEN-2, OPEN-3, SHOW-1, D-14: what devices do, in each lane
/// of a gateway whose lanes have equipment of another family each.
#[test]
fn the_gateway_passes_in_a_lane_of_every_family_of_equipment() {
    let (lanes, mut stage) = Lanes::set(&Family::OTHERS);
    let _gateway = stage.gateway();
    lanes.are_there(&stage);
    for (number, (family, _, hands)) in (1..).zip(&lanes.lanes) {
        let is_wanted = |id: &String| {
            let is_of = |these: &[&str]| these.iter().any(|it| id.starts_with(it));
            // An alert stream has no pictures.
            let without = *family == Family::HikStream && is_of(&["RECOG-4"]);
            is_of(&OF_DEVICES) && !is_of(&OF_THE_GATEWAY) && !without
        };
        let wanted: Vec<String> = Part::Gate.cases().into_iter().filter(is_wanted).collect();
        assert!(wanted.len() > 20, "{wanted:?}");
        stage.hands = *hands;
        // Inputs that are looked at over HTTP take their time on a busy machine.
        stage.lane = (number, "200ms");
        let report = stage.judge("supplier", &["--only", &wanted.join(",")]);
        spotless(&report);
        assert_eq!(with(&report, "passed").len(), wanted.len(), "{family:?}");
    }
}

fn the_platform_is_spotless(scheme: Scheme) {
    let controller = Controller::start();
    let stage = Stage::set(scheme, controller.address);
    let _platform = stage.platform();
    let report = stage.judge("platform", &[]);
    spotless(&report);
    as_committed(&format!("platform-all-{}", stage.word()), &report);
}

#[test]
fn the_platform_passes_over_http() {
    the_platform_is_spotless(Scheme::Http);
}

#[test]
fn the_platform_passes_over_https() {
    the_platform_is_spotless(Scheme::Https);
}

fn said(arguments: &[&str]) -> (bool, String) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_boshi"));
    let output = command
        .arg("conform")
        .args(arguments)
        .env("BOSHI_LOG", "warn");
    let output = output.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

#[test]
fn the_kit_prints_a_configuration_and_lists_its_cases_in_either_language() {
    let (_, printed) = said(&["config", "supplier"]);
    assert!(printed.contains("vehicle-arrives"), "{printed}");
    let (_, zh) = said(&["supplier", "--list", "--only", "OPEN,PUSH-3"]);
    assert!(
        zh.contains("OPEN-3.match") && zh.contains("PUSH-3.released"),
        "{zh}"
    );
    assert!(
        zh.contains("强制模式无条件开闸") && !zh.contains("PUSH-4"),
        "{zh}"
    );
    let (_, en) = said(&["platform", "--list", "--lang", "en", "--only", "T-6.wrong"]);
    assert!(en.contains("a wrong token is refused"), "{en}");
}

#[test]
fn a_name_that_chooses_no_case_is_an_error() {
    let (success, told) = said(&["supplier", "--list", "--only", "OPEN-33"]);
    assert!(!success && told.contains("OPEN-33"), "{told}");
}

/// Runs those cases against a supplier at `port` that is configured with `more` lines.
fn judged(port: u16, only: &str, more: &str) -> (bool, String) {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("conform.toml");
    let text = format!(
        r#"lot = "L"
app_id = "a"
secret = "s"
peer = {{ base_url = "http://127.0.0.1:{port}" }}
listen = {{ address = "127.0.0.1:0", plain = true }}
devices = {{ recognizer = "C" }}
plates = {{ allowed = "粤B12345" }}
{more}
"#
    );
    std::fs::write(&config, text).unwrap();
    let config = config.to_str().unwrap();
    said(&[
        "supplier",
        "--unattended",
        "--config",
        config,
        "--only",
        only,
    ])
}

#[test]
fn a_side_that_is_not_there_is_told_at_once() {
    let (success, told) = judged(1, "T-1.post", "");
    assert!(!success && told.contains("peer.base_url"), "{told}");
}

#[test]
fn what_cannot_be_triggered_is_skipped_and_what_is_wrong_ends_in_a_failure() {
    // It takes connections and answers nothing.
    let deaf = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = deaf.local_addr().unwrap().port();
    let (success, told) = judged(port, "CROSS-1.once", "");
    assert!(success && told.contains("vehicle-arrives"), "{told}");
    let (success, told) = judged(port, "T-1.post", "timing = { reply = \"200ms\" }");
    assert!(!success && told.contains("不符合"), "{told}");
}

#[test]
fn each_mistake_in_a_configuration_names_its_field() {
    for (mistake, field) in [
        ("timing = { attempts = 0 }", "timing.attempts"),
        ("timing = { reply = \"0s\" }", "timing.reply"),
        ("timing = { reply = \"10\" }", "reply"),
        (
            "acts = { vehicle-arrives = [{ wait = \"1\" }] }",
            "vehicle-arrives",
        ),
        ("acts = { vehicle-arrives = [{}] }", "vehicle-arrives"),
        ("acts = { vehicle-flies = [] }", "vehicle-flies"),
        ("sights = { lifts = { get = \"here\" } }", "lifts"),
        ("secret_file = \"./nosuch\"\nother = 1", "other"),
    ] {
        let (success, told) = judged(1, "T-1.post", mistake);
        assert!(!success && told.contains(field), "{mistake}: {told}");
    }
}
