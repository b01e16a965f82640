//! Where a platform is, how it is reached, and with which key.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use reqwest::{Client, Method, Response, StatusCode, Url};
use serde_json::Value;

use super::access::Query;

/// Longest that a reply may take: beyond the deadline of commands and a pass over many pages.
const TIMEOUT: Duration = Duration::from_secs(120);

/// Longest silence of a stream of events: it says something every fifteen seconds.
const SILENCE: Duration = Duration::from_secs(45);

/// A platform to talk to.
#[derive(Clone)]
pub(super) struct Place {
    /// The operators' address.
    pub(super) base: String,
    /// Whose key is shown; none before a login.
    pub(super) key: Option<String>,
    /// The authority of its certificate, PEM, where it is reached by https.
    pub(super) ca_pem: Option<String>,
    /// What to do when the key is not taken.
    pub(super) renew: Option<String>,
}

impl Place {
    /// The answer to a request, if it is not an error.
    pub(super) async fn ask(
        &self,
        method: Method,
        path: &[&str],
        query: &Query,
        body: Option<String>,
    ) -> anyhow::Result<Response> {
        let mut request = self
            .client()?
            .timeout(TIMEOUT)
            .build()?
            .request(method, address(&self.base, path, query)?);
        if let Some(key) = &self.key {
            request = request.bearer_auth(key.trim());
        }
        if let Some(body) = body {
            request = request.body(body);
        }
        let response = request.send().await;
        let response = response.map_err(|error| unanswered(&self.base, &error))?;
        self.sound(response).await
    }

    /// Follows the events after `last`; none when nobody answers.
    pub(super) async fn follow(
        &self,
        query: &Query,
        last: Option<&str>,
    ) -> anyhow::Result<Option<Response>> {
        let url = address(&self.base, &["events"], query)?;
        let mut request = self.client()?.read_timeout(SILENCE).build()?.get(url);
        if let Some(key) = &self.key {
            request = request.bearer_auth(key.trim());
        }
        if let Some(last) = last {
            request = request.header("Last-Event-ID", last);
        }
        match request.send().await {
            Ok(response) => self.sound(response).await.map(Some),
            Err(_) => Ok(None),
        }
    }

    /// Only the authority that is named is trusted; none for plain HTTP.
    fn client(&self) -> anyhow::Result<reqwest::ClientBuilder> {
        let pem = self.ca_pem.as_deref().map(str::as_bytes);
        let roots = pem.map(reqwest::Certificate::from_pem_bundle).transpose();
        let roots = roots.context("证书颁发机构应为 PEM")?.unwrap_or_default();
        Ok(Client::builder().tls_certs_only(roots).no_proxy())
    }

    /// An answer that is no error.
    async fn sound(&self, response: Response) -> anyhow::Result<Response> {
        let (base, status) = (&self.base, response.status());
        if status.is_success() {
            return Ok(response);
        }
        let text = response.text().await?;
        let value: Value = serde_json::from_str(&text)
            .with_context(|| format!("{base} 的应答（HTTP {status}）不是平台的应答"))?;
        let told = value["error"].as_str().unwrap_or(&text);
        match (status, &self.renew) {
            (StatusCode::UNAUTHORIZED, Some(renew)) => bail!("{base}：{told}；{renew}"),
            (StatusCode::UNAUTHORIZED, None) if self.key.is_some() => {
                bail!("{base} 拒绝了密钥：{told}")
            }
            _ => bail!("{told}"),
        }
    }
}

/// Refuses what is no address of a platform, and an https one whose authority nobody has named.
pub(super) fn check(base: &str, ca_pem: Option<&str>) -> anyhow::Result<()> {
    let url = Url::parse(base).ok();
    let url = url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let Some(url) = url else {
        bail!("{base:?} 不是地址，应如 http://10.0.0.5:9444 或 https://platform.example");
    };
    match (url.scheme(), ca_pem) {
        ("https", None) => bail!("https 地址需要 --ca-file：其证书颁发机构（PEM）"),
        (_, Some(pem)) => {
            let certificates = reqwest::Certificate::from_pem_bundle(pem.as_bytes());
            match certificates.is_ok_and(|certificates| !certificates.is_empty()) {
                true => Ok(()),
                false => bail!("--ca-file 应为 PEM 证书"),
            }
        }
        (_, None) => Ok(()),
    }
}

/// The text of the file with an authority.
pub(super) fn authority(path: &Path) -> anyhow::Result<String> {
    let text = fs::read_to_string(path);
    text.with_context(|| format!("证书文件 {} 无法读取", path.display()))
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
    if error.is_connect() && is_of_the_certificate(error) {
        anyhow!("{base} 的证书不被信任：请检查 --ca-file，以及证书是否签给此地址")
    } else if error.is_connect() {
        anyhow!("{base} 上没有平台，它在运行吗？")
    } else {
        anyhow!("{base} 上的平台中断了连接，不知道请求是否已执行，请用 commands 等命令查看")
    }
}

fn is_of_the_certificate(error: &reqwest::Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.to_string().contains("certificate") {
            return true;
        }
        cause = error.source();
    }
    false
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
    fn an_address_is_http_or_https_with_an_authority_to_trust() {
        assert!(check("http://10.0.0.5:9444", None).is_ok());
        for (base, pem, said) in [
            ("10.0.0.5:9444", None, "不是地址"),
            ("ftp://x", None, "不是地址"),
            ("https://x", None, "--ca-file"),
            ("https://x", Some("nonsense"), "PEM"),
        ] {
            let error = check(base, pem).unwrap_err().to_string();
            assert!(error.contains(said), "{base}: {error}");
        }
    }
}
