//! Both of this project's sides before their judge: real processes, over HTTP and HTTPS.

mod controller;
mod stage;
mod texts;

use boshi_conformance::case::Side;
use boshi_conformance::cases;
use serde_json::Value;

use self::controller::Controller;
use self::stage::{Scheme, Stage};

/// The ids of the cases with that verdict.
fn with<'a>(report: &'a Value, verdict: &str) -> Vec<&'a str> {
    let requirements = report["requirements"].as_array().unwrap().iter();
    let cases = requirements.flat_map(|it| it["cases"].as_array().unwrap());
    let cases = cases.filter(|case| case["verdict"] == verdict);
    cases.map(|case| case["id"].as_str().unwrap()).collect()
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
    let stage = Stage::set(scheme, &controller);
    let _gateway = stage.gateway();
    let wanted = part.cases();
    let report = stage.judge("supplier", &["--only", &wanted.join(",")]);
    spotless(&report);
    assert_eq!(with(&report, "passed").len(), wanted.len());
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

fn the_platform_is_spotless(scheme: Scheme) {
    let controller = Controller::start();
    let stage = Stage::set(scheme, &controller);
    let _platform = stage.platform();
    spotless(&stage.judge("platform", &[]));
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

#[test]
fn a_side_that_is_not_there_fails_and_the_exit_status_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("conform.toml");
    let text = r#"lot = "L"
app_id = "a"
secret = "s"
peer = { base_url = "http://127.0.0.1:1" }
listen = { address = "127.0.0.1:0", plain = true }
devices = { recognizer = "C" }
plates = { allowed = "粤B12345" }
"#;
    std::fs::write(&config, text).unwrap();
    let config = config.to_str().unwrap();
    let run = ["supplier", "--unattended", "--config", config, "--only"];
    let (success, told) = said(&[&run[..], &["T-1.post"]].concat());
    assert!(!success && told.contains("不符合"), "{told}");
    // What cannot be triggered is skipped, and said so.
    let (success, told) = said(&[&run[..], &["CROSS-1.once"]].concat());
    assert!(success && told.contains("vehicle-arrives"), "{told}");
}
