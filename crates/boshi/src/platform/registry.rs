//! The registry: suppliers and lots that are registered while the platform runs.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::access::{Access, Query};
use super::lot_put;
use super::show::{Column, print, text};
use crate::terminal::say;

/// Suppliers.
#[derive(Subcommand)]
pub(crate) enum Supplier {
    /// List the suppliers
    List {
        #[command(flatten)]
        access: Access,
    },
    /// Register a supplier, or change its name or addresses
    Put {
        /// Its app_id
        app_id: String,
        /// For people
        #[arg(long)]
        name: Option<String>,
        /// A file with its secret; made by the platform, and printed once, when not given to a new one
        #[arg(long, value_name = "FILE")]
        secret_file: Option<PathBuf>,
        /// From where it may call: IP addresses or prefixes, as 203.0.113.7,2001:db8::/32; `any` for any
        #[arg(long)]
        addresses: Option<String>,
        #[command(flatten)]
        access: Access,
    },
    /// Make a new secret; the present one stays valid beside it until --finish
    Rotate {
        /// Its app_id
        app_id: String,
        /// Only the newest secret is valid from now on
        #[arg(long)]
        finish: bool,
        #[command(flatten)]
        access: Access,
    },
    /// Retire a supplier that has no lots any more
    Retire {
        /// Its app_id
        app_id: String,
        #[command(flatten)]
        access: Access,
    },
}

/// Lots.
#[derive(Subcommand)]
pub(crate) enum Lot {
    /// Print everything that is set of a lot
    Show(One),
    /// Register a lot, or change it: what is not given stays as it is
    Put(Box<lot_put::Put>),
    /// Call the lot's gateway and say, step by step, what works
    Check(One),
    /// Retire a lot; its records stay
    Retire(One),
}

/// A lot.
#[derive(Args)]
pub(crate) struct One {
    /// The lot
    lot: String,
    #[command(flatten)]
    access: Access,
}

pub(super) async fn supplier(command: Supplier) -> anyhow::Result<()> {
    const COLUMNS: &[Column] = &[
        ("编号", |row| text(&row["app_id"])),
        ("名称", |row| text(&row["name"])),
        ("允许地址", |row| match text(&row["addresses"]) {
            any if any == "any" => "任意".to_owned(),
            addresses => addresses,
        }),
        ("登记于", |row| source(&row["source"])),
        ("密钥更换中", |row| text(&row["rotating"])),
    ];
    match command {
        Supplier::List { access } => {
            let found = access.get(&["suppliers"], &Query::default()).await?;
            access.print(&found, || print(&found, COLUMNS));
            Ok(())
        }
        Supplier::Put {
            app_id,
            name,
            secret_file,
            addresses,
            access,
        } => {
            let known = access.get(&["suppliers"], &Query::default()).await?;
            let mut known = known["items"].as_array().into_iter().flatten();
            let is_new = !known.any(|known| known["app_id"] == app_id.as_str());
            let secret = match secret_file {
                Some(path) => Some(read(&path)?.trim().to_owned()),
                None => is_new.then(|| "generate".to_owned()),
            };
            let body = json!({"name": name, "secret": secret, "addresses": addresses});
            put(&access, &app_id, body).await
        }
        Supplier::Rotate {
            app_id,
            finish,
            access,
        } => {
            let body = match finish {
                true => json!({"forget_previous": true}),
                false => json!({"secret": "generate"}),
            };
            put(&access, &app_id, body).await
        }
        Supplier::Retire { app_id, access } => {
            let path = ["suppliers", app_id.as_str()];
            let done = access.delete(&path, &Query::default()).await?;
            access.print(&done, || say(&format!("供应商 {app_id} 已注销")));
            Ok(())
        }
    }
}

async fn put(access: &Access, app_id: &str, body: Value) -> anyhow::Result<()> {
    let path = ["suppliers", app_id];
    let done = access.put(&path, &Query::default(), body).await?;
    access.print(&done, || {
        say(&format!("供应商 {app_id} 已登记"));
        if let Some(secret) = done["secret"].as_str() {
            say(&format!("新密钥（只显示一次）：{secret}"));
        }
        if done["rotating"] == true {
            say("旧密钥仍有效；供应商换好后运行 supplier rotate --finish");
        }
    });
    Ok(())
}

pub(super) async fn lot(command: Lot) -> anyhow::Result<()> {
    match command {
        Lot::Show(One { lot, access }) => {
            let found = access.get(&["lots", &lot], &Query::default()).await?;
            say(&serde_json::to_string_pretty(&found)?);
            Ok(())
        }
        Lot::Put(wanted) => lot_put::run(*wanted).await,
        Lot::Check(One { lot, access }) => check(&lot, &access).await,
        Lot::Retire(One { lot, access }) => {
            let done = access.delete(&["lots", &lot], &Query::default()).await?;
            access.print(&done, || say(&format!("车场 {lot} 已注销，记录保留")));
            Ok(())
        }
    }
}

async fn check(lot: &str, access: &Access) -> anyhow::Result<()> {
    const COLUMNS: &[Column] = &[
        ("步骤", |row| text(&row["step"])),
        ("结果", |row| match row["works"] == true {
            true => "正常".to_owned(),
            false => "不正常".to_owned(),
        }),
        ("说明", |row| text(&row["found"])),
    ];
    let done = access.post(&["lots", lot, "check"], json!({})).await?;
    access.print(&done, || print(&json!({"items": done["steps"]}), COLUMNS));
    if done["works"] != true {
        bail!("车场 {lot} 尚未完全接通");
    }
    Ok(())
}

fn source(word: &Value) -> String {
    match word.as_str() {
        Some("config") => "配置文件".to_owned(),
        Some("registry") => "平台".to_owned(),
        _ => text(word),
    }
}

fn read(path: &PathBuf) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("文件 {} 无法读取", path.display()))
}
