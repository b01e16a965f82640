//! `boshi conform`: judges anybody's implementation, of either side.

mod person;
mod progress;
mod table;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use boshi_conformance::bench::Bench;
use boshi_conformance::case::{Case, Side};
use boshi_conformance::config::Config;
use boshi_conformance::hands::Person;
use boshi_conformance::report::{self, Report};
use boshi_conformance::run::{Choice, Outcome, run as run_cases};
use boshi_conformance::set_up::{authority, set_up};
use boshi_conformance::text::{Language, Text};
use clap::{Args, Subcommand, ValueEnum};

use self::person::AtTheTerminal;
use self::progress::Line;
use crate::terminal::say;
use crate::told::told_to_stop;

/// Exit status of a run that was broken off, as a shell has it for Ctrl-C.
const INTERRUPTED: u8 = 130;

/// `boshi conform …`
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Play the platform against a supplier's implementation (检验供应商)
    Supplier(Arguments),
    /// Play a supplier against a platform (检验平台)
    Platform(Arguments),
    /// Make the authority of the kit's certificate, for the judged side to trust, and tell where it is
    Authority {
        /// The configuration
        #[arg(long)]
        config: PathBuf,
    },
    /// Print a commented configuration
    Config {
        /// Whom it is for judging
        side: SideName,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum SideName {
    Supplier,
    Platform,
}

#[derive(Clone, Copy, ValueEnum)]
enum LanguageName {
    Zh,
    En,
}

#[derive(Args)]
pub(crate) struct Arguments {
    /// The configuration: see `boshi conform config`
    #[arg(long, required_unless_present = "list")]
    config: Option<PathBuf>,
    /// Only these requirements or cases: OPEN,PUSH-3,T-6.wrong
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// List the cases, run nothing
    #[arg(long)]
    list: bool,
    /// Write report.html, report.json and junit.xml into this folder
    #[arg(long)]
    report: Option<PathBuf>,
    /// Ask nobody: skip what the configuration cannot trigger
    #[arg(long)]
    unattended: bool,
    /// Fail also on what should be, not only on what must be
    #[arg(long)]
    strict: bool,
    /// What the run's own numbers begin with
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Language of what is printed
    #[arg(long, default_value = "zh")]
    lang: LanguageName,
}

/// Runs the command.
///
/// # Errors
/// When the run cannot be set up or its report cannot be written.
pub(crate) async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Supplier(arguments) => judge(Side::Supplier, arguments).await,
        Command::Platform(arguments) => judge(Side::Platform, arguments).await,
        Command::Authority { config } => {
            let told = || format!("配置 {}", config.display());
            let settings = Config::load(&config).with_context(told)?;
            say(&authority(&settings)
                .with_context(told)?
                .display()
                .to_string());
            Ok(ExitCode::SUCCESS)
        }
        Command::Config { side } => {
            let side = match side {
                SideName::Supplier => Side::Supplier,
                SideName::Platform => Side::Platform,
            };
            say(Config::example(side).trim_end());
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn judge(side: Side, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let language = match arguments.lang {
        LanguageName::Zh => Language::Zh,
        LanguageName::En => Language::En,
    };
    let choice = Choice {
        only: arguments.only.clone(),
    };
    let cases = choice.cases(side)?;
    if arguments.list {
        say(&table::listed(&cases, language));
        return Ok(ExitCode::SUCCESS);
    }
    let path = arguments.config.as_deref().context("--config")?;
    let outcomes = judged(side, path, &cases, &arguments, language).await?;
    say("");
    say(&table::verdicts(&outcomes, language));
    if outcomes.len() < cases.len() {
        return Ok(ExitCode::from(INTERRUPTED));
    }
    Ok(exit_code(&outcomes, arguments.strict))
}

async fn judged(
    side: Side,
    path: &Path,
    cases: &[Case],
    arguments: &Arguments,
    language: Language,
) -> anyhow::Result<Vec<Outcome>> {
    let told = || format!("配置 {}", path.display());
    let config = Config::load(path).with_context(told)?;
    let person =
        (!arguments.unattended).then(|| Box::new(AtTheTerminal::new(language)) as Box<dyn Person>);
    let bench = set_up(&config, side, person, arguments.seed)
        .await
        .with_context(told)?;
    if let Err(fault) = bench.reach().await {
        let target = &bench.setting.target;
        anyhow::bail!("连不上被测方 peer.base_url {target} (cannot be reached): {fault}");
    }
    let mut line = Line::new(language);
    let told = tokio::select! {
        _ = run_cases(&bench, cases, &mut line) => None,
        told = told_to_stop() => Some(told),
    };
    let outcomes = line.outcomes;
    if let Some(told) = told {
        told?;
        break_off(&bench, language).await;
    }
    if let Some(folder) = &arguments.report {
        let report = Report::new(&bench, &outcomes, cases.len(), arguments.strict);
        report::write(&report, folder)?;
        let written = Text::new("报告", "report");
        say(&format!(
            "{}: {}",
            written.read(language),
            folder.join(report::FILES[0]).display()
        ));
    }
    Ok(outcomes)
}

/// Puts things right after a run that was broken off, and says what is left for a person to do.
async fn break_off(bench: &Bench, language: Language) {
    let broken_off = Text::new(
        "中断：正在恢复现场（再按一次 Ctrl-C 立即结束）……",
        "broken off: putting things right (Ctrl-C again ends at once) …",
    );
    say(&format!("\n{}", broken_off.read(language)));
    tokio::select! {
        left = bench.leave_as_found() => for request in left {
            say(&format!("▶ {}", request.read(language)));
        },
        _ = told_to_stop() => {}
    }
}

/// Success unless something that must be is not, or, if `strict`, that should be.
fn exit_code(outcomes: &[Outcome], strict: bool) -> ExitCode {
    if outcomes.iter().any(|it| it.verdict.fails(strict)) {
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use boshi_conformance::case::Severity;
    use boshi_conformance::run::Verdict;

    use super::*;

    fn found(verdict: Verdict) -> Outcome {
        Outcome {
            id: "T-1.post".to_owned(),
            requirement: "T-1",
            severity: Severity::Must,
            title: Text::new("", ""),
            verdict,
            seen: None,
            took: Duration::ZERO,
        }
    }

    #[test]
    fn only_what_must_be_fails_a_run_unless_it_is_strict() {
        let ends = |verdict, strict| exit_code(&[found(verdict)], strict);
        assert_eq!(ends(Verdict::Failed, false), ExitCode::FAILURE);
        assert_eq!(ends(Verdict::Weak, false), ExitCode::SUCCESS);
        assert_eq!(ends(Verdict::Weak, true), ExitCode::FAILURE);
        assert_eq!(ends(Verdict::Remark, true), ExitCode::SUCCESS);
        assert_eq!(exit_code(&[], true), ExitCode::SUCCESS);
    }
}
