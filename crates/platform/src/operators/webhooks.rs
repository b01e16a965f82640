//! `/webhooks`: the endpoints that events are sent to, by the administrators. Whoever adds one makes
//! the platform call that address. Secrets are told once, when they are made (D-7).

mod wanted;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use rusqlite::types::Value;
use schemars::JsonSchema;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;

use self::wanted::{changed, read};
use super::api::{Api, delete, get, post, put};
use super::caller::Caller;
use super::error::ApiError;
use super::field::{Field, Kind, field};
use super::lists::{self, Listing, searched};
use super::read::{Body, MAX_WORDS_CHARS, Params, time};
use super::registry::refused;
use super::users::Items;
use super::words::Tag;
use super::{Shared, as_a_whole};
use crate::china::ChinaTime;
use crate::decision::listed;
use crate::role::Need;
use crate::signed::make_secret;
use crate::store::delivery::{Attempt, AttemptRow};
use crate::store::event::{Place, during, find, newest};
use crate::store::newest::newest as newest_rows;
use crate::store::webhook::{self, Known};
use crate::webhooks::WebhookError;

/// Longest address and longest certificate in characters.
const MOST_URL_CHARS: usize = 2000;
const MOST_PEM_CHARS: usize = 32 * 1024;
/// Longest name in characters: a column of a table.
const MOST_NAME_CHARS: usize = 40;
/// Most events that are sent again at once: a day of a lot; more in several parts.
const MOST_RESENT: usize = 10_000;

