//! Suppliers and lots from a file: registered, changed and retired in one go.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;
use serde_json::{Map, Value};

use super::access::{Access, Query};
use super::show::text;
use crate::terminal::say;

/// Register, change or retire the suppliers and lots in a file: tables of supplier and lot as in
/// the configuration; `retire = true` retires one
#[derive(Args)]
pub(crate) struct Import {
    /// The file
    file: PathBuf,
    /// Only say what could be done
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    access: Access,
}

/// What became of an entry.
enum Done {
    Put,
    Retired,
    /// It was registered with a secret that was made for it.
    WithSecret(String),
    /// It can only be looked at once its supplier is registered, which stands in the same file.
    Later(String),
}

pub(super) async fn import(wanted: Import) -> anyhow::Result<()> {
    let file = read(&wanted.file)?;
    let file: Map<String, Value> = toml::from_str(&file)
        .with_context(|| format!("文件 {} 无法读取", wanted.file.display()))?;
    if let Some(stranger) = file
        .keys()
        .find(|name| !["supplier", "lot"].contains(&name.as_str()))
    {
        bail!("不认识 {stranger}，应为 [[supplier]] 和 [[lot]]");
    }
    let entries = |name: &str| {
        let tables = file.get(name).and_then(Value::as_array).into_iter();
        let tables = tables.flatten().cloned().enumerate().map({
            let name = name.to_owned();
            move |(place, entry)| (format!("{name}[{place}]"), entry)
        });
        tables.collect::<Vec<_>>()
    };
    let (suppliers, lots) = (entries("supplier"), entries("lot"));
    if suppliers.is_empty() && lots.is_empty() {
        bail!("文件中没有 [[supplier]] 也没有 [[lot]]");
    }
    // A supplier goes after its lots, and comes before them.
    let (leaving, staying): (Vec<_>, Vec<_>) =
        suppliers.into_iter().partition(|(_, entry)| retires(entry));
    let importer = Importer {
        known: known(&wanted.access).await?,
        coming: staying
            .iter()
            .filter_map(|it| id(&it.1, "app_id"))
            .collect(),
        wanted: &wanted,
    };
    let mut failed = 0;
    for (path, entry) in staying {
        failed += told(
            &path,
            "app_id",
            &entry,
            importer.supplier(&entry).await,
            wanted.dry_run,
        );
    }
    for (path, entry) in lots {
        failed += told(
            &path,
            "id",
            &entry,
            importer.lot(&entry).await,
            wanted.dry_run,
        );
    }
    for (path, entry) in leaving {
        failed += told(
            &path,
            "app_id",
            &entry,
            importer.supplier(&entry).await,
            wanted.dry_run,
        );
    }
    if failed > 0 {
        bail!("{failed} 项未能完成");
    }
    Ok(())
}

struct Importer<'a> {
    wanted: &'a Import,
    /// The suppliers that there are.
    known: BTreeSet<String>,
    /// Those that the file brings.
    coming: BTreeSet<String>,
}

