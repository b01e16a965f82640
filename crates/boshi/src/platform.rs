//! `boshi platform …`.

use clap::Subcommand;

/// What the platform's command line can do.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Print the whole configuration with its defaults, commented
    Config,
}

pub(crate) async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Config => Ok(()),
    }
}
