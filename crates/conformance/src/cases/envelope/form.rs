//! How a request is written (T-1, T-2, T-3), and how bad ones are answered (D-1, D-3).

use crate::bench::Bench;
use crate::case::Severity::{Must, Remark, Should};
use crate::case::{Case, Checked, Side, Stop, check};
use crate::cases::probe::Expect::{Accepted, Refused};
use crate::cases::probe::{probe, sound};
use crate::draft::Draft;
use crate::endpoint::PLACES;
use crate::reply::Reply;

pub(super) fn cases(side: Side) -> Vec<Case> {
    let mut cases = transport();
    cases.extend(content_types());
    cases.extend(missing_fields(side));
    cases.extend(tolerance(side));
    cases.extend(statuses());
    cases
}

fn transport() -> Vec<Case> {
    let mut cases = vec![
        Case::new(
            "T-1.post",
            Must,
            ("正确的 POST 请求被接受", "a sound POST is accepted"),
            |bench| Box::pin(sound_post(bench)),
        ),
        probe(
            "T-1.get",
            Must,
            ("GET 请求不被当作成功", "a GET is not taken"),
            Refused,
            |bench| {
                let mut draft = sound(bench);
                draft.method = "GET".to_owned();
                draft
            },
        ),
        probe(
            "T-1.escaped",
            Must,
            (
                "JSON 中以 \\u 转义的字符等同于原字符",
                "escaped characters are the characters",
            ),
            Accepted,
            |bench| {
                let draft = sound(bench);
                let body = draft
                    .escaped()
                    .replacen("\"version\"", "\"\\u0076ersion\"", 1);
                draft.saying(body)
            },
        ),
        probe(
            "T-1.chunked",
            Should,
            ("分块传输的请求被接受", "a chunked request is accepted"),
            Accepted,
            |bench| {
                let mut draft = sound(bench);
                draft.chunked = true;
                draft
            },
        ),
    ];
    cases.extend(unreadable());
    cases
}

/// When even this is refused, the configuration is to be looked at first.
async fn sound_post(bench: &Bench) -> Checked {
    let reply = bench.send(&sound(bench)).await;
    reply.accepted().map(drop).map_err(|stop| match stop {
        Stop::Unmet(seen) => Stop::unmet(
            format!(
                "{}（请先核对两侧的 lot、app_id、密钥、时钟与 plates.allowed）",
                seen.zh
            ),
            format!(
                "{} (first compare lot, app_id, secret, clock and plates.allowed of both sides)",
                seen.en
            ),
        ),
        Stop::Skipped(_) => stop,
    })
}

fn unreadable() -> Vec<Case> {
    vec![
        probe(
            "T-1.gbk",
            Should,
            (
                "非 UTF-8 编码的请求被拒绝",
                "a request that is not UTF-8 is refused",
            ),
            Refused,
            |bench| {
                let draft = sound(bench);
                let mut body = draft.text().into_bytes();
                let at = body
                    .windows(3)
                    .position(|bytes| bytes == b"1.0")
                    .unwrap_or_default();
                // 粤 in GBK, where the version stands.
                body.splice(at..at + 3, [0xd4, 0xc1]);
                draft.saying(body)
            },
        ),
        probe(
            "T-1.not-json",
            Must,
            (
                "不是 JSON 的请求被拒绝",
                "a request that is no JSON is refused",
            ),
            Refused,
            |bench| {
                let draft = sound(bench);
                let body = draft.text();
                draft.saying(&body[..body.len() - 1])
            },
        ),
        probe(
            "T-1.empty",
            Must,
            ("空请求体被拒绝", "an empty body is refused"),
            Refused,
            |bench| sound(bench).saying(""),
        ),
        probe(
            "T-1.array",
            Should,
            ("JSON 数组被拒绝", "a JSON array is refused"),
            Refused,
            |bench| {
                let draft = sound(bench);
                let body = format!("[{}]", draft.text());
                draft.saying(body)
            },
        ),
    ]
}

fn content_types() -> Vec<Case> {
    vec![
        probe(
            "T-2.charset",
            Must,
            (
                "Content-Type 可带 charset 参数",
                "a charset parameter is fine",
            ),
            Accepted,
            |bench| sound(bench).typed(Some("application/json; charset=utf-8")),
        ),
        probe(
            "T-2.case",
            Should,
            (
                "Content-Type 不区分大小写",
                "the content type's case does not matter",
            ),
            Accepted,
            |bench| sound(bench).typed(Some("Application/JSON;charset=UTF-8")),
        ),
        probe(
            "T-2.missing",
            Should,
            (
                "没有 Content-Type 的请求被拒绝",
                "a request without a content type is refused",
            ),
            Refused,
            |bench| sound(bench).typed(None),
        ),
        probe(
            "T-2.form",
            Should,
            (
                "Content-Type 为表单的请求被拒绝",
                "a form's content type is refused",
            ),
            Refused,
            |bench| sound(bench).typed(Some("application/x-www-form-urlencoded")),
        ),
    ]
}

