//! `cargo xtask simulate`: plays seeds until the time is over, and tells what is wrong.

use std::io::Write as _;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use boshi_world::{DAY, Defect, Report, play};
use clap::Parser;

/// Both real sides on virtual time in a world that fails
#[derive(Parser)]
struct Arguments {
    /// How many seeds
    #[arg(long, default_value_t = 10)]
    seeds: u64,
    /// The first of them
    #[arg(long, default_value_t = 1)]
    from: u64,
    /// No seed is begun after so many minutes
    #[arg(long, default_value_t = 60)]
    minutes: u64,
    /// How many days each lasts
    #[arg(long, default_value_t = 7)]
    days: u32,
    /// With a defect in one of the sides, that has to be found
    #[arg(long)]
    defect: Option<Defect>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let (began, span) = (Instant::now(), DAY * arguments.days);
    let mut whole = Report::default();
    for seed in (arguments.from..).take(usize::try_from(arguments.seeds).unwrap_or(usize::MAX)) {
        if began.elapsed() > Duration::from_secs(60 * arguments.minutes) {
            break;
        }
        let start = Instant::now();
        let report = play(seed, span, arguments.defect);
        say(&format!(
            "seed {seed}: {report} in {:.1} s",
            start.elapsed().as_secs_f64()
        ));
        for wrong in &report.wrong {
            say(&format!("seed {seed}: {wrong}"));
        }
        whole.add(report);
    }
    say(&format!("altogether {whole}"));
    if whole.wrong.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn say(line: &str) {
    // When nobody reads it, the seeds are played all the same.
    let _ = writeln!(std::io::stdout(), "{line}");
}
