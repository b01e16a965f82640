//! Calls to a camera over HTTP, each bounded in time and size, logged in by digest.
//!
//! A camera locks whoever shows it a wrong password some times: after the first one nothing is sent
//! for a while.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE};
use reqwest::{Method, Response, StatusCode};
use tokio::time::{Instant, timeout_at};

use super::digest::{self, Challenge, Request};
use super::trust::Trust;
use crate::config::{self, Password};

/// Longest that a connection on the lot's own network may take.
const CONNECT: Duration = Duration::from_secs(2);

/// How long a connection that nobody uses is kept: below what a camera or controller does, so that no
/// command meets one that is just being closed, or whose other end has lost its power since.
pub(in crate::devices) const IDLE: Duration = Duration::from_secs(3);

/// Largest answer in bytes: the longest one has some kilobytes.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// Largest picture in bytes: one of nine megapixels has some three million.
const MAX_PICTURE_BYTES: usize = 8 * 1024 * 1024;

/// Most challenges within one call: none that is known, one that is too old, one that is not.
const MOST_CHALLENGES: usize = 3;

/// How long nothing is sent after a password was refused: cameras lock after five to seven of them
/// within half an hour.
const AFTER_REFUSAL: Duration = Duration::from_secs(600);

/// Whom a camera has refused, and until when nobody tries again; shared by all who log in to it.
#[derive(Clone, Debug, Default)]
pub(in crate::devices) struct Refusal(Arc<Mutex<Option<Instant>>>);

/// A way to a camera.
#[derive(Debug)]
pub(in crate::devices) struct Caller {
    http: reqwest::Client,
    base: String,
    user: String,
    password: Password,
    answer: Duration,
    challenge: Option<Challenge>,
    refusal: Refusal,
}

/// Where a camera is, and who calls it.
#[derive(Clone, Copy)]
pub(in crate::devices) struct Access<'a> {
    pub(in crate::devices) address: &'a str,
    pub(in crate::devices) user: &'a str,
    pub(in crate::devices) password: &'a Password,
    /// How long it may take to answer.
    pub(in crate::devices) answer: Duration,
    /// How it shows who it is.
    pub(in crate::devices) trust: &'a Trust,
}

/// What is told: a path, and a document with it.
#[derive(Clone, Copy, Debug)]
pub(in crate::devices) enum Call<'a> {
    Get(&'a str),
    /// With XML.
    Put(&'a str, &'a str),
    /// With JSON.
    Post(&'a str, &'a str),
}

/// An answer, whole.
#[derive(Debug)]
pub(in crate::devices) struct Answer {
    pub(in crate::devices) status: u16,
    pub(in crate::devices) body: Vec<u8>,
}

/// Why a call came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::devices) enum CallError {
    /// It was not heard: nothing has happened by it.
    #[error("{0}")]
    NotHeard(String),
    /// It may have been heard.
    #[error("{0}")]
    Unknown(String),
}

impl<'a> Access<'a> {
    pub(in crate::devices) fn of(camera: &'a config::Hik, trust: &'a Trust) -> Access<'a> {
        Access {
            address: &camera.address,
            user: &camera.user,
            password: &camera.password,
            answer: camera.answer,
            trust,
        }
    }
}

impl Caller {
    pub(in crate::devices) fn new(
        access: Access<'_>,
        refusal: Refusal,
    ) -> Result<Caller, reqwest::Error> {
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(access.trust.tls())
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .tcp_nodelay(true)
            .connect_timeout(CONNECT.min(access.answer))
            .pool_idle_timeout(IDLE)
            .build()?;
        Ok(Caller {
            http,
            base: format!("{}://{}", access.trust.scheme(), access.address),
            user: access.user.to_owned(),
            password: access.password.clone(),
            answer: access.answer,
            challenge: None,
            refusal,
        })
    }

    /// Asks for a document.
    pub(in crate::devices) async fn get(&mut self, path: &str) -> Result<Answer, CallError> {
        let until = Instant::now() + self.answer;
        self.tell(Call::Get(path), until).await
    }

    /// Asks for a picture.
    pub(in crate::devices) async fn picture(&mut self, path: &str) -> Result<Answer, CallError> {
        let until = Instant::now() + self.answer;
        let response = self.call(Call::Get(path), until, until).await?;
        whole(response, until, MAX_PICTURE_BYTES).await
    }

    /// Asks for what never ends; what comes of it has no bound of its own.
    pub(in crate::devices) async fn listen(&mut self, path: &str) -> Result<Response, CallError> {
        let until = Instant::now() + self.answer;
        self.call(Call::Get(path), until, until).await
    }

