//! Texts for a display (SHOW-1, SHOW-2, D-9).

use serde_json::{Value, json};

use crate::bench::Bench;
use crate::case::Severity::{Must, Remark, Should};
use crate::case::{Case, Checked, Given, Need, Severity, check};
use crate::cases::probe::Expect::Refused;
use crate::cases::probe::probe;
use crate::draft::{Draft, lines, object};
use crate::endpoint::SHOW;
use crate::hands::Sight;

/// The standard's own example.
const EXAMPLE: [(&str, &str); 3] = [
    (" 闽      D782WY", "left"),
    ("      临  停  车", "center"),
    ("2017-01-01 至 2017-12-31", "right"),
];

const DISPLAY: Need = Need::Given(Given::Display);

pub(super) fn cases() -> Vec<Case> {
    let mut cases = vec![
        shows(
            "SHOW-1.example",
            Must,
            (
                "标准示例逐行显示，空格不变",
                "the standard's example is shown line by line, spaces kept",
            ),
            || lines(&EXAMPLE),
        ),
        shows(
            "D-9.as-text",
            Remark,
            (
                "msg 可以是含数组的字符串",
                "msg may be a text that holds the array",
            ),
            || lines(&EXAMPLE).to_string().into(),
        ),
        shows(
            "D-9.no-alignment",
            Remark,
            ("没有 alignment 即靠左", "no alignment is left"),
            || json!([{"text": EXAMPLE[0].0}, {"text": EXAMPLE[1].0}, {"text": EXAMPLE[2].0}]),
        ),
    ];
    cases.extend(refusals());
    cases
}

fn refusals() -> Vec<Case> {
    vec![
        refuses(
            "D-9.other-alignment",
            Remark,
            ("未定义的 alignment 被拒绝", "another alignment is refused"),
            |draft| draft.with("msg", lines(&[("text", "middle")])),
        ),
        refuses(
            "SHOW-1.no-msg",
            Must,
            ("缺少 msg 被拒绝", "a text without msg is refused"),
            |draft| draft.without("msg"),
        ),
        refuses(
            "SHOW-1.no-text",
            Should,
            ("msg 的行没有 text 被拒绝", "a line without text is refused"),
            |draft| draft.with("msg", json!([{"alignment": "left"}])),
        ),
        refuses(
            "SHOW-2.no-device",
            Must,
            ("缺少 deviceNo 被拒绝", "a text without deviceNo is refused"),
            |draft| draft.without("deviceNo"),
        ),
        refuses(
            "SHOW-2.unknown-device",
            Must,
            ("未知设备编号应答 1", "an unknown display is refused"),
            |draft| draft.with("deviceNo", "NO-SUCH-DEVICE"),
        ),
    ]
}

/// What is shown as the example is, however it is written.
fn shows(
    id: &str,
    severity: Severity,
    title: (&'static str, &'static str),
    msg: fn() -> Value,
) -> Case {
    Case::new(id, severity, title, move |bench| {
        Box::pin(shown(bench, msg()))
    })
    .needing(&[DISPLAY])
}

/// The example, spoiled.
fn refuses(
    id: &str,
    severity: Severity,
    title: (&'static str, &'static str),
    spoil: fn(Draft) -> Draft,
) -> Case {
    let spoiled = move |bench: &Bench| spoil(message(bench, lines(&EXAMPLE)));
    probe(id, severity, title, Refused, spoiled).needing(&[DISPLAY])
}

pub(super) fn message(bench: &Bench, msg: Value) -> Draft {
    let device = &bench.setting.devices.display;
    bench.draft(SHOW, object(json!({"deviceNo": device, "msg": msg})))
}

async fn shown(bench: &Bench, msg: Value) -> Checked {
    let draft = bench.anew(|| message(bench, msg.clone())).await;
    bench.send(&draft).await.accepted()?;
    if !bench.hands.can_see(Sight::Display) {
        return Ok(());
    }
    let seen = bench.see(Sight::Display).await?;
    let wanted = EXAMPLE.map(|(text, _)| text).join("\n");
    // What a shell or an HTTP tool adds at the end is no part of the text.
    check(seen.trim_end_matches(['\n', '\r']) == wanted, || {
        (format!("显示为 {seen:?}"), format!("it shows {seen:?}"))
    })
}
