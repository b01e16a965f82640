//! What is around the fields of every endpoint, as raw text: accepted, forgiven, refused.

use super::*;

/// D-3
#[test]
fn numbers_may_be_texts_and_strangers_are_ignored_unless_strict() {
    let text = to_supplier(
        r#""pageSize":"10","currentPage":2.0,"beginTime":"20170818 00:00:00","extra":{"a":[1]}"#,
    );
    let tolerant = Incoming::parse(text.as_bytes(), Tolerant).unwrap();
    let query = tolerant.request::<QueryUnPushCrossInfo>().unwrap();
    assert_eq!((query.page.size, query.page.current), (10, 2));
    let strict = Incoming::parse(text.as_bytes(), Strict).unwrap();
    assert!(strict.request::<QueryUnPushCrossInfo>().is_err());
    let reply = read_reply::<CheckConnect>(br#"{"respCode":0}"#, Tolerant).unwrap();
    assert_eq!(reply, Answer::done(()));
    assert!(read_reply::<CheckConnect>(br#"{"respCode":0}"#, Strict).is_err());
}

/// T-3
#[test]
fn an_envelope_without_a_required_field_is_refused_by_name() {
    for (text, field) in [
        (
            r#"{"token":"t","parkingLotId":"P","time":"20170818 17:14:15"}"#,
            "appId",
        ),
        (
            r#"{"appId":"a","parkingLotId":"P","time":"20170818 17:14:15"}"#,
            "token",
        ),
        (
            r#"{"appId":"a","token":"t","time":"20170818 17:14:15"}"#,
            "parkingLotId",
        ),
        (r#"{"appId":"a","token":"t","parkingLotId":"P"}"#, "time"),
    ] {
        let incoming = Incoming::parse(text.as_bytes(), Tolerant).unwrap();
        let refusal = incoming.envelope(Side::Platform).unwrap_err().to_string();
        assert!(refusal.contains(field), "{refusal}");
    }
}

/// D-2
#[test]
fn what_is_no_reply_of_the_standard_is_a_failed_attempt() {
    for text in [
        "",
        "OK",
        "[]",
        "{}",
        r#"{"respCode":""}"#,
        r#"{"respCode":null}"#,
        "\u{0}",
    ] {
        assert!(
            read_reply::<ReceiveCrossGate>(text.as_bytes(), Tolerant).is_err(),
            "{text:?}"
        );
    }
    assert!(read_reply::<QueryUnPushCrossInfo>(br#"{"respCode":"0"}"#, Tolerant).is_err());
}

/// T-4, D-1
#[test]
fn a_refusal_says_why() {
    let text = refusal_text(&Refusal::new("UNKNOWN_LOT", "没有此停车场 \"P9\""));
    let reply = read_reply::<ReceiveCrossGate>(text.as_bytes(), Strict).unwrap();
    assert_eq!(
        reply,
        Answer::Refused(Refusal::new("UNKNOWN_LOT", "没有此停车场 \"P9\""))
    );
}

/// D-1
#[test]
fn deep_broken_and_foreign_texts_are_refused_and_nothing_panics() {
    let deep = "[".repeat(100_000);
    for body in [
        deep.as_bytes(),
        b"{\"a\":",
        b"\xff\xfe",
        b"1",
        b"\"\\\"",
        b"{\"a\":1}}",
    ] {
        let refusal = Incoming::parse(body, Tolerant).err().unwrap();
        assert_eq!(refusal.code(), "BAD_JSON");
    }
}

/// T-4, RECOG-1: the replies that have no fields of their own, and the refusal of any.
#[test]
fn a_reply_says_yes_or_no_and_why() {
    fn check<E: Endpoint<Response = ()>>() {
        reply_round_trip::<E>(r#"{"respCode":"0","respDesc":""}"#);
        refusal_round_trip::<E>();
    }
    fn refusal_round_trip<E: Endpoint>() {
        let text = r#"{"respCode":"1","respDesc":"月卡已过期"}"#;
        let Answer::Refused(refusal) = read_reply::<E>(text.as_bytes(), Strict).unwrap() else {
            panic!("{text} is a refusal");
        };
        assert_eq!(refusal_text(&refusal), text);
    }
    check::<ReceivePlateNumber>();
    check::<ReceiveCrossGate>();
    check::<ReceiveAbnormal>();
    check::<ReceiveOpenGate>();
    check::<ReceiveShowMsg>();
    check::<CheckConnect>();
    refusal_round_trip::<QueryPlaceStatus>();
    refusal_round_trip::<QueryUnPushCrossInfo>();
    refusal_round_trip::<QueryUnPushRecognitionInfo>();
    refusal_round_trip::<QueryInOutRecord>();
    refusal_round_trip::<QueryInOutPayRecord>();
    refusal_round_trip::<QueryPrePayRecord>();
}
