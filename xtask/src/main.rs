//! What developers and CI run: `cargo xtask test`, `cargo xtask demo`, `cargo xtask
//! conformance`, `cargo xtask conform-matrix`, `cargo xtask bench`, `cargo xtask effort`, `cargo xtask
//! torture`, `cargo xtask simulate`, `cargo xtask power-loss`, `cargo xtask fuzz`, `cargo xtask fuzz-api`.

mod citations;
mod conformance;
mod effort;
mod fuzz;
mod independence;
mod judged;
mod libfuzzer;
mod requirements;
mod steps;
mod tools;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::tools::Build;

/// What developers and CI run.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Requirements, formatting, lints as errors, every test, the documentation
    Test,
    /// Build and run the demo: platform, gateway and a simulated lot on this machine
    Demo {
        /// Arguments of `boshi demo`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Measure the release build against others and write docs/BENCHMARKS.md (Linux, two cores)
    Bench {
        /// Arguments of `boshi-bench run`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Both real sides over a network that fails, killed again and again (Unix)
    Torture {
        /// Arguments of `boshi torture`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Both real sides on virtual time in a world that fails
    Simulate {
        /// Arguments of `boshi-world`: --seeds, --from, --minutes, --days, --defect
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Count what a recognition costs the platform and a vehicle the gateway, and compare with what is known (valgrind)
    Effort,
    /// Cut the power of both sides' stores at hundreds of points (Linux, strace)
    PowerLoss {
        /// Arguments of `boshi-power-loss run`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// What the conformance kit finds of every deliberately broken implementation, a line each
    ConformMatrix,
    /// Fuzz the parsers of what comes from the network with libFuzzer (Linux, a C++ compiler)
    Fuzz {
        /// Only these targets, the folders of crates/fuzz/corpus
        targets: Vec<String>,
        /// For so many seconds each
        #[arg(long, default_value_t = 60)]
        seconds: u32,
    },
    /// Ask the operators' interface everything, by schemathesis (needs Python, installs it)
    FuzzApi {
        /// For about so many seconds
        #[arg(long, default_value_t = 180)]
        seconds: u32,
    },
    /// Write CONFORMANCE.md from the citations in the code
    Conformance {
        /// Only check it, and that every requirement is kept and shown
        #[arg(long)]
        check: bool,
    },
}

fn main() -> ExitCode {
    run(&root()).unwrap_or_else(|error| {
        steps::say(&format!("{error:#}"));
        ExitCode::FAILURE
    })
}

fn run(root: &Path) -> anyhow::Result<ExitCode> {
    match Arguments::parse().task {
        Task::Test => steps::test(root)?,
        Task::Demo { arguments } => {
            return Ok(exit_code(steps::boshi(root, "demo", &arguments)?.code()));
        }
        Task::Bench { arguments } => return Ok(exit_code(tools::bench(root, &arguments)?.code())),
        Task::Simulate { arguments } => {
            return Ok(exit_code(
                tools::simulate(root, Build::Alone, &arguments)?.code(),
            ));
        }
        Task::Effort => effort::check(root)?,
        Task::PowerLoss { arguments } => {
            return Ok(exit_code(
                tools::power_loss(root, Build::Alone, &arguments)?.code(),
            ));
        }
        Task::Torture { arguments } => {
            return Ok(exit_code(steps::boshi(root, "torture", &arguments)?.code()));
        }
        Task::ConformMatrix => return Ok(exit_code(steps::conform_matrix(root)?.code())),
        Task::Fuzz { targets, seconds } => libfuzzer::fuzz(root, &targets, seconds)?,
        Task::FuzzApi { seconds } => fuzz::fuzz(root, seconds)?,
        Task::Conformance { check: true } => conformance::check(root)?,
        Task::Conformance { check: false } => conformance::write(root)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// What a program ended with, for the one that started this; a signal counts as a failure.
fn exit_code(code: Option<i32>) -> ExitCode {
    let code = code.and_then(|code| u8::try_from(code).ok());
    code.map_or(ExitCode::FAILURE, ExitCode::from)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask lies in the workspace")
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demos_exit_status_is_passed_on() {
        assert_eq!(exit_code(Some(0)), ExitCode::SUCCESS);
        assert_eq!(exit_code(Some(7)), ExitCode::from(7));
        assert_eq!(exit_code(None), ExitCode::FAILURE);
    }

    #[test]
    fn whatever_follows_demo_is_the_demos() {
        let parsed = Arguments::try_parse_from(["xtask", "demo", "--port", "0", "-v"]).unwrap();
        let Task::Demo { arguments } = parsed.task else {
            panic!("the demo was asked for");
        };
        assert_eq!(arguments, ["--port", "0", "-v"]);
    }
}
