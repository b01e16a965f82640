//! What a recognition costs the platform, in instructions: a number that noise does not move.
//!
//! A test of the platform (`server::effort`) takes waves of recognitions from their bytes to the
//! answer. It is run under callgrind with few waves and with more, and the difference is what the
//! waves cost. It is the unoptimised build that is counted, as tests are made: the
//! count is no measure of speed, but it grows when more is done.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::steps::say;
use crate::tools::apart;

/// The test that is counted.
const TEST: &str = "server::effort::a_recognition_is_taken_decided_and_kept";
/// How many waves it makes.
const WAVES: &str = "BOSHI_EFFORT_WAVES";
const FEW: u64 = 2;
const MORE: u64 = 12;
/// Recognitions in a wave: `TOGETHER` of the test.
const TOGETHER: u64 = 64;
/// By how many percent a count may grow: compilers of C and processors' versions of `memcpy` differ
/// by less, a statement more costs more.
const TOLERANCE: u64 = 15;

/// Something that is counted, and what it came to when this was last written down.
struct Count {
    what: &'static str,
    /// What is counted; all when there is none.
    within: Option<&'static str>,
    known: u64,
}

const COUNTS: [Count; 2] = [
    Count {
        what: "all of it, HTTP, rules and store",
        within: None,
        known: 545_000,
    },
    Count {
        what: "statements that the database runs, and the commit",
        within: Some("sqlite3_step"),
        known: 39_000,
    },
];

/// Counts, and fails when a count has grown; says so when it cannot count.
///
/// # Errors
/// A count that has grown, or a test that fails.
pub(crate) fn check(root: &Path) -> anyhow::Result<()> {
    if !Command::new("valgrind")
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success())
    {
        say(
            "SKIPPED: nothing was counted, since valgrind is not installed (apt-get install valgrind)",
        );
        return Ok(());
    }
    let test = built(root)?;
    let mut grown = Vec::new();
    for Count {
        what,
        within,
        known,
    } in COUNTS
    {
        let waves = counted(&test, within, MORE)?.saturating_sub(counted(&test, within, FEW)?);
        let found = waves / ((MORE - FEW) * TOGETHER);
        say(&format!(
            "{found} instructions a recognition, {known} known: {what}"
        ));
        if found * 100 > known * (100 + TOLERANCE) {
            grown.push(format!("{what}: {found} instead of {known}"));
        } else if found * (100 + TOLERANCE) < known * 100 {
            say("   it has become less: write the new count down in xtask/src/effort.rs");
        }
    }
    if !grown.is_empty() {
        bail!(
            "a recognition costs over {TOLERANCE} % more: {}. Where that is meant, write the new count \
             down in xtask/src/effort.rs",
            grown.join("; ")
        );
    }
    Ok(())
}

/// The tests of the platform, built alone: what other packages want of a library is not counted.
fn built(root: &Path) -> anyhow::Result<PathBuf> {
    let mut build = Command::new("cargo");
    build.args(["test", "--package", "boshi-platform", "--lib"]);
    let output = apart(build.arg("--no-run").current_dir(root)).output()?;
    let told = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        bail!("the tests cannot be built:\n{told}");
    }
    let path = executable(&told).context("cargo names no tests of the platform")?;
    Ok(root.join(path))
}

/// What cargo says that it has built: `Executable unittests src/lib.rs (target/…/boshi_platform-…)`.
fn executable(told: &str) -> Option<&str> {
    let mut lines = told.lines();
    let path = |line: &'_ str| -> Option<(usize, usize)> {
        let begin = line.rfind('(')? + 1;
        let end = line.rfind(')')?;
        let file = line.get(begin..end)?.rsplit('/').next()?;
        file.starts_with("boshi_platform-").then_some((begin, end))
    };
    lines.find_map(|line| {
        let (begin, end) = path(line)?;
        line.get(begin..end)
    })
}

/// Instructions of a whole run, or of what it does within a function.
fn counted(test: &Path, within: Option<&str>, waves: u64) -> anyhow::Result<u64> {
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
    if let Some(function) = within {
        command.arg(format!("--toggle-collect={function}"));
    }
    command.arg(test).args(["--exact", TEST]);
    let output = command.env(WAVES, waves.to_string()).output()?;
    let told = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stdout);
        bail!("{command:?} ended with {}\n{said}{told}", output.status);
    }
    collected(&told).with_context(|| format!("callgrind tells no count:\n{told}"))
}

/// From its line `==123== Collected : 456`.
fn collected(told: &str) -> Option<u64> {
    let line = told.lines().find(|line| line.contains("Collected :"))?;
    line.rsplit(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tests_of_the_platform_are_found_among_all() {
        let told = "   Executable unittests src/lib.rs (target/debug/deps/boshi_gateway-1)\n\
                    \x20  Executable unittests src/lib.rs (target/debug/deps/boshi_platform-2)\n\
                    \x20  Executable tests/it/main.rs (target/debug/deps/it-3)\n";
        assert_eq!(executable(told), Some("target/debug/deps/boshi_platform-2"));
        assert_eq!(executable("Finished (in 3 s)"), None);
    }

    #[test]
    fn a_count_is_read_from_what_callgrind_says() {
        let told = "==9== Events    : Ir\n==9== Collected : 849016320\n==9== \n";
        assert_eq!(collected(told), Some(849_016_320));
        assert_eq!(collected("==9== Collected : none"), None);
    }
}
