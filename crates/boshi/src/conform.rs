//! `boshi conform`: judges anybody's implementation, of either side.

mod person;
mod progress;
mod table;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use boshi_conformance::case::{Case, Severity, Side};
use boshi_conformance::config::Config;
use boshi_conformance::hands::Person;
use boshi_conformance::report::{self, Report};
use boshi_conformance::run::{Choice, Outcome, Verdict, run as run_cases};
use boshi_conformance::set_up::set_up;
use boshi_conformance::text::Language;
use clap::{Args, Subcommand, ValueEnum};

use self::person::AtTheTerminal;
use self::progress::Line;
use crate::terminal::say;
use crate::told::told_to_stop;

/// `boshi conform …`
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Play the platform against a supplier's implementation (检验供应商)
    Supplier(Arguments),
    /// Play a supplier against a platform (检验平台)
    Platform(Arguments),
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
    let outcomes = tokio::select! {
        outcomes = judged(side, path, &cases, &arguments, language) => outcomes?,
        told = told_to_stop() => {
            told?;
            anyhow::bail!("中断 (interrupted)");
        }
    };
    say("");
    say(&table::verdicts(&outcomes, language));
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
    let outcomes = run_cases(&bench, cases, &mut Line::new(language)).await;
    if let Some(folder) = &arguments.report {
        report::write(&Report::new(&bench, &outcomes), folder)?;
        say(&format!(
            "报告：{}",
            folder.join(report::FILES[0]).display()
        ));
    }
    Ok(outcomes)
}

/// Success unless something that must be is not, or, if `strict`, that should be.
fn exit_code(outcomes: &[Outcome], strict: bool) -> ExitCode {
    let counts = |outcome: &&Outcome| match outcome.severity {
        Severity::Must => true,
        Severity::Should => strict,
        Severity::Remark => false,
    };
    let mut failed = outcomes.iter().filter(|it| it.verdict == Verdict::Failed);
    if failed.any(|it| counts(&it)) {
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use boshi_conformance::text::Text;

    use super::*;

    fn failed(severity: Severity) -> Outcome {
        Outcome {
            id: "T-1.post".to_owned(),
            requirement: "T-1",
            severity,
            title: Text::new("", ""),
            verdict: Verdict::Failed,
            seen: None,
            took: Duration::ZERO,
        }
    }

    #[test]
    fn only_what_must_be_fails_a_run_unless_it_is_strict() {
        assert_eq!(
            exit_code(&[failed(Severity::Must)], false),
            ExitCode::FAILURE
        );
        assert_eq!(
            exit_code(&[failed(Severity::Should)], false),
            ExitCode::SUCCESS
        );
        assert_eq!(
            exit_code(&[failed(Severity::Should)], true),
            ExitCode::FAILURE
        );
        assert_eq!(exit_code(&[], true), ExitCode::SUCCESS);
    }
}