fn missing_fields(side: Side) -> Vec<Case> {
    let mut cases = vec![
        probe(
            "T-3.no-token",
            Must,
            (
                "缺少 token 的请求被拒绝",
                "a request without token is refused",
            ),
            Refused,
            |bench| sound(bench).without("token"),
        ),
        probe(
            "T-3.no-lot",
            Must,
            (
                "缺少 parkingLotId 的请求被拒绝",
                "a request without parkingLotId is refused",
            ),
            Refused,
            |bench| sound(bench).without("parkingLotId"),
        ),
        probe(
            "T-3.no-time",
            Must,
            (
                "缺少 time 的请求被拒绝",
                "a request without time is refused",
            ),
            Refused,
            |bench| sound(bench).without("time"),
        ),
        probe(
            "T-3.long-token",
            Should,
            (
                "超过 500 字符的 token 被拒绝",
                "a token of more than 500 characters is refused",
            ),
            Refused,
            |bench| {
                // The right one, with something behind it.
                let draft = sound(bench);
                let token = draft.fields["token"].as_str().unwrap_or_default();
                let long = format!("{token:a<501}");
                draft.with("token", long)
            },
        ),
    ];
    if side == Side::Platform {
        cases.push(probe(
            "T-3.no-app",
            Must,
            (
                "缺少 appId 的请求被拒绝",
                "a request without appId is refused",
            ),
            Refused,
            |bench| sound(bench).without("appId"),
        ));
    }
    cases
}

fn tolerance(side: Side) -> Vec<Case> {
    let number_as_text: fn(&Bench) -> Draft = match side {
        Side::Platform => |bench| sound(bench).with("reliability", "96"),
        Side::Supplier => |bench| {
            let query =
                crate::draft::object(serde_json::json!({"pageSize": "10", "currentPage": "1"}));
            bench.draft(PLACES, query)
        },
    };
    vec![
        probe(
            "D-3.unknown-field",
            Remark,
            ("未知字段被忽略", "an unknown field is ignored"),
            Accepted,
            |bench| sound(bench).with("vendorExtension", serde_json::json!({"any": [1, null]})),
        ),
        probe(
            "D-3.number-as-text",
            Remark,
            (
                "以字符给出的数字被接受",
                "a number given as text is accepted",
            ),
            Accepted,
            number_as_text,
        ),
        probe(
            "D-3.text-as-number",
            Remark,
            (
                "以数字给出的字符被接受",
                "a text given as a number is accepted",
            ),
            Accepted,
            |bench| sound(bench).with("version", 1),
        ),
    ]
}

fn statuses() -> Vec<Case> {
    vec![
        Case::new(
            "D-1.bad-input",
            Remark,
            (
                "被拒绝的请求以 HTTP 200、respCode 1 应答",
                "bad input is answered HTTP 200 with respCode 1",
            ),
            |bench| Box::pin(bad_input(bench)),
        ),
        Case::new(
            "D-1.unknown-path",
            Remark,
            (
                "未知路径以 HTTP 404 和标准格式应答",
                "an unknown path is 404 in the standard's form",
            ),
            |bench| {
                Box::pin(async move {
                    let mut draft = sound(bench);
                    draft.path = "/noSuchEndpoint".to_owned();
                    in_form(&bench.send(&draft).await, 404)
                })
            },
        ),
        Case::new(
            "D-1.method",
            Remark,
            (
                "非 POST 以 HTTP 405 和标准格式应答",
                "another method is 405 in the standard's form",
            ),
            |bench| {
                Box::pin(async move {
                    let mut draft = sound(bench);
                    draft.method = "PUT".to_owned();
                    in_form(&bench.send(&draft).await, 405)
                })
            },
        ),
    ]
}

async fn bad_input(bench: &Bench) -> Checked {
    let whole = sound(bench).text();
    let drafts = [
        sound(bench).with("token", "0".repeat(32)),
        sound(bench).without("time"),
        sound(bench).saying(&whole[..whole.len() / 2]),
        sound(bench).typed(Some("text/plain")),
    ];
    for draft in drafts {
        let reply = bench.send(&draft).await;
        // Whether bad input is refused at all is for other cases to say.
        if reply.code().as_deref() != Some("0") && reply.status() != 200 {
            return Err(reply.unexpected());
        }
    }
    Ok(())
}

fn in_form(reply: &Reply, status: u16) -> Checked {
    let body = reply.0.as_ref().map(|response| response.body.clone());
    let object: Option<serde_json::Value> = serde_json::from_slice(&body.unwrap_or_default()).ok();
    let has_code = object.is_some_and(|object| object.get("respCode").is_some());
    check(reply.status() == status && has_code, || {
        let seen = format!("HTTP {}", reply.status());
        (
            format!("{seen}，或不是标准格式"),
            format!("{seen}, or not in the standard's form"),
        )
    })
}
