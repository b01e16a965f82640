//! How to reach the operators' interface of a running platform.

use std::fs;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use clap::Args;
use reqwest::{Method, Response, StatusCode, Url};
use serde_json::Value;

use super::{profile, run};
use crate::terminal::say;

/// Longest that a reply may take: beyond the deadline of commands and a pass over many pages.
const TIMEOUT: Duration = Duration::from_secs(120);

/// Longest silence of a stream of events: it says something every fifteen seconds.
const SILENCE: Duration = Duration::from_secs(45);

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
        let (base, key) = self.place()?;
        let url = address(&base, &["events"], query)?;
        let client = client().read_timeout(SILENCE).build()?;
        let mut request = client.get(url).bearer_auth(key.trim());
        if let Some(last) = last {
            request = request.header("Last-Event-ID", last);
        }
        match request.send().await {
            Ok(response) => sound(&base, response).await.map(Some),
            Err(_) => Ok(None),
        }
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
        let (base, key) = self.place()?;
        let url = address(&base, path, query)?;
        let client = client().timeout(TIMEOUT).build()?;
        let mut request = client.request(method, url).bearer_auth(key.trim());
        if let Some(body) = body {
            request = request.body(body);
        }
        let response = request.send().await;
        let response = response.map_err(|error| unanswered(&base, &error))?;
        sound(&base, response).await
    }

    /// Where the platform is, and a key of it.
    fn place(&self) -> anyhow::Result<(String, String)> {
        if let (Some(url), Some(key_file)) = (&self.url, &self.key_file) {
            return Ok((url.clone(), read(key_file)?));
        }
        if let Some(name) = &self.profile {
            let profile = profile::find(name)?;
            return Ok((profile.url, profile.key));
        }
        let config = run::load(&self.config)
            .context("使用 --config，或 --profile，或 --url 和 --key-file")?;
        let key_file = self.key_file.clone();
        let key_file = key_file.unwrap_or_else(|| config.operator_key());
        Ok((
            format!("http://{}", reachable(config.listen.operators)),
            read(&key_file)?,
        ))
    }
}

/// The interface is plain HTTP, so no authority has to be trusted.
fn client() -> reqwest::ClientBuilder {
    reqwest::Client::builder().tls_certs_only([]).no_proxy()
}

/// An answer that is no error.
async fn sound(base: &str, response: Response) -> anyhow::Result<Response> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let text = response.text().await?;
    let value: Value = serde_json::from_str(&text)
        .with_context(|| format!("{base} 的应答（HTTP {status}）不是平台的应答"))?;
    let told = value["error"].as_str().unwrap_or(&text);
    match status {
        StatusCode::UNAUTHORIZED => bail!("{base} 拒绝了密钥：{told}"),
        _ => bail!("{told}"),
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

/// A request that did not arrive has changed nothing; of any other nobody knows.
fn unanswered(base: &str, error: &reqwest::Error) -> anyhow::Error {
    if error.is_connect() {
        anyhow!("{base} 上没有平台，它在运行吗？")
    } else {
        anyhow!("{base} 上的平台中断了连接，不知道请求是否已执行，请用 commands 等命令查看")
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
    fn what_is_typed_is_a_part_of_the_address_whatever_it_is() {
        let query = Query::default()
            .with("plate", Some("粤B&x=1"))
            .with("lot", None::<&str>);
        let url = address("http://127.0.0.1:9444/", &["lots", "a/b?c"], &query).unwrap();
        assert_eq!(
            url.as_str(),
            "http://127.0.0.1:9444/api/v1/lots/a%2Fb%3Fc?plate=%E7%B2%A4B%26x%3D1"
        );
        assert!(address("9444", &[], &Query::default()).is_err());
    }

    #[test]
    fn a_platform_that_listens_everywhere_is_called_on_this_machine() {
        let everywhere = "0.0.0.0:9444".parse().unwrap();
        assert_eq!(reachable(everywhere).to_string(), "127.0.0.1:9444");
    }
}
