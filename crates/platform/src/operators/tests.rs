//! Requests between whose reading and writing something else is written.

use std::time::Duration;

use axum::body::Body;
use axum::http::Method;
use boshi_transport::certificate::install_crypto;
use rusqlite::Connection;
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use super::*;
use crate::config::Config;
use crate::role::{Rights, Role};
use crate::store::StoreError;
use crate::store::audit::Act;
use crate::store::user::{self, User};

/// Longest that a test waits for what has to happen.
const PATIENCE: Duration = Duration::from_secs(20);
const FIRST: &str = "correct horse";
const ACT: Act<'_> = Act {
    by: "王工",
    what: "test",
    target: "wang",
    reason: "",
};

/// A platform whose interface is asked without a network.
struct Office {
    parts: Arc<Operators>,
    router: Router,
    key: String,
    _folder: tempfile::TempDir,
}

impl Office {
    async fn new() -> Office {
        install_crypto();
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().display();
        let config = Config::parse(&format!("data = \"{data}\"")).unwrap();
        let lots = Arc::new(Lots::new(&config, jiff::Timestamp::now()).unwrap());
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let parts = crate::start::open(&config, lots, tasks, stop);
        let (parts, _) = parts.await.unwrap();
        let path = config.operator_key();
        let router = router(Arc::clone(&parts), Key::open_or_create(&path).unwrap());
        Office {
            parts,
            router,
            key: std::fs::read_to_string(path).unwrap().trim().to_owned(),
            _folder: folder,
        }
    }

    /// With the user `wang`, who has chosen the password.
    async fn with_wang() -> Office {
        let office = Office::new().await;
        let hash = office.parts.passwords.hash(SecretString::from(FIRST));
        let wang = User {
            name: "wang".to_owned(),
            rights: Rights {
                role: Role::Operator,
                lots: Vec::new(),
            },
            password: hash.await.unwrap(),
            must_change: false,
        };
        let put = office.parts.store.write(move |db| {
            user::put(db, &wang, &ACT, jiff::Timestamp::now())?;
            user::give_key(db, &[7; 32], None, &ACT, (jiff::Timestamp::now(), None)).map(drop)
        });
        put.await.unwrap();
        office
    }

    async fn ask(&self, method: Method, path: &str, body: Value) -> (u16, Value) {
        let request = Request::builder()
            .method(method)
            .uri(format!("/api/v1{path}"))
            .header("Authorization", format!("Bearer {}", self.key))
            .body(Body::from(body.to_string()))
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = axum::body::to_bytes(response.into_body(), MAX_BODY_BYTES);
        (
            status,
            serde_json::from_slice(&body.await.unwrap()).unwrap(),
        )
    }

    /// The same, where `meanwhile` is committed after the request has read what it goes by and
    /// before it writes.
    async fn overtaken(
        &self,
        (method, path, body): (Method, &str, Value),
        meanwhile: impl FnOnce(&Connection) -> Result<(), StoreError> + Send + 'static,
    ) -> (u16, Value) {
        let (begin, begun) = tokio::sync::oneshot::channel();
        let (go, on) = std::sync::mpsc::channel();
        let first = self.parts.store.write(move |db| {
            begin.send(()).unwrap();
            on.recv_timeout(PATIENCE).unwrap();
            meanwhile(db)
        });
        let follows = async {
            until(|| self.parts.store.figures().waiting() > 0).await;
            go.send(()).unwrap();
        };
        let second = async {
            begun.await.unwrap();
            tokio::join!(self.ask(method, path, body), follows).0
        };
        let all = async { tokio::join!(first, second) };
        let (first, answer) = tokio::time::timeout(PATIENCE, all).await.unwrap();
        first.unwrap();
        answer
    }

    /// Whoever asks hangs up while what is asked for waits to be written, and then it is.
    async fn hangs_up(&self, (method, path, body): (Method, &str, Value)) {
        let (begin, begun) = tokio::sync::oneshot::channel();
        let (go, on) = std::sync::mpsc::channel();
        let first = self.parts.store.write(move |_| {
            begin.send(()).unwrap();
            on.recv_timeout(PATIENCE).unwrap();
            Ok(())
        });
        let second = async {
            begun.await.unwrap();
            tokio::select! {
                answer = self.ask(method, path, body) => panic!("answered: {answer:?}"),
                () = until(|| self.parts.store.figures().waiting() > 0) => {}
            }
            go.send(()).unwrap();
        };
        let (first, ()) = tokio::join!(first, second);
        first.unwrap();
    }

