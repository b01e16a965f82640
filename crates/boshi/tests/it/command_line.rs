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
fn a_lot_may_be_left_out_only_when_there_is_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("gateway.toml");
    let data = folder.path().display();
    let one = format!(
        "data = '{data}'\npublic_url = 'http://lot'\n[platform]\nbase_url = 'http://127.0.0.1:1'\n\
         app_id = '1'\nsecret = 's'\n[[lot]]\nid = 'L1'\n"
    );
    std::fs::write(&file, &one).unwrap();
    let file_name = file.to_str().unwrap();
    let said = complaint(&boshi(&["gateway", "stays", "--config", file_name]));
    assert!(said.contains("local.key"), "the only one is meant: {said}");
    std::fs::write(&file, format!("{one}[[lot]]\nid = 'L2'\n")).unwrap();
    let said = complaint(&boshi(&["gateway", "stays", "--config", file_name]));
    assert!(said.contains("L1、L2"), "{said}");
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

/// D-7
#[test]
fn a_gateway_is_backed_up_given_back_checked_and_bundled_without_running() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (data, again) = (path("data"), path("again"));
    std::fs::create_dir(&data).unwrap();
    let journal = folder.path().join("data/journal.db");
    drop(boshi_gateway::journal::Journal::open(&journal).unwrap());
    let sample = boshi_gateway::config::COMMENTED;
    let config = sample
        .replace("./gateway-data\"", &format!("{data}\""))
        .replace("./gateway-data/", &format!("{data}/"));
    std::fs::write(path("gateway.toml"), config).unwrap();
    let run = |arguments: &[&str]| {
        let done = boshi(&[&["gateway"], arguments].concat());
        let error = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(done.status.success(), "{arguments:?}: {error}");
        String::from_utf8(done.stdout).unwrap()
    };
    let (config, copy) = (path("gateway.toml"), path("copy"));
    let said = run(&["backup", &copy, "--config", &config]);
    assert!(said.contains("2 个文件"), "{said}");
    let said = run(&["restore-backup", &copy, "--data", &again]);
    assert!(said.contains("记录库完好"), "{said}");
    let twice = boshi(&["gateway", "restore-backup", &copy, "--data", &again]);
    assert!(complaint(&twice).contains("in use"));
    let said = run(&["check-journal", "--config", &config]);
    assert!(said.contains("记录库完好"), "{said}");
    let bundle = path("support.txt");
    run(&["bundle", &bundle, "--config", &config]);
    let told = std::fs::read_to_string(bundle).unwrap();
    assert!(
        told.contains("LOT-1") && !told.contains("change-this-key"),
        "{told}"
    );
}
