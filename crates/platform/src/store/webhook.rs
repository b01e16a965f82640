//! The endpoints that events are sent to, and how far each has come.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use super::{StoreError, audit, event};
use crate::china::ChinaTime;
use crate::events::Kind;
use crate::events::filter::{apart, together};
use crate::webhooks::Endpoint;

/// An endpoint, and how it is.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) endpoint: Endpoint,
    /// Every event up to this number was looked at.
    pub(crate) done: i64,
    /// Since when no attempt has succeeded, if one has failed.
    pub(crate) failing_since: Option<ChinaTime>,
    /// Why nothing is sent to it any more, when the platform has seen to that.
    pub(crate) why: Option<String>,
    /// Events that wait to be sent, or sent again.
    pub(crate) waiting: i64,
    /// Events that were given up.
    pub(crate) given_up: i64,
}

/// Puts an endpoint in, from the newest event on, or changes it; its failures are forgotten.
///
/// # Errors
/// What the database said.
pub(crate) fn put(
    connection: &Connection,
    endpoint: &Endpoint,
    act: &audit::Act<'_>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let kinds: Vec<&str> = endpoint.kinds.iter().map(|kind| kind.as_str()).collect();
    let previous = endpoint.previous.as_ref();
    connection.execute(
        "INSERT INTO webhook (name, url, plain, ca_pem, kinds, lots, secret, previous, enabled, done)
         VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10) ON CONFLICT (name) DO UPDATE SET url = ?2,
         plain = ?3, ca_pem = ?4, kinds = ?5, lots = ?6, secret = ?7, previous = ?8, enabled = ?9,
         failing_since = NULL, why = NULL",
        params![
            endpoint.name,
            endpoint.url,
            endpoint.plain,
            endpoint.ca_pem,
            (!kinds.is_empty()).then(|| kinds.join(",")),
            together(&endpoint.lots),
            endpoint.secret.expose_secret(),
            previous.map(|secret| secret.expose_secret()),
            endpoint.enabled,
            event::newest(connection)?.number,
        ],
    )?;
    audit::note(connection, None, act, now)
}

/// Takes an endpoint out, with everything that waits for it; whether there was one.
///
/// # Errors
/// What the database said.
pub(crate) fn remove(
    connection: &Connection,
    name: &str,
    act: &audit::Act<'_>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    connection.execute("DELETE FROM delivery WHERE webhook = ?", [name])?;
    connection.execute("DELETE FROM attempt WHERE webhook = ?", [name])?;
    let removed = connection.execute("DELETE FROM webhook WHERE name = ?", [name])?;
    if removed > 0 {
        audit::note(connection, None, act, now)?;
    }
    Ok(removed > 0)
}

/// The endpoint of that name.
///
/// # Errors
/// What the database said.
pub(crate) fn find(connection: &Connection, name: &str) -> Result<Option<Known>, StoreError> {
    let sql = format!("{SELECT} WHERE name = ?");
    let mut query = connection.prepare_cached(&sql)?;
    let found = query.query_row([name], |row| Ok(read(row)));
    found.optional()?.transpose()
}

/// Every endpoint, by name.
///
/// # Errors
/// What the database said.
pub(crate) fn all(connection: &Connection) -> Result<Vec<Known>, StoreError> {
    let mut query = connection.prepare(&format!("{SELECT} ORDER BY name"))?;
    let rows = query.query_map([], |row| Ok(read(row)))?;
    rows.map(|row| row?).collect()
}

/// Notes that an attempt has succeeded.
///
/// # Errors
/// What the database said.
pub(super) fn succeeded(connection: &Connection, name: &str) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE webhook SET failing_since = NULL WHERE name = ? AND failing_since IS NOT NULL",
        )?
        .execute([name])?;
    Ok(())
}

/// Notes that an attempt has failed; since when they do.
///
/// # Errors
/// What the database said.
pub(super) fn failed(
    connection: &Connection,
    name: &str,
    now: Timestamp,
) -> Result<SignedDuration, StoreError> {
    let since: Option<i64> = connection
        .prepare_cached(
            "UPDATE webhook SET failing_since = coalesce(failing_since, ?) WHERE name = ?
             RETURNING failing_since",
        )?
        .query_row(params![now.as_millisecond(), name], |row| row.get(0))
        .optional()?;
    let failing = now.as_millisecond() - since.unwrap_or(now.as_millisecond());
    Ok(SignedDuration::from_millis(failing))
}

/// Sends nothing to an endpoint any more until somebody enables it again, and tells why.
///
/// # Errors
/// What the database said.
pub(super) fn disable(
    connection: &Connection,
    name: &str,
    why: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "UPDATE webhook SET enabled = FALSE, why = ? WHERE name = ? AND enabled";
    if connection.execute(sql, [why, name])? == 0 {
        return Ok(());
    }
    let told = json!({"webhook": name, "reason": why});
    event::note(connection, Kind::WebhookDisabled, None, &told, now)?;
    let act = audit::Act {
        by: "platform",
        what: "webhook.disable",
        target: name,
        reason: why,
    };
    audit::note(connection, None, &act, now)
}

const SELECT: &str = "SELECT *,
    (SELECT count(*) FROM delivery d WHERE d.webhook = name AND due IS NOT NULL) AS waiting,
    (SELECT count(*) FROM delivery d WHERE d.webhook = name AND due IS NULL) AS given_up
    FROM webhook";

fn read(row: &Row<'_>) -> Result<Known, StoreError> {
    let text = |name: &str| row.get::<_, Option<String>>(name);
    let kinds = text("kinds")?.unwrap_or_default();
    let kinds = kinds.split(',').filter(|word| !word.is_empty());
    let kinds = kinds.map(|word| Kind::parse(word).ok_or(StoreError::Corrupt("kind")));
    let lots = text("lots")?;
    let lots = lots.as_deref().into_iter().flat_map(apart);
    let lots =
        lots.map(|lot| boshi_protocol::id::LotId::new(lot).map_err(|_| StoreError::Corrupt("lot")));
    let since: Option<i64> = row.get("failing_since")?;
    let since = since.map(Timestamp::from_millisecond).transpose();
    Ok(Known {
        endpoint: Endpoint {
            name: row.get("name")?,
            url: row.get("url")?,
            plain: row.get("plain")?,
            ca_pem: text("ca_pem")?,
            kinds: kinds.collect::<Result<_, _>>()?,
            lots: lots.collect::<Result<_, _>>()?,
            secret: SecretString::from(row.get::<_, String>("secret")?),
            previous: text("previous")?.map(SecretString::from),
            enabled: row.get("enabled")?,
        },
        done: row.get("done")?,
        failing_since: since
            .map_err(|_| StoreError::Corrupt("time"))?
            .map(ChinaTime::new),
        why: text("why")?,
        waiting: row.get("waiting")?,
        given_up: row.get("given_up")?,
    })
}
