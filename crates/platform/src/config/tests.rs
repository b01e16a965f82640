use super::*;

#[test]
fn the_commented_file_parses_and_shows_the_defaults() {
    let config = Config::parse(COMMENTED).unwrap();
    assert_eq!(config.data, default_data());
    assert_eq!(config.listen, Listen::default());
    assert_eq!(config.tls, Tls::default());
    assert_eq!(config.clock, Clock::default());
    assert_eq!(config.heartbeat, Heartbeat::default());
    assert_eq!(config.reconcile, Reconcile::default());
    assert_eq!(config.command, Command::default());
    assert_eq!(config.retention, Retention::default());
    assert_eq!(config.limits, Limits::default());
    assert_eq!(config.events, Events::default());
    assert_eq!(config.webhooks, Webhooks::default());
}

#[test]
fn a_wrong_value_is_named_with_its_line_and_with_what_was_expected() {
    for (right, wrong, named, expected) in [
        ("misses = 3", "mises = 3", "`mises`", "expected one of"),
        ("misses = 3", "misses = 0", "misses", "nonzero"),
        ("\"5s\"", "\"5\"", "timeout", "such as \"10s\""),
        (
            "direction = \"entry\"",
            "direction = \"up\"",
            "`up`",
            "`entry` or `exit`",
        ),
        (
            "supplier = \"99848791\"",
            "supplier = \"9\"",
            "lot[0].supplier is \"9\"",
            "[[supplier]]",
        ),
        (
            "https://127.0.0.1:8443",
            "gateway",
            "lot[0].base_url is \"gateway\"",
            "https://",
        ),
        ("\"127.0.0.1:9443\"", "\"here\"", "standard", "address"),
        (
            "127.0.0.1:9444",
            "0.0.0.0:9443",
            "listen.operators is \"0.0.0.0:9443\" once more",
            "of its own",
        ),
        ("id = \"LOT-1\"", "id = \"\"", "id = \"\"", "printable"),
        (
            "# addresses = [\"203.0.113.7\"",
            "addresses = [\"203.0.113.7/24\"",
            "\"203.0.113.7/24\" goes on",
            "expected 203.0.113.0/24",
        ),
        (
            "# addresses = [\"203.0.113.7\"",
            "addresses = [\"gate\"",
            "\"gate\" is no address",
            "such as 203.0.113.7",
        ),
        ("days = 14", "days = 0", "events.days is 0", "at least 1"),
        (
            "most = 5000000",
            "most = 5",
            "events.most is 5",
            "at least 1000",
        ),
        ("[\"5s\"", "[\"5\"", "\"5\" is no time", "such as \"10s\""),
        (
            "\"12h\"]",
            "\"200h\"]",
            "webhooks.retry[11] is 720000s",
            "at most 168h",
        ),
    ] {
        let text = COMMENTED.replacen(right, wrong, 1);
        let changed = text.lines().zip(COMMENTED.lines());
        let line = 1 + changed.take_while(|(new, old)| new == old).count();
        let error = Config::parse(&text).unwrap_err().to_string();
        assert!(error.contains(&format!("line {line}")), "{wrong}: {error}");
        assert!(
            error.contains(named) && error.contains(expected),
            "{wrong}: {error}"
        );
    }
}

#[test]
fn an_https_address_needs_an_authority_to_trust() {
    let text = COMMENTED.replace("ca_file", "# ca_file");
    let error = Config::parse(&text).unwrap_err().to_string();
    assert!(
        error.contains("lot[0].base_url") && error.contains("ca_file"),
        "{error}"
    );
}

#[test]
fn what_must_be_unique_is_refused_the_second_time() {
    let lane = "\n[[lot.lane]]\nrecognizer = \"CAM-01\"\ndirection = \"exit\"\n";
    let error = Config::parse(&format!("{COMMENTED}{lane}")).unwrap_err();
    let line = COMMENTED.lines().count() + 3;
    let expected = format!(
        "line {line}: lot[0].lane[1].recognizer is \"CAM-01\" once more: expected each only once"
    );
    assert_eq!(error.to_string(), expected);
}

/// D-7
#[test]
fn no_secret_is_shown_by_debug_or_by_an_error() {
    let text = COMMENTED.replace("secret_file = ", "secret = \"hush\"\n# ");
    let config = Config::parse(&text).unwrap();
    assert!(!format!("{config:?}").contains("hush"));
    assert!(!format!("{:?}", config.suppliers[0].entry()).contains("hush"));
    let broken = text.replace("misses = 3", "misses = \"\"");
    assert!(
        !Config::parse(&broken)
            .unwrap_err()
            .to_string()
            .contains("hush")
    );
}

/// D-6, D-7
#[test]
fn a_secret_comes_from_a_file_without_the_line_end_and_an_empty_one_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    let text = COMMENTED.replace(
        "./platform-data/supplier-99848791.secret",
        path.to_str().unwrap(),
    );
    let supplier = &Config::parse(&text).unwrap().suppliers[0];
    assert!(matches!(supplier.entry(), Err(ConfigError::File { .. })));
    std::fs::write(&path, "\n").unwrap();
    assert!(matches!(supplier.entry(), Err(ConfigError::Value { .. })));
    std::fs::write(&path, "eV7spoA0rr7EyjGuJxQFOa3Vs5wvcRUo\n").unwrap();
    let token = supplier
        .entry()
        .unwrap()
        .credentials()
        .sign("20170818 17:14:15");
    assert_eq!(token, "2e6eef5a0bba5a666004298e76b2f1cf");
}

#[test]
fn an_authority_that_is_no_certificate_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    std::fs::write(&path, "no certificate").unwrap();
    let text = COMMENTED.replace("./gateway-data/tls/ca.pem", path.to_str().unwrap());
    let error = Config::parse(&text).unwrap().lots[0].entry();
    let told = error.unwrap_err().to_string();
    assert!(
        told.contains("ca_file of lot LOT-1") && told.contains("PEM"),
        "{told}"
    );
}
