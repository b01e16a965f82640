//! The command line: both sides of the standard in one binary.

mod platform;
mod terminal;

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
    /// The property's side (平台): decides who may pass, keeps the records, commands the gates
    #[command(subcommand)]
    Platform(platform::Command),
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    boshi_transport::certificate::install_crypto();
    terminal::log();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        match arguments.part {
            Part::Platform(command) => platform::run(command).await,
        }
    })
}
