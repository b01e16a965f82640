//! `/users`: who may use the interface, by the administrators. A first password is made here, told
//! once, and opens nothing until its user has chosen another.

use axum::Json;
use axum::extract::{Path, State};
use boshi_protocol::fields::Fields;
use boshi_protocol::id::LotId;
use boshi_service::key;
use jiff::Timestamp;
use schemars::JsonSchema;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;

use super::Shared;
use super::api::{Api, delete, get, post, put};
use super::caller::Caller;
use super::error::ApiError;
use super::field::{Field, Kind, field, required};
use super::permits::ids;
use super::read::{Body, MAX_WORDS_CHARS, words};
use super::words::Tag;
use crate::decision::listed;
use crate::role::{Need, Rights, Role};
use crate::store::audit::Act;
use crate::store::user::{self, KeyRow, User};

/// Digits of a password that is made here: enough for one that lives a day.
const FIRST_PASSWORD_CHARS: usize = 16;

/// A user.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "User")]
pub(super) struct UserView {
    name: String,
    role: Role,
    lots: Option<String>,
    must_change: bool,
    /// The password that was made just now: told once.
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<String>,
}

/// Several.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "{T}s")]
pub(super) struct Items<T> {
    items: Vec<T>,
}

impl<T> Items<T> {
    pub(super) fn of(items: Vec<T>) -> Items<T> {
        Items { items }
    }
}

/// What is over.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "RemovedOne")]
pub(super) struct Removed {
    removed: String,
}

/// A key that was made just now: told once.
#[derive(Serialize, JsonSchema)]
pub(super) struct NewKey {
    key: String,
    user: String,
}

/// What a user is to be.
const USER: &[Field] = &[
    required(
        "role",
        Kind::OneOf(&["viewer", "operator", "lot-bound", "administrator"]),
    ),
    field("lots", Kind::Ids).says(
        "lot-bound 的车场，以逗号分隔",
        "The lots of who is lot-bound, A,B",
    ),
    field("reset", Kind::Truth),
];
const KEY: &[Field] = &[required("label", Kind::Words(MAX_WORDS_CHARS))];

pub(super) fn routes(api: Api) -> Api {
    const PATH: &str = "/users/{name}";
    let to_list = get("/users")
        .is("list_users", Tag::Users, "用户", "The users")
        .needs(Need::Administer)
        .json::<Items<UserView>>();
    let to_put = put(PATH)
        .is(
            "put_user",
            Tag::Users,
            "新增或更改用户；新用户的初始密码只显示一次",
            "Add a user or change one; the first password is told once",
        )
        .needs(Need::Administer)
        .body(USER)
        .json::<UserView>();
    let to_remove = delete(PATH)
        .is(
            "remove_user",
            Tag::Users,
            "删除用户及其密钥",
            "Remove a user, with all keys",
        )
        .needs(Need::Administer)
        .json::<Removed>();
    api.on(to_list, list)
        .on(to_put, put_user)
        .on(to_remove, remove)
        .with(of_keys)
}

fn of_keys(api: Api) -> Api {
    const PATH: &str = "/users/{name}/keys";
    let to_list = get(PATH)
        .is(
            "list_keys",
            Tag::Users,
            "用户的密钥（只有标识）",
            "The keys of a user, told by their ids only",
        )
        .needs(Need::Administer)
        .json::<Items<KeyRow>>();
    let to_give = post(PATH)
        .is(
            "give_key",
            Tag::Users,
            "为工具发放密钥，只显示一次",
            "Make a key for a tool, told once",
        )
        .needs(Need::Administer)
        .body(KEY)
        .json::<NewKey>();
    let to_revoke = delete("/users/{name}/keys/{id}")
        .is("revoke_key", Tag::Users, "收回密钥", "Take a key back")
        .needs(Need::Administer)
        .json::<Removed>();
    api.on(to_list, keys)
        .on(to_give, give_key)
        .on(to_revoke, revoke_key)
}

async fn list(State(operators): Shared) -> Result<Json<Items<UserView>>, ApiError> {
    let users = operators.store.read(user::all).await?;
    let items = users.into_iter().map(|user| view(user, None));
    Ok(Json(Items {
        items: items.collect(),
    }))
}

/// Adds a user or changes role and lots; `reset` makes a new first password.
async fn put_user(
    State(operators): Shared,
    Path(name): Path<String>,
    caller: Caller,
    body: Body,
) -> Result<Json<UserView>, ApiError> {
    let name = named(&name)?;
    let (rights, reset) = body.read(USER, |fields| {
        let reset = fields.optional_truth("reset")?;
        Ok((rights(fields)?, reset == Some(true)))
    })?;
    let asked = name.clone();
    let before = operators
        .store
        .read(move |db| user::find(db, &asked))
        .await?;
    let by = caller.acting(None);
    if before.is_some() && !reset {
        let changed = operators.store.write(move |db| {
            let act = act(&by, "user.put", &name, rights.role.as_str());
            let changed = user::change_rights(db, &rights, &act, Timestamp::now())?;
            Ok(changed.ok_or(name))
        });
        let user = changed.await?.map_err(|name| unknown(&name))?;
        return Ok(Json(view(user, None)));
    }
    let made = first_password()?;
    let user = User {
        name,
        rights,
        password: operators.passwords.hash(made.clone()).await?,
        must_change: true,
    };
    let kept = user.clone();
    let done = operators.store.write(move |db| {
        if reset {
            user::revoke_all(db, &kept.name)?;
        }
        let act = act(&by, "user.put", &kept.name, kept.rights.role.as_str());
        user::put(db, &kept, &act, Timestamp::now())
    });
    done.await?;
    Ok(Json(view(user, Some(made))))
}

