//! What is forgiven changes nothing (D-3): for any value of every request and reply.

use std::fmt::Debug;

use proptest::prelude::*;
use serde_json::{Map, json};

use super::*;

/// What another stack may make of a field without meaning anything else.
#[derive(Clone, Copy, Debug)]
enum Accent {
    None,
    /// Numbers as texts.
    Quoted,
    /// Texts that are whole numbers as numbers.
    Bare,
    /// A field of its own in every object.
    Stranger,
}

const ACCENTS: [Accent; 4] = [Accent::None, Accent::Quoted, Accent::Bare, Accent::Stranger];

/// What may be wrong with a field.
#[derive(Clone, Debug)]
enum Fault {
    Missing,
    Other(Value),
}

fn faults() -> impl Strategy<Value = Fault> {
    let other = prop_oneof![
        Just(json!(null)),
        Just(json!("")),
        Just(json!(" ")),
        Just(json!(true)),
        Just(json!([])),
        Just(json!("[]")),
        Just(json!({})),
        Just(json!([{}])),
        any::<i64>().prop_map(|number| json!(number)),
        any::<f64>().prop_map(|number| json!(number)),
        "[0-9]{1,4}".prop_map(|text| json!(text)),
        "\\PC{0,8}".prop_map(|text| json!(text)),
    ];
    prop_oneof![1 => Just(Fault::Missing), 4 => other.prop_map(Fault::Other)]
}

fn spoken_with(accent: Accent, value: &Value) -> Value {
    match (accent, value) {
        (_, Value::Array(list)) => list
            .iter()
            .map(|value| spoken_with(accent, value))
            .collect(),
        (_, Value::Object(object)) => {
            let own = object.iter();
            let mut spoken: Map<String, Value> = own
                .map(|(name, value)| (name.clone(), spoken_with(accent, value)))
                .collect();
            if matches!(accent, Accent::Stranger) {
                spoken.insert("vendorExtra".to_owned(), json!({"a": [1, {"b": null}]}));
            }
            Value::Object(spoken)
        }
        (Accent::Quoted, Value::Number(number)) => Value::String(number.to_string()),
        (Accent::Bare, Value::String(text)) => match text.parse::<i64>() {
            Ok(number) if number.to_string() == *text => json!(number),
            Ok(_) | Err(_) => value.clone(),
        },
        _ => value.clone(),
    }
}

fn request_of<E: Endpoint>(text: &Value, tolerance: Tolerance) -> Result<E::Request, Refusal> {
    Incoming::parse(text.to_string().as_bytes(), tolerance)?.request::<E>()
}

fn reply_of<E: Endpoint>(
    text: &Value,
    tolerance: Tolerance,
) -> Result<Answer<E::Response>, Refusal> {
    read_reply::<E>(text.to_string().as_bytes(), tolerance)
}

/// What `read` makes of `text`: as it is; with every accent; and with a fault in one field, where
/// tolerance may only add what strictness refuses.
fn check<T: Debug + PartialEq>(
    text: &str,
    meant: &T,
    (place, fault): (usize, Fault),
    read: impl Fn(&Value, Tolerance) -> Result<T, Refusal>,
) {
    let text: Value = serde_json::from_str(text).unwrap();
    assert_eq!(read(&text, Strict).as_ref(), Ok(meant));
    for accent in ACCENTS {
        let spoken = spoken_with(accent, &text);
        assert_eq!(
            read(&spoken, Tolerant).as_ref(),
            Ok(meant),
            "{accent:?}: {spoken}"
        );
    }
    let mut faulty = text.as_object().unwrap().clone();
    let name = faulty.keys().nth(place % faulty.len()).unwrap().clone();
    match fault {
        Fault::Missing => drop(faulty.remove(&name)),
        Fault::Other(value) => drop(faulty.insert(name, value)),
    }
    let faulty = Value::Object(faulty);
    if let Ok(strictly) = read(&faulty, Strict) {
        assert_eq!(read(&faulty, Tolerant), Ok(strictly), "{faulty}");
    }
}

fn check_both<E: Endpoint>(
    request: &E::Request,
    reply: E::Response,
    request_fault: (usize, Fault),
    reply_fault: (usize, Fault),
) where
    E::Request: Debug + PartialEq,
    E::Response: Debug + PartialEq,
{
    let lot = LotId::new("P001").unwrap();
    let now = "2017-08-18T09:14:15Z".parse().unwrap();
    let text = request_text::<E>(request, &lot, &standards_credentials(), now);
    check(&text, request, request_fault, request_of::<E>);
    let reply = Answer::done(reply);
    let text = reply_text::<E>(&reply);
    check(&text, &reply, reply_fault, reply_of::<E>);
}

/// One property an endpoint, named after it.
macro_rules! forgives {
    ($($name:ident: $endpoint:ty, $requests:expr, $replies:expr;)*) => {
        proptest! {
            $(
                /// D-3, T-4: what was meant is read back, whatever the accent.
                #[test]
                fn $name(
                    request in $requests,
                    reply in $replies,
                    request_fault in (any::<usize>(), faults()),
                    reply_fault in (any::<usize>(), faults()),
                ) {
                    check_both::<$endpoint>(&request, reply, request_fault, reply_fault);
                }
            )*
        }
    };
}

forgives! {
    a_recognition_is_read_with_any_accent: ReceivePlateNumber, any::plate_numbers(), Just(());
    a_crossing_is_read_with_any_accent: ReceiveCrossGate, any::cross_gates(), Just(());
    an_abnormality_is_read_with_any_accent: ReceiveAbnormal, any::abnormals(), Just(());
    a_gate_command_is_read_with_any_accent: ReceiveOpenGate, any::open_gates(), Just(());
    a_display_text_is_read_with_any_accent: ReceiveShowMsg, any::show_msgs(), Just(());
    spaces_are_read_with_any_accent: QueryPlaceStatus, any::place_queries(), any::places();
    unpushed_crossings_are_read_with_any_accent:
        QueryUnPushCrossInfo, any::unpushed_queries(), any::unpushed_crossings();
    unpushed_recognitions_are_read_with_any_accent:
        QueryUnPushRecognitionInfo, any::unpushed_queries(), any::unpushed_recognitions();
    stays_are_read_with_any_accent: QueryInOutRecord, any::stay_queries(), any::stays();
    paid_stays_are_read_with_any_accent:
        QueryInOutPayRecord, any::payment_queries(), any::paid_stays();
    prepayments_are_read_with_any_accent:
        QueryPrePayRecord, any::payment_queries(), any::prepayments();
    a_heartbeat_is_read_with_any_accent: CheckConnect, Just(()), Just(());
}
