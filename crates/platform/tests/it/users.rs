//! Users: passwords, keys, roles, and what each may see and do.

use reqwest::Method;
use serde_json::{Value, json};

use crate::site::{Platform, Site};

const NOBODY: &str = "http://127.0.0.1:1";

async fn add(platform: &Platform, name: &str, role: &str, lots: Option<&str>) -> String {
    let body = json!({"role": role, "lots": lots});
    let (status, user) = platform
        .send(Method::PUT, &format!("/users/{name}"), body)
        .await;
    assert_eq!(status, 200, "{user}");
    user["password"].as_str().unwrap().to_owned()
}

async fn open(platform: &Platform, path: &str, body: Value) -> (u16, Value) {
    let path = format!("/api/v1{path}");
    platform
        .with_key(None, Method::POST, &path, Some(body.to_string()))
        .await
}

/// A key of a new user whose password was changed as it must be.
pub(crate) async fn key(platform: &Platform, name: &str, role: &str, lots: Option<&str>) -> String {
    let first = add(platform, name, role, lots).await;
    let change = json!({"name": name, "password": first, "new_password": "correct horse"});
    assert_eq!(open(platform, "/password", change).await.0, 200);
    let login = json!({"name": name, "password": "correct horse"});
    let (status, opened) = open(platform, "/login", login).await;
    assert_eq!(status, 200, "{opened}");
    opened["key"].as_str().unwrap().to_owned()
}

async fn status(platform: &Platform, key: &str, method: Method, path: &str, body: Value) -> u16 {
    let path = format!("/api/v1{path}");
    platform
        .with_key(Some(key), method, &path, Some(body.to_string()))
        .await
        .0
}

/// D-7
#[tokio::test]
async fn a_first_password_opens_nothing_until_its_user_has_chosen_another() {
    let platform = Site::new(NOBODY).start().await;
    let first = add(&platform, "wang", "operator", None).await;
    let login = |password: &str| json!({"name": "wang", "password": password});
    assert_eq!(open(&platform, "/login", login(&first)).await.0, 403);
    assert_eq!(open(&platform, "/login", login("x")).await.0, 401);
    let change = |new: &str| json!({"name": "wang", "password": first, "new_password": new});
    for (new, expected) in [("short", 400), (&*first, 400), ("correct horse", 200)] {
        assert_eq!(
            open(&platform, "/password", change(new)).await.0,
            expected,
            "{new}"
        );
    }
    assert_eq!(open(&platform, "/login", login(&first)).await.0, 401);
    let (status_of, opened) = open(&platform, "/login", login("correct horse")).await;
    assert_eq!((status_of, &opened["role"]), (200, &json!("operator")));
    let key = opened["key"].as_str().unwrap();
    assert_eq!(
        status(&platform, key, Method::GET, "/lots", json!({})).await,
        200
    );
    let reset = json!({"role": "operator", "reset": true});
    let (_, again) = platform.send(Method::PUT, "/users/wang", reset).await;
    assert_eq!(again["must_change"], true);
    assert_eq!(
        status(&platform, key, Method::GET, "/lots", json!({})).await,
        401
    );
}

#[tokio::test]
async fn each_role_is_held_to_what_it_may_do_and_acts_under_its_own_name() {
    let platform = Site::new(NOBODY).start().await;
    let viewer = key(&platform, "v", "viewer", None).await;
    let operator = key(&platform, "wang", "operator", None).await;
    let block = json!({"plate": "粤B1", "reason": "欠费", "by": "李工"});
    for (key, method, path, expected) in [
        (&viewer, Method::GET, "/blocks", 200),
        (&viewer, Method::POST, "/blocks", 403),
        (&operator, Method::POST, "/blocks", 201),
        (&operator, Method::GET, "/users", 403),
        (&operator, Method::PUT, "/suppliers/S2", 403),
    ] {
        let found = status(&platform, key, method.clone(), path, block.clone()).await;
        assert_eq!(found, expected, "{method} {path}");
    }
    let audited = platform.get("/audit?act=block.add").await["items"][0].clone();
    assert_eq!(audited["by"], "李工（wang）");
}

