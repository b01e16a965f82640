//! Profiles: platforms by name, each with its address and a key, so that an operator on another
//! machine types neither. They are in a file that only its owner can read (D-7). A key is given, or
//! got by logging in; a password is never kept.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use clap::{Args, Subcommand};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::access::Query;
use super::place::{Place, authority, check};
use crate::account::china_time;
use crate::terminal::{say, table};

/// Says where the file is, where it is not in its usual place.
const FILE_VARIABLE: &str = "BOSHI_PROFILES";
/// Longest key that is read from standard input, in bytes: keys have 64.
const MOST_KEY_BYTES: u64 = 4 * 1024;

/// A platform to talk to.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Profile {
    url: String,
    key: String,
    /// The authority of its certificate, PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ca_pem: Option<String>,
    /// Who has logged in, when the key was got so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    /// Until when that key is valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<String>,
}

/// What can be done with profiles.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Add a profile or change it; the key is read from a file or from standard input, or got by logging
    /// in with --user
    Add(Add),
    /// Log in again, when the key of a profile is not valid any more: one from a login lives 12 hours
    Login {
        /// The profile
        name: String,
        /// The user, when it is another than before
        #[arg(long)]
        user: Option<String>,
    },
    /// List the profiles, without their keys
    List {
        /// Print the raw JSON
        #[arg(long)]
        json: bool,
    },
    /// Remove a profile
    Remove {
        /// Its name
        name: String,
    },
}

/// A profile that is to be.
#[derive(Args)]
pub(crate) struct Add {
    /// Its name, for --profile
    name: String,
    /// The platform's operators' address, as http://10.0.0.5:9444 or one with https
    #[arg(long)]
    url: String,
    /// The authority of its certificate (PEM), for https
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// The file with the key; standard input when not given
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Log in as this user instead; the password is asked for, or read from standard input, and after it a
    /// new one where the first has to be changed
    #[arg(long, conflicts_with = "key_file")]
    user: Option<String>,
}

/// The profiles of a file.
struct Profiles {
    path: PathBuf,
    by_name: BTreeMap<String, Profile>,
}

pub(super) async fn profile(command: Command) -> anyhow::Result<()> {
    let mut profiles = Profiles::load(place()?)?;
    match command {
        Command::Add(wanted) => profiles.add(wanted).await,
        Command::Login { name, user } => profiles.login(name, user).await,
        Command::List { json } => {
            profiles.list(json);
            Ok(())
        }
        Command::Remove { name } => {
            let removed = profiles.by_name.remove(&name);
            removed.ok_or_else(|| profiles.unknown(&name))?;
            profiles.save()?;
            say(&format!("已删除 {name}"));
            Ok(())
        }
    }
}

/// The profile of that name.
pub(super) fn find(name: &str) -> anyhow::Result<Place> {
    let profiles = Profiles::load(place()?)?;
    let found = profiles.by_name.get(name).cloned();
    let found = found.ok_or_else(|| profiles.unknown(name))?;
    let renew = format!("请重新登录：boshi platform profile login {name}");
    Ok(Place {
        renew: found.user.is_some().then_some(renew),
        ..found.place()
    })
}

impl Profile {
    fn place(self) -> Place {
        Place {
            base: self.url,
            key: Some(self.key).filter(|key| !key.is_empty()),
            ca_pem: self.ca_pem,
            renew: None,
        }
    }

    /// Gets a key for `user` with the password that is asked for.
    async fn log_in(&mut self, user: String) -> anyhow::Result<()> {
        let nobody = Place {
            key: None,
            ..self.clone().place()
        };
        let password = secret("密码")?;
        let mut body = json!({"name": user, "password": password});
        let done = match post(&nobody, "login", &body).await {
            // Refused with the password right: it has to be changed first.
            Err(error) if error.to_string().contains("修改密码") => {
                say(&format!("{error:#}"));
                let chosen = secret("新密码")?;
                let change = json!({"name": user, "password": password, "new_password": chosen});
                post(&nobody, "password", &change).await?;
                body["password"] = chosen.into();
                post(&nobody, "login", &body).await?
            }
            done => done?,
        };
        self.key = done["key"].as_str().context("应答中没有密钥")?.to_owned();
        self.until = done["until"].as_str().map(str::to_owned);
        self.user = Some(user);
        Ok(())
    }
}

