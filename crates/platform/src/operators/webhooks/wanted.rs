//! What somebody wants an endpoint to be.

use boshi_protocol::fields::{FieldError, Fields};
use boshi_protocol::id::LotId;
use secrecy::SecretString;

use crate::events::kind::Kind;
use crate::operators::events::kinds;
use crate::operators::permits::ids;
use crate::operators::read::words;
use crate::registry::{EntryError, wrong};
use crate::webhooks::Endpoint;

/// What is to be changed of an endpoint.
pub(super) struct Wanted {
    url: Option<String>,
    plain: Option<bool>,
    ca_pem: Option<String>,
    kinds: Option<Vec<Kind>>,
    pub(super) lots: Option<Vec<LotId>>,
    pub(super) secret: Option<SecretString>,
    forget_previous: bool,
    enabled: Option<bool>,
}

pub(super) fn read(fields: &Fields<'_>) -> Result<Wanted, FieldError> {
    let text = |name| {
        Ok(fields
            .optional_text(name)?
            .map(|text| text.trim().to_owned()))
    };
    let secret = fields.optional_text("secret")?;
    let secret = secret.map(|_| words(fields, "secret")).transpose()?;
    let has = |name| Ok(fields.optional_text(name)?.is_some());
    Ok(Wanted {
        url: text("url")?,
        plain: fields.optional_truth("plain")?,
        ca_pem: text("ca_pem")?,
        kinds: has("kinds")?.then(|| kinds(fields, "kinds")).transpose()?,
        lots: has("lots")?.then(|| ids(fields, "lots")).transpose()?,
        secret: secret.map(SecretString::from),
        forget_previous: fields.optional_truth("forget_previous")? == Some(true),
        enabled: fields.optional_truth("enabled")?,
    })
}

/// The endpoint as it is wanted; a new secret leaves the present one valid until it is forgotten.
pub(super) fn changed(
    name: String,
    before: Option<Endpoint>,
    wanted: Wanted,
) -> Result<Endpoint, EntryError> {
    let before = before.as_ref();
    let url = wanted.url.or_else(|| Some(before?.url.clone()));
    let secret = wanted.secret.clone();
    let secret = secret.or_else(|| Some(before?.secret.clone()));
    let previous = match (before, &wanted.secret) {
        _ if wanted.forget_previous => None,
        (Some(before), Some(_)) => Some(before.secret.clone()),
        (before, _) => before.and_then(|before| before.previous.clone()),
    };
    let pem = wanted.ca_pem.filter(|pem| !pem.is_empty());
    Ok(Endpoint {
        name,
        url: url.ok_or_else(|| wrong("url", "没有此推送；新的推送应给出地址"))?,
        plain: wanted
            .plain
            .unwrap_or_else(|| before.is_some_and(|before| before.plain)),
        ca_pem: pem.or_else(|| before?.ca_pem.clone()),
        kinds: wanted
            .kinds
            .unwrap_or_else(|| before.map_or_else(Vec::new, |before| before.kinds.clone())),
        lots: wanted
            .lots
            .unwrap_or_else(|| before.map_or_else(Vec::new, |before| before.lots.clone())),
        secret: secret.ok_or_else(|| wrong("secret", "应给出密钥"))?,
        previous,
        enabled: wanted
            .enabled
            .unwrap_or_else(|| before.is_none_or(|before| before.enabled)),
    })
}
