//! How to reach the operators' interface of a running platform.

use std::fs;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use reqwest::{Method, Response};
use serde_json::Value;

use super::place::{self, Place};
use super::{profile, run};
use crate::terminal::say;

/// Which platform, and how to print what it says.
#[derive(Args)]
pub(crate) struct Access {
    /// The platform's configuration, which says where it listens and where its key is
    #[arg(
        long,
        value_name = "FILE",
        env = "BOSHI_PLATFORM_CONFIG",
        default_value = "platform.toml"
    )]
    config: PathBuf,
    /// A profile instead, of those that `boshi platform profile add` has kept
    #[arg(long, value_name = "NAME", env = "BOSHI_PROFILE")]
    profile: Option<String>,
    /// The platform's operators' address instead of either, as http://127.0.0.1:9444
    #[arg(long, requires = "key_file", value_name = "URL")]
    url: Option<String>,
    /// The file with the operators' key
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// The authority of its certificate (PEM), with an https --url
    #[arg(long, requires = "url", value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Print the raw JSON
    #[arg(long)]
    json: bool,
}

impl Access {
    pub(super) async fn get(&self, path: &[&str], query: &Query) -> anyhow::Result<Value> {
        self.send(Method::GET, path, query, None).await
    }

    /// Posts the fields of `body` that are not null.
    pub(super) async fn post(&self, path: &[&str], mut body: Value) -> anyhow::Result<Value> {
        if let Value::Object(fields) = &mut body {
            fields.retain(|_, value| !value.is_null());
        }
        self.send(Method::POST, path, &Query::default(), Some(body))
            .await
    }

    /// Puts the fields of `body` that are not null.
    pub(super) async fn put(
        &self,
        path: &[&str],
        query: &Query,
        mut body: Value,
    ) -> anyhow::Result<Value> {
        if let Value::Object(fields) = &mut body {
            fields.retain(|_, value| !value.is_null());
        }
        self.send(Method::PUT, path, query, Some(body)).await
    }

    pub(super) async fn delete(&self, path: &[&str], query: &Query) -> anyhow::Result<Value> {
        self.send(Method::DELETE, path, query, None).await
    }

    /// Prints an answer: as it is when that is wanted, for people otherwise.
    pub(super) fn print(&self, answer: &Value, for_people: impl FnOnce()) {
        if self.json {
            say(&answer.to_string());
        } else {
            for_people();
        }
    }

    async fn send(
        &self,
        method: Method,
        path: &[&str],
        query: &Query,
        body: Option<Value>,
    ) -> anyhow::Result<Value> {
        let text = body.map(|body| body.to_string());
        let response = self.ask(method, path, query, text).await?;
        Ok(serde_json::from_str(&response.text().await?)?)
    }

    /// Posts a text as it is.
    pub(super) async fn post_text(
        &self,
        path: &[&str],
        query: &Query,
        text: String,
    ) -> anyhow::Result<Value> {
        let response = self.ask(Method::POST, path, query, Some(text)).await?;
        Ok(serde_json::from_str(&response.text().await?)?)
    }

    /// Writes what is answered to standard output, as it comes.
    pub(super) async fn copy(&self, path: &[&str], query: &Query) -> anyhow::Result<()> {
        let mut response = self.ask(Method::GET, path, query, None).await?;
        while let Some(chunk) = response.chunk().await? {
            std::io::stdout().lock().write_all(&chunk)?;
        }
        Ok(())
    }

    /// Follows the events after `last`; none when nobody answers.
    pub(super) async fn follow(
        &self,
        query: &Query,
        last: Option<&str>,
    ) -> anyhow::Result<Option<Response>> {
        self.place()?.follow(query, last).await
    }

    /// Whether the raw JSON is wanted.
    pub(super) fn is_raw(&self) -> bool {
        self.json
    }

    /// The answer to a request, if it is not an error.
    async fn ask(
        &self,
        method: Method,
        path: &[&str],
        query: &Query,
        body: Option<String>,
    ) -> anyhow::Result<Response> {
        self.place()?.ask(method, path, query, body).await
    }

    /// Where the platform is, and a key of it.
    fn place(&self) -> anyhow::Result<Place> {
        if let (Some(url), Some(key_file)) = (&self.url, &self.key_file) {
            let ca_pem = self.ca_file.as_deref().map(place::authority).transpose()?;
            place::check(url, ca_pem.as_deref())?;
            return Ok(Place {
                base: url.clone(),
                key: Some(read(key_file)?),
                ca_pem,
                renew: None,
            });
        }
        if let Some(name) = &self.profile {
            return profile::find(name);
        }
        let config = run::load(&self.config)
            .context("使用 --config，或 --profile，或 --url 和 --key-file")?;
        let key_file = self.key_file.clone();
        let key_file = key_file.unwrap_or_else(|| config.operator_key());
        Ok(Place {
            base: format!("http://{}", reachable(config.listen.operators)),
            key: Some(read(&key_file)?),
            ca_pem: None,
            renew: None,
        })
    }
}

/// What stands after the `?`; values that are none are left out.
#[derive(Default)]
pub(super) struct Query(pub(super) Vec<(&'static str, String)>);

impl Query {
    pub(super) fn with(mut self, name: &'static str, value: Option<impl ToString>) -> Query {
        self.0.extend(value.map(|value| (name, value.to_string())));
        self
    }
}

/// An address to call where the platform listens on all of them.
fn reachable(listening: SocketAddr) -> SocketAddr {
    if listening.ip().is_unspecified() {
        SocketAddr::from(([127, 0, 0, 1], listening.port()))
    } else {
        listening
    }
}

fn read(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("密钥文件 {} 无法读取", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_platform_that_listens_everywhere_is_called_on_this_machine() {
        let everywhere = "0.0.0.0:9444".parse().unwrap();
        assert_eq!(reachable(everywhere).to_string(), "127.0.0.1:9444");
    }
}
