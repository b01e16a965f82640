//! How to reach the local interface of a running gateway.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
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

/// Which lot.
#[derive(Args)]
pub(crate) struct Chosen {
    /// The lot; may be left out when there is only one
    pub(super) lot: Option<String>,
}

impl Access {
    /// The lot that was named, or the only one.
    pub(super) fn lot(&self, chosen: Chosen) -> anyhow::Result<String> {
        if let Some(lot) = chosen.lot {
            return Ok(lot);
        }
        let config = run::load(&self.config)?;
        let ids: Vec<_> = config.lots.iter().map(|lot| lot.id.as_str()).collect();
        match ids[..] {
            [only] => Ok(only.to_owned()),
            _ => bail!("请指明车场：{}", ids.join("、")),
        }
    }

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
