//! What is typed, and what comes back.

use std::process::{Command, Output};

fn boshi(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_boshi"))
        .args(arguments)
        .env("BOSHI_LOG", "warn")
        .output()
        .unwrap()
}

fn complaint(output: &Output) -> String {
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn each_side_prints_a_configuration_that_it_accepts() {
    let folder = tempfile::tempdir().unwrap();
    for side in ["gateway", "platform"] {
        let printed = boshi(&[side, "config"]);
        assert!(printed.status.success());
        let secret = folder.path().join("secret");
        std::fs::write(&secret, "eV7spoA0rr7EyjGuJxQFOa3Vs5wvcRUo").unwrap();
        // The files that the sample names are where the sample's machine has them.
        let lines = String::from_utf8(printed.stdout).unwrap();
        let lines = lines.lines().filter(|line| !line.starts_with("ca_file"));
        let text: String = lines
            .map(|line| match line.split_once(" = ") {
                Some(("secret_file", _)) => format!("secret_file = '{}'\n", secret.display()),
                Some(("base_url", _)) => "base_url = \"http://127.0.0.1:1\"\n".to_owned(),
                _ => format!("{line}\n"),
            })
            .collect();
        let file = folder.path().join(format!("{side}.toml"));
        std::fs::write(&file, text).unwrap();
        let checked = boshi(&[side, "check", "--config", file.to_str().unwrap()]);
        let error = String::from_utf8_lossy(&checked.stderr).into_owned();
        assert!(checked.status.success(), "{side}: {error}");
    }
}

#[test]
fn an_unknown_key_is_refused_with_its_name_and_line() {
    let folder = tempfile::tempdir().unwrap();
    for side in ["gateway", "platform"] {
        let file = folder.path().join("wrong.toml");
        std::fs::write(&file, "data = \"x\"\n\nnonsense = 1\n").unwrap();
        let checked = boshi(&[side, "check", "--config", file.to_str().unwrap()]);
        let error = complaint(&checked);
        assert!(
            error.contains("nonsense") && error.contains("line 3"),
            "{error}"
        );
    }
}

#[test]
fn a_side_that_does_not_run_is_said_to_be_missing() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("none.toml");
    for arguments in [["gateway", "status"], ["platform", "lots"]] {
        let asked = boshi(&[
            arguments[0],
            arguments[1],
            "--config",
            missing.to_str().unwrap(),
        ]);
        let error = complaint(&asked);
        assert!(error.contains("none.toml"), "{error}");
        assert!(!error.contains("Stack backtrace"), "{error}");
    }
}
