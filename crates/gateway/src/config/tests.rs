use super::*;

#[test]
fn the_commented_file_parses_and_shows_the_defaults() {
    let config = Config::parse(COMMENTED).unwrap();
    assert_eq!(config.data, default_data());
    assert_eq!(config.listen, Listen::default());
    assert_eq!(config.tls, Tls::default());
    assert_eq!(config.push, Push::default());
    assert_eq!(config.timing, Timing::default());
    assert_eq!(config.supervision, Supervision::default());
    assert_eq!(config.retention, Retention::default());
    assert_eq!(config.clock, Clock::default());
}

#[test]
fn an_unknown_key_is_named_with_its_line() {
    let text = COMMENTED.replace("attempts = 5", "atempts = 5");
    let line = 1 + text.lines().position(|line| line == "atempts = 5").unwrap();
    let error = Config::parse(&text).unwrap_err().to_string();
    assert!(error.contains("`atempts`"), "{error}");
    assert!(error.contains(&format!("line {line},")), "{error}");
}

/// D-7
#[test]
fn no_secret_is_shown_by_debug() {
    let shown = format!("{:?}", Config::parse(COMMENTED).unwrap());
    assert!(!shown.contains("change-this-key"), "{shown}");
}

#[test]
fn values_that_make_no_sense_are_refused() {
    for (right, wrong) in [
        ("attempts = 5", "attempts = 0"),
        ("budget = \"10s\"", "budget = \"0s\""),
        ("budget = \"10s\"", "budget = \"soon\""),
        ("direction = \"entry\"", "direction = \"mixed\""),
        (
            "# [abnormal_texts]\n# 1401 = \"{gate}",
            "[abnormal_texts]\n1401 = \"{who}",
        ),
        ("direction = \"entry\"", "direction = \"up\""),
        ("\"BAR-01\"", "\"CAM-01\""),
        ("https://127.0.0.1:9443", "platform"),
    ] {
        let text = COMMENTED.replace(right, wrong);
        assert_ne!(text, COMMENTED, "{right} is not in the file");
        assert!(Config::parse(&text).is_err(), "{wrong}");
    }
}
