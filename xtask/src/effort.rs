//! What a recognition costs the platform and a vehicle the gateway, in instructions: numbers that noise
//! does not move.
//!
//! A test of the platform (`server::effort`) takes waves of recognitions from their bytes to the
//! answer, one of the gateway (`played::effort`) waves of vehicles from the press of their loop to the
//! crossing that is delivered. Each is run under callgrind with few waves and with more, and the
//! difference is what the waves cost. It is the unoptimised build that is counted, as tests are made: the
//! count is no measure of speed, but it grows when more is done.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::steps::say;
use crate::tools::apart;

/// How many waves a test makes.
const WAVES: &str = "BOSHI_EFFORT_WAVES";
const FEW: u64 = 2;
const MORE: u64 = 12;
/// By how many percent a count may grow: compilers of C and processors' versions of `memcpy` differ
/// by less, a statement more costs more.
const TOLERANCE: u64 = 15;

/// A path that is taken so often that it has to stay short.
struct HotPath {
    /// The library whose tests take it.
    library: &'static str,
    /// The test that is counted.
    test: &'static str,
    /// What takes it.
    each: &'static str,
    /// How many of them are in a wave: `TOGETHER` of the test.
    together: u64,
    counts: &'static [Count],
}

/// Something that is counted, and what it came to when this was last written down.
struct Count {
    what: &'static str,
    /// What is counted; all when there is none.
    within: Option<&'static str>,
    known: u64,
}

const HOT_PATHS: [HotPath; 2] = [
    HotPath {
        library: "boshi_platform",
        test: "server::effort::a_recognition_is_taken_decided_and_kept",
        each: "recognition",
        together: 64,
        counts: &[
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
        ],
    },
    HotPath {
        library: "boshi_gateway",
        test: "played::effort::a_vehicle_is_let_through_and_everything_about_it_delivered",
        each: "vehicle",
        together: 8,
        counts: &[
            Count {
                what: "all of it, lane, journal and pushes",
                within: None,
                known: 2_254_000,
            },
            Count {
                what: "statements that the journal runs, and its commits",
                within: Some("sqlite3_step"),
                known: 495_000,
            },
        ],
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
    let mut grown = Vec::new();
    for path in &HOT_PATHS {
        grown.extend(path.grown(&built(root, path.library)?)?);
    }
    if !grown.is_empty() {
        bail!(
            "over {TOLERANCE} % more is done: {}. Where that is meant, write the new count down in \
             xtask/src/effort.rs",
            grown.join("; ")
        );
    }
    Ok(())
}

impl HotPath {
    /// The counts that have grown.
    fn grown(&self, tests: &Path) -> anyhow::Result<Vec<String>> {
        let mut grown = Vec::new();
        for count in self.counts {
            let Count { what, known, .. } = count;
            let of = |waves| counted(tests, self.test, count.within, waves);
            let found = of(MORE)?.saturating_sub(of(FEW)?) / ((MORE - FEW) * self.together);
            let each = self.each;
            say(&format!(
                "{found} instructions a {each}, {known} known: {what}"
            ));
            if found * 100 > known * (100 + TOLERANCE) {
                grown.push(format!("a {each}, {what}: {found} instead of {known}"));
            } else if found * (100 + TOLERANCE) < known * 100 {
                say("   it has become less: write the new count down in xtask/src/effort.rs");
            }
        }
        Ok(grown)
    }
}

/// The tests of a library, built as all tests are.
fn built(root: &Path, library: &str) -> anyhow::Result<PathBuf> {
    let mut build = Command::new("cargo");
    build.args(["test", "--workspace", "--lib", "--no-run"]);
    let output = apart(build.current_dir(root)).output()?;
    let told = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        bail!("the tests cannot be built:\n{told}");
    }
    let path = executable(&told, library)
        .with_context(|| format!("cargo names no tests of {library}:\n{told}"))?;
    Ok(root.join(path))
}

/// What cargo says that it has built: `Executable unittests src/lib.rs (target/…/boshi_platform-…)`.
fn executable<'a>(told: &'a str, library: &str) -> Option<&'a str> {
    told.lines().find_map(|line| {
        let (begin, end) = (line.rfind('(')? + 1, line.rfind(')')?);
        let path = line.get(begin..end)?;
        let (name, _) = path.rsplit('/').next()?.rsplit_once('-')?;
        (name == library).then_some(path)
    })
}

/// Instructions of a whole run, or of what it does within a function.
fn counted(tests: &Path, test: &str, within: Option<&str>, waves: u64) -> anyhow::Result<u64> {
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
    if let Some(function) = within {
        command.arg(format!("--toggle-collect={function}"));
    }
    command.arg(tests).args(["--exact", test]);
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
    fn the_tests_of_a_library_are_found_among_all() {
        let told = "   Executable unittests src/lib.rs (target/debug/deps/boshi_gateway-1)\n\
                    \x20  Executable unittests src/lib.rs (target/debug/deps/boshi_platform-2)\n\
                    \x20  Executable tests/it/main.rs (target/debug/deps/it-3)\n";
        let found = executable(told, "boshi_platform");
        assert_eq!(found, Some("target/debug/deps/boshi_platform-2"));
        assert_eq!(executable("Finished (in 3 s)", "boshi_platform"), None);
    }

    #[test]
    fn a_count_is_read_from_what_callgrind_says() {
        let told = "==9== Events    : Ir\n==9== Collected : 849016320\n==9== \n";
        assert_eq!(collected(told), Some(849_016_320));
        assert_eq!(collected("==9== Collected : none"), None);
    }
}
