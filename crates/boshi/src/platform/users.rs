//! Users of the operators' interface, their passwords and keys.

use std::io::BufRead as _;

use anyhow::Context as _;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::access::{Access, Query};
use super::show::{Column, print, text, time};
use crate::terminal::say;

/// Users.
#[derive(Subcommand)]
pub(crate) enum User {
    /// List the users
    List {
        #[command(flatten)]
        access: Access,
    },
    /// Add a user, or change role and lots; a first password is printed once
    Put(Put),
    /// Take a user out, with all keys
    Remove(Named),
    /// Make a key for a tool, with the rights of a user; it is printed once
    Key {
        /// The user
        name: String,
        /// What it is for
        #[arg(long)]
        label: String,
        #[command(flatten)]
        access: Access,
    },
    /// List the keys of a user
    Keys(Named),
    /// Take a key back
    Revoke {
        /// The user
        name: String,
        /// The id that `keys` shows
        id: String,
        #[command(flatten)]
        access: Access,
    },
    /// Change a password: the old and the new one are read from standard input, a line each
    Password(Named),
}

/// A user.
#[derive(Args)]
pub(crate) struct Named {
    /// The user
    name: String,
    #[command(flatten)]
    access: Access,
}

/// Add a user, or change role and lots.
#[derive(Args)]
pub(crate) struct Put {
    /// The user
    name: String,
    /// What it may do
    #[arg(long, value_enum)]
    role: Role,
    /// The lots of a lot-bound user, A,B
    #[arg(long)]
    lots: Option<String>,
    /// Make a new first password, and take all keys back
    #[arg(long)]
    reset: bool,
    #[command(flatten)]
    access: Access,
}

#[derive(Clone, Copy, ValueEnum)]
enum Role {
    Viewer,
    Operator,
    LotBound,
    Administrator,
}

pub(super) async fn user(command: User) -> anyhow::Result<()> {
    const USERS: &[Column] = &[
        ("用户", |row| text(&row["name"])),
        ("角色", |row| role_word(&row["role"])),
        ("车场", |row| {
            row["lots"].as_str().unwrap_or("全部").to_owned()
        }),
        ("待改密码", |row| text(&row["must_change"])),
    ];
    const KEYS: &[Column] = &[
        ("编号", |row| text(&row["id"])),
        ("用途", |row| text(&row["label"])),
        ("自", |row| time(&row["made_at"])),
        ("至", |row| time(&row["until"])),
    ];
    match command {
        User::List { access } => {
            let found = access.get(&["users"], &Query::default()).await?;
            access.print(&found, || print(&found, USERS));
        }
        User::Keys(Named { name, access }) => {
            let found = access
                .get(&["users", &name, "keys"], &Query::default())
                .await?;
            access.print(&found, || print(&found, KEYS));
        }
        User::Put(wanted) => put(wanted).await?,
        User::Remove(Named { name, access }) => {
            let done = access.delete(&["users", &name], &Query::default()).await?;
            access.print(&done, || say(&format!("用户 {name} 已删除")));
        }
        User::Key {
            name,
            label,
            access,
        } => {
            let path = ["users", name.as_str(), "keys"];
            let made = access.post(&path, json!({"label": label})).await?;
            let words = format!("密钥（只显示一次）：{}", text(&made["key"]));
            access.print(&made, || say(&words));
        }
        User::Revoke { name, id, access } => {
            let path = ["users", name.as_str(), "keys", id.as_str()];
            let done = access.delete(&path, &Query::default()).await?;
            access.print(&done, || say(&format!("密钥 {id} 已收回")));
        }
        User::Password(Named { name, access }) => {
            let mut lines = std::io::stdin().lock().lines();
            let mut line = || {
                lines
                    .next()
                    .context("应有两行：原密码和新密码")?
                    .map_err(anyhow::Error::from)
            };
            let body = json!({"name": name, "password": line()?, "new_password": line()?});
            let done = access.post(&["password"], body).await?;
            access.print(&done, || say(&format!("用户 {name} 的密码已修改")));
        }
    }
    Ok(())
}

async fn put(wanted: Put) -> anyhow::Result<()> {
    let role = match wanted.role {
        Role::Viewer => "viewer",
        Role::Operator => "operator",
        Role::LotBound => "lot-bound",
        Role::Administrator => "administrator",
    };
    let reset = wanted.reset.then_some(true);
    let body = json!({"role": role, "lots": wanted.lots, "reset": reset});
    let path = ["users", wanted.name.as_str()];
    let done = wanted.access.put(&path, &Query::default(), body).await?;
    wanted.access.print(&done, || {
        say(&format!(
            "用户 {}（{}）",
            wanted.name,
            role_word(&done["role"])
        ));
        if let Some(password) = done["password"].as_str() {
            say(&format!(
                "初始密码（只显示一次，登录前必须修改）：{password}"
            ));
        }
    });
    Ok(())
}

fn role_word(word: &Value) -> String {
    let said = match word.as_str() {
        Some("viewer") => "查看",
        Some("operator") => "操作员",
        Some("lot-bound") => "车场操作员",
        Some("administrator") => "管理员",
        _ => return text(word),
    };
    said.to_owned()
}
