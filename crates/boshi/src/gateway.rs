//! `boshi gateway …`: runs the gateway, and talks to the local interface of a running one.

mod access;
mod acts;
mod gates;
mod happenings;
mod keep;
mod look;
mod payments;
mod probe;
mod proof;
mod reload;
mod run;
mod status;
mod words;

use std::path::PathBuf;

use clap::Subcommand;

use self::access::Access;
use self::status::Part;
use crate::terminal::say;

/// What the gateway's command line can do.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Print the whole configuration with its defaults, commented
    Config,
    /// Check a configuration and every file it names
    Check {
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Run the gateway until Ctrl-C or SIGTERM
    Run {
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Make a backup of a gateway, running or not: journal, pictures, keys, configuration (备份)
    Backup(keep::Backup),
    /// Make a data folder from a backup; nothing is overwritten (恢复)
    RestoreBackup(crate::kept::RestoreBackup),
    /// Check the journal of a gateway, running or not (检查记录库)
    CheckJournal {
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Write how the gateway is to a file for support, with nothing secret in it (诊断信息)
    Bundle(keep::Bundle),
    /// Show the lanes, devices and outbox of every lot as they are now
    Status {
        #[command(flatten)]
        access: Access,
    },
    /// Show the lanes of every lot (车道)
    Lanes {
        #[command(flatten)]
        access: Access,
    },
    /// Show the devices of every lot and since when each is as it is; with --changes, how those of
    /// one lot have been (设备)
    Devices(look::Devices),
    /// The last frames between the gateway and a device that it speaks to itself, as `devices` names
    /// it; secrets and pictures are left out (报文)
    Trace(look::Trace),
    /// Try a device that is not part of a lot yet: who it is, its inputs, a picture (试设备)
    Probe(probe::Probe),
    /// List the latest stays, of plates that hold a text (停车记录)
    Stays(look::Stays),
    /// List the latest payments, of plates that hold a text (支付记录)
    Payments(payments::Payments),
    /// How many vehicles are inside; with --set, as somebody has counted (在场数)
    Occupancy(acts::Occupancy),
    /// Hold a barrier open (常开)
    Hold(gates::Gate),
    /// Back to one lift a vehicle (恢复)
    Restore(gates::Gate),
    /// Follow what happens in the lanes (实时动态)
    Watch {
        #[command(flatten)]
        access: Access,
    },
    /// List the records to be pushed and how far each is (待推送与推送失败)
    Outbox(look::Outbox),
    /// List attempts to push: when, how long, what came back
    Attempts(look::Attempts),
    /// List the acts of the barriers, each with its one cause
    Lifts(look::Lifts),
    /// List what people did, with name and reason (操作记录)
    Acts(look::Acts),
    /// Send failed records again (补发)
    Resend(acts::Resend),
    /// Prove a day: delivered, failed and pending together are all there was (对账)
    Prove(proof::Prove),
    /// Show a text on a display (显示屏)
    Show(acts::Show),
    /// Command a gate from the booth (闸口)
    Open(gates::Open),
    /// Type in the plate of the vehicle that waits (补录车牌)
    Plate(gates::Plate),
}

/// Where the configuration is.
#[derive(clap::Args)]
pub(crate) struct ConfigFile {
    /// The configuration; `boshi gateway config` prints one to begin with
    #[arg(
        long,
        value_name = "FILE",
        env = "BOSHI_GATEWAY_CONFIG",
        default_value = "gateway.toml"
    )]
    config: PathBuf,
}

pub(crate) async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Config => {
            say(boshi_gateway::config::COMMENTED.trim_end());
            Ok(())
        }
        Command::Check { config } => run::check(&config.config),
        Command::Run { config } => run::run(&config.config).await,
        Command::Backup(wanted) => keep::backup(&wanted),
        Command::RestoreBackup(wanted) => keep::restore_backup(&wanted),
        Command::CheckJournal { config } => keep::check(&config),
        Command::Bundle(wanted) => keep::bundle(wanted).await,
        Command::Status { access } => status::status(&access, Part::All).await,
        Command::Lanes { access } => status::status(&access, Part::Lanes).await,
        Command::Devices(wanted) => look::devices(wanted).await,
        Command::Trace(wanted) => look::trace(wanted).await,
        Command::Probe(wanted) => probe::probe(wanted).await,
        Command::Stays(wanted) => look::stays(wanted).await,
        Command::Payments(wanted) => payments::payments(wanted).await,
        Command::Occupancy(wanted) => acts::occupancy(wanted).await,
        Command::Hold(gate) => gates::gate(gate, "hold").await,
        Command::Restore(gate) => gates::gate(gate, "restore").await,
        Command::Watch { access } => happenings::follow(&access).await,
        Command::Outbox(wanted) => look::outbox(wanted).await,
        Command::Attempts(wanted) => look::attempts(wanted).await,
        Command::Lifts(wanted) => look::lifts(wanted).await,
        Command::Acts(wanted) => look::acts(wanted).await,
        Command::Resend(wanted) => acts::resend(wanted).await,
        Command::Prove(wanted) => proof::prove(wanted).await,
        Command::Show(wanted) => acts::show(wanted).await,
        Command::Open(open) => gates::open(open).await,
        Command::Plate(plate) => gates::plate(plate).await,
    }
}
