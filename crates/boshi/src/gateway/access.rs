//! How to reach the local interface of a running gateway.

use std::fs;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use serde_json::Value;

use super::run;
use crate::interface::Interface;
use crate::terminal::say;

/// Which gateway, and how to print what it says.
#[derive(Args)]
pub(crate) struct Access {
    /// The gateway's configuration, which says where it listens and where its key is
    #[arg(
        long,
        value_name = "FILE",
        env = "BOSHI_GATEWAY_CONFIG",
        default_value = "gateway.toml"
    )]
    config: PathBuf,
    /// Print the raw JSON
    #[arg(long)]
    pub(super) json: bool,
}

impl Access {
    pub(super) fn interface(&self) -> anyhow::Result<Interface> {
        let config = run::load(&self.config)?;
        let path = config.local_key();
        let key = fs::read_to_string(&path);
        let key = key.with_context(|| format!("密钥文件 {} 无法读取", path.display()))?;
        let base = format!("http://{}", config.listen.local);
        Interface::new(&base, "local/v1", &key)
    }

    /// Prints an answer: as it is when that is wanted, for people otherwise.
    pub(super) fn print(&self, answer: &Value, for_people: impl FnOnce()) {
        if self.json {
            say(&answer.to_string());
        } else {
            for_people();
        }
    }
}
