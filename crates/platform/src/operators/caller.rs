//! Who calls the operators' interface, and what they may do.

use std::sync::Arc;

use axum::extract::{FromRequestParts, MatchedPath, RawPathParams, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;
use boshi_protocol::id::LotId;
use boshi_service::key::{self, Key};
use jiff::Timestamp;

use super::api::{Described, Undescribed};
use super::error::ApiError;
use super::{Operators, PREFIX};
use crate::role::{Need, Rights, Role};
use crate::store::user;

/// Who calls.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    name: String,
    /// What is kept of the key that was shown; none for the one in `data/operator.key`.
    digest: Option<[u8; 32]>,
    pub(super) rights: Rights,
}

impl Caller {
    /// Whoever holds the key in `data/operator.key`: tools, and people through them. An
    /// administrator.
    fn key_holder() -> Caller {
        Caller {
            name: "operator.key".to_owned(),
            digest: None,
            rights: Rights {
                role: Role::Administrator,
                lots: Vec::new(),
            },
        }
    }

    /// Who acts when the caller says that it is `said`. A user is named also when it acts for
    /// somebody else.
    pub(super) fn acting(&self, said: Option<String>) -> String {
        match said {
            Some(said) if self.digest.is_none() => said,
            Some(said) if said != self.name => format!("{said}（{}）", self.name),
            Some(_) | None => self.name.clone(),
        }
    }

    /// Whom the key belongs to.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether the key is still known and its user may still do the same.
    pub(super) async fn still_holds(&self, operators: &Operators) -> bool {
        let Some(digest) = self.digest else {
            return true;
        };
        let found = operators
            .store
            .read(move |db| user::holder(db, &digest, Timestamp::now()));
        let user = found.await.ok().flatten();
        user.is_some_and(|user| user.rights == self.rights && !user.must_change)
    }

    /// Refuses lots that are not the caller's; none are.
    pub(super) fn must_reach_each(&self, lots: &[LotId]) -> Result<(), ApiError> {
        match lots.iter().all(|lot| self.rights.reach(lot)) {
            true => Ok(()),
            false => Err(ApiError::forbidden("不是自己的车场")),
        }
    }

    /// Refuses what is not of the caller's lots only; no lots means of every lot.
    pub(super) fn must_reach(&self, lots: &[LotId]) -> Result<(), ApiError> {
        match self.rights.reach_all(lots) {
            true => Ok(()),
            false => Err(ApiError::forbidden("只能操作自己的车场")),
        }
    }
}

/// What every request passes first.
#[derive(Clone)]
pub(super) struct Gate {
    pub(super) operators: Arc<Operators>,
    pub(super) key: Key,
    pub(super) described: Arc<Described>,
}

/// Lets a request through whose key is known, and whose user may do what it is about.
pub(super) async fn authorize(
    State(gate): State<Gate>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let (mut parts, body) = request.into_parts();
    let need = match gate.need(&mut parts).await? {
        Needed::Nothing => return Ok(next.run(Request::from_parts(parts, body)).await),
        Needed::Key => None,
        Needed::Rights(need) => Some(need),
    };
    let caller = recognized(&gate.operators, &gate.key, &parts.headers).await?;
    if need.is_some_and(|need| !caller.rights.allow(need)) {
        let role = caller.rights.role.as_str();
        return Err(ApiError::forbidden(&format!("角色 {role} 不能进行此操作")));
    }
    let parameters = RawPathParams::from_request_parts(&mut parts, &()).await;
    for (name, value) in parameters.iter().flatten() {
        let lot = LotId::new(value).ok().filter(|_| name == "lot");
        if lot.is_some_and(|lot| !caller.rights.reach(&lot)) {
            return Err(ApiError::forbidden("不是自己的车场"));
        }
    }
    let mut request = Request::from_parts(parts, body);
    request.extensions_mut().insert(caller);
    Ok(next.run(request).await)
}

/// What a request has to show.
enum Needed {
    Nothing,
    /// Somebody's key: only then it is told what there is.
    Key,
    Rights(Need),
}

impl Gate {
    async fn need(&self, parts: &mut Parts) -> Result<Needed, ApiError> {
        let Ok(path) = MatchedPath::from_request_parts(parts, &()).await else {
            return Ok(match parts.uri.path().starts_with(PREFIX) {
                true => Needed::Key,
                false => Needed::Nothing,
            });
        };
        match self.described.need(&parts.method, path.as_str()) {
            Ok(None) => Ok(Needed::Nothing),
            Ok(Some(need)) => Ok(Needed::Rights(need)),
            Err(Undescribed::Method) if self.described.is_public(path.as_str()) => {
                Ok(Needed::Nothing)
            }
            Err(Undescribed::Method) => Ok(Needed::Key),
            Err(Undescribed::Path) => {
                tracing::error!(path = path.as_str(), "a route is not described");
                Err(ApiError::forbidden("此接口没有说明，不能使用"))
            }
        }
    }
}

async fn recognized(
    operators: &Operators,
    key: &Key,
    headers: &HeaderMap,
) -> Result<Caller, ApiError> {
    let shown = headers.get(header::AUTHORIZATION);
    let shown = shown.and_then(|value| value.to_str().ok());
    let Some(shown) = shown.and_then(|value| value.strip_prefix("Bearer ")) else {
        return Err(ApiError::unauthorized(
            "缺少密钥，应为 Authorization: Bearer 加 data/operator.key 或用户的密钥",
        ));
    };
    if key.opens(shown.trim()) {
        return Ok(Caller::key_holder());
    }
    let digest = key::digest(shown.trim());
    let found = operators
        .store
        .read(move |db| user::holder(db, &digest, Timestamp::now()));
    let user = found
        .await?
        .ok_or_else(|| ApiError::unauthorized("密钥不符，应为 data/operator.key 或用户的密钥"))?;
    if user.must_change {
        return Err(ApiError::forbidden(
            "首次登录必须先修改密码（/api/v1/password）",
        ));
    }
    Ok(Caller {
        name: user.name,
        digest: Some(digest),
        rights: user.rights,
    })
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Caller, ApiError> {
        let known = parts.extensions.get::<Caller>().cloned();
        known.ok_or_else(|| ApiError::unauthorized("缺少密钥"))
    }
}
