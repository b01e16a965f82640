//! `GET /api`: the document as a page, made in the browser from files that are part of the program,
//! so that it can be read where there is no way to the internet.

use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};

use super::api::{Api, get};
use super::words::Tag;

/// Nothing but what is served here is loaded or run.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

pub(super) fn routes(api: Api) -> Api {
    let page = get("")
        .at("/api")
        .is(
            "reference",
            Tag::Interface,
            "接口说明页面",
            "This document as a page",
        )
        .text("text/html")
        .public();
    let script = get("")
        .at("/api/page.js")
        .is(
            "reference_script",
            Tag::Interface,
            "页面的脚本",
            "The page's script",
        )
        .text("text/javascript")
        .public();
    let style = get("")
        .at("/api/page.css")
        .is(
            "reference_style",
            Tag::Interface,
            "页面的样式",
            "The page's style",
        )
        .text("text/css")
        .public();
    api.on(page, async || {
        file(HTML, include_str!("reference/page.html"))
    })
    .on(script, async || {
        file(SCRIPT, include_str!("reference/page.js"))
    })
    .on(style, async || {
        file(STYLE, include_str!("reference/page.css"))
    })
}

fn file(kind: &'static str, text: &'static str) -> Response {
    let headers: [(HeaderName, &str); 4] = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // It changes with the program only, but a new program must not be read with an old script.
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, text).into_response()
}
