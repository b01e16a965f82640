//! From which addresses a supplier may call.

use reqwest::Method;
use serde_json::{Value, json};

use crate::monitoring::{LISTEN, page_with};
use crate::site::{Platform, Site};

const NOBODY: &str = "http://127.0.0.1:1";
const ELSEWHERE: &str = "192.0.2.0/24,2001:db8::/32";

/// Registers the supplier S2 with `addresses`, and the lot L2 of it.
async fn supplier(platform: &Platform, addresses: &str) -> (u16, Value) {
    let supplier = json!({"secret": "first", "addresses": addresses});
    platform.send(Method::PUT, "/suppliers/S2", supplier).await
}

/// What the supplier of the lot L1 is answered.
async fn pushed(platform: &Platform, number: usize) -> (u16, String) {
    let (status, reply) = platform.push(number, "CAM-01").await;
    let desc = reply["respDesc"].as_str().unwrap().to_owned();
    (
        status,
        format!("{} {desc}", reply["respCode"].as_str().unwrap()),
    )
}

/// D-1, D-7: refused in the standard's form, counted and told to whoever checks the lot; whoever
/// does not know the secret learns nothing of addresses.
#[tokio::test]
async fn a_supplier_that_calls_from_elsewhere_is_refused_and_nothing_of_it_is_kept() {
    let configured = format!("addresses = [\"{}\"]", ELSEWHERE.replace(',', "\", \""));
    let secret = "secret = \"eV7spoA0rr7EyjGuJxQFOa3Vs5wvcRUo\"";
    let site = Site::new(NOBODY)
        .with(LISTEN.0, LISTEN.1)
        .with(secret, &format!("{secret}\n{configured}"));
    let platform = site.start().await;
    let (status, said) = pushed(&platform, 1).await;
    assert_eq!(status, 200);
    assert!(
        said.starts_with("1 WRONG_ADDRESS 来源地址 127.0.0.1 "),
        "{said}"
    );
    let stranger = json!({"token": "0".repeat(32)});
    let now = jiff::Timestamp::now();
    let (_, reply) = platform.call("/receivePlateNumber", stranger, now).await;
    let said = reply["respDesc"].as_str().unwrap();
    assert!(said.starts_with("BAD_TOKEN"), "{said}");
    page_with(
        &platform,
        &["boshi_platform_calls_total{endpoint=\"receivePlateNumber\",outcome=\"turned_away\",code=\"WRONG_ADDRESS\"} 1"],
    )
    .await;
    let (_, checked) = platform.post("/lots/L1/check", json!({})).await;
    let last = checked["steps"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(last["works"], false);
    assert!(
        last["found"].as_str().unwrap().contains("127.0.0.1"),
        "{last}"
    );
    let lot = platform.get("/lots").await["items"][0].clone();
    assert_eq!(lot["skew_seconds"], Value::Null, "it was not heard of");
    assert!(
        platform.get("/recognitions").await["items"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    let listed = platform.get("/suppliers").await;
    assert_eq!(listed["items"][0]["addresses"], ELSEWHERE);
}

#[tokio::test]
async fn the_addresses_of_a_supplier_are_changed_while_the_platform_runs_and_kept() {
    let site = Site::new(NOBODY);
    let platform = site.start().await;
    let put = async |body: Value| platform.send(Method::PUT, "/suppliers/S2", body).await;
    let (status, made) = supplier(&platform, ELSEWHERE).await;
    assert_eq!((status, &made["addresses"]), (200, &json!(ELSEWHERE)));
    let lot = json!({
        "supplier": "S2", "base_url": NOBODY, "entry": "allow", "exit": "allow",
        "lanes": [{"recognizer": "R1", "direction": "entry"}]
    });
    platform.send(Method::PUT, "/lots/L2", lot).await;
    let code = async || crate::registry::push(&platform, "first").await;
    assert_eq!(code().await, "WRONG_ADDRESS");
    let dry = "/suppliers/S2?dry_run=true";
    let (status, _) = platform
        .send(Method::PUT, dry, json!({"addresses": "any"}))
        .await;
    assert_eq!((status, code().await.as_str()), (200, "WRONG_ADDRESS"));
    let (_, changed) = put(json!({"addresses": "::1,127.0.0.0/8"})).await;
    assert_eq!(changed["addresses"], "::1,127.0.0.0/8");
    assert_eq!(code().await, "DEFAULT_ALLOW");
    let (_, renamed) = put(json!({"name": "设备商"})).await;
    assert_eq!(
        renamed["addresses"], "::1,127.0.0.0/8",
        "not given, so it stays"
    );
    put(json!({"addresses": ELSEWHERE})).await;
    platform.stop().await;
    let platform = site.start().await;
    let code = async || crate::registry::push(&platform, "first").await;
    assert_eq!(code().await, "WRONG_ADDRESS");
    supplier(&platform, "any").await;
    assert_eq!(code().await, "DEFAULT_ALLOW");
}

#[tokio::test]
async fn an_address_that_makes_no_sense_is_refused_with_its_field_and_changes_nothing() {
    let platform = Site::new(NOBODY).start().await;
    for (addresses, expected) in [
        ("10.0.0.1/8", "10.0.0.0/8"),
        ("gateway.example", "网段"),
        ("::ffff:1.2.3.4", "IPv4"),
        ("1.2.3.4;5.6.7.8", "网段"),
    ] {
        let (status, error) = supplier(&platform, addresses).await;
        assert_eq!(
            (status, &error["field"]),
            (400, &json!("addresses")),
            "{error}"
        );
        let said = error["error"].as_str().unwrap();
        assert!(said.contains(expected), "{said}");
    }
    let (status, _) = supplier(&platform, "").await;
    assert_eq!(status, 200, "nothing is said of addresses");
    assert_eq!(
        platform.get("/suppliers").await["items"][1]["addresses"],
        "any"
    );
}
