//! Where events are sent.

use boshi_protocol::id::LotId;
use secrecy::SecretString;

use crate::events::{Filter, Kind};
use crate::registry::{EntryError, authority, http, wrong};
use crate::signed::{Outside, Secrets, check_secret};

/// Somebody else's system that is told what happens.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    /// What it is called.
    pub(crate) name: String,
    /// Where it is.
    pub(crate) url: String,
    /// It may be reached without TLS.
    pub(crate) plain: bool,
    /// The authority of its certificate, PEM.
    pub(crate) ca_pem: Option<String>,
    /// Only these kinds; all when there are none.
    pub(crate) kinds: Vec<Kind>,
    /// Only what is of these lots; of all when there are none.
    pub(crate) lots: Vec<LotId>,
    /// What messages to it are signed with.
    pub(crate) secret: SecretString,
    /// What they were signed with before, and still are until that is over (D-6).
    pub(crate) previous: Option<SecretString>,
    /// Whether anything is sent.
    pub(crate) enabled: bool,
}

impl Endpoint {
    /// Everything that can be wrong with it.
    ///
    /// # Errors
    /// The first field that makes no sense.
    pub(crate) fn check(&self) -> Result<(), EntryError> {
        let url = http("url", &self.url)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("url", "不应含用户名和密码：消息由签名证明来源"));
        }
        if url.scheme() == "http" && !self.plain {
            let expected = "应为 https 地址；事件含车牌等个人信息，确需明文时设 plain 为 true";
            return Err(wrong("url", expected));
        }
        if url.scheme() == "https" && self.ca_pem.is_none() {
            return Err(wrong("ca_pem", "https 地址需要证书颁发机构（PEM）"));
        }
        authority("ca_pem", self.ca_pem.as_deref())?;
        check_secret(&self.secret).map_err(|error| wrong("secret", error.to_string()))?;
        self.outside().map(drop)
    }

    /// What is used to send to it.
    ///
    /// # Errors
    /// What is wrong with the address or the authority.
    pub(crate) fn outside(&self) -> Result<Outside, EntryError> {
        let url = http("url", &self.url)?;
        let secrets = Secrets {
            current: self.secret.clone(),
            previous: self.previous.clone(),
        };
        let ca_pem = self.ca_pem.as_deref().map(str::as_bytes);
        Outside::new(url, secrets, ca_pem).map_err(|_| wrong("ca_pem", "应为 PEM 证书"))
    }

    /// The events that are sent to it.
    pub(crate) fn filter(&self) -> Filter {
        Filter {
            kinds: self.kinds.clone(),
            lots: self.lots.clone(),
            bounds: None,
        }
    }
}
