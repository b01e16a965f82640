//! `POST /api/v1/login` and `/password`: without a key, with name and password.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use boshi_protocol::fields::{FieldError, Fields};
use boshi_service::key;
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use tokio::time::Instant;

use super::Shared;
use super::api::{Api, post};
use super::error::ApiError;
use super::field::{Field, Kind, required};
use super::read::Body;
use super::words::Tag;
use crate::china::ChinaTime;
use crate::password::{Denied, LEAST_CHARS};
use crate::role::Role;
use crate::store::audit::Act;
use crate::store::user::{self, User};

/// How long a key from a login is valid: a shift.
const VALID: SignedDuration = SignedDuration::from_hours(12);
/// Longest password in characters that somebody may choose.
const MOST_CHARS: usize = 200;

/// A key to show from now on.
#[derive(Serialize, JsonSchema)]
pub(super) struct Opened {
    key: String,
    name: String,
    role: Role,
    until: ChinaTime,
}

/// The password is another now.
#[derive(Serialize, JsonSchema)]
pub(super) struct Changed {
    changed: String,
}

/// Longest that a name or password may be that is only compared.
const MOST_COMPARED_CHARS: usize = 1_000;
const NAME: Field = required("name", Kind::Words(MOST_COMPARED_CHARS));
const PASSWORD: Field = required("password", Kind::Password(0, MOST_COMPARED_CHARS));
const LOGIN: &[Field] = &[NAME, PASSWORD];
const CHANGE: &[Field] = &[
    NAME,
    PASSWORD,
    required("new_password", Kind::Password(LEAST_CHARS, MOST_CHARS)),
];

pub(super) fn routes(api: Api) -> Api {
    let errors = [
        StatusCode::UNAUTHORIZED,
        StatusCode::FORBIDDEN,
        StatusCode::TOO_MANY_REQUESTS,
        StatusCode::SERVICE_UNAVAILABLE,
    ];
    let to_login = post("/login")
        .is(
            "login",
            Tag::Users,
            "登录，取得密钥",
            "Log in and get a key",
        )
        .body(LOGIN)
        .json::<Opened>()
        .public()
        .errors(errors);
    let to_change = post("/password")
        .is(
            "change_password",
            Tag::Users,
            "修改密码；此前的密钥全部失效",
            "Change a password; every key from before is over",
        )
        .body(CHANGE)
        .json::<Changed>()
        .public()
        .errors(errors);
    api.on(to_login, login).on(to_change, change)
}

async fn login(State(operators): Shared, body: Body) -> Result<Json<Opened>, ApiError> {
    let (name, password) = body.read(LOGIN, |fields| {
        Ok((name(fields)?, password(fields, "password")?))
    })?;
    let user = recognized(&operators, name, password).await?;
    if user.must_change {
        return Err(ApiError::forbidden(
            "首次登录必须先修改密码（/api/v1/password）",
        ));
    }
    let made = key::random().map_err(|_| ApiError::unavailable("无法生成密钥"))?;
    let now = Timestamp::now();
    let until = now.checked_add(VALID).unwrap_or(now);
    let (digest, owner) = (key::digest(made.expose_secret()), user.name.clone());
    let checked = user.password;
    let given = operators.store.write(move |db| {
        let act = Act {
            by: &owner,
            what: "key.give",
            target: &owner,
            reason: "登录",
        };
        user::give_key(db, &digest, Some(&checked), &act, (now, Some(until)))
    });
    // The password was another, or nobody's, before this was written.
    given.await?.then_some(()).ok_or(Denied::Wrong)?;
    Ok(Json(Opened {
        key: made.expose_secret().to_owned(),
        name: user.name,
        role: user.rights.role,
        until: ChinaTime::new(until),
    }))
}

/// Changes a password; every key that was given by the old one is over.
async fn change(State(operators): Shared, body: Body) -> Result<Json<Changed>, ApiError> {
    let (name, old, new) = body.read(CHANGE, |fields| {
        let (old, new) = (
            password(fields, "password")?,
            password(fields, "new_password")?,
        );
        Ok((name(fields)?, old, new))
    })?;
    let length = new.expose_secret().chars().count();
    if !(LEAST_CHARS..=MOST_CHARS).contains(&length) {
        // Says nothing of what came (D-7).
        let expected = format!("新密码应为 {LEAST_CHARS} 到 {MOST_CHARS} 个字符");
        return Err(ApiError::field("new_password", expected));
    }
    if old.expose_secret() == new.expose_secret() {
        return Err(ApiError::field("new_password", "新密码应与原密码不同"));
    }
    let user = recognized(&operators, name, old).await?;
    let hash = operators.passwords.hash(new).await?;
    let (owner, checked) = (user.name.clone(), user.password);
    let done = operators.store.write(move |db| {
        let act = Act {
            by: &owner,
            what: "user.password",
            target: &owner,
            reason: "",
        };
        user::change_password(db, (&checked, &hash), &act, Timestamp::now())
    });
    // Another password was chosen or made before this was written: that one holds.
    done.await?.then_some(()).ok_or(Denied::Wrong)?;
    Ok(Json(Changed { changed: user.name }))
}

async fn recognized(
    operators: &super::Operators,
    name: String,
    password: SecretString,
) -> Result<User, ApiError> {
    let asked = name.clone();
    let user = operators
        .store
        .read(move |db| user::find(db, &asked))
        .await?;
    let kept = user.as_ref().map(|user| user.password.clone());
    let passwords = &operators.passwords;
    passwords
        .check(&name, password, kept, Instant::now())
        .await?;
    user.ok_or_else(|| Denied::Wrong.into())
}

fn name(fields: &Fields<'_>) -> Result<String, FieldError> {
    Ok(fields.text("name")?.trim().to_owned())
}

fn password(fields: &Fields<'_>, name: &'static str) -> Result<SecretString, FieldError> {
    Ok(SecretString::from(fields.text(name)?.into_owned()))
}

impl From<Denied> for ApiError {
    fn from(denied: Denied) -> ApiError {
        match denied {
            Denied::Wrong => ApiError::unauthorized(&denied.to_string()),
            Denied::TooMany => ApiError::too_often(denied.to_string()),
            Denied::Unavailable => ApiError::unavailable(denied.to_string()),
        }
    }
}
