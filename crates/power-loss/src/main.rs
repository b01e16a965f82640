//! `cargo xtask power-loss`: a power cut, which no kill shows.
//!
//! A killed process leaves what it wrote with the kernel; a power cut leaves what was synced, and of
//! the rest any part. Both sides' stores are recorded under load, disk images are rebuilt at
//! hundreds of points, opened by the code that opens them in earnest, and held against what had been
//! promised until then. That this finds anything is shown by the same stores without the syncs that a
//! weaker setting leaves out, which must be caught. Linux only; needs `strace`.

mod failed;
mod image;
mod judge;
mod subject;
mod trace;
mod weaker;
mod writer;

use std::collections::HashSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use clap::{Parser, Subcommand};
use rand::SeedableRng as _;
use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::IndexedRandom as _;

use crate::image::Disk;
use crate::judge::Kind;
use crate::subject::Syncs;
use crate::trace::Event;
use crate::weaker::Weaker;

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    part: Part,
}

#[derive(Subcommand)]
enum Part {
    /// Record, cut, open and judge every store
    Run {
        /// The binary
        #[arg(long)]
        boshi: PathBuf,
        /// Where to work: on a real disk, though nothing depends on it
        #[arg(long)]
        folder: PathBuf,
        /// Cuts of each store
        #[arg(long, default_value_t = 300)]
        cuts: usize,
        /// Records that each store is given
        #[arg(long, default_value_t = 1600)]
        records: usize,
        /// Another seed, other cuts
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// A process that writes the gateway's journal and says what it keeps
    Write {
        folder: PathBuf,
        #[arg(long)]
        records: usize,
        /// Named in each record
        #[arg(long)]
        run: usize,
    },
}

fn main() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        match Arguments::parse().part {
            Part::Run {
                boshi,
                folder,
                cuts,
                records,
                seed,
            } => {
                fs::create_dir_all(&folder)?;
                run(&boshi, &folder, cuts, records, seed).await
            }
            Part::Write {
                folder,
                records,
                run,
            } => writer::journal(&folder, records, run).await,
        }
    })
}

async fn run(
    boshi: &Path,
    folder: &Path,
    cuts: usize,
    records: usize,
    seed: u64,
) -> anyhow::Result<()> {
    let work = || tempfile::tempdir_in(folder);
    let at = work()?;
    let recording = subject::platform(boshi, at.path(), records, Syncs::Succeed, 0)?;
    let platform = Recording::read(Kind::Platform, &recording)?;
    let at = work()?;
    let recording = subject::journal(at.path(), records, Syncs::Succeed, 0)?;
    let journal = Recording::read(Kind::Journal, &recording)?;
    for (name, store) in [("platform", platform), ("journal", journal)] {
        store.must_lose_nothing(name, cuts, seed).await?;
        for weaker in Weaker::ALL {
            let name = format!("{name}, synchronous {weaker:?}");
            let weaker = store.weaker(weaker);
            weaker.must_be_caught(&name, cuts, seed).await?;
        }
    }
    for kind in [Kind::Platform, Kind::Journal] {
        let at = work()?;
        failed::syncs(kind, boshi, at.path(), (cuts, records, seed)).await?;
    }
    Ok(())
}

/// What one store wrote, synced and promised.
struct Recording {
    kind: Kind,
    events: Vec<Event>,
}

/// What cuts came to.
#[derive(Default)]
struct Found {
    promised: usize,
    syncs: usize,
    cuts: usize,
    /// Cuts at which something was unsynced.
    torn: usize,
    /// Cuts after which something promised was missing or nothing could be opened.
    lost: usize,
    first: Option<String>,
}

impl std::fmt::Display for Found {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Found {
            promised,
            syncs,
            cuts,
            torn,
            lost,
            first,
        } = self;
        write!(
            to,
            "{promised} records promised, {syncs} syncs, {cuts} cuts of which {torn} tore something: \
             {lost} lost something"
        )?;
        first
            .as_ref()
            .map_or(Ok(()), |first| write!(to, " (first: {first})"))
    }
}

impl Recording {
    fn read(kind: Kind, recording: &str) -> anyhow::Result<Recording> {
        let events = trace::read(recording)?;
        Ok(Recording { kind, events })
    }

