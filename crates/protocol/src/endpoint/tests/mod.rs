//! Raw texts typed from the standard, not produced by the types: both directions, every endpoint.

mod any;
mod envelope;
mod tolerance;

use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::Value;

use super::*;
use crate::code::{Alignment, Money, OpenMode, RecordType};
use crate::envelope::{Answer, Incoming, read_reply, refusal_text, reply_text, request_text};
use crate::fields::Tolerance::{self, Strict, Tolerant};
use crate::id::{AppId, LotId};
use crate::page::{Page, PageRequest};
use crate::refusal::Refusal;
use crate::token::Credentials;

const ENVELOPE: &str = r#""version":"1.0","token":"2e6eef5a0bba5a666004298e76b2f1cf",
    "parkingLotId":"P001","time":"20170818 17:14:15""#;

fn to_platform(own: &str) -> String {
    format!(r#"{{{ENVELOPE},"appId":"99848791",{own}}}"#)
}

fn to_supplier(own: &str) -> String {
    let comma = if own.is_empty() { "" } else { "," };
    format!("{{{ENVELOPE}{comma}{own}}}")
}

/// Reads `text` as strictly as can be, writes it again and compares field by field.
fn round_trip<E: Endpoint>(text: &str) -> E::Request {
    let incoming = Incoming::parse(text.as_bytes(), Strict).unwrap();
    let envelope = incoming.envelope(E::SERVED_BY).unwrap();
    let request = incoming.request::<E>().unwrap();
    let credentials = standards_credentials();
    let now: Timestamp = "2017-08-18T09:14:15Z".parse().unwrap();
    let written = request_text::<E>(&request, &envelope.lot, &credentials, now);
    let (came, went): (Value, Value) = (
        serde_json::from_str(text).unwrap(),
        serde_json::from_str(&written).unwrap(),
    );
    assert_eq!(came, went);
    assert!(credentials.verify(&envelope.time.to_string(), &envelope.token));
    request
}

fn reply_round_trip<E: Endpoint>(text: &str) -> E::Response {
    let Answer::Accepted { note, body } = read_reply::<E>(text.as_bytes(), Strict).unwrap() else {
        panic!("{text} is a success");
    };
    let written = reply_text::<E>(&Answer::Accepted { note, body });
    let (came, went): (Value, Value) = (
        serde_json::from_str(text).unwrap(),
        serde_json::from_str(&written).unwrap(),
    );
    assert_eq!(came, went);
    match read_reply::<E>(written.as_bytes(), Strict).unwrap() {
        Answer::Accepted { body, .. } => body,
        Answer::Refused(refusal) => panic!("{refusal}"),
    }
}

fn standards_credentials() -> Credentials {
    Credentials::new(
        AppId::new("99848791").unwrap(),
        SecretString::from("eV7spoA0rr7EyjGuJxQFOa3Vs5wvcRUo"),
    )
}

fn refused<E: Endpoint>(text: &str) -> String {
    let incoming = Incoming::parse(text.as_bytes(), Tolerant).unwrap();
    match incoming.request::<E>() {
        Err(refusal) => refusal.to_string(),
        Ok(_) => panic!("{text} should be refused"),
    }
}

/// T-3, T-5, T-6: the example of the standard as a whole request.
#[test]
fn a_recognition_is_read_and_written_as_the_standard_has_it() {
    let text = to_platform(
        r#""deviceNo":"C-01","uuid":"u-1","recognitionTime":"20170818 17:14:13",
           "image":"https://lot.example/p/1.jpg","plateNumber":"闽D782WY","color":"blue",
           "reliability":80"#,
    );
    let request = round_trip::<ReceivePlateNumber>(&text);
    assert_eq!(request.plate.unwrap().as_str(), "闽D782WY");
    assert_eq!(request.reliability, Some(80));
}

/// RECOG-1: an unreadable plate is an empty text.
#[test]
fn a_recognition_without_a_plate_has_an_empty_one() {
    let text = to_platform(
        r#""deviceNo":"C-01","uuid":"u-1","recognitionTime":"20170818 17:14:13",
           "image":"","plateNumber":"","color":"other""#,
    );
    assert_eq!(round_trip::<ReceivePlateNumber>(&text).plate, None);
}

/// CROSS-2
#[test]
fn a_crossing_carries_the_suppliers_time() {
    let text = to_platform(
        r#""deviceNo":"C-01","uuid":"u-1","plateNumber":"粤B12345","color":"blue",
           "crossTime":"20170818 17:14:20""#,
    );
    let request = round_trip::<ReceiveCrossGate>(&text);
    assert_eq!(request.crossed_at.to_string(), "20170818 17:14:20");
}

/// ABN-1, ABN-2: the standard's own example of a message.
#[test]
fn an_abnormality_keeps_its_message() {
    let text = to_platform(
        r#""abnormalCode":"1101","deviceNo":"DWWE10232",
           "msg":"东二门01道的显示屏【DWWE10232】连接异常！""#,
    );
    assert_eq!(round_trip::<ReceiveAbnormal>(&text).code.as_str(), "1101");
    round_trip::<ReceiveAbnormal>(&to_platform(r#""abnormalCode":"1401","msg":"压线圈过长""#));
}

/// OPEN-1, OPEN-2, OPEN-3, OPEN-4
#[test]
fn every_open_mode_is_read() {
    for (digit, mode) in [("0", OpenMode::HoldOpen), ("3", OpenMode::Forced)] {
        let text = to_supplier(&format!(r#""deviceNo":"C-01","openMode":"{digit}""#));
        assert_eq!(round_trip::<ReceiveOpenGate>(&text).mode, mode);
    }
    let text = to_supplier(r#""deviceNo":"C-01","plateNumber":"粤B12345","openMode":"2""#);
    assert!(round_trip::<ReceiveOpenGate>(&text).plate.is_some());
}

/// D-8, OPEN-5
#[test]
fn a_missing_or_empty_open_mode_is_the_normal_one_and_an_unknown_one_is_refused() {
    for own in [
        r#""deviceNo":"C""#,
        r#""deviceNo":"C","openMode":"","plateNumber":"""#,
    ] {
        let text = to_supplier(own);
        let incoming = Incoming::parse(text.as_bytes(), Tolerant).unwrap();
        let request = incoming.request::<ReceiveOpenGate>().unwrap();
        assert_eq!((request.mode, request.plate), (OpenMode::Normal, None));
    }
    let refusal = refused::<ReceiveOpenGate>(&to_supplier(r#""deviceNo":"C","openMode":"7""#));
    assert_eq!(
        refusal,
        "BAD_FIELD 字段 openMode 收到 \"7\"，应为 0、1、2 或 3"
    );
}

/// OPEN-5: what stands for "no plate" is not an empty one, and opens for nobody.
#[test]
fn a_normal_command_for_a_word_that_is_no_plate_is_refused() {
    for word in ["无牌车", "unknown", "000000", "--"] {
        let own = format!(r#""deviceNo":"C","plateNumber":"{word}","openMode":"2""#);
        let refusal = refused::<ReceiveOpenGate>(&to_supplier(&own));
        assert!(
            refusal.starts_with("BAD_FIELD 字段 plateNumber"),
            "{refusal}"
        );
        let forced = own.replace(r#""2""#, r#""3""#);
        let text = to_supplier(&forced);
        let incoming = Incoming::parse(text.as_bytes(), Tolerant).unwrap();
        assert_eq!(incoming.request::<ReceiveOpenGate>().unwrap().plate, None);
    }
}

/// SHOW-1, D-9: the standard's own example, as an array and as a text that holds it.
#[test]
fn the_standards_three_lines_are_read_with_their_spaces() {
    let array = r#"[{"text":" 闽      D782WY","alignment":"left"},
        {"text":"      临  停  车","alignment":"center"},
        {"text":"2017-01-01 至 2017-12-31","alignment":"right"}]"#;
    let as_array =
        round_trip::<ReceiveShowMsg>(&to_supplier(&format!(r#""deviceNo":"D-1","msg":{array}"#)));
    let quoted = Value::from(array).to_string();
    let text = to_supplier(&format!(r#""deviceNo":"D-1","msg":{quoted}"#));
    for tolerance in [Strict, Tolerant] {
        let incoming = Incoming::parse(text.as_bytes(), tolerance).unwrap();
        assert_eq!(incoming.request::<ReceiveShowMsg>().unwrap(), as_array);
    }
    assert_eq!(as_array.lines[0].text, " 闽      D782WY");
    assert_eq!(as_array.lines[1].alignment, Alignment::Center);
}

/// D-9
#[test]
fn a_missing_alignment_is_left_and_another_word_is_refused() {
    let text = to_supplier(r#""deviceNo":"D-1","msg":[{"text":"a"}]"#);
    let incoming = Incoming::parse(text.as_bytes(), Tolerant).unwrap();
    let request = incoming.request::<ReceiveShowMsg>().unwrap();
    assert_eq!(request.lines[0].alignment, Alignment::Left);
    let text = to_supplier(r#""deviceNo":"D-1","msg":[{"text":"a","alignment":"top"}]"#);
    assert!(refused::<ReceiveShowMsg>(&text).contains("msg[0].alignment"));
}

/// PLACE-1, PLACE-2, PAGE-1
#[test]
fn a_page_of_spaces_is_read_and_written() {
    round_trip::<QueryPlaceStatus>(&to_supplier(
        r#""pageSize":10,"currentPage":1,"placeStatus":"occupy","placeNo":"A-001""#,
    ));
    let page: Page<Place> = reply_round_trip::<QueryPlaceStatus>(
        r#"{"respCode":"0","respDesc":"","total":1,"pageSize":10,"currentPage":1,"data":[
            {"placeNo":"A-001","placeStatus":"occupy","image":"/9j/","plateNumber":"粤B12345"}]}"#,
    );
    assert_eq!(page.total, 1);
}

/// UNPUSH-1
#[test]
fn records_that_could_not_be_pushed_are_read_and_written() {
    let query = to_supplier(
        r#""pageSize":100,"currentPage":2,"beginTime":"20170818 00:00:00",
           "endTime":"20170818 23:59:59""#,
    );
    assert_eq!(
        round_trip::<QueryUnPushCrossInfo>(&query).page,
        PageRequest::largest(2)
    );
    round_trip::<QueryUnPushRecognitionInfo>(&query);
    reply_round_trip::<QueryUnPushCrossInfo>(
        r#"{"respCode":"0","respDesc":"","total":1,"pageSize":10,"currentPage":1,"data":[
            {"uuid":"u-1","deviceNo":"C-01","plateNumber":"","color":"other",
             "crossTime":"20170818 17:14:20"}]}"#,
    );
    reply_round_trip::<QueryUnPushRecognitionInfo>(
        r#"{"respCode":"0","respDesc":"","total":1,"pageSize":10,"currentPage":1,"data":[
            {"uuid":"u-1","deviceNo":"C-01","plateNumber":"粤B12345","color":"blue",
             "recognitionTime":"20170818 17:14:13","image":"https://lot.example/p/1.jpg"}]}"#,
    );
}

/// D-11
#[test]
fn a_period_that_ends_before_it_begins_is_refused() {
    let text = to_supplier(r#""beginTime":"20170818 17:14:15","endTime":"20170818 17:14:14""#);
    assert!(refused::<QueryUnPushCrossInfo>(&text).contains("endTime"));
    let text = to_supplier(r#""endTime":"20170818 17:14:14""#);
    assert!(refused::<QueryUnPushRecognitionInfo>(&text).starts_with("MISSING_FIELD"));
}

/// STAY-1, D-12
#[test]
fn stays_are_read_and_written() {
    let text =
        to_supplier(r#""beginTime":"20170818 00:00:00","plateNumber":"B123","recordType":"A&B""#);
    assert_eq!(
        round_trip::<QueryInOutRecord>(&text).record_type,
        RecordType::Both
    );
    reply_round_trip::<QueryInOutRecord>(
        r#"{"respCode":"0","respDesc":"","total":1,"data":[{"uuid":"u-1","plateNumber":"粤B12345",
            "inTime":"20170818 08:00:00","outTime":"","parkingTime":"34","amount":"12.50",
            "parkingLotId":"P001","inGateId":"C-01","outGateId":"","crossStatus":"0"}]}"#,
    );
}

/// PAY-1
#[test]
fn payments_are_read_and_written_to_the_fen() {
    let query = to_supplier(r#""beginTime":"20170818 00:00:00""#);
    round_trip::<QueryInOutPayRecord>(&query);
    round_trip::<QueryPrePayRecord>(&query);
    let payment = r#""payId":"1","plateNumber":"粤B12345","payOrderNo":"o","commercialOrderNo":"m",
        "payTime":"20170818 17:00:00","thisTimeAmount":12.50,"payType":"3""#;
    let payments = reply_round_trip::<QueryPrePayRecord>(&format!(
        r#"{{"respCode":"0","respDesc":"","total":1,"totalAmount":12.50,"data":[{{{payment}}}]}}"#
    ));
    assert_eq!(payments.total_amount, Money::from_fen(1250));
    assert!(reply_text::<QueryPrePayRecord>(&Answer::done(payments)).contains(":12.50,"));
    reply_round_trip::<QueryInOutPayRecord>(&format!(
        r#"{{"respCode":"0","respDesc":"","total":1,"totalAmount":12.50,"data":[{{{payment},
            "uuid":"u-2","inTime":"20170818 08:00:00","outTime":"20170818 17:05:00",
            "parkingTime":"545","parkingLotId":"P001","inGateId":"C-01","outGateId":"C-02"}}]}}"#
    ));
}

/// BEAT-1
#[test]
fn a_heartbeat_is_the_envelope_alone() {
    round_trip::<CheckConnect>(&to_supplier(""));
    reply_round_trip::<CheckConnect>(r#"{"respCode":"0","respDesc":""}"#);
}

/// T-1: every path is the standard's, and served by whom it says.
#[test]
fn the_platform_serves_three_endpoints_and_the_supplier_nine() {
    fn check<E: Endpoint>(served_by: Side, path: &str, clause: &str) {
        assert_eq!(
            (E::SERVED_BY, E::PATH, E::CLAUSE),
            (served_by, path, clause)
        );
    }
    use Side::{Platform, Supplier};
    check::<ReceivePlateNumber>(Platform, "/receivePlateNumber", "接收车牌识别信息");
    check::<ReceiveCrossGate>(Platform, "/receiveCrossGate", "接收车辆过闸信息");
    check::<ReceiveAbnormal>(Platform, "/receiveAbnormal", "接收异常信息");
    check::<ReceiveOpenGate>(Supplier, "/receiveOpenGate", "闸口管理");
    check::<ReceiveShowMsg>(Supplier, "/receiveShowMsg", "接收显示屏展示信息");
    check::<QueryPlaceStatus>(Supplier, "/queryPlaceStatus", "查询车位状态信息");
    check::<QueryUnPushCrossInfo>(
        Supplier,
        "/queryUnPushCrossInfo",
        "查询推送失败的车辆过闸信息",
    );
    check::<QueryUnPushRecognitionInfo>(
        Supplier,
        "/queryUnPushRecognitionInfo",
        "查询推送失败的车辆识别信息",
    );
    check::<QueryInOutRecord>(Supplier, "/queryInOutRecord", "查询车牌进出场记录（忽略）");
    check::<QueryInOutPayRecord>(Supplier, "/queryInOutPayRecord", "出场缴费纪录查询（忽略）");
    check::<QueryPrePayRecord>(Supplier, "/queryPrePayRecord", "预缴费纪录查询（忽略）");
    check::<CheckConnect>(Supplier, "/checkConnect", "（心跳）连接监控接口");
}
