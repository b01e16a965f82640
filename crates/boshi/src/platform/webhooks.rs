//! Webhooks: other systems that are sent what happens.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::access::{Access, Query};
use super::show::{Column, print, text, time};
use crate::terminal::say;

/// Webhooks.
#[derive(Subcommand)]
pub(crate) enum Webhook {
    /// Add a webhook, or change one; the secret of a new one is printed once
    Add(Add),
    /// List the webhooks and how they are
    List {
        #[command(flatten)]
        access: Access,
    },
    /// Remove a webhook, with everything that waits for it
    Remove(Named),
    /// Make a new secret; messages are signed with the present one, too, until --finish
    Rotate {
        /// The webhook
        name: String,
        /// Sign with the newest secret only from now on
        #[arg(long)]
        finish: bool,
        #[command(flatten)]
        access: Access,
    },
    /// Send nothing until it is enabled again; what happens meanwhile is sent then
    Disable(Named),
    /// Send again, from where it stopped
    Enable(Named),
    /// Send a message that only tries it
    Test(Named),
    /// List what was sent and what was answered, newest first
    Attempts {
        /// The webhook
        name: String,
        /// Only those that were taken, or not
        #[arg(long)]
        delivered: Option<bool>,
        /// Only of this event
        #[arg(long, value_name = "ID")]
        event: Option<String>,
        /// At most so many, up to 200
        #[arg(long)]
        limit: Option<u32>,
        /// Go on after a page, with what it printed
        #[arg(long, value_name = "CURSOR")]
        before: Option<String>,
        #[command(flatten)]
        access: Access,
    },
    /// Send an event again, or those of a time
    Resend(Resend),
}

/// A webhook.
#[derive(Args)]
pub(crate) struct Named {
    /// The webhook
    name: String,
    #[command(flatten)]
    access: Access,
}

/// Add a webhook, or change one: what is not given stays as it is.
#[derive(Args)]
pub(crate) struct Add {
    /// What it is called
    name: String,
    /// Where it is; needed for a new one
    #[arg(value_name = "URL")]
    to: Option<String>,
    /// Reach it without TLS: plates cross the network in plain text
    #[arg(long)]
    plain: bool,
    /// The authority of its certificate, PEM; needed for https
    #[arg(long, value_name = "FILE")]
    receiver_ca_file: Option<PathBuf>,
    /// Only these kinds or families of kinds, as crossing,stay.closed
    #[arg(long)]
    kinds: Option<String>,
    /// Only what is of these lots, A,B
    #[arg(long)]
    lots: Option<String>,
    /// A file with the secret (whsec_…); made by the platform when not given to a new one
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    #[command(flatten)]
    access: Access,
}

/// Send an event again, or those of a time.
#[derive(Args)]
pub(crate) struct Resend {
    /// The webhook
    name: String,
    /// One event
    #[arg(long, value_name = "ID", required_unless_present = "from", conflicts_with_all = ["from", "to"])]
    event: Option<String>,
    /// The events from this time on
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Only before this time
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    #[command(flatten)]
    access: Access,
}

pub(super) async fn webhook(command: Webhook) -> anyhow::Result<()> {
    match command {
        Webhook::Add(wanted) => add(wanted).await,
        Webhook::List { access } => list(&access).await,
        Webhook::Remove(Named { name, access }) => {
            let path = ["webhooks", name.as_str()];
            let done = access.delete(&path, &Query::default()).await?;
            access.print(&done, || say(&format!("推送 {name} 已删除")));
            Ok(())
        }
        Webhook::Rotate {
            name,
            finish,
            access,
        } => {
            let body = match finish {
                true => json!({"forget_previous": true}),
                false => json!({"secret": "generate"}),
            };
            put(&access, &name, body).await
        }
        Webhook::Disable(Named { name, access }) => {
            put(&access, &name, json!({"enabled": false})).await
        }
        Webhook::Enable(Named { name, access }) => {
            put(&access, &name, json!({"enabled": true})).await
        }
        Webhook::Test(Named { name, access }) => test(&name, &access).await,
        Webhook::Attempts {
            name,
            delivered,
            event,
            limit,
            before,
            access,
        } => {
            let query = Query::default()
                .with("delivered", delivered)
                .with("event", event)
                .with("limit", limit)
                .with("before", before);
            attempts(&name, &query, &access).await
        }
        Webhook::Resend(wanted) => {
            let body = json!({"event": wanted.event, "from": wanted.from, "to": wanted.to});
            let path = ["webhooks", wanted.name.as_str(), "resend"];
            let done = wanted.access.post(&path, body).await?;
            let words = format!("重新推送 {} 个事件", text(&done["resent"]));
            wanted.access.print(&done, || say(&words));
            Ok(())
        }
    }
}

