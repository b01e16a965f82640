//! What a camera is answered: that it need not send again, and what it is to do.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::hx;
use crate::config::VzDialect;
use crate::devices::relays::Step;

/// How an output is told to be: open, closed, or closed for a while.
const OPEN: u8 = 0;
const CLOSED: u8 = 1;
const PULSE: u8 = 2;

/// Bytes for RS485, at the port of that number, from 0. The length is that before base64.
pub(super) fn serial(port: u8, bytes: &[u8]) -> Value {
    json!({"serialChannel": port, "data": STANDARD.encode(bytes), "dataLen": bytes.len()})
}

/// A reading that was taken, as far as the answer needs it.
#[derive(Debug, Default)]
pub(super) struct Taken {
    /// The camera's number of it, as it came.
    pub(super) plate_id: Option<Value>,
    /// Whether it comes from the camera's memory.
    pub(super) offline: bool,
}

/// What an output is to do, as the camera calls it.
pub(super) fn output(step: Step) -> Value {
    let io = step.relay().saturating_sub(1);
    match step {
        Step::Pulse { length, .. } => {
            let delay = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
            json!({"io": io, "value": PULSE, "delay": delay})
        }
        Step::Close { .. } => json!({"io": io, "value": CLOSED, "delay": 0}),
        Step::Open { .. } => json!({"io": io, "value": OPEN, "delay": 0}),
    }
}

/// The answer to a plate: it has been taken, and must not come again. `command` is what else
/// there is to do.
pub(super) fn to_plate(dialect: VzDialect, taken: &Taken, command: Option<&Value>) -> Value {
    if dialect == VzDialect::Hx {
        return hx::reply(command);
    }
    let mut reply = json!({"info": "no", "channelNum": 0, "is_pay": "false"});
    let fields = object(&mut reply);
    if let Some(id) = &taken.plate_id {
        fields.insert("plateid".to_owned(), id.clone());
    }
    // Some models of QY send for ever without this word.
    let content = match dialect {
        VzDialect::Vz | VzDialect::Hx => "",
        VzDialect::Qy => "retransfer_stop",
    };
    fields.insert("content".to_owned(), content.into());
    if taken.offline {
        let id = taken.plate_id.clone().unwrap_or_default();
        let next = json!({"plateid": id, "continue": 1});
        fields.insert("ContinuePushOffline".to_owned(), next);
    }
    add(fields, dialect, command);
    json!({"Response_AlarmInfoPlate": reply})
}

/// The answer to a question for commands.
pub(super) fn to_beat(dialect: VzDialect, command: Option<&Value>) -> Value {
    let (name, mut reply) = match dialect {
        VzDialect::Hx => return hx::reply(command),
        VzDialect::Vz => ("Response_AlarmInfoPlate", json!({"info": "no"})),
        VzDialect::Qy => (
            "Response_Heartbeat",
            json!({"info": "no", "shutoff": "no", "snapnow": "no"}),
        ),
    };
    add(object(&mut reply), dialect, command);
    json!({ name: reply })
}

/// The answer to bytes from RS485.
pub(super) fn to_serial() -> Value {
    json!({"Response_SerialData": {"info": "ok", "serialData": []}})
}

/// The answer to an input that changed; none is an empty body, as QY has it.
pub(super) fn to_input(dialect: VzDialect) -> Option<Value> {
    match dialect {
        VzDialect::Vz => Some(json!({"status": "ok"})),
        VzDialect::Qy => None,
        VzDialect::Hx => Some(hx::reply(None)),
    }
}

/// The answer to what is of no use here, and must not come again.
pub(super) fn to_others(dialect: VzDialect) -> Value {
    match dialect {
        VzDialect::Vz => json!({"status": "ok"}),
        VzDialect::Qy | VzDialect::Hx => to_plate(dialect, &Taken::default(), None),
    }
}