impl Importer<'_> {
    async fn supplier(&self, entry: &Value) -> anyhow::Result<Done> {
        let access = &self.wanted.access;
        let app_id = id(entry, "app_id").context("缺少 app_id")?;
        let path = ["suppliers", app_id.as_str()];
        if retires(entry) {
            return self.retire(&path, self.known.contains(&app_id)).await;
        }
        let mut entry = entry.as_object().context("应为 [[supplier]] 表")?.clone();
        entry.retain(|name, _| !["app_id", "retire"].contains(&name.as_str()));
        if let Some(path) = entry.remove("secret_file") {
            let secret = self.beside(&path, "secret_file")?;
            entry.insert("secret".to_owned(), secret.trim().into());
        }
        if !entry.contains_key("secret") && !self.known.contains(&app_id) {
            entry.insert("secret".to_owned(), "generate".into());
        }
        if let Some(list) = entry.get_mut("addresses") {
            *list = joined(list)?;
        }
        let done = access.put(&path, &self.dry_run(), entry.into()).await?;
        Ok(match done["secret"].as_str() {
            Some(secret) => Done::WithSecret(secret.to_owned()),
            None => Done::Put,
        })
    }

    async fn lot(&self, entry: &Value) -> anyhow::Result<Done> {
        let id = id(entry, "id").context("缺少 id")?;
        let path = ["lots", id.as_str()];
        if retires(entry) {
            return self.retire(&path, true).await;
        }
        let mut entry = entry.as_object().context("应为 [[lot]] 表")?.clone();
        entry.retain(|name, _| !["id", "retire"].contains(&name.as_str()));
        if let Some(path) = entry.remove("ca_file") {
            entry.insert("ca_pem".to_owned(), self.beside(&path, "ca_file")?.into());
        }
        if let Some(lanes) = entry.remove("lane") {
            entry.insert("lanes".to_owned(), lanes);
        }
        let supplier = entry.get("supplier").map(text).unwrap_or_default();
        let is_new = self.coming.contains(&supplier) && !self.known.contains(&supplier);
        if self.wanted.dry_run && is_new {
            return Ok(Done::Later(supplier));
        }
        let access = &self.wanted.access;
        let done = access.put(&path, &self.dry_run(), entry.into()).await;
        done.map(|_| Done::Put)
    }

    async fn retire(&self, path: &[&str], there_is: bool) -> anyhow::Result<Done> {
        let access = &self.wanted.access;
        if self.wanted.dry_run {
            if !there_is {
                bail!("没有此登记");
            }
            if path.first() == Some(&"lots") {
                access.get(path, &Query::default()).await?;
            }
        } else {
            access.delete(path, &Query::default()).await?;
        }
        Ok(Done::Retired)
    }

    fn dry_run(&self) -> Query {
        Query::default().with("dry_run", self.wanted.dry_run.then_some(true))
    }

    /// What stands in a file that an entry names.
    fn beside(&self, path: &Value, field: &str) -> anyhow::Result<String> {
        let path = path.as_str();
        read(Path::new(
            path.with_context(|| format!("{field} 应为文件名"))?,
        ))
    }
}

/// The suppliers that there are.
async fn known(access: &Access) -> anyhow::Result<BTreeSet<String>> {
    let listed = access.get(&["suppliers"], &Query::default()).await?;
    let items = listed["items"].as_array().into_iter().flatten();
    Ok(items.filter_map(|item| id(item, "app_id")).collect())
}

/// Says what became of an entry; 1 when it failed.
fn told(path: &str, key: &str, entry: &Value, done: anyhow::Result<Done>, dry: bool) -> usize {
    let id = text(&entry[key]);
    let said = match &done {
        Ok(Done::Later(supplier)) => format!("待供应商 {supplier} 登记后检查"),
        Ok(Done::Retired) if dry => "可以停用".to_owned(),
        Ok(Done::Retired) => "已停用".to_owned(),
        Ok(_) if dry => "可以登记".to_owned(),
        Ok(Done::Put) => "已登记".to_owned(),
        Ok(Done::WithSecret(secret)) => format!("已登记，密钥（只显示一次）：{secret}"),
        Err(error) => format!("{error:#}"),
    };
    say(&format!("{path} {id}：{said}"));
    usize::from(done.is_err())
}

fn retires(entry: &Value) -> bool {
    entry["retire"] == true
}

fn id(entry: &Value, key: &str) -> Option<String> {
    entry[key].as_str().map(str::to_owned)
}

/// A list of texts as `A,B`; an empty one means any address.
fn joined(list: &Value) -> anyhow::Result<Value> {
    let texts = list.as_array().context("addresses 应为文本的数组")?;
    let texts = texts
        .iter()
        .map(|text| text.as_str().context("addresses 应为文本的数组"));
    let texts = texts.collect::<anyhow::Result<Vec<_>>>()?;
    Ok(match texts.is_empty() {
        true => "any".into(),
        false => texts.join(",").into(),
    })
}

fn read(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("文件 {} 无法读取", path.display()))
}