async fn post(place: &Place, path: &str, body: &Value) -> anyhow::Result<Value> {
    let body = Some(body.to_string());
    let (path, query) = ([path], Query::default());
    let answered = place.ask(Method::POST, &path, &query, body).await?;
    Ok(serde_json::from_str(&answered.text().await?)?)
}

/// A line that is not shown while it is typed; from standard input when nobody types.
fn secret(what: &str) -> anyhow::Result<String> {
    if io::stdin().is_terminal() {
        return Ok(rpassword::prompt_password(format!("{what}："))?);
    }
    let line = io::stdin().lines().next();
    let line = line.with_context(|| format!("标准输入中没有{what}，应为一行"))?;
    Ok(line?)
}

fn place() -> anyhow::Result<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    if let Some(file) = set(FILE_VARIABLE) {
        return Ok(file.into());
    }
    let folder = set("XDG_CONFIG_HOME").map(PathBuf::from);
    let folder = folder.or_else(|| Some(PathBuf::from(set("HOME")?).join(".config")));
    let folder = folder.ok_or_else(|| anyhow!("没有 HOME，请用 {FILE_VARIABLE} 指出配置档文件"))?;
    Ok(folder.join("boshi/profiles.toml"))
}

impl Profiles {
    /// The profiles in the file at `path`; none when there is no file.
    fn load(path: PathBuf) -> anyhow::Result<Profiles> {
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => {
                return Err(error).with_context(|| format!("{} 无法读取", path.display()));
            }
        };
        if !text.is_empty() {
            must_be_private(&path)?;
        }
        // What the parser says would show the line, which may hold a key (D-7).
        let by_name = toml::from_str(&text).map_err(|error: toml::de::Error| {
            let line = error
                .span()
                .map(|span| text[..span.start].lines().count().max(1));
            let line = line.map_or_else(String::new, |line| format!("第 {line} 行附近"));
            anyhow!("{} {line}应为 [名称] 及其 url、key", path.display())
        })?;
        Ok(Profiles { path, by_name })
    }

    async fn add(&mut self, wanted: Add) -> anyhow::Result<()> {
        let ca_pem = wanted.ca_file.as_deref().map(authority).transpose()?;
        check(&wanted.url, ca_pem.as_deref())?;
        let mut profile = Profile {
            url: wanted.url,
            key: String::new(),
            ca_pem,
            user: None,
            until: None,
        };
        match wanted.user {
            Some(user) => profile.log_in(user).await?,
            None => profile.key = key(wanted.key_file.as_deref())?,
        }
        self.put(wanted.name, profile)
    }

    async fn login(&mut self, name: String, user: Option<String>) -> anyhow::Result<()> {
        let found = self.by_name.get(&name).cloned();
        let mut profile = found.ok_or_else(|| self.unknown(&name))?;
        let user = user.or_else(|| profile.user.clone());
        let user = user.context("此配置档没有用户，请用 --user 指出")?;
        profile.log_in(user).await?;
        self.put(name, profile)
    }

    fn put(&mut self, name: String, profile: Profile) -> anyhow::Result<()> {
        let until = profile.until.as_deref().map(china_time);
        let until = until.map_or_else(String::new, |until| format!("，密钥有效至 {until}"));
        self.by_name.insert(name.clone(), profile);
        self.save()?;
        let place = self.path.display();
        say(&format!(
            "已保存 {name}（{place}），用 --profile {name} 使用{until}"
        ));
        Ok(())
    }

    fn list(&self, as_json: bool) {
        let profiles = self.by_name.iter();
        if as_json {
            let items: Vec<_> = profiles
                .map(|(name, it)| {
                    json!({"name": name, "url": it.url, "user": it.user, "until": it.until})
                })
                .collect();
            say(&json!({"items": items}).to_string());
        } else if self.by_name.is_empty() {
            say("（无）");
        } else {
            let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
            let rows = profiles.map(|(name, it)| {
                let until = it.until.as_deref().map(china_time);
                vec![
                    name.clone(),
                    it.url.clone(),
                    or_none(&it.user),
                    or_none(&until),
                ]
            });
            say(&table(
                &["名称", "地址", "用户", "密钥有效至"],
                rows.collect(),
            ));
        }
    }

    /// Writes a new file in the place of the old one, for its owner only.
    fn save(&self) -> anyhow::Result<()> {
        let text = toml::to_string(&self.by_name)?;
        let folder = self
            .path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        let written = fs::create_dir_all(folder).and_then(|()| {
            // A temporary file is made for its owner only.
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            file.write_all(text.as_bytes())?;
            file.as_file().sync_all()?;
            file.persist(&self.path).map_err(|error| error.error)
        });
        written.with_context(|| format!("{} 无法写入", self.path.display()))?;
        Ok(())
    }

    fn unknown(&self, name: &str) -> anyhow::Error {
        let known: Vec<&str> = self.by_name.keys().map(String::as_str).collect();
        let known = match known.is_empty() {
            true => "还没有配置档，请用 boshi platform profile add 添加".to_owned(),
            false => format!("已有 {}", known.join("、")),
        };
        anyhow!("没有配置档 {name:?}（{}）：{known}", self.path.display())
    }
}

