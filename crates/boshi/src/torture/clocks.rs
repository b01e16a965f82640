//! Clocks of the sides that are set while they run: `libfaketime` stands before their own and reads from a
//! file by how much they are off. What counts time from a start is left alone, as by whoever sets a clock.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};
use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, sleep_until};

use super::agenda::ClockStep;
use super::trouble::Told;
use crate::demo::process::Process;
use crate::demo::stage::Stage;

/// The clocks of both sides: of the platform, and of the gateway.
pub(super) struct Clocks {
    files: [PathBuf; 2],
}

impl Clocks {
    /// Puts clocks that can be set before those of both sides, which are started again with them. None
    /// where `faketime` is not installed.
    pub(super) async fn put(stage: &mut Stage, folder: &Path) -> anyhow::Result<Option<Clocks>> {
        let Some(library) = library()? else {
            return Ok(None);
        };
        let files = ["platform.clock", "gateway.clock"].map(|name| folder.join(name));
        let clocks = Clocks { files };
        clocks.agree(SignedDuration::ZERO)?;
        fetch_all_often(&folder.join("platform.toml"))?;
        for (side, file) in [&mut stage.platform, &mut stage.gateway]
            .into_iter()
            .zip(&clocks.files)
        {
            behind(side, &library, file);
            side.kill().await?;
            side.start_again()?;
        }
        stage.ready_again().await?;
        Ok(Some(clocks))
    }

    /// Sets clocks as planned.
    pub(super) async fn set_all(&self, steps: &[ClockStep]) -> anyhow::Result<Told> {
        let began = Instant::now();
        let mut told = Told::new();
        for step in steps {
            sleep_until(began + step.at).await;
            let side = if step.of_gateway {
                "gateway"
            } else {
                "platform"
            };
            self.set(step.of_gateway, step.seconds)?;
            let what = format!("the clock of the {side} is off by {} s", step.seconds);
            told.push((Timestamp::now(), what));
        }
        Ok(told)
    }

    /// Both are set to the same time, so much from now. What was dated ahead, and could not be pushed, is
    /// fetched once that time has come.
    pub(super) fn agree(&self, later: SignedDuration) -> anyhow::Result<()> {
        self.set(false, later.as_secs())?;
        self.set(true, later.as_secs())
    }

    fn set(&self, of_gateway: bool, seconds: i64) -> anyhow::Result<()> {
        let file = &self.files[usize::from(of_gateway)];
        // Whoever reads it meanwhile reads the one or the other, not half of it.
        let beside = file.with_extension("next");
        fs::write(&beside, format!("{seconds:+}\n"))?;
        fs::rename(&beside, file)?;
        Ok(())
    }
}

/// By how much the clock of the gateway is off at most.
pub(super) fn farthest_of_gateway(steps: &[ClockStep]) -> SignedDuration {
    let steps = steps.iter().filter(|step| step.of_gateway);
    let farthest = steps.map(|step| step.seconds.abs()).max();
    SignedDuration::from_secs(farthest.unwrap_or_default())
}

/// The library, as the program that comes with it names it; that for programs of several threads.
fn library() -> anyhow::Result<Option<String>> {
    let asked = Command::new("faketime")
        .args(["-f", "+0s", "printenv", "LD_PRELOAD"])
        .output();
    let Ok(said) = asked else {
        return Ok(None);
    };
    ensure!(said.status.success(), "faketime does not run");
    let named = String::from_utf8(said.stdout).context("faketime names no library")?;
    Ok(Some(
        named.trim().replace("libfaketime.so", "libfaketimeMT.so"),
    ))
}

fn behind(side: &mut Process, library: &str, file: &Path) {
    let file = file.display().to_string();
    let surroundings = [
        ("LD_PRELOAD", library),
        ("FAKETIME_TIMESTAMP_FILE", &file),
        ("FAKETIME_NO_CACHE", "1"),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
        ("DONT_FAKE_MONOTONIC", "1"),
        ("NO_FAKE_STAT", "1"),
    ];
    side.surround(surroundings.map(|(name, value)| (name, value.to_owned())));
}

/// A record that is dated wrongly is found by no pass that asks from the last one on, but by one that
/// asks for everything (D-19), which is made once a day otherwise.
fn fetch_all_often(config: &Path) -> anyhow::Result<()> {
    let text = fs::read_to_string(config)?;
    let section = "[reconcile]\n";
    ensure!(text.contains(section), "no section [reconcile]");
    let often = format!("{section}whole = \"10s\"\n");
    fs::write(config, text.replacen(section, &often, 1))?;
    Ok(())
}
