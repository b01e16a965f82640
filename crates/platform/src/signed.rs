//! Messages to other people's systems, signed so that they know who sends: as Standard Webhooks
//! (standardwebhooks.com) does, so that its libraries can verify them.
//!
//! The headers are `webhook-id` (the same however often a message is sent), `webhook-timestamp` (in
//! seconds) and `webhook-signature`: `v1,` and, in base64, the HMAC-SHA-256 of `ID.SECONDS.BODY`; two
//! of them, with a space between, while a secret is being changed. The key is what follows `whsec_`
//! in the secret, in base64; a secret without that is the key as it stands.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use reqwest::Url;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

/// Longest that a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// What a secret begins with whose key is in base64.
const PREFIX: &str = "whsec_";
/// Bytes of a key: what Standard Webhooks allows.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;
/// Random bytes of a key that is made here.
const MADE_BYTES: usize = 32;

/// What messages are signed with.
#[derive(Clone, Debug)]
pub(crate) struct Secrets {
    pub(crate) current: SecretString,
    /// The one before, while the receiver changes to the present one (D-6).
    pub(crate) previous: Option<SecretString>,
}

/// Where somebody else's system is, and what messages to it are signed with.
#[derive(Clone, Debug)]
pub(crate) struct Outside {
    client: reqwest::Client,
    url: Url,
    secrets: Secrets,
}

/// A message.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    /// Names it, however often it is sent.
    pub(crate) id: String,
    /// JSON.
    pub(crate) body: String,
}

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// As much of the body as was wanted.
    pub(crate) body: Vec<u8>,
    /// There was more.
    pub(crate) is_cut: bool,
}

/// Why a message got no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoReply {
    /// Not in time.
    #[error("超时")]
    Timeout,
    /// No connection, a reset, a TLS failure.
    #[error("网络故障")]
    Network,
}

/// A secret that begins as one of Standard Webhooks and is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("应为 whsec_ 加 24 到 64 字节的 base64")]
pub(crate) struct NotASecret;

impl Outside {
    /// A system at `url`; an `https` one needs the authorities to trust, in PEM. Redirects are not
    /// followed: what is signed is for this address.
    ///
    /// # Errors
    /// What is wrong with the authorities.
    pub(crate) fn new(
        url: Url,
        secrets: Secrets,
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
            secrets,
        })
    }

    /// Posts `message`, signed at `now`, reads at most `most_bytes` of the answer, and gives up after
    /// `deadline`.
    ///
    /// # Errors
    /// [`NoReply`].
    pub(crate) async fn post(
        &self,
        message: Message,
        now: Timestamp,
        deadline: Duration,
        most_bytes: usize,
    ) -> Result<Reply, NoReply> {
        let exchange = self.exchange(message, now, most_bytes);
        tokio::time::timeout(deadline, exchange)
            .await
            .unwrap_or(Err(NoReply::Timeout))
    }

    async fn exchange(
        &self,
        Message { id, body }: Message,
        now: Timestamp,
        most_bytes: usize,
    ) -> Result<Reply, NoReply> {
        let request = self
            .client
            .post(self.url.clone())
            .header("content-type", "application/json")
            .header("webhook-id", &id)
            .header("webhook-timestamp", now.as_second())
            .header(
                "webhook-signature",
                signatures(&self.secrets, &id, &body, now),
            )
            .body(body);
        let mut response = request.send().await.map_err(|_| NoReply::Network)?;
        let status = response.status().as_u16();
        let (mut body, mut is_cut) = (Vec::new(), false);
        while let Some(chunk) = response.chunk().await.map_err(|_| NoReply::Network)? {
            let room = most_bytes - body.len();
            body.extend(chunk.iter().take(room));
            if chunk.len() > room {
                is_cut = true;
                break;
            }
        }
        Ok(Reply {
            status,
            body,
            is_cut,
        })
    }
}

/// A new secret.
///
/// # Errors
/// When the system has no randomness.
pub(crate) fn make_secret() -> Result<SecretString, getrandom::Error> {
    let mut key = [0; MADE_BYTES];
    getrandom::fill(&mut key)?;
    Ok(SecretString::from(format!(
        "{PREFIX}{}",
        STANDARD.encode(key)
    )))
}

/// Refuses what is no secret of Standard Webhooks.
///
/// # Errors
/// [`NotASecret`].
pub(crate) fn check_secret(secret: &SecretString) -> Result<(), NotASecret> {
    let key = secret.expose_secret().strip_prefix(PREFIX);
    let key = key.and_then(|key| STANDARD.decode(key).ok());
    match key {
        Some(key) if KEY_BYTES.contains(&key.len()) => Ok(()),
        Some(_) | None => Err(NotASecret),
    }
}

fn signatures(secrets: &Secrets, id: &str, body: &str, now: Timestamp) -> String {
    let current = std::iter::once(&secrets.current);
    let of = |secret| signature(secret, id, body, now);
    let all: Vec<String> = current.chain(&secrets.previous).map(of).collect();
    all.join(" ")
}

fn signature(secret: &SecretString, id: &str, body: &str, now: Timestamp) -> String {
    let secret = secret.expose_secret();
    let decoded = secret.strip_prefix(PREFIX);
    let decoded = decoded.and_then(|key| STANDARD.decode(key).ok());
    let key = decoded.unwrap_or_else(|| secret.as_bytes().to_vec());
    let mut hmac = Hmac::<Sha256>::new_from_slice(&key).expect("a key of HMAC may have any length");
    hmac.update(format!("{id}.{}.{body}", now.as_second()).as_bytes());
    format!("v1,{}", STANDARD.encode(hmac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// D-6: the example of the standard's own libraries, and a key as it stands; both as
    /// `openssl dgst -sha256 -hmac … -binary | base64` says.
    #[test]
    fn a_signature_is_that_of_the_id_the_second_and_the_body_with_each_secret() {
        let now = Timestamp::from_second(1_614_265_330).unwrap();
        let (id, body) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", r#"{"test": 2432232314}"#);
        let secrets = Secrets {
            current: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into(),
            previous: Some("hush".into()),
        };
        let signed = signatures(&secrets, id, body, now);
        let (current, previous) = signed.split_once(' ').unwrap();
        assert_eq!(current, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(previous, "v1,CyVCjOtga/p1bhnGx2aBxN4pSXneruddhYBmNE/2Cbw=");
    }

    /// D-7
    #[test]
    fn a_secret_is_made_anew_each_time_and_what_is_none_is_refused() {
        let made = make_secret().unwrap();
        assert_eq!(check_secret(&made), Ok(()));
        assert_ne!(made.expose_secret(), make_secret().unwrap().expose_secret());
        for wrong in ["", "hush", "whsec_", "whsec_!!!", "whsec_aGk="] {
            assert_eq!(check_secret(&wrong.into()), Err(NotASecret), "{wrong:?}");
        }
    }
}