    async fn wang(&self) -> Option<User> {
        let found = self.parts.store.read(|db| user::find(db, "wang"));
        found.await.unwrap()
    }

    /// How many keys there are.
    async fn keys(&self) -> i64 {
        let count = self
            .parts
            .store
            .read(|db| Ok(db.query_row("SELECT count(*) FROM api_key", [], |row| row.get(0))?));
        count.await.unwrap()
    }
}

fn login() -> (Method, &'static str, Value) {
    (
        Method::POST,
        "/login",
        json!({"name": "wang", "password": FIRST}),
    )
}

fn change() -> (Method, &'static str, Value) {
    let body = json!({"name": "wang", "password": FIRST, "new_password": "another horse"});
    (Method::POST, "/password", body)
}

/// What an administrator does who gives `wang` another first password.
fn reset(db: &Connection) -> Result<(), StoreError> {
    user::revoke_all(db, "wang")?;
    let reset = "UPDATE user SET password = 'reset', must_change = TRUE WHERE name = 'wang'";
    db.execute(reset, [])?;
    Ok(())
}

fn remove(db: &Connection) -> Result<(), StoreError> {
    user::remove(db, "wang", &ACT, jiff::Timestamp::now()).map(drop)
}

/// D-7
#[tokio::test]
async fn a_login_that_is_under_way_while_its_password_is_reset_or_its_user_removed_gives_no_key() {
    let office = Office::with_wang().await;
    let (status, answer) = office.overtaken(login(), reset).await;
    assert_eq!((status, office.keys().await), (401, 0), "{answer}");
    let office = Office::with_wang().await;
    let (status, answer) = office.overtaken(login(), remove).await;
    assert_eq!((status, office.keys().await), (401, 0), "{answer}");
    let office = Office::with_wang().await;
    let (status, answer) = office.overtaken(login(), |_| Ok(())).await;
    assert_eq!((status, office.keys().await), (200, 2), "{answer}");
}

/// D-7
#[tokio::test]
async fn a_new_password_that_is_under_way_undoes_neither_a_reset_nor_a_removal() {
    let office = Office::with_wang().await;
    let (status, answer) = office.overtaken(change(), reset).await;
    let wang = office.wang().await.unwrap();
    let kept = (wang.password.as_str(), wang.must_change);
    assert_eq!((status, kept), (401, ("reset", true)), "{answer}");
    let office = Office::with_wang().await;
    let (status, answer) = office.overtaken(change(), remove).await;
    assert_eq!(
        (status, office.wang().await.is_none()),
        (401, true),
        "{answer}"
    );
    // The keys of a password that was chosen meanwhile stay.
    let office = Office::with_wang().await;
    let chosen = |db: &Connection| {
        db.execute("UPDATE user SET password = 'chosen'", [])?;
        Ok(())
    };
    let (status, answer) = office.overtaken(change(), chosen).await;
    assert_eq!((status, office.keys().await), (401, 1), "{answer}");
}

/// D-7
#[tokio::test]
async fn another_role_brings_back_no_password_and_no_user_that_was_removed() {
    let role = || (Method::PUT, "/users/wang", json!({"role": "viewer"}));
    let office = Office::with_wang().await;
    let (status, answer) = office.overtaken(role(), reset).await;
    let wang = office.wang().await.unwrap();
    let kept = (wang.password.as_str(), wang.must_change, wang.rights.role);
    assert_eq!(
        (status, kept),
        (200, ("reset", true, Role::Viewer)),
        "{answer}"
    );
    assert_eq!(answer["must_change"], true);
    let office = Office::with_wang().await;
    let (status, answer) = office.overtaken(role(), remove).await;
    assert_eq!(
        (status, office.wang().await.is_none()),
        (404, true),
        "{answer}"
    );
}

/// D-7
#[tokio::test]
async fn a_key_for_a_tool_is_not_given_to_a_user_that_was_removed_meanwhile() {
    let office = Office::with_wang().await;
    let key = (Method::POST, "/users/wang/keys", json!({"label": "报表"}));
    let (status, answer) = office.overtaken(key, remove).await;
    assert_eq!((status, office.keys().await), (404, 0), "{answer}");
}

