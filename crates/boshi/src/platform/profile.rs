//! Profiles: platforms by name, each with its address and a key, so that an operator on another
//! machine types neither. They are in a file that only its owner can read (D-7).

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use clap::{Args, Subcommand};
use reqwest::Url;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::terminal::{say, table};

/// Says where the file is, where it is not in its usual place.
const FILE_VARIABLE: &str = "BOSHI_PROFILES";
/// Longest key that is read from standard input, in bytes: keys have 64.
const MOST_KEY_BYTES: u64 = 4 * 1024;

/// A platform to talk to.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Profile {
    pub(super) url: String,
    pub(super) key: String,
}

/// What can be done with profiles.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Add a profile or change it; the key is read from a file, or from standard input
    Add(Add),
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
    /// The platform's operators' address, as http://10.0.0.5:9444
    #[arg(long)]
    url: String,
    /// The file with the key; standard input when not given
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
}

/// The profiles of a file.
struct Profiles {
    path: PathBuf,
    by_name: BTreeMap<String, Profile>,
}

pub(super) fn profile(command: Command) -> anyhow::Result<()> {
    let mut profiles = Profiles::load(place()?)?;
    match command {
        Command::Add(wanted) => profiles.add(wanted),
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
pub(super) fn find(name: &str) -> anyhow::Result<Profile> {
    let profiles = Profiles::load(place()?)?;
    let found = profiles.by_name.get(name).cloned();
    found.ok_or_else(|| profiles.unknown(name))
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

    fn add(&mut self, wanted: Add) -> anyhow::Result<()> {
        let url = Url::parse(&wanted.url).ok();
        if url.is_none_or(|url| url.scheme() != "http" || !url.has_host()) {
            bail!("{:?} 不是 http 地址，应如 http://10.0.0.5:9444", wanted.url);
        }
        let key = match &wanted.key_file {
            Some(file) => fs::read_to_string(file)
                .with_context(|| format!("密钥文件 {} 无法读取", file.display()))?,
            None => {
                let mut key = String::new();
                io::stdin().take(MOST_KEY_BYTES).read_to_string(&mut key)?;
                key
            }
        };
        let key = key.trim().to_owned();
        if key.is_empty() || key.chars().any(|c| !c.is_ascii_graphic()) {
            bail!("密钥应为一行可见字符");
        }
        let Add { name, url, .. } = wanted;
        self.by_name.insert(name.clone(), Profile { url, key });
        self.save()?;
        let place = self.path.display();
        say(&format!(
            "已保存 {name}（{place}），用 --profile {name} 使用"
        ));
        Ok(())
    }

    fn list(&self, as_json: bool) {
        let profiles = self.by_name.iter();
        if as_json {
            let items: Vec<_> = profiles
                .map(|(name, profile)| json!({"name": name, "url": profile.url}))
                .collect();
            say(&json!({"items": items}).to_string());
        } else if self.by_name.is_empty() {
            say("（无）");
        } else {
            let rows = profiles.map(|(name, profile)| vec![name.clone(), profile.url.clone()]);
            say(&table(&["名称", "地址"], rows.collect()));
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