/// The key that a file or standard input holds.
fn key(file: Option<&Path>) -> anyhow::Result<String> {
    let key = match file {
        Some(file) => fs::read_to_string(file)
            .with_context(|| format!("密钥文件 {} 无法读取", file.display()))?,
        None => {
            let mut key = String::new();
            io::stdin().take(MOST_KEY_BYTES).read_to_string(&mut key)?;
            key
        }
    };
    let key = key.trim();
    if key.is_empty() || key.chars().any(|c| !c.is_ascii_graphic()) {
        bail!("密钥应为一行可见字符");
    }
    Ok(key.to_owned())
}

/// Refuses a file with keys that others can read.
fn must_be_private(path: &Path) -> anyhow::Result<()> {
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::MetadataExt::mode(&fs::metadata(path)?);
        if mode & 0o077 != 0 {
            let path = path.display();
            bail!("{path} 可被他人读取，其中有密钥：请执行 chmod 600 {path}");
        }
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(path: &Path) -> Profiles {
        let mut profiles = Profiles::load(path.to_owned()).unwrap();
        let profile = Profile {
            url: "http://10.0.0.5:9444".to_owned(),
            key: "hush".to_owned(),
            ca_pem: None,
            user: None,
            until: None,
        };
        profiles.by_name.insert("总部".to_owned(), profile);
        profiles.save().unwrap();
        Profiles::load(path.to_owned()).unwrap()
    }

    /// D-7
    #[cfg(unix)]
    #[test]
    fn profiles_are_kept_for_their_owner_and_refused_when_others_can_read_them() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("boshi/profiles.toml");
        let profiles = added(&path);
        assert_eq!(profiles.by_name["总部"].key, "hush");
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let error = Profiles::load(path).err().unwrap().to_string();
        assert!(error.contains("chmod 600"), "{error}");
    }

    /// D-7
    #[test]
    fn a_file_that_cannot_be_read_is_told_by_its_line_and_not_by_what_stands_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("profiles.toml");
        let profiles = added(&path);
        let error = profiles.unknown("x").to_string();
        assert!(error.contains("总部") && !error.contains("hush"), "{error}");
        let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"[b]\nkey = \"hush\n").unwrap();
        let error = Profiles::load(path).err().unwrap().to_string();
        assert!(
            error.contains("行附近") && !error.contains("hush"),
            "{error}"
        );
    }
}
