//! The standard's endpoints and their fields, typed from its tables.

use serde_json::{Map, Value};

use crate::clock::read_wire_time;

/// 接收车牌识别信息
pub const RECOGNITION: &str = "/receivePlateNumber";
/// 接收车辆过闸信息
pub const CROSSING: &str = "/receiveCrossGate";
/// 接收异常信息
pub const ABNORMAL: &str = "/receiveAbnormal";
/// 闸口管理
pub const OPEN_GATE: &str = "/receiveOpenGate";
/// 接收显示屏展示信息
pub const SHOW: &str = "/receiveShowMsg";
/// 查询车位状态信息
pub const PLACES: &str = "/queryPlaceStatus";
/// 查询推送失败的车辆过闸信息
pub const FAILED_CROSSINGS: &str = "/queryUnPushCrossInfo";
/// 查询推送失败的车辆识别信息
pub const FAILED_RECOGNITIONS: &str = "/queryUnPushRecognitionInfo";
/// 查询车牌进出场记录
pub const STAYS: &str = "/queryInOutRecord";
/// 出场缴费纪录查询
pub const EXIT_PAYMENTS: &str = "/queryInOutPayRecord";
/// 预缴费纪录查询
pub const PREPAYMENTS: &str = "/queryPrePayRecord";
/// （心跳）连接监控接口
pub const HEARTBEAT: &str = "/checkConnect";

/// Every one of them.
pub const PATHS: [&str; 12] = [
    RECOGNITION,
    CROSSING,
    ABNORMAL,
    OPEN_GATE,
    SHOW,
    PLACES,
    FAILED_CROSSINGS,
    FAILED_RECOGNITIONS,
    STAYS,
    EXIT_PAYMENTS,
    PREPAYMENTS,
    HEARTBEAT,
];

/// The colours of plates.
pub const COLORS: [&str; 6] = ["blue", "yellow", "black", "white", "green", "other"];

/// The states of parking spaces.
pub const PLACE_STATES: [&str; 3] = ["vacancy", "occupy", "unusual"];

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A text that is not empty.
    Name,
    /// A text.
    Text,
    /// `yyyyMMdd HH:mm:ss`
    Time,
    /// One of [`COLORS`].
    Color,
    /// A whole number from 0 to 100.
    Percent,
    /// `0`, `1`, `2` or `3`.
    OpenMode,
    /// The lines of a display.
    Lines,
}

/// A field of a request or of a row.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// 必填
    pub required: bool,
}

const fn required(name: &'static str, kind: Kind) -> Field {
    Field {
        name,
        kind,
        required: true,
    }
}

const fn optional(name: &'static str, kind: Kind) -> Field {
    Field {
        name,
        kind,
        required: false,
    }
}

/// Beside the envelope: `/receivePlateNumber`.
pub const RECOGNITION_FIELDS: &[Field] = &[
    required("deviceNo", Kind::Name),
    required("uuid", Kind::Name),
    required("recognitionTime", Kind::Time),
    required("image", Kind::Text),
    required("plateNumber", Kind::Text),
    required("color", Kind::Color),
    optional("reliability", Kind::Percent),
];

/// Beside the envelope: `/receiveCrossGate`.
pub const CROSSING_FIELDS: &[Field] = &[
    required("deviceNo", Kind::Name),
    required("uuid", Kind::Name),
    required("plateNumber", Kind::Text),
    required("color", Kind::Color),
    required("crossTime", Kind::Time),
];

/// Beside the envelope: `/receiveAbnormal`.
pub const ABNORMAL_FIELDS: &[Field] = &[
    required("abnormalCode", Kind::Name),
    optional("deviceNo", Kind::Text),
    required("msg", Kind::Name),
];

/// Beside the envelope: `/receiveOpenGate`.
pub const OPEN_GATE_FIELDS: &[Field] = &[
    required("deviceNo", Kind::Name),
    optional("plateNumber", Kind::Text),
    required("openMode", Kind::OpenMode),
];

/// Beside the envelope: `/receiveShowMsg`.
pub const SHOW_FIELDS: &[Field] = &[
    required("deviceNo", Kind::Name),
    required("msg", Kind::Lines),
];

/// Beside the envelope and the paging: `/queryUnPush…`.
pub const PERIOD_FIELDS: &[Field] = &[
    required("beginTime", Kind::Time),
    optional("endTime", Kind::Time),
];

/// A row of `/queryUnPushCrossInfo`.
pub const FAILED_CROSSING_FIELDS: &[Field] = &[
    required("uuid", Kind::Name),
    required("deviceNo", Kind::Name),
    required("plateNumber", Kind::Text),
    required("color", Kind::Color),
    required("crossTime", Kind::Time),
];

/// A row of `/queryUnPushRecognitionInfo`.
pub const FAILED_RECOGNITION_FIELDS: &[Field] = &[
    required("uuid", Kind::Name),
    required("deviceNo", Kind::Name),
    required("plateNumber", Kind::Text),
    required("color", Kind::Color),
    required("recognitionTime", Kind::Time),
    required("image", Kind::Text),
];

/// What is wrong with `object`, of which these are the fields; `None` when nothing is.
pub fn fault(object: &Map<String, Value>, fields: &[Field]) -> Option<(String, String)> {
    fields.iter().find_map(|field| {
        let name = field.name;
        match object.get(name) {
            None if field.required => {
                Some((format!("缺少字段 {name}"), format!("no field {name}")))
            }
            None => None,
            Some(value) if holds(field.kind, value) => None,
            Some(value) => Some((
                format!("字段 {name} 收到 {value}"),
                format!("the field {name} is {value}"),
            )),
        }
    })
}

fn holds(kind: Kind, value: &Value) -> bool {
    let text = value.as_str();
    match kind {
        Kind::Name => text.is_some_and(|text| !text.is_empty()),
        Kind::Text => text.is_some(),
        Kind::Time => text.is_some_and(|text| read_wire_time(text).is_some()),
        Kind::Color => text.is_some_and(|text| COLORS.contains(&text)),
        Kind::Percent => value.as_u64().is_some_and(|number| number <= 100),
        Kind::OpenMode => text.is_some_and(|text| ["0", "1", "2", "3"].contains(&text)),
        Kind::Lines => are_lines(value),
    }
}

/// An array of lines, or a text that holds one: the table says String, the example is an array.
fn are_lines(value: &Value) -> bool {
    let held = value
        .as_str()
        .and_then(|text| serde_json::from_str(text).ok());
    let lines: &Value = held.as_ref().unwrap_or(value);
    let is_line = |line: &Value| {
        let alignment = line.get("alignment").and_then(Value::as_str);
        let known = alignment.is_none_or(|it| ["left", "center", "right"].contains(&it));
        known && line.get("text").is_some_and(Value::is_string)
    };
    lines
        .as_array()
        .is_some_and(|lines| !lines.is_empty() && lines.iter().all(is_line))
}