async fn remove(
    State(operators): Shared,
    Path(name): Path<String>,
    caller: Caller,
) -> Result<Json<Removed>, ApiError> {
    let (gone, by) = (name.clone(), caller.acting(None));
    let removed = operators.store.write(move |db| {
        let act = act(&by, "user.remove", &gone, "");
        user::remove(db, &gone, &act, Timestamp::now())
    });
    match removed.await? {
        true => Ok(Json(Removed { removed: name })),
        false => Err(unknown(&name)),
    }
}

async fn keys(
    State(operators): Shared,
    Path(name): Path<String>,
) -> Result<Json<Items<KeyRow>>, ApiError> {
    let asked = name.clone();
    let found = operators.store.read(move |db| {
        let known = user::find(db, &asked)?;
        known.map(|_| user::keys(db, &asked)).transpose()
    });
    let items = found.await?.ok_or_else(|| unknown(&name))?;
    Ok(Json(Items { items }))
}

/// Makes a key with the rights of its user, for a tool.
async fn give_key(
    State(operators): Shared,
    Path(name): Path<String>,
    caller: Caller,
    body: Body,
) -> Result<Json<NewKey>, ApiError> {
    let label = body.read(KEY, |fields| words(fields, "label"))?;
    let made = random()?;
    let (digest, owner) = (key::digest(made.expose_secret()), name.clone());
    let by = caller.acting(None);
    let given = operators.store.write(move |db| {
        let act = act(&by, "key.give", &owner, &label);
        user::give_key(db, &digest, None, &act, (Timestamp::now(), None))
    });
    given.await?.then_some(()).ok_or_else(|| unknown(&name))?;
    Ok(Json(NewKey {
        key: made.expose_secret().to_owned(),
        user: name,
    }))
}

async fn revoke_key(
    State(operators): Shared,
    Path((name, id)): Path<(String, String)>,
    caller: Caller,
) -> Result<Json<Removed>, ApiError> {
    let (gone, by) = (id.clone(), caller.acting(None));
    let revoked = operators.store.write(move |db| {
        let act = act(&by, "key.revoke", &name, &gone);
        user::revoke(db, &gone, &act, Timestamp::now())
    });
    match revoked.await? {
        true => Ok(Json(Removed { removed: id })),
        false => Err(ApiError::not_found("id", "没有此密钥".to_owned())),
    }
}

fn rights(fields: &Fields<'_>) -> Result<Rights, boshi_protocol::fields::FieldError> {
    const EXPECTED: &str = "应为 viewer、operator、lot-bound 或 administrator";
    let role = fields.optional_parsed("role", |text| {
        Role::parse(text).ok_or_else(|| EXPECTED.to_owned())
    })?;
    let role = role.ok_or_else(|| fields.refuse("role", EXPECTED))?;
    let lots: Vec<LotId> = ids(fields, "lots")?;
    if lots.is_empty() == (role == Role::LotBound) {
        return Err(fields.refuse("lots", "lot-bound 应给出车场，其他角色不应给出"));
    }
    Ok(Rights { role, lots })
}

/// A name of a user: a few characters that stand well in a list.
fn named(name: &str) -> Result<String, ApiError> {
    const MOST_CHARS: usize = 40;
    let sound = !name.trim().is_empty()
        && name.chars().count() <= MOST_CHARS
        && !name.chars().any(char::is_control)
        && name != "operator.key";
    match sound {
        true => Ok(name.trim().to_owned()),
        false => Err(ApiError::field(
            "name",
            format!("应为 1 到 {MOST_CHARS} 个字符"),
        )),
    }
}

fn first_password() -> Result<SecretString, ApiError> {
    let made = random()?;
    let short: String = made
        .expose_secret()
        .chars()
        .take(FIRST_PASSWORD_CHARS)
        .collect();
    Ok(SecretString::from(short))
}

fn random() -> Result<SecretString, ApiError> {
    key::random().map_err(|_| ApiError::unavailable("无法生成密钥"))
}

fn unknown(name: &str) -> ApiError {
    ApiError::not_found("name", format!("没有用户 {name:?}"))
}

fn view(user: User, told: Option<SecretString>) -> UserView {
    UserView {
        name: user.name,
        role: user.rights.role,
        lots: listed(&user.rights.lots),
        must_change: user.must_change,
        password: told.map(|told| told.expose_secret().to_owned()),
    }
}

fn act<'a>(by: &'a str, what: &'a str, target: &'a str, reason: &'a str) -> Act<'a> {
    Act {
        by,
        what,
        target,
        reason,
    }
}
