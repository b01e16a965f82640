//! Programs of ours, built and run: `cargo xtask bench`, `cargo xtask power-loss`, `cargo xtask simulate`.

use std::path::Path;
use std::process::{Command, ExitStatus};

use anyhow::{Context as _, bail};

/// The core of the load; `boshi-bench` puts every server on the other.
const LOAD_CORE: &str = "1";

/// How programs are built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Build {
    /// They, and what they depend on.
    Alone,
    /// Not at all: [`build_with_tests`] has done it.
    Already,
}

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
pub(crate) fn power_loss(
    root: &Path,
    how: Build,
    arguments: &[String],
) -> anyhow::Result<ExitStatus> {
    build(root, how, &["boshi", "boshi-power-loss"])?;
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
/// When it cannot be built or started.
pub(crate) fn simulate(
    root: &Path,
    how: Build,
    arguments: &[String],
) -> anyhow::Result<ExitStatus> {
    build(root, how, &["boshi-world"])?;
    let mut command = Command::new(root.join("target/debug/boshi-world"));
    ended(command.args(arguments).current_dir(root))
}

/// Builds all programs together with all tests, for whoever has those built already: what a library is built
/// with depends on who else wants it, so that alone most of it would be built a second time.
///
/// # Errors
/// When something cannot be built.
pub(crate) fn build_with_tests(root: &Path) -> anyhow::Result<()> {
    quietly_built(root, &["--workspace", "--bins", "--tests"])
}

fn build(root: &Path, how: Build, packages: &[&str]) -> anyhow::Result<()> {
    match how {
        Build::Alone => {
            let packages = packages.iter().flat_map(|name| ["--package", name]);
            quietly_built(root, &packages.collect::<Vec<_>>())
        }
        Build::Already => Ok(()),
    }
}

fn quietly_built(root: &Path, what: &[&str]) -> anyhow::Result<()> {
    let mut build = Command::new("cargo");
    build.args(["build", "--quiet"]).args(what);
    if !ended(apart(build.current_dir(root)))?.success() {
        bail!("the build failed");
    }
    Ok(())
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
