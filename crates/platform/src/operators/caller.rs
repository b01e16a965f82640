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

use super::error::ApiError;
use super::{Operators, PREFIX};
use crate::role::{Rights, Role, need};
use crate::store::user;

/// Who calls.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    name: String,
    is_key_holder: bool,
    pub(super) rights: Rights,
}

impl Caller {
    /// Whoever holds the key in `data/operator.key`: tools, and people through them. An
    /// administrator.
    fn key_holder() -> Caller {
        Caller {
            name: "operator.key".to_owned(),
            is_key_holder: true,
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
            Some(said) if self.is_key_holder => said,
            Some(said) if said != self.name => format!("{said}（{}）", self.name),
            Some(_) | None => self.name.clone(),
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

/// Lets a request through whose key is known, and whose user may do what it is about.
pub(super) async fn authorize(
    State((operators, key)): State<(Arc<Operators>, Key)>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let (mut parts, body) = request.into_parts();
    let caller = recognized(&operators, &key, &parts.headers).await?;
    if let Ok(path) = MatchedPath::from_request_parts(&mut parts, &()).await {
        let route = path.as_str();
        let route = route.strip_prefix(PREFIX).unwrap_or(route);
        if !caller.rights.allow(need(parts.method.as_str(), route)) {
            let role = caller.rights.role.as_str();
            return Err(ApiError::forbidden(&format!("角色 {role} 不能进行此操作")));
        }
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
        is_key_holder: false,
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