/// An endpoint and how it is.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Webhook")]
pub(super) struct WebhookView {
    name: String,
    url: String,
    plain: bool,
    kinds: Option<String>,
    lots: Option<String>,
    enabled: bool,
    rotating: bool,
    behind: i64,
    waiting: i64,
    given_up: i64,
    failing_since: Option<ChinaTime>,
    why: Option<String>,
    /// The secret that was made just now: told once.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

/// What became of a message that was sent to try an endpoint.
#[derive(Serialize, JsonSchema)]
pub(super) struct Tested {
    delivered: bool,
    event: String,
    status: Option<u16>,
    said: String,
    millis: u64,
}

/// How many events are sent again.
#[derive(Serialize, JsonSchema)]
pub(super) struct Resent {
    resent: usize,
}

/// What is over.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "RemovedWebhook")]
pub(super) struct Removed {
    removed: String,
}

const WEBHOOK: &[Field] = &[
    field("url", Kind::Url(MOST_URL_CHARS)),
    field("plain", Kind::Truth),
    field("ca_pem", Kind::Text(MOST_PEM_CHARS)),
    field("kinds", Kind::Kinds),
    field("lots", Kind::Ids),
    field("secret", Kind::Words(MAX_WORDS_CHARS)).says(
        "签名密钥，whsec_ 加 base64；generate 为生成新的，旧的同时有效",
        "What messages are signed with, whsec_ and base64; generate makes a new one, the present one \
         signs as well",
    ),
    field("forget_previous", Kind::Truth).says(
        "不再用旧密钥签名",
        "The secret before the present one signs no more",
    ),
    field("enabled", Kind::Truth),
];
const RESEND: &[Field] = &[
    field("event", Kind::Event).says("一个事件的 id", "The id of one event"),
    field("from", Kind::Time).says("不早于此时间的事件", "Events not before this time"),
    field("to", Kind::Time).says(
        "早于此时间的事件，缺省为现在",
        "Events before this time; now when not given",
    ),
];

pub(super) fn routes(api: Api) -> Api {
    const PATH: &str = "/webhooks/{name}";
    let to_list = get("/webhooks")
        .is("list_webhooks", Tag::Events, "推送", "The webhooks")
        .needs(Need::Administer)
        .json::<Items<WebhookView>>();
    let to_put = put(PATH)
        .is(
            "put_webhook",
            Tag::Events,
            "新增或更改推送，没有给出的字段不变；密钥只显示一次",
            "Add a webhook or change one, what is not given stays; a secret is told once",
        )
        .needs(Need::Administer)
        .body(WEBHOOK)
        .json::<WebhookView>()
        .errors([StatusCode::CONFLICT]);
    let to_remove = delete(PATH)
        .is(
            "remove_webhook",
            Tag::Events,
            "删除推送",
            "Remove a webhook",
        )
        .needs(Need::Administer)
        .json::<Removed>();
    api.on(to_list, list)
        .on(to_put, put_webhook)
        .on(to_remove, remove)
        .with(of_deliveries)
}

fn of_deliveries(api: Api) -> Api {
    let to_test = post("/webhooks/{name}/test")
        .is(
            "test_webhook",
            Tag::Events,
            "发送一条测试消息",
            "Send a message that only tries it",
        )
        .needs(Need::Administer)
        .json::<Tested>();
    let to_list = get("/webhooks/{name}/attempts")
        .is(
            "list_attempts",
            Tag::Events,
            "推送记录，最近 1000 次",
            "What was sent and answered, the last 1000 times",
        )
        .needs(Need::Administer)
        .query(lists::known::<AttemptRow>())
        .json::<Listing<AttemptRow>>();
    let to_resend = post("/webhooks/{name}/resend")
        .is(
            "resend_events",
            Tag::Events,
            "重新推送一个事件或一段时间的事件",
            "Send an event again, or those of a time",
        )
        .needs(Need::Administer)
        .body(RESEND)
        .json::<Resent>()
        .errors([StatusCode::CONFLICT]);
    api.on(to_test, test)
        .on(to_list, attempts)
        .on(to_resend, resend)
}

async fn list(State(operators): Shared) -> Result<Json<Items<WebhookView>>, ApiError> {
    let read = operators
        .store
        .read(|db| Ok((webhook::all(db)?, newest(db)?)));
    let (known, newest) = read.await?;
    let items = known.into_iter().map(|known| view(known, newest, None));
    Ok(Json(Items::of(items.collect())))
}

async fn put_webhook(
    State(operators): Shared,
    Path(name): Path<String>,
    caller: Caller,
    body: Body,
) -> Result<Json<WebhookView>, ApiError> {
    let name = named(&name)?;
    let mut wanted = body.read(WEBHOOK, read)?;
    operators.must_know(wanted.lots.as_deref().unwrap_or_default())?;
    let is_asked = wanted
        .secret
        .as_ref()
        .is_some_and(|secret| secret.expose_secret() == "generate");
    let is_new = wanted.secret.is_none() && operators.webhooks.known(&name).await.is_err();
    let made = match is_asked || is_new {
        true => Some(make_secret().map_err(|_| ApiError::unavailable("无法生成密钥"))?),
        false => None,
    };
    if made.is_some() {
        wanted.secret.clone_from(&made);
    }
    let by = caller.acting(None);
    let known = as_a_whole(&operators, |operators| async move {
        let own = name.clone();
        let change = |before| changed(own, before, wanted);
        Ok(operators.webhooks.put(name, change, by).await?)
    });
    let known = known.await?;
    let newest = operators.store.read(newest).await?;
    Ok(Json(view(known, newest, made)))
}

async fn remove(
    State(operators): Shared,
    Path(name): Path<String>,
    caller: Caller,
) -> Result<Json<Removed>, ApiError> {
    let (gone, by) = (name.clone(), caller.acting(None));
    let removed = as_a_whole(&operators, |operators| async move {
        Ok(operators.webhooks.remove(gone, by).await?)
    });
    removed.await?;
    Ok(Json(Removed { removed: name }))
}

async fn test(
    State(operators): Shared,
    Path(name): Path<String>,
) -> Result<Json<Tested>, ApiError> {
    let tried: Attempt = operators.webhooks.test(&name).await?;
    Ok(Json(Tested {
        delivered: tried.is_taken(),
        event: tried.event,
        status: tried.status,
        said: tried.said,
        millis: u64::try_from(tried.took.as_millis()).unwrap_or(u64::MAX),
    }))
}

async fn attempts(
    State(operators): Shared,
    Path(name): Path<String>,
    caller: Caller,
    parameters: Params,
) -> Result<Json<Listing<AttemptRow>>, ApiError> {
    let known = lists::known::<AttemptRow>();
    let mut search = searched::<AttemptRow>(&caller, &parameters, &known)?;
    let name = operators.webhooks.known(&name).await?.endpoint.name;
    search.narrowed.push(("webhook = ?", Value::Text(name)));
    let found = operators
        .store
        .read(move |db| newest_rows::<AttemptRow>(db, &search));
    Ok(Json(found.await?.into()))
}

async fn resend(
    State(operators): Shared,
    Path(name): Path<String>,
    caller: Caller,
    body: Body,
) -> Result<Json<Resent>, ApiError> {
    let (event, from, to) = body.read(RESEND, |fields| {
        let event =
            fields.optional_parsed("event", |text| text.parse::<Place>().map_err(str::to_owned))?;
        let (from, to) = (time(fields, "from")?, time(fields, "to")?);
        if event.is_some() == from.is_some() || (event.is_some() && to.is_some()) {
            return Err(fields.refuse("event", "应给出 event，或 from（和 to）"));
        }
        Ok((event, from, to))
    })?;
    let filter = operators.webhooks.known(&name).await?.endpoint.filter();
    let events = operators.store.read(move |db| match (event, from) {
        (Some(place), _) => {
            let found = find(db, place.number)?;
            let is_it = |second| place.second.is_none_or(|asked| Some(asked) == second);
            let found = found.filter(|event| is_it(event.place.second));
            Ok(found.map(|event| vec![event.place.number]))
        }
        (None, from) => {
            let second = |time: ChinaTime| time.timestamp().as_second();
            let span = from.map_or(0, second)..to.map_or(i64::MAX, second);
            during(db, span, &filter, MOST_RESENT + 1).map(Some)
        }
    });
    let events = events.await?;
    let events = events.ok_or_else(|| ApiError::not_found("event", "没有此事件".to_owned()))?;
    let resent = events.len();
    if resent > MOST_RESENT {
        let error = format!("超过 {MOST_RESENT} 个事件，请缩短时间段");
        return Err(ApiError::refused(error));
    }
    let by = caller.acting(None);
    operators.webhooks.resend(&name, events, by).await?;
    Ok(Json(Resent { resent }))
}

fn named(name: &str) -> Result<String, ApiError> {
    let is_short = (1..=MOST_NAME_CHARS).contains(&name.chars().count());
    let sound = name.trim() == name && is_short && !name.chars().any(char::is_control);
    match sound {
        true => Ok(name.to_owned()),
        false => Err(ApiError::field(
            "name",
            format!("应为 1 到 {MOST_NAME_CHARS} 个字符"),
        )),
    }
}

fn view(known: Known, newest: Place, made: Option<SecretString>) -> WebhookView {
    let endpoint = known.endpoint;
    let kinds: Vec<&str> = endpoint.kinds.iter().map(|kind| kind.as_str()).collect();
    WebhookView {
        name: endpoint.name,
        url: endpoint.url,
        plain: endpoint.plain,
        kinds: (!kinds.is_empty()).then(|| kinds.join(",")),
        lots: listed(&endpoint.lots),
        enabled: endpoint.enabled,
        rotating: endpoint.previous.is_some(),
        behind: (newest.number - known.done).max(0),
        waiting: known.waiting,
        given_up: known.given_up,
        failing_since: known.failing_since,
        why: known.why,
        secret: made.map(|made| made.expose_secret().to_owned()),
    }
}

impl From<WebhookError> for ApiError {
    fn from(error: WebhookError) -> ApiError {
        let told = error.to_string();
        match error {
            WebhookError::Unknown => ApiError::not_found("name", told),
            WebhookError::TooMany => ApiError::refused(told),
            WebhookError::Entry(error) => refused(error),
            WebhookError::Store(error) => error.into(),
        }
    }
}