/// BEAT-1, D-4
#[tokio::test]
async fn what_is_heard_of_a_lot_while_it_is_being_changed_is_known_of_the_changed_one() {
    let office = Office::new().await;
    let supplier = json!({"name": "设备商", "secret": "first"});
    assert_eq!(
        office.ask(Method::PUT, "/suppliers/S2", supplier).await.0,
        200
    );
    let entry = json!({
        "supplier": "S2", "base_url": "http://127.0.0.1:1", "entry": "allow", "exit": "refuse"
    });
    let put = || (Method::PUT, "/lots/L2", entry.clone());
    let (method, path, body) = put();
    assert_eq!(office.ask(method, path, body).await.0, 200);
    let (id, lots) = (LotId::new("L2").unwrap(), Arc::clone(&office.parts.lots));
    let now = jiff::Timestamp::now();
    let heard = move |_: &Connection| {
        let lot = lots.get(&LotId::new("L2").unwrap()).unwrap();
        let mut presence = lot.presence();
        presence.watch.heard(now);
        presence.skew_seconds = Some(7);
        Ok(())
    };
    let before = office.parts.lots.get(&id).unwrap();
    assert_eq!(office.overtaken(put(), heard).await.0, 200);
    let after = office.parts.lots.get(&id).unwrap();
    assert!(!Arc::ptr_eq(&before, &after));
    let presence = after.presence().clone();
    let known = (presence.watch.last_heard(), presence.skew_seconds);
    assert_eq!(known, (Some(now), Some(7)));
}

/// Waits until it is so.
async fn until(is_so: impl Fn() -> bool) {
    let waiting = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap();
}

fn webhook() -> Value {
    json!({"url": "http://127.0.0.1:1", "plain": true})
}

/// Who hangs up, or whose proxy does, has asked nevertheless: what is on disk is what is worked with.
#[tokio::test]
async fn what_is_asked_for_is_done_as_a_whole_also_when_nobody_waits_for_the_answer() {
    let office = Office::new().await;
    let parts = Arc::clone(&office.parts);
    let is_there = |lot: &str| parts.lots.get(&LotId::new(lot).unwrap()).is_some();
    office
        .hangs_up((Method::PUT, "/webhooks/billing", webhook()))
        .await;
    until(|| parts.webhooks.serves("billing")).await;
    office
        .hangs_up((Method::DELETE, "/webhooks/billing", json!({})))
        .await;
    until(|| !parts.webhooks.serves("billing")).await;
    let supplier = json!({"name": "设备商", "secret": "first"});
    office
        .hangs_up((Method::PUT, "/suppliers/S2", supplier))
        .await;
    let app_id = boshi_protocol::id::AppId::new("S2").unwrap();
    until(|| parts.lots.supplier(&app_id).is_some()).await;
    let entry = json!({
        "supplier": "S2", "base_url": "http://127.0.0.1:1", "entry": "allow", "exit": "refuse"
    });
    office.hangs_up((Method::PUT, "/lots/L2", entry)).await;
    until(|| is_there("L2")).await;
    office
        .hangs_up((Method::DELETE, "/lots/L2", json!({})))
        .await;
    until(|| !is_there("L2")).await;
    // It has something left to write, and the next change is made after that.
    drop(parts.registrar.changing.lock().await);
    office
        .hangs_up((Method::DELETE, "/suppliers/S2", json!({})))
        .await;
    until(|| parts.lots.supplier(&app_id).is_none()).await;
}

#[tokio::test]
async fn for_an_endpoint_that_is_not_there_any_more_nothing_is_taken_up_and_its_courier_ends() {
    let office = Office::new().await;
    let tasks = &office.parts.registrar.tasks;
    let before = tasks.len();
    let (status, added) = office
        .ask(Method::PUT, "/webhooks/billing", webhook())
        .await;
    assert_eq!((status, tasks.len()), (200, before + 1), "{added}");
    let removed = office.parts.store.write(|db| {
        db.execute("DELETE FROM webhook", [])?;
        Ok(())
    });
    removed.await.unwrap();
    let block = json!({"plate": "粤B12345", "reason": "欠费"});
    assert_eq!(office.ask(Method::POST, "/blocks", block).await.0, 201);
    until(|| tasks.len() == before).await;
    let waiting = office.parts.store.read(|db| {
        let count = "SELECT count(*) FROM delivery";
        Ok(db.query_row(count, [], |row| row.get::<_, i64>(0))?)
    });
    assert_eq!(waiting.await.unwrap(), 0);
}
