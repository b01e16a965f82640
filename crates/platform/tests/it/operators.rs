//! The operators' interface: its key, its lists, its lists of plates, and what it says to nonsense.

use reqwest::Method;
use serde_json::{Value, json};

use crate::site::{Platform, Site};
use crate::supplier::{Supplier, idle, page};

const NOBODY: &str = "http://127.0.0.1:1";

/// D-7
#[tokio::test]
async fn without_the_key_nothing_but_health_is_answered() {
    let platform = Site::new(NOBODY).start().await;
    for key in [None, Some(""), Some("0123456789abcdef")] {
        for path in ["/api/v1/lots", "/api/v1/nothing", "/api/v1/permits"] {
            let (status, error) = platform.with_key(key, Method::GET, path, None).await;
            assert_eq!(status, 401, "{path}");
            assert!(
                error["error"].as_str().unwrap().contains("operator.key"),
                "{error}"
            );
        }
    }
    for path in ["/livez", "/readyz"] {
        let (status, _) = platform.with_key(None, Method::GET, path, None).await;
        assert_eq!(status, 200, "{path}");
    }
}

/// Whether a request is refused with that field, and with a sentence that says `expected`.
async fn is_refused(platform: &Platform, path: &str, body: Value, field: &str, expected: &str) {
    let (status, error) = platform.post(path, body).await;
    let named = error["field"].as_str();
    assert_eq!((status, named), (400, Some(field)), "{path}: {error}");
    let told = error["error"].as_str().unwrap();
    assert!(told.contains(expected), "{path} {field}: {told}");
}

/// OPEN-5: an open without a plate is unconditional, so whoever wants that must say so.
#[tokio::test]
async fn a_field_of_a_gate_command_that_cannot_be_taken_is_named_with_what_was_expected() {
    let platform = Site::new(NOBODY).start().await;
    for (field, value, expected) in [
        (
            "mode",
            json!("up"),
            "收到 \"up\"，应为 normal、forced、hold 或 restore",
        ),
        ("mode", Value::Null, "应为 normal、forced、hold 或 restore"),
        ("device", json!(""), "可见字符"),
        ("device", json!(7), "应为文本"),
        ("plate", json!("粤".repeat(99)), "粤粤"),
        ("by", json!(" "), "应为 1 到 200 个字符"),
        ("reason", json!("x".repeat(201)), "应为 1 到 200 个字符"),
        ("colour", json!("red"), "不认识字段 colour"),
    ] {
        let mut order = json!({
            "device": "CAM-01", "mode": "forced", "by": "王工", "reason": "访客"
        });
        order[field] = value;
        is_refused(&platform, "/lots/L1/open", order, field, expected).await;
    }
    let without_plate = json!({"device": "C", "mode": "normal", "by": "王工", "reason": "访客"});
    is_refused(
        &platform,
        "/lots/L1/open",
        without_plate,
        "plate",
        "请用 forced",
    )
    .await;
    assert_eq!(platform.get("/commands").await["items"], json!([]));
}

/// SHOW-1
#[tokio::test]
async fn a_field_of_a_text_that_cannot_be_taken_is_named_with_what_was_expected() {
    let platform = Site::new(NOBODY).start().await;
    for (lines, field, expected) in [
        (json!([]), "lines", "应为 1 到 32 行"),
        (json!("欢迎"), "lines", "数组"),
        (
            json!([{"text": "a", "alignment": "top"}]),
            "lines[0].alignment",
            "left、center",
        ),
        (json!([{"alignment": "left"}]), "lines[0].text", "缺少"),
    ] {
        let order = json!({"device": "LED-01", "lines": lines, "by": "王工"});
        is_refused(&platform, "/lots/L1/show", order, field, expected).await;
    }
}