    /// Tells a command, once; nothing of it leaves after `leaves_until`.
    pub(in crate::devices) async fn tell(
        &mut self,
        call: Call<'_>,
        leaves_until: Instant,
    ) -> Result<Answer, CallError> {
        let until = Instant::now() + self.answer;
        let response = self.call(call, leaves_until, until).await?;
        whole(response, until, MAX_ANSWER_BYTES).await
    }

    /// What answers a call that was logged in. A camera that demands it has done nothing yet, so that the
    /// same call is sent again.
    async fn call(
        &mut self,
        call: Call<'_>,
        leaves_until: Instant,
        until: Instant,
    ) -> Result<Response, CallError> {
        self.refusal.check()?;
        let (method, path, body, kind) = match call {
            Call::Get(path) => (Method::GET, path, "", ""),
            Call::Put(path, body) => (Method::PUT, path, body, "application/xml"),
            Call::Post(path, body) => (Method::POST, path, body, "application/json"),
        };
        let mut is_fresh = false;
        for _ in 0..=MOST_CHALLENGES {
            if leaves_until <= Instant::now() {
                return Err(CallError::NotHeard("指令已过时".to_owned()));
            }
            let shown = self.shown(&method, path)?;
            let was_shown = shown.is_some();
            let mut request = self
                .http
                .request(method.clone(), format!("{}{path}", self.base));
            if let Some(header) = shown {
                request = request.header(AUTHORIZATION, header);
            }
            if !body.is_empty() {
                request = request.header(CONTENT_TYPE, kind).body(body.to_owned());
            }
            let sent = timeout_at(until, request.send()).await;
            let response = sent.map_err(|_| CallError::Unknown("相机应答超时".to_owned()))?;
            let response = response.map_err(why)?;
            if response.status() != StatusCode::UNAUTHORIZED {
                return Ok(response);
            }
            let offered = response.headers().get_all(WWW_AUTHENTICATE);
            let offered = offered.iter().filter_map(|it| it.to_str().ok());
            let challenge = digest::challenge(offered).map_err(CallError::NotHeard)?;
            // One that was kept may be of before a camera's restart.
            if was_shown && is_fresh && !challenge.is_stale() {
                self.challenge = None;
                return Err(self.refusal.remember());
            }
            is_fresh = true;
            self.challenge = Some(challenge);
            // Read to its end, the connection can be used again.
            let _ = whole(response, until, MAX_ANSWER_BYTES).await;
        }
        Err(CallError::NotHeard("相机一再要求登录".to_owned()))
    }

    fn shown(&mut self, method: &Method, path: &str) -> Result<Option<String>, CallError> {
        let Some(challenge) = &mut self.challenge else {
            return Ok(None);
        };
        let request = Request {
            user: &self.user,
            password: self.password.expose(),
            method: method.as_str(),
            path,
        };
        challenge
            .answer(request)
            .map(Some)
            .map_err(CallError::NotHeard)
    }
}

impl Refusal {
    fn check(&self) -> Result<(), CallError> {
        let until = *self.lock();
        match until {
            Some(until) if Instant::now() < until => Err(refused()),
            Some(_) | None => Ok(()),
        }
    }

    fn remember(&self) -> CallError {
        *self.lock() = Some(Instant::now() + AFTER_REFUSAL);
        refused()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn refused() -> CallError {
    let minutes = AFTER_REFUSAL.as_secs() / 60;
    CallError::NotHeard(format!(
        "用户名或密码不符，{minutes} 分钟内不再尝试，以免账号被锁"
    ))
}

/// What is left of an answer, in time.
async fn whole(mut response: Response, until: Instant, most: usize) -> Result<Answer, CallError> {
    let status = response.status().as_u16();
    let mut body = Vec::new();
    loop {
        let piece = timeout_at(until, response.chunk()).await;
        let piece = piece.map_err(|_| CallError::Unknown("相机应答超时".to_owned()))?;
        match piece.map_err(why)? {
            None => return Ok(Answer { status, body }),
            Some(piece) if body.len() + piece.len() > most => {
                return Err(CallError::Unknown("相机应答过长".to_owned()));
            }
            Some(piece) => body.extend_from_slice(&piece),
        }
    }
}

/// A connection that was never made has brought nothing to anybody.
fn why(error: reqwest::Error) -> CallError {
    let is_connect = error.is_connect();
    let mut words = error.without_url().to_string();
    words.truncate(words.floor_char_boundary(200));
    if is_connect {
        CallError::NotHeard(format!("无法连接：{words}"))
    } else {
        CallError::Unknown(format!("连接中断：{words}"))
    }
}
