//! The command line: both sides of the standard in one binary.

mod account;
mod conform;
mod crowd;
mod demo;
mod files;
mod gateway;
mod interface;
mod kept;
mod lines;
mod platform;
mod simulate;
mod terminal;
mod told;
mod torture;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// 泊时易 (boshi): the car-park integration standard, both sides.
#[derive(Parser)]
#[command(name = "boshi", version, about)]
struct Arguments {
    #[command(subcommand)]
    part: Part,
}

#[derive(Subcommand)]
enum Part {
    /// The supplier's side (供应商): drives a lot's devices, pushes what happens, obeys the platform
    #[command(subcommand)]
    Gateway(gateway::Command),
    /// The property's side (平台): decides who may pass, keeps the records, commands the gates
    #[command(subcommand)]
    Platform(platform::Command),
    /// Judges anybody's implementation, of either side, against the standard (符合性测试)
    #[command(subcommand)]
    Conform(conform::Command),
    /// A virtual car park (模拟车场) in front of a gateway
    Simulate(simulate::Arguments),
    /// Thousands of lots at once in front of a platform of its own, and an account of every record (压力)
    Crowd(crowd::Arguments),
    /// Both sides over a network that fails, killed again and again, and an account of every record (折磨测试)
    Torture(torture::Arguments),
    /// Platform, gateway and a simulated car park on this machine, with nothing to configure (演示)
    Demo(demo::Arguments),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    boshi_transport::certificate::install_crypto();
    terminal::log();
    files::raise_limit();
    match run(arguments.part) {
        Ok(code) => code,
        Err(error) => {
            // The whole chain on one line; where in the program it arose helps nobody here.
            terminal::complain(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(part: Part) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        match part {
            Part::Gateway(command) => gateway::run(command).await?,
            Part::Platform(command) => platform::run(command).await?,
            Part::Simulate(arguments) => simulate::run(arguments).await?,
            Part::Conform(command) => return conform::run(command).await,
            Part::Crowd(arguments) => crowd::run(arguments).await?,
            Part::Torture(arguments) => torture::run(arguments).await?,
            Part::Demo(arguments) => return demo::run(arguments).await,
        }
        Ok(ExitCode::SUCCESS)
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn what_can_be_typed_is_sound_in_every_command() {
        Arguments::command().debug_assert();
    }
}
