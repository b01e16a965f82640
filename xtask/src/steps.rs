//! Steps that are run one after the other, each told with the time that it took.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};

use crate::tools::Build;
use crate::{conformance, effort, independence, tools};

/// The worlds that are always played: some seconds of one core.
const WORLDS: [&str; 4] = ["--seeds", "1", "--days", "1"];

/// The power cuts that are always made: some seconds.
const CUTS: [&str; 4] = ["--cuts", "60", "--records", "320"];

/// Everything that is checked, what is quickest first.
///
/// # Errors
/// The first step that fails.
pub(crate) fn test(root: &Path) -> anyhow::Result<()> {
    let whole = Instant::now();
    step("requirements: each kept and shown", || {
        conformance::check(root)
    })?;
    step("dependencies: who must be independent of whom", || {
        independence::check(root)
    })?;
    step("formatting", || cargo(root, &["fmt", "--all", "--check"]))?;
    step("lints", || {
        let lints = [
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ];
        cargo(root, &lints)
    })?;
    if has_nextest() {
        step("tests", || cargo(root, &["nextest", "run", "--workspace"]))?;
    } else {
        let targets = ["test", "--workspace", "--lib", "--bins", "--tests"];
        step("tests (without cargo-nextest)", || cargo(root, &targets))?;
    }
    if !tools::can_attach() {
        say(
            "SKIPPED among the tests: no disk failed, since strace is not installed or may not attach (apt-get install strace)",
        );
    }
    tools::build_with_tests(root)?;
    side_by_side(
        || world(root).and_then(|()| power_cut(root)),
        || {
            step("effort: what a recognition and a vehicle cost", || {
                effort::check(root)
            })?;
            documents(root)
        },
    )?;
    say(&format!("all is well after {}", shown(whole.elapsed())));
    Ok(())
}

/// Does both at once: neither waits for the other, and only one of them has cargo build anything.
fn side_by_side(
    one: impl FnOnce() -> anyhow::Result<()> + Send,
    other: impl FnOnce() -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    std::thread::scope(|threads| {
        let one = threads.spawn(one);
        let other = other();
        let one = one.join().unwrap_or_else(|_| bail!("a step has panicked"));
        one.and(other)
    })
}

fn documents(root: &Path) -> anyhow::Result<()> {
    step("examples in the documentation", || {
        cargo(root, &["test", "--workspace", "--doc"])
    })?;
    step("documentation", || {
        let mut command = Command::new("cargo");
        command.args(["doc", "--workspace", "--no-deps"]);
        run(command.env("RUSTDOCFLAGS", "-D warnings").current_dir(root))
    })
}

fn world(root: &Path) -> anyhow::Result<()> {
    step("world: both sides, and everything that can fail", || {
        let ended = tools::simulate(root, Build::Already, &WORLDS.map(str::to_owned))?;
        ensure!(ended.success(), "something is wrong in a world");
        Ok(())
    })
}

fn power_cut(root: &Path) -> anyhow::Result<()> {
    let name = "power cut: both sides' stores, and weaker ones that must be caught";
    step(name, || {
        if !tools::can_trace() {
            say(
                "SKIPPED: no power was cut, since strace is not installed or may not trace (apt-get install strace)",
            );
            return Ok(());
        }
        let ended = tools::power_loss(root, Build::Already, &CUTS.map(str::to_owned))?;
        ensure!(ended.success(), "a store loses what it promised");
        Ok(())
    })
}

/// A command of the program, with `arguments` of its own. Returns how it ended.
///
/// # Errors
/// When cargo cannot be started.
pub(crate) fn boshi(root: &Path, what: &str, arguments: &[String]) -> anyhow::Result<ExitStatus> {
    let mut command = Command::new("cargo");
    command
        .args(boshi_command(what, arguments))
        .current_dir(root);
    command
        .status()
        .with_context(|| format!("cannot start {command:?}"))
}

/// The conformance kit against every deliberately broken implementation. Returns how it ended.
///
/// # Errors
/// When cargo cannot be started.
pub(crate) fn conform_matrix(root: &Path) -> anyhow::Result<ExitStatus> {
    let mut command = Command::new("cargo");
    let example = ["--example", "conform-matrix"];
    command.args(["run", "--quiet", "--package", "boshi-conformance"]);
    command.args(example).current_dir(root);
    command
        .status()
        .with_context(|| format!("cannot start {command:?}"))
}

fn boshi_command<'a>(what: &'a str, arguments: &'a [String]) -> Vec<&'a str> {
    let own = arguments.iter().map(String::as_str);
    ["run", "--package", "boshi", "--", what]
        .into_iter()
        .chain(own)
        .collect()
}

fn step(name: &str, work: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
    say(&format!("── {name}"));
    let start = Instant::now();
    let result = work().with_context(|| format!("{name}: failed"));
    if result.is_ok() {
        say(&format!("── {name}: {}", shown(start.elapsed())));
    }
    result
}

/// A line for whoever waits; when nobody reads it, the steps go on.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

fn shown(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

fn has_nextest() -> bool {
    let version = Command::new("cargo")
        .args(["nextest", "--version"])
        .output();
    version.is_ok_and(|output| output.status.success())
}

fn cargo(root: &Path, arguments: &[&str]) -> anyhow::Result<()> {
    run(Command::new("cargo").args(arguments).current_dir(root))
}

pub(crate) fn run(command: &mut Command) -> anyhow::Result<()> {
    let status = command
        .status()
        .with_context(|| format!("cannot start {command:?}"))?;
    if !status.success() {
        bail!("{command:?} ended with {status}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_is_given_its_arguments_as_they_are() {
        let arguments = ["--port".to_owned(), "0".to_owned(), "--release".to_owned()];
        let command = boshi_command("demo", &arguments);
        assert_eq!(
            command[command.len() - 4..],
            ["demo", "--port", "0", "--release"]
        );
    }

    #[test]
    fn a_failing_step_is_named() {
        let error = step("formatting", || bail!("3 files")).unwrap_err();
        assert_eq!(format!("{error:#}"), "formatting: failed: 3 files");
    }

    #[test]
    fn of_two_steps_at_once_either_may_fail() {
        assert!(side_by_side(|| Ok(()), || Ok(())).is_ok());
        let error = side_by_side(|| bail!("one"), || Ok(())).unwrap_err();
        assert_eq!(error.to_string(), "one");
        let error = side_by_side(|| Ok(()), || bail!("other")).unwrap_err();
        assert_eq!(error.to_string(), "other");
    }
}
