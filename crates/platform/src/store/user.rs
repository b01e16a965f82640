//! Users and their keys. A key is kept as its digest only (D-7).

use boshi_protocol::id::LotId;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use schemars::JsonSchema;
use serde::Serialize;

use super::{StoreError, audit};
use crate::china::ChinaTime;
use crate::decision::listed;
use crate::role::{Rights, Role};

/// A user.
#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) rights: Rights,
    /// What is kept of the password.
    pub(crate) password: String,
    /// The password was not chosen by the user.
    pub(crate) must_change: bool,
}

/// A key, as it is shown.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Key")]
pub(crate) struct KeyRow {
    /// The first digits of its digest, by which it is taken back.
    id: String,
    label: String,
    made_at: ChinaTime,
    until: Option<ChinaTime>,
}

/// Adds a user, or puts one in the place of the one of that name, whatever became of that meanwhile.
///
/// # Errors
/// What the database said.
pub(crate) fn put(
    connection: &Connection,
    user: &User,
    act: &audit::Act<'_>,
    now: Timestamp,
) -> Result<(), StoreError> {
    connection.execute(
        "INSERT OR REPLACE INTO user (name, role, lots, password, must_change)
         VALUES (?,?,?,?,?)",
        params![
            user.name,
            user.rights.role.as_str(),
            listed(&user.rights.lots),
            user.password,
            user.must_change,
        ],
    )?;
    audit::note(connection, None, act, now)
}

/// Gives a user other rights and leaves the password alone; the user as it is then, if there is one.
///
/// # Errors
/// What the database said.
pub(crate) fn change_rights(
    connection: &Connection,
    rights: &Rights,
    act: &audit::Act<'_>,
    now: Timestamp,
) -> Result<Option<User>, StoreError> {
    let changed = connection.execute(
        "UPDATE user SET role = ?, lots = ? WHERE name = ?",
        params![rights.role.as_str(), listed(&rights.lots), act.target],
    )?;
    if changed > 0 {
        audit::note(connection, None, act, now)?;
    }
    find(connection, act.target)
}

/// Changes the password of a user, if it still is the `old` one, and takes every key back that was
/// given by that; whether it was.
///
/// # Errors
/// What the database said.
pub(crate) fn change_password(
    connection: &Connection,
    (old, new): (&str, &str),
    act: &audit::Act<'_>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let changed = connection.execute(
        "UPDATE user SET password = ?, must_change = FALSE WHERE name = ? AND password = ?",
        [new, act.target, old],
    )?;
    if changed > 0 {
        revoke_all(connection, act.target)?;
        audit::note(connection, None, act, now)?;
    }
    Ok(changed > 0)
}

/// Takes a user out, with all keys; whether there was one.
///
/// # Errors
/// What the database said.
pub(crate) fn remove(
    connection: &Connection,
    name: &str,
    act: &audit::Act<'_>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    revoke_all(connection, name)?;
    let removed = connection.execute("DELETE FROM user WHERE name = ?", [name])?;
    if removed > 0 {
        audit::note(connection, None, act, now)?;
    }
    Ok(removed > 0)
}

/// Takes every key of a user back: its password has changed.
///
/// # Errors
/// What the database said.
pub(crate) fn revoke_all(connection: &Connection, name: &str) -> Result<(), StoreError> {
    connection.execute("DELETE FROM api_key WHERE user = ?", [name])?;
    Ok(())
}

/// The user of that name.
///
/// # Errors
/// What the database said.
pub(crate) fn find(connection: &Connection, name: &str) -> Result<Option<User>, StoreError> {
    let mut query = connection.prepare_cached("SELECT * FROM user WHERE name = ?")?;
    let found = query.query_row([name], |row| Ok(read(row)));
    found.optional()?.transpose()
}

/// Every user, by name.
///
/// # Errors
/// What the database said.
pub(crate) fn all(connection: &Connection) -> Result<Vec<User>, StoreError> {
    let mut query = connection.prepare("SELECT * FROM user ORDER BY name")?;
    let rows = query.query_map([], |row| Ok(read(row)))?;
    rows.map(|row| row?).collect()
}

/// Gives a user a key, valid up to `until`, if the user is still there and the password, where one was
/// `checked`, still is that; whether it was given. Keys that are over go.
///
/// # Errors
/// What the database said.
pub(crate) fn give_key(
    connection: &Connection,
    digest: &[u8; 32],
    checked: Option<&str>,
    act: &audit::Act<'_>,
    (now, until): (Timestamp, Option<Timestamp>),
) -> Result<bool, StoreError> {
    connection.execute("DELETE FROM api_key WHERE until <= ?", [now.as_second()])?;
    let given = connection.execute(
        "INSERT INTO api_key (digest, user, label, made, until)
         SELECT ?, name, ?, ?, ? FROM user WHERE name = ? AND password = coalesce(?, password)",
        params![
            digest.as_slice(),
            act.reason,
            now.as_second(),
            until.map(Timestamp::as_second),
            act.target,
            checked,
        ],
    )?;
    if given > 0 {
        audit::note(connection, None, act, now)?;
    }
    Ok(given > 0)
}

/// Takes the key back whose digest begins with `id`; whether there was one.
///
/// # Errors
/// What the database said.
pub(crate) fn revoke(
    connection: &Connection,
    id: &str,
    act: &audit::Act<'_>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let removed = connection.execute(
        "DELETE FROM api_key WHERE user = ? AND lower(substr(hex(digest), 1, 16)) = ?",
        [act.target, id],
    )?;
    if removed > 0 {
        audit::note(connection, None, act, now)?;
    }
    Ok(removed > 0)
}

/// The keys of a user, the latest first.
///
/// # Errors
/// What the database said.
pub(crate) fn keys(connection: &Connection, name: &str) -> Result<Vec<KeyRow>, StoreError> {
    let mut query = connection.prepare(
        "SELECT lower(substr(hex(digest), 1, 16)) AS id, label, made, until FROM api_key
         WHERE user = ? ORDER BY made DESC",
    )?;
    let rows = query.query_map([name], |row| {
        Ok(KeyRow {
            id: row.get("id")?,
            label: row.get("label")?,
            made_at: row.get("made")?,
            until: row.get("until")?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Whose key that is at `now`. A password that must be changed opens nothing before that.
///
/// # Errors
/// What the database said.
pub(crate) fn holder(
    connection: &Connection,
    digest: &[u8; 32],
    now: Timestamp,
) -> Result<Option<User>, StoreError> {
    let mut query = connection.prepare_cached(
        "SELECT u.* FROM api_key k JOIN user u ON u.name = k.user
         WHERE k.digest = ? AND coalesce(k.until > ?, TRUE)",
    )?;
    let found = query.query_row(params![digest.as_slice(), now.as_second()], |row| {
        Ok(read(row))
    });
    found.optional()?.transpose()
}

fn read(row: &Row<'_>) -> Result<User, StoreError> {
    let role: String = row.get("role")?;
    let lots: Option<String> = row.get("lots")?;
    let lots = lots.unwrap_or_default();
    let lots = lots
        .split(',')
        .filter(|lot| !lot.is_empty())
        .map(LotId::new);
    Ok(User {
        name: row.get("name")?,
        rights: Rights {
            role: Role::parse(&role).ok_or(StoreError::Corrupt("role"))?,
            lots: lots
                .collect::<Result<_, _>>()
                .map_err(|_| StoreError::Corrupt("lot"))?,
        },
        password: row.get("password")?,
        must_change: row.get("must_change")?,
    })
}
