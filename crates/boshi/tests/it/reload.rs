//! A running gateway that is told SIGHUP.

use std::path::Path;

use crate::process::Gateway;

const CONFIG: &str = r#"
data = "{data}"
public_url = "http://lot"
log = "info"
[listen]
standard = "127.0.0.1:0"
devices = "127.0.0.1:0"
local = "127.0.0.1:0"
[tls]
plain = true
[platform]
base_url = "http://127.0.0.1:1"
app_id = "99848791"
secret = "do-not-show-this"
[[lot]]
id = "L1"
"#;

fn configured(folder: &Path) -> String {
    CONFIG.replace("{data}", &folder.join("data").display().to_string())
}

/// D-7: also when what is wrong stands beside a secret.
#[test]
fn a_gateway_that_is_told_to_reads_its_configuration_anew_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let text = configured(folder.path());
    let mut gateway = Gateway::start(folder.path(), &text, &[]);

    let changed = text.replace("[tls]", "[timing]\ntravel = \"2s\"\n[tls]");
    gateway.reads(&changed.replace("http://lot", "http://elsewhere"));
    assert!(gateway.log.says("read anew").contains("timing"));
    assert!(gateway.log.says("needs a restart").contains("public_url"));

    gateway.reads(&text.replace("plain = true", "plane = true"));
    assert!(gateway.log.says("the old one stays").contains("plane"));

    let logged = gateway.stops();
    assert!(
        logged.iter().all(|line| !line.contains("do-not-show-this")),
        "{logged:#?}"
    );
}

/// Who turns the log down is told so; then only of what is wrong.
#[test]
fn the_log_follows_its_level_after_the_line_that_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let text = configured(folder.path());
    let quiet = text.replace("\"info\"", "\"error\"");
    let mut gateway = Gateway::start(folder.path(), &text, &[]);
    gateway.reads(&quiet);
    assert!(gateway.log.says("read anew").contains("log"));
    gateway.reads(&quiet.replace("[tls]", "[timing]\ntravel = \"2s\"\n[tls]"));
    gateway.reads("");
    gateway.log.says("the old one stays");
    gateway.reads(&text);
    let logged = gateway.log.says("read anew");
    assert!(logged.contains("log"), "{logged}");
    // Once errors alone are logged, nobody is told of what is applied. What comes after the refusal is
    // told once or twice: a signal may find the file as the next one will.
    let logged = gateway.stops();
    let quietly = logged
        .iter()
        .take_while(|line| !line.contains("the old one stays"));
    let told = quietly.filter(|line| line.contains("read anew"));
    assert_eq!(told.count(), 1, "{logged:#?}");
}

#[test]
fn a_level_that_the_environment_has_chosen_stays_and_that_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let text = configured(folder.path());
    let mut gateway = Gateway::start(folder.path(), &text, &[("BOSHI_LOG", "info")]);
    gateway.reads(&text.replace("\"info\"", "\"error\""));
    gateway.log.says("read anew");
    gateway.log.says("BOSHI_LOG");
    gateway.reads(&text);
    gateway.log.says("read anew");
    gateway.stops();
}
