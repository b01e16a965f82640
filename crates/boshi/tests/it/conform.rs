//! Both of this project's sides before their judge: real processes, over HTTP and HTTPS.

mod controller;
mod stage;

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
    for verdict in ["failed", "remark", "skipped"] {
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