#[tokio::test]
async fn a_field_of_a_permit_that_cannot_be_taken_is_named_with_what_was_expected() {
    let platform = Site::new(NOBODY).start().await;
    for (field, value, expected) in [
        (
            "kind",
            json!("gold"),
            "应为 white、monthly、visitor 或 paid",
        ),
        ("plate", json!(""), "应为车牌号"),
        ("plate", Value::Null, "应为车牌号"),
        ("to", json!("soon"), "2026-01-15 08:00:00"),
        ("to", json!("2001-01-01"), "晚于 from"),
        ("to", Value::Null, "晚于 from"),
    ] {
        let mut permit = json!({"plate": "粤B12345", "kind": "white", "to": "2099-01-01"});
        permit[field] = value;
        is_refused(&platform, "/permits", permit, field, expected).await;
    }
    is_refused(
        &platform,
        "/blocks",
        json!({"plate": "粤B12345"}),
        "reason",
        "字符",
    )
    .await;
    let question = json!({"lot": "L1", "device": "CAM-01"});
    is_refused(&platform, "/decide", question, "plate", "缺少字段 plate").await;
}

#[tokio::test]
async fn what_does_not_exist_is_404_and_what_cannot_be_read_is_said() {
    let platform = Site::new(NOBODY).start().await;
    let order = json!({"device": "C", "mode": "forced", "by": "王工", "reason": "访客"});
    for path in ["/lots/L9/open", "/lots/L9/reconcile", "/nothing"] {
        let (status, error) = platform.post(path, order.clone()).await;
        assert_eq!(status, 404, "{path}: {error}");
    }
    let (status, error) = platform.send(Method::DELETE, "/lots", json!({})).await;
    let expected = "没有此接口：DELETE /api/v1/lots";
    assert_eq!((status, error["error"].as_str()), (405, Some(expected)));
    let (status, error) = platform.post("/lots/L1/open", json!([1])).await;
    assert_eq!(
        (status, error["error"].as_str()),
        (400, Some("请求体应为 JSON 对象"))
    );
    let long = json!({"by": "x".repeat(70_000)});
    let (status, error) = platform.post("/lots/L1/open", long).await;
    assert_eq!(status, 413, "{error}");
    for (path, field) in [
        ("/recognitions?limit=201", "limit"),
        ("/recognitions?limit=many", "limit"),
        ("/recognitions?before=x", "before"),
        ("/recognitions?sort=up", "sort"),
        ("/outages?plate=A", "plate"),
    ] {
        let (status, error) = platform.send(Method::GET, path, json!({})).await;
        assert_eq!(
            (status, error["field"].as_str()),
            (400, Some(field)),
            "{path}: {error}"
        );
    }
}

async fn pages(platform: &Platform, path: &str) -> Vec<Value> {
    let (mut items, mut before) = (Vec::new(), String::new());
    loop {
        let page = platform.get(&format!("{path}limit=2{before}")).await;
        items.extend(page["items"].as_array().unwrap().clone());
        match page["next"].as_str() {
            Some(next) => {
                let encoded = next
                    .replace('[', "%5B")
                    .replace(']', "%5D")
                    .replace('"', "%22");
                before = format!("&before={encoded}");
            }
            None => return items,
        }
    }
}

#[tokio::test]
async fn lists_go_from_the_newest_to_the_oldest_page_by_page_without_a_gap() {
    let platform = Site::new(NOBODY).start().await;
    for number in 0..5 {
        platform.push(number, "CAM-02").await;
    }
    let uuids = |rows: Vec<Value>| -> Vec<String> {
        rows.iter()
            .map(|row| row["uuid"].as_str().unwrap().to_owned())
            .collect()
    };
    let mut all = uuids(pages(&platform, "/recognitions?").await);
    all.sort();
    assert_eq!(all, ["u0", "u1", "u2", "u3", "u4"]);
    let decisions = pages(&platform, "/decisions?lot=L1&").await;
    let numbers: Vec<_> = decisions
        .iter()
        .map(|row| row["number"].as_i64().unwrap())
        .collect();
    assert_eq!(numbers, [5, 4, 3, 2, 1]);
    assert_eq!(
        uuids(pages(&platform, "/recognitions?plate=b123&").await).len(),
        5
    );
    assert_eq!(
        uuids(pages(&platform, "/recognitions?plate=B999&").await).len(),
        0
    );
    assert_eq!(uuids(pages(&platform, "/crossings?lot=L2&").await).len(), 0);
}

