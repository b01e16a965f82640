//! What is answered where nothing is: whoever mistypes a path is told so, in the form of the rest.

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

/// Answers paths and methods that `router` does not know, with their HTTP status and what `body`
/// makes of a sentence for people.
pub fn refuse_unknown<S, R>(router: Router<S>, body: fn(String) -> R) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    R: IntoResponse + 'static,
{
    router
        .fallback(async move |request: Request| no_such_path(&request, body))
        .method_not_allowed_fallback(async move |request: Request| wrong_method(&request, body))
}

fn no_such_path<R: IntoResponse>(request: &Request, body: fn(String) -> R) -> Response {
    let path = request.uri().path();
    let sentence = format!("没有此接口：{} {path}", request.method());
    (StatusCode::NOT_FOUND, body(sentence)).into_response()
}

fn wrong_method<R: IntoResponse>(request: &Request, body: fn(String) -> R) -> Response {
    let path = request.uri().path();
    let sentence = format!("接口 {path} 不接受 {} 方法", request.method());
    (StatusCode::METHOD_NOT_ALLOWED, body(sentence)).into_response()
}
