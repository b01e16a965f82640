//! Being told to stop.

/// Ctrl-C, or SIGTERM where there is one. Whoever waits for it again and again keeps one and the same: it
/// hears what comes from when it is first polled, and from then on nothing else ends the process.
pub(crate) async fn told_to_stop() -> anyhow::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => interrupted?,
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await?;
    Ok(())
}
