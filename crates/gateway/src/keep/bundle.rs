//! A bundle for support: one text file that tells how a gateway is, with nothing secret in it (D-7).

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use boshi_upkeep::{KeepError, disk, file, make_file};
use jiff::Timestamp;

use super::mask::Mask;
use crate::config::{Config, SECRET_VARIABLE};

mod journal;

/// Most bytes of the log, from its end: some thousand lines.
const LOG_BYTES: u64 = 512 * 1024;

/// A bundle that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundled {
    /// How many bytes it has.
    pub bytes: u64,
    /// What could not be put into it, and why.
    pub missing: Vec<String>,
}

/// Writes how the gateway is to the new file `to`: version, configuration, runs, disk, journal and
/// the end of `log`. What cannot be read is left out and said to be missing.
///
/// # Errors
/// [`KeepError::File`] when `to` is there already or cannot be written, or `written_in`, the file of
/// the configuration, cannot be read; [`KeepError::Records`] when the journal cannot.
pub async fn bundle(
    config: &Config,
    written_in: &Path,
    log: Option<&Path>,
    to: &Path,
) -> Result<Bundled, KeepError> {
    let written = fs::read_to_string(written_in).map_err(file(written_in))?;
    let (mut mask, mut bundle) = (Mask::default(), Sections::default());
    learn_secrets(&mut mask, config);
    let configuration = mask.configuration(&written);
    bundle.section("版本", versions());
    bundle.section(
        "配置（密钥已隐去，注释已去除）",
        configuration.map_err(|error| error.message().to_owned()),
    );
    bundle.section("磁盘", room(&config.data));
    journal::sections(config, &mut bundle).await?;
    if let Some(log) = log {
        bundle.section("日志末尾", end_of(log));
    }
    let text = mask.text(&bundle.text);
    let mut made = make_file(to).map_err(file(to))?;
    made.write_all(text.as_bytes()).map_err(file(to))?;
    Ok(Bundled {
        bytes: text.len() as u64,
        missing: bundle.missing,
    })
}

/// The text as it grows.
#[derive(Default)]
struct Sections {
    text: String,
    missing: Vec<String>,
}

impl Sections {
    fn section<E: ToString>(&mut self, title: &str, content: Result<String, E>) {
        let content = content.unwrap_or_else(|error| {
            let missing = format!("{title}：{}", error.to_string());
            self.missing.push(missing.clone());
            missing
        });
        self.text += &format!("== {title} ==\n{}\n\n", content.trim_end());
    }
}

/// Every secret that is not in the configuration itself.
fn learn_secrets(mask: &mut Mask, config: &Config) {
    if let Ok(secret) = std::env::var(SECRET_VARIABLE) {
        mask.hide(&secret);
    }
    let own = [
        config.local_key(),
        config.data.join("pictures").join("names.key"),
    ];
    let named = config.secret_file().map(Path::to_owned);
    for path in own.into_iter().chain(named) {
        if let Ok(secret) = fs::read_to_string(path) {
            mask.hide(&secret);
        }
    }
}

fn versions() -> Result<String, io::Error> {
    Ok(format!(
        "boshi {}\n{} {}\nSQLite {}\n{}",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        std::env::consts::ARCH,
        rusqlite::version(),
        Timestamp::now(),
    ))
}

fn room(data: &Path) -> Result<String, io::Error> {
    let disk = disk::usage(data)?;
    let size = |name: &str| fs::metadata(data.join(name)).map_or(0, |file| file.len());
    Ok(format!(
        "总字节 {}，可用字节 {}（已用 {}%）\njournal.db {}\njournal.db-wal {}",
        disk.total,
        disk.free,
        disk.percent(),
        size("journal.db"),
        size("journal.db-wal"),
    ))
}

/// The last lines of a file.
fn end_of(path: &Path) -> Result<String, io::Error> {
    let mut log = File::open(path)?;
    let length = log.metadata()?.len();
    let skipped = length.saturating_sub(LOG_BYTES);
    log.seek(SeekFrom::Start(skipped))?;
    let mut bytes = Vec::new();
    log.take(LOG_BYTES).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    // The first line is cut.
    let whole = text.split_once('\n').filter(|_| skipped > 0);
    Ok(whole.map_or(text.clone(), |(_, rest)| rest.to_owned()))
}
