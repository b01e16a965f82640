//! An operator on another machine: a profile, got by logging in.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use boshi_platform::config::Config;
use tokio_util::sync::CancellationToken;

fn boshi(profiles: &Path, arguments: &[&str], typed: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_boshi"))
        .arg("platform")
        .args(arguments)
        .env("BOSHI_PROFILES", profiles)
        .env("BOSHI_LOG", "warn")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(typed.as_bytes())
        .unwrap();
    child.wait_with_output().unwrap()
}

fn said(output: &Output) -> String {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn complaint(output: &Output) -> String {
    assert!(!output.status.success());
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// D-7: the password is chosen and shown to the platform; the profile keeps a key that ends.
#[tokio::test(flavor = "multi_thread")]
async fn a_user_logs_in_with_the_first_password_chooses_another_and_works_with_the_profile() {
    boshi_transport::certificate::install_crypto();
    let folder = tempfile::tempdir().unwrap();
    let (data, profiles) = (
        folder.path().join("data"),
        folder.path().join("profiles.toml"),
    );
    let text = format!(
        "data = '{}'\n[listen]\nstandard = '127.0.0.1:0'\noperators = '127.0.0.1:0'\n[tls]\nplain = true\n",
        data.display()
    );
    let stop = CancellationToken::new();
    let running = boshi_platform::start(Config::parse(&text).unwrap(), stop.clone());
    let running = running.await.unwrap();
    let (url, key) = (
        format!("http://{}", running.operators),
        data.join("operator.key"),
    );
    let asked = tokio::task::spawn_blocking(move || {
        let run = |arguments: &[&str], typed: &str| boshi(&profiles, arguments, typed);
        let by_key = ["--url", &url, "--key-file", key.to_str().unwrap()];
        let put = ["user", "put", "li", "--role", "viewer", "--json"];
        let made = said(&run(&[&put[..], &by_key].concat(), ""));
        let made: serde_json::Value = serde_json::from_str(&made).unwrap();
        let first = made["password"].as_str().unwrap();
        let add = ["profile", "add", "hq", "--url", &url, "--user", "li"];
        let refused = complaint(&run(&add, "not the password\n"));
        assert!(
            refused.contains("不正确") && !profiles.exists(),
            "{refused}"
        );
        let told = said(&run(&add, &format!("{first}\ncorrect horse battery\n")));
        assert!(told.contains("密钥有效至"), "{told}");
        said(&run(&["summary", "--profile", "hq"], ""));
        let kept = std::fs::read_to_string(&profiles).unwrap();
        assert!(!kept.contains(first) && !kept.contains("horse"), "{kept}");
        said(&run(&["profile", "login", "hq"], "correct horse battery\n"));
        let spoilt = kept.replace("key = \"", "key = \"x");
        std::fs::write(&profiles, spoilt).unwrap();
        let refused = complaint(&run(&["summary", "--profile", "hq"], ""));
        assert!(refused.contains("profile login hq"), "{refused}");
        let nobody = ["profile", "add", "safe", "--url", "https://127.0.0.1:1"];
        assert!(complaint(&run(&nobody, "key\n")).contains("--ca-file"));
    });
    asked.await.unwrap();
    stop.cancel();
    running.finished().await;
}