async fn add(wanted: Add) -> anyhow::Result<()> {
    let file = |path: Option<PathBuf>| path.map(|path| read(&path)).transpose();
    let secret = file(wanted.secret_file)?.map(|secret| secret.trim().to_owned());
    let body = json!({
        "url": wanted.to, "plain": wanted.plain.then_some(true), "ca_pem": file(wanted.receiver_ca_file)?,
        "kinds": wanted.kinds, "lots": wanted.lots, "secret": secret,
    });
    put(&wanted.access, &wanted.name, body).await
}

async fn put(access: &Access, name: &str, body: Value) -> anyhow::Result<()> {
    let path = ["webhooks", name];
    let done = access.put(&path, &Query::default(), body).await?;
    access.print(&done, || {
        let state = match done["enabled"] == true {
            true => "推送中",
            false => "未推送",
        };
        say(&format!("推送 {name} → {}（{state}）", text(&done["url"])));
        if let Some(secret) = done["secret"].as_str() {
            say(&format!("签名密钥（只显示一次）：{secret}"));
        }
        if done["rotating"] == true {
            say("旧密钥的签名仍同时附上；接收方换好后运行 webhook rotate --finish");
        }
    });
    Ok(())
}

async fn list(access: &Access) -> anyhow::Result<()> {
    const COLUMNS: &[Column] = &[
        ("名称", |row| text(&row["name"])),
        ("地址", |row| text(&row["url"])),
        ("种类", |row| {
            row["kinds"].as_str().unwrap_or("全部").to_owned()
        }),
        ("车场", |row| {
            row["lots"].as_str().unwrap_or("全部").to_owned()
        }),
        ("状态", state),
        ("等待", |row| text(&row["waiting"])),
        ("放弃", |row| text(&row["given_up"])),
        ("落后", |row| text(&row["behind"])),
    ];
    let found = access.get(&["webhooks"], &Query::default()).await?;
    access.print(&found, || print(&found, COLUMNS));
    Ok(())
}

fn state(row: &Value) -> String {
    match (row["enabled"] == true, row["failing_since"].is_null()) {
        (true, true) => "正常".to_owned(),
        (true, false) => format!("{} 起未送达", time(&row["failing_since"])),
        (false, _) => match row["why"].as_str() {
            Some(why) => format!("已停止：{why}"),
            None => "已停止".to_owned(),
        },
    }
}

async fn test(name: &str, access: &Access) -> anyhow::Result<()> {
    let done = access.post(&["webhooks", name, "test"], json!({})).await?;
    access.print(&done, || {
        let (answer, millis) = (answer(&done), text(&done["millis"]));
        say(&format!("{answer}，{millis} 毫秒：{}", text(&done["said"])));
    });
    if done["delivered"] != true {
        bail!("推送 {name} 没有接收");
    }
    Ok(())
}

async fn attempts(name: &str, query: &Query, access: &Access) -> anyhow::Result<()> {
    const COLUMNS: &[Column] = &[
        ("时间", |row| time(&row["at"])),
        ("事件", |row| text(&row["event"])),
        ("种类", |row| text(&row["kind"])),
        ("第几次", |row| text(&row["attempt"])),
        ("送达", |row| text(&row["delivered"])),
        ("应答", answer),
        ("毫秒", |row| text(&row["millis"])),
        ("内容", |row| text(&row["said"])),
    ];
    let found = access.get(&["webhooks", name, "attempts"], query).await?;
    access.print(&found, || print(&found, COLUMNS));
    Ok(())
}

fn answer(row: &Value) -> String {
    match row["status"].is_null() {
        true => "没有应答".to_owned(),
        false => format!("HTTP {}", text(&row["status"])),
    }
}

fn read(path: &PathBuf) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("文件 {} 无法读取", path.display()))
}