#[tokio::test]
async fn who_is_bound_to_lots_neither_sees_nor_touches_others() {
    let platform = Site::new(NOBODY).start().await;
    platform.push(1, "CAM-01").await;
    let elsewhere = key(&platform, "east", "lot-bound", Some("L9")).await;
    let here = key(&platform, "west", "lot-bound", Some("L1,L9")).await;
    let seen = async |key: &str, path: &str| {
        let path = format!("/api/v1{path}");
        let (_, page) = platform.with_key(Some(key), Method::GET, &path, None).await;
        page["items"].as_array().unwrap().len()
    };
    for (path, count) in [("/recognitions", 1), ("/decisions", 1), ("/lots", 1)] {
        assert_eq!(seen(&elsewhere, path).await, 0, "{path}");
        assert_eq!(seen(&here, path).await, count, "{path}");
    }
    let permit = |lots: Value| json!({"plate": "粤B1", "kind": "paid", "lots": lots});
    for (key, method, path, body, expected) in [
        (&elsewhere, Method::GET, "/lots/L1", json!({}), 403),
        (&here, Method::GET, "/lots/L1", json!({}), 200),
        (&elsewhere, Method::POST, "/lots/L1/open", json!({}), 403),
        (&elsewhere, Method::GET, "/lots/%4C1", json!({}), 403),
        (&here, Method::POST, "/permits", permit(json!("L1")), 201),
        (&here, Method::POST, "/permits", permit(Value::Null), 403),
        (
            &elsewhere,
            Method::POST,
            "/permits",
            permit(json!("L1")),
            403,
        ),
        (&here, Method::DELETE, "/permits?plate=A", json!({}), 403),
        (
            &here,
            Method::POST,
            "/blocks",
            json!({"plate": "A", "reason": "x"}),
            403,
        ),
        (&elsewhere, Method::GET, "/summary?lot=L1", json!({}), 403),
        (&here, Method::GET, "/summary?lot=L1", json!({}), 200),
    ] {
        let found = status(&platform, key, method.clone(), path, body).await;
        assert_eq!(found, expected, "{method} {path}");
    }
    let nobody = "/api/v1/users/nobody/keys";
    let (found, _) = platform
        .with_key(Some(&platform.key), Method::GET, nobody, None)
        .await;
    assert_eq!(found, 404);
    for (key, lots, recognitions) in [(&elsewhere, 0, 0), (&here, 1, 1)] {
        let summary = "/api/v1/summary";
        let (_, summary) = platform
            .with_key(Some(key), Method::GET, summary, None)
            .await;
        assert_eq!(summary["lots"], lots);
        assert_eq!(summary["recognitions"]["total"], recognitions);
    }
}

#[tokio::test]
async fn a_key_for_a_tool_has_the_rights_of_its_user_until_it_is_taken_back() {
    let platform = Site::new(NOBODY).start().await;
    key(&platform, "tool", "viewer", None).await;
    let (_, made) = platform
        .post("/users/tool/keys", json!({"label": "报表"}))
        .await;
    let made = made["key"].as_str().unwrap().to_owned();
    assert_eq!(
        status(&platform, &made, Method::GET, "/stays", json!({})).await,
        200
    );
    assert_eq!(
        status(&platform, &made, Method::POST, "/blocks", json!({})).await,
        403
    );
    let keys = platform.get("/users/tool/keys").await["items"].clone();
    let of_tool = keys
        .as_array()
        .unwrap()
        .iter()
        .find(|key| key["label"] == "报表")
        .unwrap();
    let path = format!("/users/tool/keys/{}", of_tool["id"].as_str().unwrap());
    assert_eq!(platform.send(Method::DELETE, &path, json!({})).await.0, 200);
    assert_eq!(
        status(&platform, &made, Method::GET, "/stays", json!({})).await,
        401
    );
    assert_eq!(
        platform
            .send(Method::DELETE, "/users/tool", json!({}))
            .await
            .0,
        200
    );
    let login = json!({"name": "tool", "password": "correct horse"});
    assert_eq!(open(&platform, "/login", login).await.0, 401);
}
