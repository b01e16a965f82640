//! Both sides as real processes over a network that fails, killed in the midst of what they do.

use std::process::Command;

use serde_json::Value;

/// D-13, D-14, D-18, D-19, CROSS-1, CROSS-3, PUSH-3, RECOG-1, RECOG-3, UNPUSH-1: what was acknowledged
/// is stored, what is stored was written down, each once; every press is a crossing and every lift has
/// its reason.
#[test]
fn every_record_and_every_lift_is_accounted_for_although_both_sides_are_killed_again_and_again() {
    let output = Command::new(env!("CARGO_BIN_EXE_boshi"))
        .args([
            "torture",
            "--minutes",
            "0.15",
            "--kills",
            "7",
            "--seed",
            "7",
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
        ("wrong", 0),
        ("lost", 0),
        ("invented", 0),
        ("missing", 0),
        ("twice", 0),
    ] {
        assert_eq!(result[name], expected, "{name} of {result}");
    }
    let count = |name: &str| result[name].as_u64().unwrap();
    assert_eq!(count("written"), count("stored"), "{result}");
    assert_eq!(count("presses"), count("crossings"), "{result}");
    assert!(
        count("platform_killed") > 0 && count("gateway_killed") > 0,
        "{result}"
    );
    for name in ["presses", "obeyed", "failed", "cuts"] {
        assert!(count(name) > 0, "{name} of {result}");
    }
    let mishaps = result["mishaps"].as_object().unwrap().values();
    let mishaps: u64 = mishaps.map(|count| count.as_u64().unwrap()).sum();
    assert!(mishaps > 0, "{result}");
}
