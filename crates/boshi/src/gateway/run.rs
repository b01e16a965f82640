//! Running the gateway, and checking its configuration.

use std::path::Path;

use anyhow::Context as _;
use boshi_gateway::config::Config;
use boshi_gateway::start;
use tokio_util::sync::CancellationToken;

use super::reload::{Hangups, until_stopped};
use crate::terminal::{self, say};

pub(super) fn check(path: &Path) -> anyhow::Result<()> {
    let config = load(path)?;
    start::check(&config)?;
    let lanes: usize = config.lots.iter().map(|lot| lot.lanes.len()).sum();
    let lots = config.lots.len();
    say(&format!("配置无误：{lots} 个车场，{lanes} 条车道"));
    Ok(())
}

pub(super) async fn run(path: &Path) -> anyhow::Result<()> {
    let config = load(path)?;
    let scheme = if config.tls.plain { "http" } else { "https" };
    let key = config.local_key();
    let level = config.log;
    terminal::log_at(level.as_str());
    let hangups = Hangups::new()?;
    let stop = CancellationToken::new();
    let running = start::start(config, stop.clone()).await?;
    say(&format!(
        "网关已启动：标准接口 {scheme}://{}，设备接口 http://{}，本地接口 http://{}（密钥 {}）",
        running.standard,
        running.devices,
        running.local,
        key.display()
    ));
    until_stopped(path, &running, hangups, level).await?;
    stop.cancel();
    running.finished().await;
    Ok(())
}

pub(super) fn load(path: &Path) -> anyhow::Result<Config> {
    Config::load(path).with_context(|| format!("configuration {}", path.display()))
}
