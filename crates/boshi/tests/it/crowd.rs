//! Hundreds of lots at once, at a real platform that is killed meanwhile.

use std::process::Command;

use serde_json::Value;

/// D-13, CROSS-3, BEAT-1: what was acknowledged is stored, once, also over a crash; every lot is asked
/// whether it is there.
#[test]
fn every_record_of_a_crowd_is_accounted_for_although_the_platform_is_killed() {
    let output = Command::new(env!("CARGO_BIN_EXE_boshi"))
        .args([
            "crowd",
            "--lots",
            "300",
            "--vehicles",
            "5",
            "--kill",
            "--json",
        ])
        .env("BOSHI_LOG", "warn")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}\n{complaint}");
    let result: Value = serde_json::from_str(told.lines().last().unwrap()).unwrap();
    for (name, expected) in [
        ("sent", 3000),
        ("acknowledged", 3000),
        ("stored", 3000),
        ("lost", 0),
        ("invented", 0),
        ("twice", 0),
    ] {
        assert_eq!(result[name], expected, "{name} of {result}");
    }
    assert!(result["failed_attempts"].as_u64().unwrap() > 0, "{result}");
    assert!(result["heartbeats"].as_u64().unwrap() >= 300, "{result}");
}
