//! The fields of the three endpoints: each required one missing, wrong types, optional ones.

use serde_json::{Map, Value, json};

use crate::bench::Bench;
use crate::case::Case;
use crate::case::Severity::{Must, Remark, Should};
use crate::cases::probe::Expect::{self, Accepted, Refused};
use crate::cases::probe::{abnormality, crossing, probe, recognition};
use crate::draft::Draft;
use crate::endpoint::{
    ABNORMAL, ABNORMAL_FIELDS, COLORS, CROSSING, CROSSING_FIELDS, Field, RECOGNITION,
    RECOGNITION_FIELDS,
};

/// The endpoints, the requirement that each one's fields belong to, and a sound request.
type Endpoint = (
    &'static str,
    &'static str,
    &'static [Field],
    fn(&Bench) -> Map<String, Value>,
);

const ENDPOINTS: [Endpoint; 3] = [
    ("RECOG-1", RECOGNITION, RECOGNITION_FIELDS, |bench| {
        recognition(bench, &bench.setting.plates.allowed)
    }),
    ("CROSS-1", CROSSING, CROSSING_FIELDS, |bench| {
        crossing(bench, &bench.uuid(), &bench.setting.plates.allowed)
    }),
    ("ABN-1", ABNORMAL, ABNORMAL_FIELDS, abnormality),
];

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (requirement, path, fields, sound) in ENDPOINTS {
        for field in fields.iter().filter(|field| field.required) {
            let name = field.name;
            cases.push(probe(
                format!("{requirement}.no-{name}"),
                Must,
                (
                    format!("{path} 缺少 {name} 被拒绝"),
                    format!("{path} without {name} is refused"),
                ),
                Refused,
                move |bench| bench.draft(path, sound(bench)).without(name),
            ));
            cases.push(probe(
                format!("{requirement}.array-{name}"),
                Should,
                (
                    format!("{path} 的 {name} 为数组被拒绝"),
                    format!("{path} with an array for {name} is refused"),
                ),
                Refused,
                move |bench| bench.draft(path, sound(bench)).with(name, json!([["x"]])),
            ));
        }
    }
    cases.extend(optional());
    cases.extend(values());
    cases
}

fn optional() -> Vec<Case> {
    vec![
        probe(
            "RECOG-1.no-reliability",
            Must,
            (
                "没有 reliability 的识别被接受",
                "a recognition without reliability is accepted",
            ),
            Accepted,
            |bench| recognized(bench).without("reliability"),
        ),
        probe(
            "ABN-1.no-deviceNo",
            Must,
            (
                "没有 deviceNo 的异常被接受",
                "an abnormality without deviceNo is accepted",
            ),
            Accepted,
            |bench| {
                bench
                    .draft(ABNORMAL, abnormality(bench))
                    .without("deviceNo")
            },
        ),
        probe(
            "ABN-1.sound",
            Must,
            ("标准的异常信息被接受", "an abnormality is accepted"),
            Accepted,
            |bench| bench.draft(ABNORMAL, abnormality(bench)),
        ),
        probe(
            "D-15.other-code",
            Remark,
            (
                "未列出的异常编号被接受",
                "a code that is not listed is accepted",
            ),
            Accepted,
            |bench| {
                bench
                    .draft(ABNORMAL, abnormality(bench))
                    .with("abnormalCode", "1999")
            },
        ),
    ]
}

fn values() -> Vec<Case> {
    let mut cases = vec![
        recognition_with(
            "RECOG-1.time-form",
            Should,
            (
                "recognitionTime 格式错误被拒绝",
                "a recognitionTime in another form is refused",
            ),
            Refused,
            "recognitionTime",
            json!("2017-08-18 17:14:15"),
        ),
        recognition_with(
            "RECOG-1.color-unknown",
            Should,
            (
                "未定义的颜色被拒绝",
                "a colour that there is not is refused",
            ),
            Refused,
            "color",
            json!("purple"),
        ),
        recognition_with(
            "RECOG-1.reliability-range",
            Should,
            (
                "超过 100 的可信度被拒绝",
                "a reliability over 100 is refused",
            ),
            Refused,
            "reliability",
            json!(101),
        ),
        probe(
            "CROSS-2.time-form",
            Should,
            (
                "crossTime 格式错误被拒绝",
                "a crossTime in another form is refused",
            ),
            Refused,
            |bench| {
                let uuid = bench.uuid();
                let fields = crossing(bench, &uuid, &bench.setting.plates.allowed);
                bench
                    .draft(CROSSING, fields)
                    .with("crossTime", "2017-08-18 17:14:15")
            },
        ),
    ];
    cases.extend(listed());
    cases
}

/// Every colour, and every code of the standard.
fn listed() -> Vec<Case> {
    let mut cases = Vec::new();
    for color in COLORS {
        cases.push(probe(
            format!("RECOG-1.color-{color}"),
            Must,
            (
                format!("颜色 {color} 被接受"),
                format!("the colour {color} is accepted"),
            ),
            Accepted,
            move |bench| recognized(bench).with("color", color),
        ));
    }
    for code in ["1101", "1301", "1401"] {
        cases.push(probe(
            format!("ABN-1.code-{code}"),
            Must,
            (
                format!("异常编号 {code} 被接受"),
                format!("the code {code} is accepted"),
            ),
            Accepted,
            move |bench| {
                bench
                    .draft(ABNORMAL, abnormality(bench))
                    .with("abnormalCode", code)
            },
        ));
    }
    cases
}

fn recognition_with(
    id: &'static str,
    severity: crate::case::Severity,
    title: (&'static str, &'static str),
    expect: Expect,
    field: &'static str,
    value: Value,
) -> Case {
    probe(id, severity, title, expect, move |bench| {
        recognized(bench).with(field, value.clone())
    })
}

fn recognized(bench: &Bench) -> Draft {
    bench.draft(
        RECOGNITION,
        recognition(bench, &bench.setting.plates.allowed),
    )
}
