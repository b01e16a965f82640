//! Programs of `boshi-bench`, built and run: `cargo xtask bench`, `cargo xtask power-loss`.

use std::path::Path;
use std::process::{Command, ExitStatus};

use anyhow::{Context as _, bail};

/// The core of the load; `boshi-bench` puts every server on the other.
const LOAD_CORE: &str = "1";

/// Measures the release build and writes docs/BENCHMARKS.md. Returns how it ended.
///
/// # Errors
/// When it cannot be built or started.
pub(crate) fn bench(root: &Path, arguments: &[String]) -> anyhow::Result<ExitStatus> {
    let mut build = Command::new("cargo");
    let packages = ["--package", "boshi", "--package", "boshi-bench"];
    build.args(["build", "--release"]).args(packages);
    if !ended(apart(build.current_dir(root)))?.success() {
        bail!("the release build failed");
    }
    let built = root.join("target/release");
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", LOAD_CORE]);
    command.arg(built.join("boshi-bench")).arg("run");
    command.arg("--boshi").arg(built.join("boshi"));
    command.arg("--root").arg(root);
    command.arg("--out").arg(root.join("docs/BENCHMARKS.md"));
    ended(command.args(arguments))
}

/// Records both sides' stores, cuts their power, and judges what is left. Returns how it ended.
///
/// # Errors
/// When it cannot be built or started.
pub(crate) fn power_loss(root: &Path, arguments: &[String]) -> anyhow::Result<ExitStatus> {
    let mut build = Command::new("cargo");
    let packages = ["--package", "boshi", "--package", "boshi-power-loss"];
    build.arg("build").args(packages);
    if !ended(apart(build.current_dir(root)))?.success() {
        bail!("the build failed");
    }
    let built = root.join("target/debug");
    let mut command = Command::new(built.join("boshi-power-loss"));
    command.arg("run").arg("--boshi").arg(built.join("boshi"));
    command.arg("--folder").arg(root.join("target/power-loss"));
    ended(command.args(arguments))
}

/// Whether processes can be recorded.
pub(crate) fn can_trace() -> bool {
    let mut strace = Command::new("strace");
    let tried = strace.args(["-o", "/dev/null", "true"]).output();
    tried.is_ok_and(|output| output.status.success())
}

/// Whether faults can be put into processes that run.
pub(crate) fn can_attach() -> bool {
    let Ok(mut patient) = Command::new("sleep").arg("1").spawn() else {
        return false;
    };
    let mut strace = Command::new("strace");
    strace.args(["-o", "/dev/null", "-p", &patient.id().to_string()]);
    let tried = strace.output();
    // It has ended by itself, or soon will.
    let _ = patient.wait();
    tried.is_ok_and(|output| output.status.success())
}

/// Both sides on virtual time in a world that fails. Returns how it ended.
///
/// # Errors
/// When cargo cannot be started.
pub(crate) fn simulate(root: &Path, arguments: &[String]) -> anyhow::Result<ExitStatus> {
    let mut command = Command::new("cargo");
    let program = ["run", "--quiet", "--package", "boshi-world", "--"];
    command.args(program).args(arguments);
    ended(apart(command.current_dir(root)))
}

/// Not what cargo tells a program that it runs: a build that sees that builds some crates anew.
pub(crate) fn apart(command: &mut Command) -> &mut Command {
    let told = std::env::vars_os().map(|(name, _)| name);
    let told = told.filter(|name| {
        let name = name.to_string_lossy();
        name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
    });
    for name in told {
        command.env_remove(name);
    }
    command
}

fn ended(command: &mut Command) -> anyhow::Result<ExitStatus> {
    let status = command.status();
    status.with_context(|| format!("cannot start {command:?}"))
}