    async fn must_lose_nothing(&self, name: &str, cuts: usize, seed: u64) -> anyhow::Result<()> {
        let found = self.cut(cuts, seed).await?;
        say(&format!("{name}: {found}"))?;
        ensure!(
            found.promised > 0,
            "{name} promised nothing: this shows nothing"
        );
        ensure!(
            found.torn > 0,
            "no cut of {name} tore anything: this shows nothing"
        );
        ensure!(found.lost == 0, "{name} loses what it promised");
        Ok(())
    }

    /// The same store at a weaker setting.
    fn weaker(&self, weaker: Weaker) -> Recording {
        let kind = self.kind;
        let events = weaker.of(&self.events, kind.file());
        Recording { kind, events }
    }

    async fn must_be_caught(&self, name: &str, cuts: usize, seed: u64) -> anyhow::Result<()> {
        let found = self.cut(cuts, seed).await?;
        say(&format!("{name}: {found}"))?;
        ensure!(found.lost > 0, "{name} was not caught: this shows nothing");
        Ok(())
    }

    /// Cuts the power at so many points: half of them right after a promise, when it is newest.
    async fn cut(&self, cuts: usize, seed: u64) -> anyhow::Result<Found> {
        let mut found = Found {
            promised: self.count(|event| matches!(event, Event::Promised(_))),
            syncs: self.count(|event| matches!(event, Event::SyncEnds { .. })),
            ..Found::default()
        };
        let points = self.points(cuts, seed)?;
        let (mut disk, mut promised) = (Disk::default(), HashSet::new());
        for (number, event) in self.events.iter().enumerate() {
            self.take(&mut disk, &mut promised, event);
            if points.contains(&number) {
                found.cuts += 1;
                found.torn += usize::from(disk.unsynced() > 0);
                let seed = seed.wrapping_mul(1_000_003).wrapping_add(number as u64);
                if let Err(error) = self.survives(&disk, &promised, seed).await {
                    found.lost += 1;
                    let told = format!("after event {number}: {error:#}");
                    found.first.get_or_insert(told);
                }
            }
        }
        Ok(found)
    }

    fn count(&self, of: impl Fn(&Event) -> bool) -> usize {
        self.events.iter().filter(|event| of(event)).count()
    }

    fn points(&self, cuts: usize, seed: u64) -> anyhow::Result<HashSet<usize>> {
        let is_promise = |event: &Event| matches!(event, Event::Promised(_));
        let first = self.events.iter().position(is_promise);
        let first = first.context("nothing was promised")?;
        let all: Vec<usize> = (first..self.events.len()).collect();
        let promises = all.iter().copied();
        let promises: Vec<usize> = promises
            .filter(|&at| is_promise(&self.events[at]))
            .collect();
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let mut points: HashSet<usize> = HashSet::new();
        points.extend(promises.sample(&mut random, cuts / 2));
        points.extend(all.sample(&mut random, cuts - cuts / 2));
        Ok(points)
    }

    fn take(&self, disk: &mut Disk, promised: &mut HashSet<String>, event: &Event) {
        let file = match event {
            Event::Promised(record) => {
                promised.insert(record.clone());
                return;
            }
            Event::Write { file, .. }
            | Event::Resize { file, .. }
            | Event::SyncBegins { file }
            | Event::SyncEnds { file }
            | Event::SyncFails { file } => file,
        };
        // The index of the log beside them is in shared memory and made anew by whoever opens.
        let name = file.rsplit('/').next().unwrap_or_default();
        if name.trim_end_matches("-wal") == self.kind.file() {
            disk.take(name, event);
        }
    }

    async fn survives(
        &self,
        disk: &Disk,
        promised: &HashSet<String>,
        seed: u64,
    ) -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        disk.cut(folder.path(), seed)?;
        let stored = self.kind.records(folder.path()).await?;
        let missing = promised.difference(&stored).count();
        ensure!(
            missing == 0,
            "{missing} of {} promised are gone",
            promised.len()
        );
        Ok(())
    }
}

fn say(line: &str) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stdout(), "{line}")?)
}
