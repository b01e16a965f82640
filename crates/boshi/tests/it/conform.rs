//! Both of this project's sides before their judge: real processes, over HTTP and HTTPS.

mod controller;
mod stage;
mod texts;

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

#[test]
fn the_gateway_passes_without_a_remark_over_http() {
    let controller = Controller::start();
    let stage = Stage::set(Scheme::Http, &controller);
    let _gateway = stage.gateway();
    spotless(&stage.judge("supplier", &[]));
}

#[test]
fn the_gateway_passes_over_https() {
    let controller = Controller::start();
    let stage = Stage::set(Scheme::Https, &controller);
    let _gateway = stage.gateway();
    let only = "T,BEAT,OPEN-3,OPEN-4,RECOG-1,RECOG-4,CROSS-1,PUSH-1";
    spotless(&stage.judge("supplier", &["--only", only]));
}

#[test]
fn the_platform_passes_without_a_remark_over_http() {
    let controller = Controller::start();
    let stage = Stage::set(Scheme::Http, &controller);
    let _platform = stage.platform();
    spotless(&stage.judge("platform", &[]));
}

#[test]
fn the_platform_passes_over_https() {
    let controller = Controller::start();
    let stage = Stage::set(Scheme::Https, &controller);
    let _platform = stage.platform();
    spotless(&stage.judge("platform", &[]));
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
