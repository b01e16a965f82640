//! Values that TOML has no type for, each to be named in `deserialize_with`.

use std::time::Duration;

use boshi_protocol::id::Id;
use jiff::SignedDuration;
use secrecy::SecretString;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// An id of the standard (T-3).
///
/// # Errors
/// What is no id, and what one is.
pub fn id<'de, D: Deserializer<'de>, K>(from: D) -> Result<Id<K>, D::Error> {
    let text = String::deserialize(from)?;
    Id::new(&text).map_err(|_| {
        D::Error::custom(format!(
            "{text:?} is no id: expected 1 to 128 printable characters"
        ))
    })
}

/// An id that may be left out.
///
/// # Errors
/// As [`id`].
pub fn optional_id<'de, D, K>(from: D) -> Result<Option<Id<K>>, D::Error>
where
    D: Deserializer<'de>,
{
    id(from).map(Some)
}

/// A secret, which is not shown again (D-7).
///
/// # Errors
/// What is no text.
pub fn secret<'de, D: Deserializer<'de>>(from: D) -> Result<SecretString, D::Error> {
    String::deserialize(from).map(SecretString::from)
}

/// A secret that may be left out.
///
/// # Errors
/// As [`secret`].
pub fn optional_secret<'de, D>(from: D) -> Result<Option<SecretString>, D::Error>
where
    D: Deserializer<'de>,
{
    secret(from).map(Some)
}

/// A length of time with its unit, `10s`, `200ms`, `5m`; more than none.
///
/// # Errors
/// What is no such time, and how one is written.
pub fn span<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    let span = span_or_zero(from)?;
    if span.is_zero() {
        return Err(D::Error::custom("expected a time longer than 0s"));
    }
    Ok(span)
}

/// A length of time with its unit, or `0s`.
///
/// # Errors
/// What is no such time, and how one is written.
pub fn span_or_zero<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    read_span(&String::deserialize(from)?)
}

/// Lengths of time, each with its unit.
///
/// # Errors
/// What is no such time, and how one is written.
pub fn spans<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Duration>, D::Error> {
    let texts = Vec::<String>::deserialize(from)?;
    texts.iter().map(|text| read_span(text)).collect()
}

fn read_span<E: serde::de::Error>(text: &str) -> Result<Duration, E> {
    let span = text.parse::<SignedDuration>().ok();
    let span = span.and_then(|span| Duration::try_from(span).ok());
    span.ok_or_else(|| {
        E::custom(format!(
            "{text:?} is no time: expected one such as \"10s\", \"200ms\", \"5m\""
        ))
    })
}

/// A size with its unit, `20GB`, `500MB`, more than none: thousands, as disks are sold.
///
/// # Errors
/// What is no such size, and how one is written.
pub fn bytes<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    let text = String::deserialize(from)?;
    let units = [
        ("GB", 1_000_000_000),
        ("MB", 1_000_000),
        ("TB", 1_000_000_000_000),
    ];
    let read = |(unit, bytes): (&str, u64)| {
        let number = text.trim().strip_suffix(unit)?.trim();
        number.parse::<u64>().ok()?.checked_mul(bytes)
    };
    let size = units.into_iter().find_map(read).filter(|size| *size > 0);
    size.ok_or_else(|| {
        D::Error::custom(format!(
            "{text:?} is no size: expected one such as \"20GB\", \"500MB\""
        ))
    })
}
