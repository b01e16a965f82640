//! `cargo xtask fuzz`: the targets of `boshi-fuzz`, one after the other, driven by libFuzzer.
//!
//! It works with the stable compiler: coverage is a pass of LLVM's, which `-C passes` turns on. Address
//! sanitizing is left out: nothing of ours is unsafe.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};

use crate::steps::{run, say};

/// Coverage for libFuzzer, in every crate.
const COVERAGE: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1";

/// Where build scripts run, which must not be instrumented, is told from where the targets do.
const TRIPLE: &str = "x86_64-unknown-linux-gnu";

/// Longest input, in bytes.
const MAX_LEN: usize = 4096;

/// Fuzzes `targets`, or all of them, for so many seconds each. What it finds that is new for the coverage
/// is kept below `target/fuzz`, what breaks something too.
///
/// # Errors
/// When it cannot be built, a target is not there, or something does not hold.
pub(crate) fn fuzz(root: &Path, targets: &[String], seconds: u32) -> anyhow::Result<()> {
    let package = root.join("crates/fuzz/libfuzzer");
    let built = root.join("target/fuzz/build");
    say("── building the targets with coverage");
    let mut build = Command::new("cargo");
    build.args(["build", "--release", "--target", TRIPLE]);
    build.arg("--manifest-path").arg(package.join("Cargo.toml"));
    build.arg("--target-dir").arg(&built);
    run(build.env("RUSTFLAGS", COVERAGE).current_dir(root))?;
    let program = built.join(TRIPLE).join("release/boshi-libfuzzer");
    let known = known(root)?;
    for target in targets {
        ensure!(
            known.contains(target),
            "there is no target {target}: {}",
            known.join(", ")
        );
    }
    let chosen = if targets.is_empty() { &known } else { targets };
    for target in chosen {
        say(&format!("── {target}: {seconds} s"));
        one(root, &program, target, seconds)?;
    }
    Ok(())
}

/// The folders of the corpus are the targets; a test compares.
fn known(root: &Path) -> anyhow::Result<Vec<String>> {
    let corpus = root.join("crates/fuzz/corpus");
    let mut names = Vec::new();
    for entry in fs::read_dir(&corpus).context("there is no corpus")? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort_unstable();
    Ok(names)
}

fn one(root: &Path, program: &Path, target: &str, seconds: u32) -> anyhow::Result<()> {
    let grown = root.join("target/fuzz/corpus").join(target);
    let broken = root.join("target/fuzz/broken").join(target);
    for folder in [&grown, &broken] {
        fs::create_dir_all(folder)?;
    }
    let kept: PathBuf = root.join("crates/fuzz/corpus").join(target);
    let mut command = Command::new(program);
    command
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-max_len={MAX_LEN}"))
        .arg(format!("-artifact_prefix={}/", broken.display()))
        .args(["-print_final_stats=1", "-verbosity=0", "-timeout=10"])
        .arg(&grown)
        .arg(&kept)
        .env("BOSHI_FUZZ_TARGET", target);
    run(&mut command).with_context(|| format!("{target}: see {}", broken.display()))
}
