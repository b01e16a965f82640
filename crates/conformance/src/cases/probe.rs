//! Probes: one request, and whether it is taken.

use serde_json::{Map, Value, json};

use crate::bench::Bench;
use crate::case::{Case, Severity, Side};
use crate::draft::{Draft, object};
use crate::endpoint::{HEARTBEAT, RECOGNITION};
use crate::text::Text;

/// What is expected of the reply.
#[derive(Clone, Copy)]
pub(super) enum Expect {
    /// `respCode` `"0"`.
    Accepted,
    /// Anything but that.
    Refused,
}

/// A case that sends what `spoil` makes and looks at the reply.
pub(super) fn probe(
    id: impl Into<String>,
    severity: Severity,
    title: impl Into<Text>,
    expect: Expect,
    spoil: impl Fn(&Bench) -> Draft + Send + Sync + 'static,
) -> Case {
    Case::new(id, severity, title, move |bench| {
        let draft = spoil(bench);
        Box::pin(async move {
            let reply = bench.send(&draft).await;
            match expect {
                Expect::Accepted => reply.accepted().map(drop),
                Expect::Refused => reply.refused(),
            }
        })
    })
}

/// A request that every implementation must take: a recognition of the plate that may pass, or a
/// heartbeat.
pub(super) fn sound(bench: &Bench) -> Draft {
    bench.draft(sound_path(bench), sound_fields(bench))
}

/// Its path.
pub(super) fn sound_path(bench: &Bench) -> &'static str {
    match bench.setting.side {
        Side::Platform => RECOGNITION,
        Side::Supplier => HEARTBEAT,
    }
}

/// Its own fields.
pub(super) fn sound_fields(bench: &Bench) -> Map<String, Value> {
    match bench.setting.side {
        Side::Platform => recognition(bench, &bench.setting.plates.allowed),
        Side::Supplier => Map::new(),
    }
}

/// The fields of a recognition now, with a `uuid` of its own.
pub(super) fn recognition(bench: &Bench, plate: &str) -> Map<String, Value> {
    object(json!({
        "deviceNo": bench.setting.devices.recognizer,
        "uuid": bench.uuid(),
        "recognitionTime": bench.time(),
        "image": "https://127.0.0.1/conform.jpg",
        "plateNumber": plate,
        "color": "blue",
        "reliability": 96,
    }))
}

/// The fields of the crossing that belongs to a recognition.
pub(super) fn crossing(bench: &Bench, uuid: &str, plate: &str) -> Map<String, Value> {
    object(json!({
        "deviceNo": bench.setting.devices.recognizer,
        "uuid": uuid,
        "plateNumber": plate,
        "color": "blue",
        "crossTime": bench.time(),
    }))
}

/// The fields of an abnormality: the standard's own example.
pub(super) fn abnormality(bench: &Bench) -> Map<String, Value> {
    let device = &bench.setting.devices.recognizer;
    object(json!({
        "abnormalCode": "1201",
        "deviceNo": device,
        "msg": format!("东二门01道的车牌识别器【{device}】连接异常！"),
    }))
}