fn add(fields: &mut Map<String, Value>, dialect: VzDialect, command: Option<&Value>) {
    let serial = command.and_then(|it| it.get("serial"));
    let serial = serial.map_or_else(|| json!([]), |it| json!([it]));
    fields.insert("serialData".to_owned(), serial);
    let Some(output) = command.and_then(|it| it.get("output")) else {
        return;
    };
    match dialect {
        VzDialect::Vz => {
            fields.insert("ivs_ioctrl".to_owned(), output.clone());
        }
        // QY has only this word, whichever output the camera has for it.
        VzDialect::Qy | VzDialect::Hx => {
            fields.insert("info".to_owned(), "ok".into());
        }
    }
}

fn object(value: &mut Value) -> &mut Map<String, Value> {
    value
        .as_object_mut()
        .expect("each of these is written as an object")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn offline() -> Taken {
        Taken {
            plate_id: Some(json!(10452)),
            offline: true,
        }
    }

    #[test]
    fn an_output_is_told_as_the_manual_says() {
        let length = Duration::from_millis(500);
        let pulse = output(Step::Pulse { relay: 1, length });
        assert_eq!(pulse, json!({"io": 0, "value": 2, "delay": 500}));
        let hold = output(Step::Close { relay: 2 });
        assert_eq!(hold, json!({"io": 1, "value": 1, "delay": 0}));
        let release = output(Step::Open { relay: 4 });
        assert_eq!(release, json!({"io": 3, "value": 0, "delay": 0}));
    }

    /// The answer of the maker's example: 28 bytes for the first port.
    #[test]
    fn bytes_for_rs485_travel_as_the_manual_says() {
        let bytes = STANDARD.decode("AGT//zAUAdTBQjEyMzQ1LMfryOuzoc2js7Vb/Q==");
        let command = json!({"serial": serial(0, &bytes.unwrap())});
        for dialect in [VzDialect::Vz, VzDialect::Qy] {
            let reply = to_beat(dialect, Some(&command));
            let reply = reply.as_object().unwrap().values().next().unwrap();
            let expected = json!([{
                "serialChannel": 0, "data": "AGT//zAUAdTBQjEyMzQ1LMfryOuzoc2js7Vb/Q==", "dataLen": 28
            }]);
            assert_eq!(reply["serialData"], expected);
            assert_eq!(reply["info"], "no");
        }
    }

    #[test]
    fn a_record_from_memory_asks_for_the_next_one() {
        let reply = to_plate(VzDialect::Vz, &offline(), None);
        let reply = &reply["Response_AlarmInfoPlate"];
        let next = json!({"plateid": 10452, "continue": 1});
        assert_eq!(reply["ContinuePushOffline"], next);
        assert_eq!(reply["info"], "no");
        let live = to_plate(VzDialect::Vz, &Taken::default(), None);
        assert!(
            live["Response_AlarmInfoPlate"]
                .get("ContinuePushOffline")
                .is_none()
        );
    }

    #[test]
    fn an_input_of_qy_is_answered_nothing_and_what_is_of_no_use_to_stop() {
        assert_eq!(to_input(VzDialect::Qy), None);
        let others = to_others(VzDialect::Qy);
        let stop = &others["Response_AlarmInfoPlate"]["content"];
        assert_eq!(stop, "retransfer_stop");
        let ok = json!({"status": "ok"});
        assert_eq!(to_input(VzDialect::Vz).as_ref(), Some(&ok));
        assert_eq!(to_others(VzDialect::Vz), ok);
    }

    #[test]
    fn qy_is_told_to_stop_sending_and_opens_by_a_word() {
        let reply = to_plate(VzDialect::Qy, &Taken::default(), None);
        assert_eq!(
            reply["Response_AlarmInfoPlate"]["content"],
            "retransfer_stop"
        );
        assert_eq!(reply["Response_AlarmInfoPlate"]["info"], "no");
        let command = json!({"output": {"io": 0, "value": 2, "delay": 500}});
        let reply = to_beat(VzDialect::Qy, Some(&command));
        assert_eq!(reply["Response_Heartbeat"]["info"], "ok");
        assert_eq!(reply["Response_Heartbeat"]["shutoff"], "no");
    }
}
