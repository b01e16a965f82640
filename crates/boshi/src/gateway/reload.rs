//! Told SIGHUP, the gateway reads its configuration anew.

use std::path::Path;
use std::pin::pin;

use boshi_gateway::config::LogLevel;
use boshi_gateway::reload::Reloaded;
use boshi_gateway::start::Running;

use crate::terminal;
use crate::told::told_to_stop;

/// What comes in place of a stop.
pub(super) struct Hangups {
    #[cfg(unix)]
    signals: tokio::signal::unix::Signal,
}

impl Hangups {
    /// From now on SIGHUP does not end the program.
    pub(super) fn new() -> anyhow::Result<Hangups> {
        #[cfg(unix)]
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Hangups {
            #[cfg(unix)]
            signals: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) {
        #[cfg(unix)]
        if self.signals.recv().await.is_some() {
            return;
        }
        std::future::pending().await
    }
}

/// Waits to be told to stop. Until then each SIGHUP brings the configuration at `path` into force, as
/// far as that is possible while the gateway runs. `level` is what is logged until then.
pub(super) async fn until_stopped(
    path: &Path,
    running: &Running,
    mut hangups: Hangups,
    mut level: LogLevel,
) -> anyhow::Result<()> {
    let mut stopped = pin!(told_to_stop());
    loop {
        tokio::select! {
            stopped = stopped.as_mut() => return stopped,
            () = hangups.next() => reload(path, running, &mut level),
        }
    }
}

fn reload(path: &Path, running: &Running, level: &mut LogLevel) {
    match try_reload(path, running) {
        Ok((reloaded, wanted)) => {
            let before = std::mem::replace(level, wanted);
            // Whoever turns the log down or up sees that it was done.
            let chosen = terminal::log_at(before.max(wanted).as_str());
            tell(&reloaded);
            terminal::log_at(wanted.as_str());
            if !chosen && before != wanted {
                tracing::warn!("BOSHI_LOG chooses what is logged, whatever the configuration says");
            }
        }
        Err(error) => {
            let why = format!("{error:#}");
            tracing::error!(why, "the new configuration is refused, the old one stays");
        }
    }
}

fn tell(Reloaded { applied, restart }: &Reloaded) {
    tracing::info!(?applied, "the configuration was read anew");
    if !restart.is_empty() {
        tracing::warn!(?restart, "what else is changed needs a restart");
    }
}

fn try_reload(path: &Path, running: &Running) -> anyhow::Result<(Reloaded, LogLevel)> {
    let config = super::run::load(path)?;
    Ok((running.reload(&config)?, config.log))
}
