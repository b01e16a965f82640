//! How the judged side's replies are written, over the whole run (T-2, T-4).

use serde_json::Value;

use crate::bench::Bench;
use crate::book::Exchange;
use crate::case::Severity::{Must, Should};
use crate::case::{Case, Checked, check};
use crate::cases::probe::sound;
use crate::http::Response;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "T-4.object",
            Must,
            (
                "HTTP 2xx 应答都是 UTF-8 的 JSON 对象",
                "every 2xx reply is a JSON object in UTF-8",
            ),
            |bench| Box::pin(each(bench, |response| object(response).is_some())),
        ),
        Case::new(
            "T-4.fields",
            Must,
            (
                "应答的 respCode 与 respDesc 都是字符型",
                "respCode and respDesc are texts",
            ),
            |bench| {
                Box::pin(each(bench, |response| {
                    let is_text =
                        |object: &Value, name| object.get(name).is_some_and(Value::is_string);
                    object(response)
                        .is_none_or(|it| is_text(&it, "respCode") && is_text(&it, "respDesc"))
                }))
            },
        ),
        Case::new(
            "T-4.codes",
            Must,
            ("respCode 为 0 或 1", "respCode is 0 or 1"),
            |bench| {
                Box::pin(each(bench, |response| {
                    let code = code(response);
                    code.is_none_or(|code| code == "0" || code == "1")
                }))
            },
        ),
        Case::new(
            "T-4.says-why",
            Must,
            ("respCode 为 1 时 respDesc 说明原因", "a refusal says why"),
            |bench| {
                Box::pin(each(bench, |response| {
                    let object = object(response).unwrap_or_default();
                    let reason = object.get("respDesc").and_then(Value::as_str);
                    code(response).as_deref() != Some("1")
                        || reason.is_none_or(|reason| !reason.trim().is_empty())
                }))
            },
        ),
        Case::new(
            "T-2.replies",
            Should,
            (
                "应答的 Content-Type 为 application/json",
                "replies are application/json",
            ),
            |bench| {
                Box::pin(each(bench, |response| {
                    let content_type = response.header("content-type").unwrap_or_default();
                    content_type
                        .to_ascii_lowercase()
                        .starts_with("application/json")
                }))
            },
        ),
    ]
}

/// Looks at every reply with a 2xx status, after one acceptance and one refusal at least.
async fn each(bench: &Bench, is_sound: fn(&Response) -> bool) -> Checked {
    bench.send(&sound(bench)).await;
    bench
        .send(&sound(bench).with("token", "0".repeat(32)))
        .await;
    let answered = |exchange: &Exchange| {
        let response = exchange.response.as_ref();
        !exchange.incoming && response.is_some_and(|it| (200..300).contains(&it.status))
    };
    let answered = bench.book.since(0, answered);
    let odd = answered.iter().find(|exchange| {
        exchange
            .response
            .as_ref()
            .is_some_and(|response| !is_sound(response))
    });
    check(odd.is_none(), || {
        let exchange = odd.expect("there is one");
        let body = exchange
            .response
            .as_ref()
            .map(|response| response.body.clone());
        let body: String = String::from_utf8_lossy(&body.unwrap_or_default())
            .chars()
            .take(200)
            .collect();
        let path = &exchange.request.path;
        (
            format!("{path}（第 {} 次往来）应答 {body}", exchange.number),
            format!("{path} (exchange {}) answered {body}", exchange.number),
        )
    })
}

fn object(response: &Response) -> Option<Value> {
    let value: Value = serde_json::from_slice(&response.body).ok()?;
    value.is_object().then_some(value)
}

fn code(response: &Response) -> Option<String> {
    Some(object(response)?.get("respCode")?.as_str()?.to_owned())
}
