//! Requests to other people's systems, signed so that they know who asks: the header
//! `X-Boshi-Signature: t=SECONDS,v1=HEX`, where `HEX` is the HMAC-SHA-256 of `SECONDS.BODY`.

use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use reqwest::Url;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

/// Largest reply in bytes that is read: a decision or a word of thanks.
const MAX_REPLY_BYTES: usize = 64 * 1024;
/// Longest that a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// The header with the signature.
pub(crate) const SIGNATURE: &str = "X-Boshi-Signature";

/// Where somebody else's system is, and what requests to it are signed with.
#[derive(Clone, Debug)]
pub(crate) struct Outside {
    client: reqwest::Client,
    url: Url,
    secret: SecretString,
}

/// Why a request got no reply.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoReply {
    /// Not in time.
    #[error("超时")]
    Timeout,
    /// No connection, a reset, a TLS failure.
    #[error("网络故障")]
    Network,
    /// Another status than 2xx.
    #[error("HTTP {0}")]
    Status(u16),
    /// More than is read.
    #[error("应答过长")]
    TooLong,
}

impl Outside {
    /// A system at `url`; an `https` one needs the authorities to trust, in PEM.
    ///
    /// # Errors
    /// What is wrong with the authorities.
    pub(crate) fn new(
        url: Url,
        secret: SecretString,
        ca_pem: Option<&[u8]>,
    ) -> Result<Outside, reqwest::Error> {
        let roots = ca_pem
            .map(reqwest::Certificate::from_pem_bundle)
            .transpose()?;
        let client = reqwest::Client::builder()
            .tls_certs_only(roots.unwrap_or_default())
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .build()?;
        Ok(Outside {
            client,
            url,
            secret,
        })
    }

    /// Posts `body`, signed at `now`, and gives up after `deadline`.
    ///
    /// # Errors
    /// [`NoReply`].
    pub(crate) async fn post(
        &self,
        body: String,
        now: Timestamp,
        deadline: Duration,
    ) -> Result<Vec<u8>, NoReply> {
        let exchange = self.exchange(body, now);
        tokio::time::timeout(deadline, exchange)
            .await
            .unwrap_or(Err(NoReply::Timeout))
    }

    async fn exchange(&self, body: String, now: Timestamp) -> Result<Vec<u8>, NoReply> {
        let request = self
            .client
            .post(self.url.clone())
            .header("Content-Type", "application/json")
            .header(SIGNATURE, signature(&self.secret, &body, now))
            .body(body);
        let mut response = request.send().await.map_err(|_| NoReply::Network)?;
        if !response.status().is_success() {
            return Err(NoReply::Status(response.status().as_u16()));
        }
        let mut reply = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|_| NoReply::Network)? {
            if reply.len() + chunk.len() > MAX_REPLY_BYTES {
                return Err(NoReply::TooLong);
            }
            reply.extend_from_slice(&chunk);
        }
        Ok(reply)
    }
}

fn signature(secret: &SecretString, body: &str, now: Timestamp) -> String {
    let mut hmac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
        .expect("a key of HMAC may have any length");
    let seconds = now.as_second();
    hmac.update(format!("{seconds}.{body}").as_bytes());
    let digest = hmac.finalize().into_bytes();
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("t={seconds},v1={hex}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// D-7: the digest as `openssl dgst -sha256 -hmac hush` says it.
    #[test]
    fn a_signature_is_that_of_the_second_and_the_body() {
        let now = Timestamp::from_second(1_768_435_200).unwrap();
        let expected =
            "t=1768435200,v1=94533fed5f1bed5b4c28f512ae6782c8272812e26e42d6f669e408fd8fdece0b";
        assert_eq!(signature(&"hush".into(), "{}", now), expected);
    }
}
