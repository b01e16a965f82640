//! A client of the interfaces that people's tools use: plain HTTP and JSON, with a key.

use std::borrow::Cow;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use reqwest::{Method, RequestBuilder, Response, Url};
use serde_json::Value;

/// Longest that a reply may take: beyond the deadline of commands and a pass over many pages.
const TIMEOUT: Duration = Duration::from_secs(120);

/// One interface of a running program.
#[derive(Clone, Debug)]
pub(crate) struct Interface {
    client: reqwest::Client,
    base: Url,
    key: String,
}

impl Interface {
    /// The interface at `base`, whose paths begin with `prefix`.
    pub(crate) fn new(base: &str, prefix: &str, key: &str) -> anyhow::Result<Interface> {
        let mut url = Url::parse(base).with_context(|| format!("{base:?} 不是 http 地址"))?;
        let Ok(mut segments) = url.path_segments_mut() else {
            bail!("{base:?} 不是 http 地址");
        };
        segments.pop_if_empty().extend(prefix.split('/'));
        drop(segments);
        // The interface is plain HTTP, so no authority has to be trusted.
        let client = reqwest::Client::builder().tls_certs_only([]).no_proxy();
        Ok(Interface {
            client: client.build()?,
            base: url,
            key: key.trim().to_owned(),
        })
    }

    pub(crate) async fn get(&self, path: &[&str]) -> anyhow::Result<Value> {
        self.get_with(path, &[]).await
    }

    /// The same, with parameters.
    pub(crate) async fn get_with(
        &self,
        path: &[&str],
        query: &[(&str, Cow<'_, str>)],
    ) -> anyhow::Result<Value> {
        let mut url = self.address(path)?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let request = self.client.get(url).bearer_auth(&self.key);
        self.value(request.timeout(TIMEOUT)).await
    }

    pub(crate) async fn post(&self, path: &[&str], body: &Value) -> anyhow::Result<Value> {
        let request = self.request(Method::POST, path)?;
        self.value(request.timeout(TIMEOUT).body(body.to_string()))
            .await
    }

    /// A response that does not end.
    pub(crate) async fn stream(&self, path: &[&str]) -> anyhow::Result<Response> {
        let request = self.request(Method::GET, path)?;
        let response = self.send(request).await?;
        if !response.status().is_success() {
            bail!("HTTP {}", response.status());
        }
        Ok(response)
    }

    fn request(&self, method: Method, path: &[&str]) -> anyhow::Result<RequestBuilder> {
        let url = self.address(path)?;
        Ok(self.client.request(method, url).bearer_auth(&self.key))
    }

    fn address(&self, path: &[&str]) -> anyhow::Result<Url> {
        let mut url = self.base.clone();
        let segments = url.path_segments_mut();
        let mut segments = segments.map_err(|()| anyhow!("{} 不是 http 地址", self.base))?;
        segments.extend(path);
        drop(segments);
        Ok(url)
    }

    async fn value(&self, request: RequestBuilder) -> anyhow::Result<Value> {
        let response = self.send(request).await?;
        let status = response.status();
        let text = response.text().await?;
        let value: Value = serde_json::from_str(&text)
            .with_context(|| format!("{} 的应答（HTTP {status}）无法读取", self.base))?;
        if !status.is_success() {
            bail!("{}", value["error"].as_str().unwrap_or(&text));
        }
        Ok(value)
    }

    /// A request that did not arrive has changed nothing; of any other nobody knows.
    async fn send(&self, request: RequestBuilder) -> anyhow::Result<Response> {
        request.send().await.map_err(|error| {
            if error.is_connect() {
                anyhow!("{} 上没有程序应答，它在运行吗？", self.base)
            } else {
                anyhow!("{} 中断了连接，不知道请求是否已执行", self.base)
            }
        })
    }
}
