//! `boshi platform …`: runs the platform, and talks to the operators' interface of a running one.

mod access;
mod archive;
mod blocks;
mod devices;
mod import;
mod keep;
mod lists;
mod lot_put;
mod lots;
mod permits;
mod place;
mod profile;
mod proof;
mod registry;
mod run;
mod show;
mod stays;
mod tables;
mod users;
mod watch;
mod webhooks;

use std::path::PathBuf;

use clap::Subcommand;

use self::access::Access;
use crate::terminal::say;

/// What the platform's command line can do.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Print the whole configuration with its defaults, commented
    Config,
    /// Check a configuration and every file it names
    Check {
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Run the platform until Ctrl-C or SIGTERM
    Run {
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Platforms by name, for --profile: where they are, and a key for each (配置档)
    #[command(subcommand)]
    Profile(profile::Command),
    /// Make a backup of the platform, running or not (备份)
    Backup(keep::Backup),
    /// Give a backup back, into a folder that is made (恢复备份)
    RestoreBackup(crate::kept::RestoreBackup),
    /// Check the records, beside a running platform or without one (检查记录库)
    CheckStore {
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Past months' records, moved to files of their own (归档)
    #[command(subcommand)]
    Archive(archive::Archive),
    /// List the lots and how they are
    Lots {
        #[command(flatten)]
        access: Access,
    },
    /// Suppliers (供应商) that are registered while the platform runs
    #[command(subcommand)]
    Supplier(registry::Supplier),
    /// Lots (车场) that are registered while the platform runs, and whether they can be reached
    #[command(subcommand)]
    Lot(registry::Lot),
    /// Register, change or retire the suppliers and lots in a file (批量登记)
    Import(import::Import),
    /// Users of this interface (用户), their roles, passwords and keys
    #[command(subcommand)]
    User(users::User),
    /// Open a gate (闸口)
    Open(devices::Open),
    /// Hold every gate of a lot open, for an evacuation (疏散)
    Hold(proof::Gates),
    /// Put every gate of a lot back to one lift a vehicle
    Restore(proof::Gates),
    /// Prove that all of a day is here: pushed + fetched + missing = seen (对账)
    Prove(proof::Prove),
    /// Show a text on a display (显示屏), one line an argument
    Show(devices::Show),
    /// Permits (通行许可)
    #[command(subcommand)]
    Permit(permits::Permit),
    /// The block list (黑名单)
    #[command(subcommand)]
    Block(blocks::Block),
    /// List recognitions, what was decided and whether the vehicle crossed, newest first
    Records(lists::ByPlate),
    /// List crossings
    Crossings(lists::ByPlate),
    /// List abnormalities
    Abnormalities(lists::ByLot),
    /// List commands to gates and displays, and how they ended
    Commands(lists::ByPlate),
    /// List outages
    Outages(lists::ByLot),
    /// Write a list to standard output as CSV
    Export(tables::Export),
    /// List stays, from entry to exit
    Stays(stays::Stays),
    /// List the stays that may be the missing half of one, the likeliest first
    Candidates(stays::Candidates),
    /// Say what plate a crossing had (更正车牌)
    Correct(stays::Correct),
    /// Show how many vehicles are in a lot, or set it to what somebody counted
    Occupancy(stays::Occupancy),
    /// Acknowledge an abnormality
    Acknowledge(stays::Abnormality),
    /// Say that an abnormality is over
    Clear(stays::Abnormality),
    /// List who did what, when and why
    Audit(lists::ByLot),
    /// Fetch now what a lot could not push
    Reconcile(lots::Reconcile),
    /// Ask what would be decided about a vehicle now
    Decide(lots::Decide),
    /// Print what happens, as it happens (事件), until Ctrl-C
    Watch(watch::Watch),
    /// Other systems that are sent what happens (推送)
    #[command(subcommand)]
    Webhook(webhooks::Webhook),
    /// Count what there is
    Summary(lots::Summary),
}

/// Where the configuration is.
#[derive(clap::Args)]
pub(crate) struct ConfigFile {
    /// The configuration; `boshi platform config` prints one to begin with
    #[arg(
        long,
        value_name = "FILE",
        env = "BOSHI_PLATFORM_CONFIG",
        default_value = "platform.toml"
    )]
    config: PathBuf,
}

pub(crate) async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Config => {
            say(boshi_platform::config::COMMENTED.trim_end());
            Ok(())
        }
        Command::Check { config } => run::check(&config.config),
        Command::Run { config } => run::run(&config.config).await,
        Command::Profile(command) => profile::profile(command).await,
        Command::Backup(wanted) => keep::backup(&wanted),
        Command::RestoreBackup(wanted) => keep::restore_backup(&wanted),
        Command::CheckStore { config } => keep::check(&config),
        Command::Archive(command) => archive::archive(command),
        Command::Lots { access } => lots::list(&access).await,
        Command::Supplier(command) => registry::supplier(command).await,
        Command::Lot(command) => registry::lot(command).await,
        Command::Import(wanted) => import::import(wanted).await,
        Command::User(command) => users::user(command).await,
        Command::Open(open) => devices::open(open).await,
        Command::Hold(wanted) => proof::hold(wanted).await,
        Command::Restore(wanted) => proof::restore(wanted).await,
        Command::Prove(wanted) => proof::prove(wanted).await,
        Command::Show(show) => devices::show(show).await,
        Command::Permit(permit) => permits::permit(permit).await,
        Command::Block(block) => blocks::block(block).await,
        Command::Records(wanted) => lists::records(wanted).await,
        Command::Crossings(wanted) => lists::crossings(wanted).await,
        Command::Abnormalities(wanted) => lists::abnormalities(wanted).await,
        Command::Commands(wanted) => lists::commands(wanted).await,
        Command::Outages(wanted) => lists::outages(wanted).await,
        Command::Export(wanted) => tables::export(wanted).await,
        Command::Stays(wanted) => stays::stays(wanted).await,
        Command::Candidates(wanted) => stays::candidates(wanted).await,
        Command::Correct(wanted) => stays::correct(wanted).await,
        Command::Occupancy(wanted) => stays::occupancy(wanted).await,
        Command::Acknowledge(wanted) => stays::acknowledge(wanted).await,
        Command::Clear(wanted) => stays::clear(wanted).await,
        Command::Audit(wanted) => lists::audit(wanted).await,
        Command::Reconcile(wanted) => lots::reconcile(wanted).await,
        Command::Decide(wanted) => lots::decide(wanted).await,
        Command::Watch(wanted) => watch::watch(wanted).await,
        Command::Webhook(command) => webhooks::webhook(command).await,
        Command::Summary(wanted) => lots::summary(wanted).await,
    }
}
