//! How to reach the operators' interface of a running platform.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;
use reqwest::{Method, Url};
use serde_json::Value;

use super::run;

/// Longest that a reply may take: beyond the deadline of commands and a pass over many pages.
const TIMEOUT: Duration = Duration::from_secs(120);

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
    /// The platform's operators' address instead, as http://127.0.0.1:9444
    #[arg(long, requires = "key_file", value_name = "URL")]
    url: Option<String>,
    /// The file with the operators' key
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Print the raw JSON
    #[arg(long)]
    pub(super) json: bool,
}

impl Access {
    pub(super) async fn get(&self, path: &[&str], query: &Query) -> anyhow::Result<Value> {
        self.send(Method::GET, path, query, None).await
    }

    pub(super) async fn post(&self, path: &[&str], body: Value) -> anyhow::Result<Value> {
        self.send(Method::POST, path, &Query::default(), Some(body))
            .await
    }

    pub(super) async fn delete(&self, path: &[&str], query: &Query) -> anyhow::Result<Value> {
        self.send(Method::DELETE, path, query, None).await
    }

    async fn send(
        &self,
        method: Method,
        path: &[&str],
        query: &Query,
        body: Option<Value>,
    ) -> anyhow::Result<Value> {
        let (base, key_file) = self.place()?;
        let key = read(&key_file)?;
        let url = address(&base, path, query)?;
        // The interface is plain HTTP, so no authority has to be trusted.
        let client = reqwest::Client::builder()
            .tls_certs_only([])
            .no_proxy()
            .timeout(TIMEOUT)
            .build()?;
        let mut request = client.request(method, url).bearer_auth(key.trim());
        if let Some(body) = body {
            request = request.body(body.to_string());
        }
        let response = request.send().await;
        let response =
            response.with_context(|| format!("{base} 上的平台没有应答，它在运行吗？"))?;
        let status = response.status();
        let text = response.text().await?;
        let value: Value = serde_json::from_str(&text)
            .with_context(|| format!("{base} 的应答（HTTP {status}）不是平台的应答"))?;
        if !status.is_success() {
            bail!("{}", value["error"].as_str().unwrap_or(&text));
        }
        Ok(value)
    }

    fn place(&self) -> anyhow::Result<(String, PathBuf)> {
        if let (Some(url), Some(key_file)) = (&self.url, &self.key_file) {
            return Ok((url.clone(), key_file.clone()));
        }
        let config = run::load(&self.config).context("使用 --config，或 --url 和 --key-file")?;
        let key_file = self.key_file.clone();
        let key_file = key_file.unwrap_or_else(|| config.operator_key());
        Ok((
            format!("http://{}", reachable(config.listen.operators)),
            key_file,
        ))
    }
}

/// What stands after the `?`; values that are none are left out.
#[derive(Default)]
pub(super) struct Query(Vec<(&'static str, String)>);

impl Query {
    pub(super) fn with(mut self, name: &'static str, value: Option<impl ToString>) -> Query {
        self.0.extend(value.map(|value| (name, value.to_string())));
        self
    }
}

fn address(base: &str, path: &[&str], query: &Query) -> anyhow::Result<Url> {
    let mut url = Url::parse(base).with_context(|| format!("{base:?} 不是 http 地址"))?;
    let Ok(mut segments) = url.path_segments_mut() else {
        bail!("{base:?} 不是 http 地址");
    };
    segments.pop_if_empty().extend(["api", "v1"]).extend(path);
    drop(segments);
    if !query.0.is_empty() {
        url.query_pairs_mut().extend_pairs(&query.0);
    }
    Ok(url)
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
