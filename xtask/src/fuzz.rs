//! The operators' interface of the real program, asked everything that its own document allows and
//! much that it does not, by schemathesis.
//!
//! Not a part of `cargo xtask test`, since it needs Python and its registry of packages, and takes
//! minutes. What it found has tests of its own in `crates/platform/tests/it/document.rs`.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, bail};

use crate::steps::{run, say};

/// The version whose checks are named below.
const SCHEMATHESIS: &str = "schemathesis==4.32.5";
/// All but `positive_data_acceptance`: what two fields mean together, and which lots there are, is
/// beyond a schema.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_headers_conformance,response_schema_conformance,\
                      negative_data_rejection,missing_required_header,unsupported_method,\
                      allow_header_conformance,ignored_auth";

/// A lot that nobody answers for: whatever has to be asked of it is said to be unavailable.
const CONFIG: &str = r#"
data = "data"
[listen]
standard = "127.0.0.1:0"
operators = "127.0.0.1:0"
[tls]
plain = true
[command]
deadline = "1s"
[[supplier]]
app_id = "99848791"
secret = "eV7spoA0rr7EyjGuJxQFOa3Vs5wvcRUo"
[[lot]]
id = "L1"
supplier = "99848791"
base_url = "http://127.0.0.1:9"
entry = "allow"
exit = "refuse"
[[lot.lane]]
recognizer = "CAM-01"
direction = "entry"
"#;

/// 503 is an answer of its own where a lot does not answer.
const SETTINGS: &str = r#"
[checks]
not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", "503"]
"#;

/// Fuzzes for about so many seconds.
///
/// # Errors
/// When something cannot be started, or was found.
pub(crate) fn fuzz(root: &Path, seconds: u32) -> anyhow::Result<()> {
    let folder = root.join("target/fuzz-api");
    let tool = installed(root)?;
    run(Command::new("cargo")
        .args(["build", "-p", "boshi"])
        .current_dir(root))?;
    if folder.exists() {
        fs::remove_dir_all(&folder).context("what an earlier run left cannot be removed")?;
    }
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("platform.toml"), CONFIG)?;
    fs::write(folder.join("schemathesis.toml"), SETTINGS)?;
    let mut platform = Command::new(root.join("target/debug/boshi"))
        .args(["platform", "run"])
        .current_dir(&folder)
        .stdout(Stdio::piped())
        .stderr(fs::File::create(folder.join("platform.log"))?)
        .spawn()
        .context("the platform cannot be started")?;
    let found = ask(&tool, &folder, &mut platform, seconds);
    let has_ended = platform.try_wait()?;
    platform.kill()?;
    platform.wait()?;
    if let Some(status) = has_ended {
        bail!("the platform ended by itself: {status}; see target/fuzz-api/platform.log");
    }
    found
}

fn ask(tool: &Path, folder: &Path, platform: &mut Child, seconds: u32) -> anyhow::Result<()> {
    let address = address(platform)?;
    let key = fs::read_to_string(folder.join("data/operator.key"))?;
    say(&format!("asking http://{address} for {seconds} s"));
    // The key is in the arguments: they are not for an error.
    let status = Command::new(tool)
        .arg("run")
        .arg(format!("http://{address}/api/v1/openapi.json?lang=en"))
        .args(["-H", &format!("Authorization: Bearer {}", key.trim())])
        .args(["--max-time", &seconds.to_string()])
        .args(["--phases", "examples,coverage,fuzzing"])
        .args(["--checks", CHECKS])
        // The stream has no end, which is not to be waited for.
        .args(["--exclude-operation-id", "follow_events"])
        .arg("--continue-on-failure")
        .current_dir(folder)
        .status()
        .context("schemathesis cannot be started")?;
    anyhow::ensure!(
        status.success(),
        "schemathesis has found something: see above"
    );
    Ok(())
}

/// Where the platform says that operators reach it.
fn address(platform: &mut Child) -> anyhow::Result<String> {
    let out = platform.stdout.take().context("its output is a pipe")?;
    for line in BufReader::new(out).lines() {
        let line = line?;
        let after = line.split_once("操作员接口 http://");
        let address = after.and_then(|(_, rest)| rest.split('（').next());
        if let Some(address) = address {
            return Ok(address.to_owned());
        }
    }
    bail!("the platform did not start: see target/fuzz-api/platform.log")
}

/// schemathesis in an environment of its own below `target`.
fn installed(root: &Path) -> anyhow::Result<std::path::PathBuf> {
    let environment = root.join("target/schemathesis");
    let tool = environment.join("bin/schemathesis");
    if !tool.exists() {
        let make = Command::new("python3")
            .args(["-m", "venv"])
            .arg(&environment)
            .status();
        let is_made = make.is_ok_and(|status| status.success());
        anyhow::ensure!(
            is_made,
            "python3 with venv is needed: apt-get install python3-venv"
        );
        run(Command::new(environment.join("bin/pip")).args(["install", "--quiet", SCHEMATHESIS]))?;
    }
    Ok(tool)
}
