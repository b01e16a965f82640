//! Paths, methods and parameters that there are not: said so in the form of the rest.

use reqwest::Method;
use serde_json::{Value, json};

use crate::controller::KEYS;
use crate::platform::Platform;
use crate::site::{Site, World};

const LISTEN: (&str, &str) = (
    "local = \"127.0.0.1:0\"",
    "local = \"127.0.0.1:0\"\nmonitoring = \"127.0.0.1:0\"",
);

/// Asks, and has to be answered in JSON.
async fn ask(method: Method, url: String, key: &str, body: String) -> (u16, Value) {
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([]);
    let request = client.build().unwrap().request(method, &url);
    let answer = request.bearer_auth(key).body(body).send().await.unwrap();
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap();
    let value = serde_json::from_str(&text);
    (status, value.unwrap_or_else(|_| panic!("{url}: {text:?}")))
}

#[tokio::test]
async fn who_mistypes_a_path_or_method_is_told_so_on_every_address() {
    let world = World::with(&[LISTEN]).await;
    let gateway = &world.gateway;
    let monitoring = gateway.monitoring.unwrap();
    let key = &gateway.key;
    for (address, path, key) in [
        (gateway.local, "/local/v1/lot/L1/outbox", key.as_str()),
        (gateway.devices, "/v1/event", KEYS[0]),
        (gateway.devices, "/", ""),
        (monitoring, "/metric", ""),
    ] {
        let url = format!("http://{address}{path}");
        let (status, reply) = ask(Method::GET, url, key, String::new()).await;
        let expected = format!("没有此接口：GET {path}");
        assert_eq!((status, &reply["error"]), (404, &json!(expected)));
    }
    for (address, path, key) in [
        (gateway.local, "/local/v1/status", key.as_str()),
        (gateway.devices, "/v1/events", KEYS[0]),
        (monitoring, "/metrics", ""),
    ] {
        let url = format!("http://{address}{path}");
        let (status, reply) = ask(Method::PUT, url, key, String::new()).await;
        let expected = format!("接口 {path} 不接受 PUT 方法");
        assert_eq!((status, &reply["error"]), (405, &json!(expected)));
    }
    let url = format!("http://{}/v1/event", gateway.devices);
    let (_, reply) = ask(Method::POST, url, KEYS[0], String::new()).await;
    assert_eq!(reply["ok"], false);
}

/// D-7: a stranger is told nothing of what there is.
#[tokio::test]
async fn who_has_no_key_is_not_told_which_paths_there_are() {
    let world = World::new().await;
    for path in ["/local/v1/status", "/local/v1/nothing"] {
        let url = format!("http://{}{path}", world.gateway.local);
        let (status, reply) = ask(Method::GET, url, "wrong", String::new()).await;
        assert_eq!((status, &reply["error"]), (401, &json!("密钥不符")));
    }
}

#[tokio::test]
async fn a_controller_that_asks_wrongly_for_its_commands_is_told_what_is_wrong() {
    let platform = Platform::start().await;
    let gateway = Site::new(&platform.url(), "poll").start().await;
    let devices = gateway.devices;
    let url = format!("http://{devices}/v1/commands?wait=soon");
    let (status, reply) = ask(Method::GET, url, KEYS[0], String::new()).await;
    let expected = json!({"ok": false, "error": "参数 wait：应为 0 到 50 的秒数"});
    assert_eq!((status, reply), (400, expected));
    let url = format!("http://{devices}/v1/answers");
    let (status, reply) = ask(Method::POST, url, KEYS[0], "x".repeat(70_000)).await;
    let expected = json!({"ok": false, "error": "应答未收完，或超过 65536 字节"});
    assert_eq!((status, reply), (413, expected));
}
