//! Running the platform, and checking its configuration.

use std::path::Path;

use anyhow::Context as _;
use boshi_platform::config::Config;
use boshi_platform::start;
use tokio_util::sync::CancellationToken;

use crate::terminal::say;
use crate::told::told_to_stop;

pub(super) fn check(path: &Path) -> anyhow::Result<()> {
    let config = load(path)?;
    boshi_platform::check(&config)?;
    let (suppliers, lots) = (config.suppliers.len(), config.lots.len());
    say(&format!("配置无误：{suppliers} 个供应商，{lots} 个车场"));
    Ok(())
}

pub(super) async fn run(path: &Path) -> anyhow::Result<()> {
    let config = load(path)?;
    let scheme = if config.tls.plain { "http" } else { "https" };
    let key = config.operator_key();
    let stop = CancellationToken::new();
    let running = start(config, stop.clone()).await?;
    say(&format!(
        "平台已启动：供应商接口 {scheme}://{}，操作员接口 http://{}（密钥 {}）",
        running.standard,
        running.operators,
        key.display()
    ));
    told_to_stop().await?;
    stop.cancel();
    running.finished().await;
    Ok(())
}

pub(super) fn load(path: &Path) -> anyhow::Result<Config> {
    Config::load(path).with_context(|| format!("configuration {}", path.display()))
}
