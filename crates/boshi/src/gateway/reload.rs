//! Told SIGHUP, the gateway reads its configuration anew.

use std::path::Path;
use std::pin::pin;

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
/// far as that is possible while the gateway runs.
pub(super) async fn until_stopped(
    path: &Path,
    running: &Running,
    mut hangups: Hangups,
) -> anyhow::Result<()> {
    let mut stopped = pin!(told_to_stop());
    loop {
        tokio::select! {
            stopped = stopped.as_mut() => return stopped,
            () = hangups.next() => reload(path, running),
        }
    }
}

fn reload(path: &Path, running: &Running) {
    match try_reload(path, running) {
        Ok(Reloaded { applied, restart }) => {
            tracing::info!(?applied, "the configuration was read anew");
            if !restart.is_empty() {
                tracing::warn!(?restart, "what else is changed needs a restart");
            }
        }
        Err(error) => {
            let why = format!("{error:#}");
            tracing::error!(why, "the new configuration is refused, the old one stays");
        }
    }
}

fn try_reload(path: &Path, running: &Running) -> anyhow::Result<Reloaded> {
    let config = super::run::load(path)?;
    let reloaded = running.reload(&config)?;
    terminal::log_at(config.log.as_str());
    Ok(reloaded)
}