/// RECOG-1
#[tokio::test]
async fn permits_and_blocks_change_what_is_decided_and_can_be_taken_back() {
    let platform = Site::new(NOBODY).start().await;
    let ask = json!({"lot": "L1", "device": "CAM-02", "plate": "粤B12345"});
    let code = async || platform.post("/decide", ask.clone()).await.1["code"].clone();
    assert_eq!(code().await, "NO_PERMIT");
    let permit = json!({"plate": "粤b12345", "kind": "paid", "lot": "L1", "to": "2099-01-01"});
    assert_eq!(platform.post("/permits", permit).await.0, 201);
    assert_eq!(code().await, "PAID");
    let block = json!({"plate": "粤B12345", "reason": "欠费"});
    assert_eq!(platform.post("/blocks", block).await.0, 201);
    assert_eq!(code().await, "BLOCKED");
    let listed = platform.get("/permits?plate=B123").await["items"][0].clone();
    assert_eq!(
        (&listed["kind"], &listed["lots"]),
        (&json!("paid"), &json!("L1"))
    );
    assert_eq!(listed["to"], "2099-01-01T00:00:00+08:00");
    assert_eq!(platform.get("/blocks").await["items"][0]["reason"], "欠费");

    let remove = async |path: &str| platform.send(Method::DELETE, path, json!({})).await.0;
    let plate = "%E7%B2%A4B12345";
    assert_eq!(remove(&format!("/blocks?plate={plate}")).await, 200);
    assert_eq!(code().await, "PAID");
    assert_eq!(
        remove(&format!("/permits?plate={plate}&kind=white")).await,
        404
    );
    assert_eq!(
        remove(&format!("/permits?plate={plate}&kind=paid&lot=L1")).await,
        200
    );
    assert_eq!(remove(&format!("/blocks?plate={plate}")).await, 404);
    assert_eq!(remove("/permits").await, 400);
    assert_eq!(code().await, "NO_PERMIT");
    assert_eq!(
        platform.get("/decisions").await["items"],
        json!([]),
        "nothing was decided"
    );
    let elsewhere = json!({"plate": "粤B12345", "kind": "paid", "lot": "L9", "to": "2099-01-01"});
    assert_eq!(platform.post("/permits", elsewhere).await.0, 404);
}

/// PLACE-1, PLACE-2, PAGE-1
#[tokio::test]
async fn the_spaces_of_a_lot_are_asked_for_page_by_page() {
    let supplier = Supplier::start(None).await;
    let rows: Vec<Value> = (0..150)
        .map(|number| {
            json!({"placeNo": format!("A-{number:03}"), "placeStatus": "occupy",
                   "image": "/9j/", "plateNumber": "粤B12345"})
        })
        .collect();
    supplier.answers(move |path, body| match path {
        "/queryPlaceStatus" => page(body, &rows),
        _ => idle(path, body),
    });
    let platform = Site::new(&format!("http://{}", supplier.address))
        .start()
        .await;
    let places = platform.get("/lots/L1/places?status=occupy").await;
    assert_eq!(
        (&places["total"], &places["cut"]),
        (&json!(150), &json!(false))
    );
    assert_eq!(places["items"].as_array().unwrap().len(), 150);
    assert_eq!(places["items"][149]["place"], "A-149");
    let sent = supplier.asked("/queryPlaceStatus").pop().unwrap();
    assert_eq!(
        (&sent["placeStatus"], &sent["currentPage"]),
        (&json!("occupy"), &json!(2))
    );
    let one = platform.get("/lots/L1/places?place=A-000").await;
    assert_eq!(one["items"][0]["image"], "/9j/");
}

#[tokio::test]
async fn the_spaces_of_a_lot_that_does_not_answer_are_503() {
    let platform = Site::new(NOBODY).start().await;
    let (status, error) = platform
        .send(Method::GET, "/lots/L1/places", json!({}))
        .await;
    assert_eq!(status, 503, "{error}");
}
