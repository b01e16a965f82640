//! Both sides as real processes over a network that fails, killed in the midst of what they do; and whether
//! an account that finds nothing wrong would find it if it was there.

use std::process::Command;

use serde_json::Value;

/// Rounds within which each defect has to be found.
const FOUND_WITHIN: u32 = 3;

/// A round: whether all was well, everything that was said, and its last line.
struct Round {
    is_well: bool,
    told: String,
    result: Value,
}

fn round(seed: u32, arguments: &[&str]) -> Round {
    let output = Command::new(env!("CARGO_BIN_EXE_boshi"))
        .args(["torture", "--json", "--minutes", "0.15", "--seed"])
        .arg(seed.to_string())
        .args(arguments)
        .env("BOSHI_LOG", "warn")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let complaint = String::from_utf8_lossy(&output.stderr);
    let last = told.lines().last().unwrap_or_default();
    let result = serde_json::from_str(last).unwrap_or_else(|_| panic!("{told}\n{complaint}"));
    Round {
        is_well: output.status.success(),
        told: format!("{told}\n{complaint}"),
        result,
    }
}

impl Round {
    fn count(&self, name: &str) -> u64 {
        let count = self.result[name].as_u64();
        count.unwrap_or_else(|| panic!("{name} of {}", self.result))
    }

    /// Nothing is wrong, and there was something that could have been.
    fn is_whole(&self) {
        assert!(self.is_well, "{}", self.told);
        for name in ["wrong", "lost", "invented", "missing", "twice"] {
            assert_eq!(self.count(name), 0, "{name}: {}", self.told);
        }
        assert_eq!(self.count("written"), self.count("stored"), "{}", self.told);
        assert_eq!(
            self.count("presses"),
            self.count("crossings"),
            "{}",
            self.told
        );
        for name in ["presses", "obeyed", "platform_killed"] {
            assert!(self.count(name) > 0, "{name} of {}", self.result);
        }
        // Each account was changed in one line, and each change was found.
        assert_eq!(self.result["overlooked"], serde_json::json!([]));
        assert!(self.count("planted") >= 12, "{}", self.result);
    }
}

/// D-13, D-14, D-18, D-19, CROSS-1, CROSS-3, PUSH-3, RECOG-1, RECOG-3, UNPUSH-1: what was acknowledged
/// is stored, what is stored was written down, each once; every press is a crossing and every lift has
/// its reason.
#[test]
fn every_record_and_every_lift_is_accounted_for_although_both_sides_are_killed_again_and_again() {
    let round = round(7, &["--kills", "7"]);
    round.is_whole();
    for name in ["gateway_killed", "failed", "cuts"] {
        assert!(round.count(name) > 0, "{name} of {}", round.result);
    }
    let mishaps = round.result["mishaps"].as_object().unwrap().values();
    let mishaps: u64 = mishaps.map(|count| count.as_u64().unwrap()).sum();
    assert!(mishaps > 0, "{}", round.result);
}

/// D-4, D-13, D-18, D-19, PUSH-3: a clock that is set back and forward loses no record and keeps no gate shut.
#[test]
fn every_record_and_every_lift_is_accounted_for_although_clocks_are_set_back_and_forward() {
    let round = round(3, &["--kills", "3", "--clocks", "6"]);
    round.is_whole();
    if round.told.contains("SKIPPED") {
        return;
    }
    assert_eq!(round.count("clocks"), 6);
}

/// Each is found, and by what it does.
fn each_is_found(defects: &[(&str, &[&str])]) {
    for (defect, words) in defects {
        let found = (1..=FOUND_WITHIN).any(|seed| {
            let round = round(seed, &["--kills", "9", "--defect", defect]);
            let is_said = words.iter().any(|words| round.told.contains(words));
            !round.is_well && round.count("wrong") > 0 && is_said
        });
        assert!(found, "{defect} is not found");
    }
}

/// D-13, D-19
#[test]
fn a_platform_that_keeps_less_or_more_than_it_was_told_is_found() {
    each_is_found(&[
        ("answers-before-commit", &["is acknowledged and not stored"]),
        ("has-no-key", &["is stored and never written down"]),
    ]);
}

/// D-14, D-18, CROSS-1
#[test]
fn a_gateway_that_forgets_what_it_has_taken_in_is_found() {
    each_is_found(&[
        ("empties-outbox", &["is acknowledged and not stored"]),
        ("forgets-crossings", &["presses are"]),
    ]);
}

/// D-18, RECOG-3
#[test]
fn a_gateway_that_acts_before_it_writes_and_a_barrier_that_nobody_asked_are_found() {
    let why = "nobody has written why";
    each_is_found(&[
        (
            "acts-before-writing",
            &[why, "is stored and never written down", "presses are"],
        ),
        ("drives-unasked", &[why]),
    ]);
}
