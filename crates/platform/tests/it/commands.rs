//! Commands to gates and displays: sent once, with an end that is kept.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rusqlite::TransactionBehavior;
use serde_json::{Value, json};

/// Longest that a stop waits for commands.
const DRAIN: Duration = Duration::from_secs(10);

use crate::site::{PATIENCE, Site, eventually};
use crate::supplier::{Reply, Supplier, accepted, idle, refused};

fn site(supplier: &Supplier) -> Site {
    Site::new(&format!("http://{}", supplier.address))
}

/// OPEN-1, OPEN-2, OPEN-3, OPEN-4
#[tokio::test]
async fn each_mode_is_sent_as_its_digit_and_its_end_is_kept_with_who_and_why() {
    let supplier = Supplier::start(None).await;
    let platform = site(&supplier).start().await;
    for (mode, digit) in [
        ("hold", "0"),
        ("restore", "1"),
        ("normal", "2"),
        ("forced", "3"),
    ] {
        let (status, end) = platform.open(mode).await;
        assert_eq!((status, &end["state"]), (200, &json!("executed")), "{end}");
        let sent = supplier.asked("/receiveOpenGate").pop().unwrap();
        assert_eq!(sent["openMode"], digit);
        assert_eq!(
            (&sent["deviceNo"], &sent["plateNumber"]),
            (&json!("CAM-01"), &json!("粤B12345"))
        );
        let kept = platform.get("/commands").await["items"].clone();
        let same = kept
            .as_array()
            .unwrap()
            .iter()
            .find(|row| row["id"] == end["id"])
            .unwrap();
        assert_eq!(
            (&same["what"], &same["state"]),
            (&json!(mode), &json!("executed"))
        );
        assert_eq!(
            (&same["by"], &same["reason"]),
            (&json!("王工"), &json!("访客"))
        );
    }
}

/// OPEN-7
#[tokio::test]
async fn a_refusal_is_told_in_the_lots_own_words() {
    let supplier = Supplier::start(None).await;
    supplier.answers(|path, body| match path {
        "/receiveOpenGate" => refused("PLATE_DIFFERS 闸口车辆车牌不符"),
        _ => idle(path, body),
    });
    let platform = site(&supplier).start().await;
    let (status, end) = platform.open("normal").await;
    assert_eq!((status, &end["state"]), (200, &json!("refused")));
    assert_eq!(end["said"], "PLATE_DIFFERS 闸口车辆车牌不符");
}

/// D-2, D-5: nobody knows whether the barrier moved, so nobody tries again.
#[tokio::test]
async fn a_command_without_a_sound_answer_is_unknown_and_never_repeated() {
    let supplier = Supplier::start(None).await;
    let platform = site(&supplier).start().await;
    type Broken = (fn() -> Reply, &'static str);
    let broken: [Broken; 3] = [
        (|| Reply::Hang, "超时"),
        (|| Reply::Status(500), "HTTP 500"),
        (|| Reply::Json(json!({})), "respCode"),
    ];
    for (number, (reply, why)) in broken.into_iter().enumerate() {
        supplier.answers(move |path, body| match path {
            "/receiveOpenGate" => reply(),
            _ => idle(path, body),
        });
        let (status, end) = platform.open("forced").await;
        assert_eq!((status, &end["state"]), (200, &json!("unknown")), "{end}");
        assert!(end["said"].as_str().unwrap().contains(why), "{end}");
        assert_eq!(supplier.asked("/receiveOpenGate").len(), number + 1);
    }
}

/// OPEN-4: an operator who clicks twice opens once; another command does not wait.
#[tokio::test]
async fn a_second_click_shares_the_end_of_the_first_and_holds_up_nobody_else() {
    let supplier = Supplier::start(None).await;
    supplier.answers(|path, body| match path {
        "/receiveOpenGate" if body["openMode"] == "3" => Reply::Hang,
        _ => idle(path, body),
    });
    let platform = site(&supplier).start().await;
    let meanwhile = async {
        eventually(async || supplier.asked("/receiveOpenGate").pop()).await;
        platform.open("normal").await
    };
    let (first, second, other) =
        tokio::join!(platform.open("forced"), platform.open("forced"), meanwhile);
    assert_eq!(first.1["state"], "unknown");
    assert_eq!(first, second);
    assert_eq!(other.1["state"], "executed");
    let forced = supplier.asked("/receiveOpenGate");
    let forced = forced.iter().filter(|sent| sent["openMode"] == "3");
    assert_eq!(forced.count(), 1);
    let (_, later) = platform.open("forced").await;
    assert_ne!(
        later["id"], first.1["id"],
        "a click after the end is a new command"
    );
}

/// SHOW-1
#[tokio::test]
async fn a_text_is_sent_line_by_line_with_its_spaces_and_alignment() {
    let supplier = Supplier::start(None).await;
    let platform = site(&supplier).start().await;
    let lines = json!([{"text": "粤B12345  欢迎", "alignment": "center"}, {"text": " 请通行"}]);
    let order = json!({"device": "LED-01", "lines": lines, "by": "王工"});
    let (status, end) = platform.post("/lots/L1/show", order).await;
    assert_eq!((status, &end["state"]), (200, &json!("executed")), "{end}");
    let sent = supplier.asked("/receiveShowMsg").pop().unwrap();
    let expected = json!([
        {"text": "粤B12345  欢迎", "alignment": "center"},
        {"text": " 请通行", "alignment": "left"}
    ]);
    assert_eq!(sent["msg"], expected);
    let kept = platform.get("/commands").await["items"][0].clone();
    assert_eq!(
        (&kept["what"], &kept["text"]),
        (&json!("show"), &json!("粤B12345  欢迎\n 请通行"))
    );
}

/// SHOW-1: to many a display a control character is a command.
#[tokio::test]
async fn a_text_with_a_control_character_or_too_long_a_line_is_refused_before_the_lot_hears_of_it()
{
    let supplier = Supplier::start(None).await;
    let platform = site(&supplier).start().await;
    let long = "满".repeat(201);
    for text in [
        "欢迎\n光临",
        "\u{1b}[2J",
        "a\tb",
        "\u{7f}",
        "\u{85}",
        "\0",
        long.as_str(),
    ] {
        let lines = json!([{"text": "欢迎"}, {"text": text}]);
        let order = json!({"device": "LED-01", "lines": lines});
        let (status, error) = platform.post("/lots/L1/show", order).await;
        assert_eq!(
            (status, &error["field"]),
            (400, &json!("lines[1].text")),
            "{error}"
        );
        let said = error["error"].as_str().unwrap();
        assert!(
            !said.contains('\u{1b}') && said.contains("lines[1].text"),
            "{said}"
        );
    }
    assert!(supplier.asked("/receiveShowMsg").is_empty());
    assert!(
        platform.get("/commands").await["items"]
            .as_array()
            .unwrap()
            .is_empty()
    );
}

/// OPEN-4: whoever acts need not say who that is, for the key does.
#[tokio::test]
async fn a_command_is_by_whom_the_key_belongs_to_unless_somebody_else_is_named() {
    let supplier = Supplier::start(None).await;
    let platform = site(&supplier).start().await;
    let key = crate::users::key(&platform, "li", "operator", None).await;
    let path = "/api/v1/lots/L1/open";
    for (by, kept) in [
        (None, "li"),
        (Some("li"), "li"),
        (Some("王工"), "王工（li）"),
    ] {
        let order = json!({
            "device": "CAM-01", "mode": "forced", "reason": "访客", "by": by
        });
        let sent = Some(order.to_string());
        let done = platform.with_key(Some(&key), reqwest::Method::POST, path, sent);
        let (status, end) = done.await;
        assert_eq!((status, &end["state"]), (200, &json!("executed")), "{end}");
        assert_eq!(platform.get("/commands").await["items"][0]["by"], kept);
    }
}

/// OPEN-7: what was sent by a process that has died since.
#[tokio::test]
async fn a_command_that_a_crash_left_open_is_unknown_from_the_next_start_on() {
    let supplier = Supplier::start(None).await;
    let site = site(&supplier);
    site.start().await.stop().await;
    let dead = rusqlite::Connection::open(site.store()).unwrap();
    dead.execute_batch(
        "INSERT INTO command VALUES ('L1', 'c1', 'CAM-01', 'forced', NULL, NULL, '王工', '访客', unixepoch(),
         'asked', '', NULL)",
    )
    .unwrap();
    let platform = site.start().await;
    let kept = platform.get("/commands").await["items"][0].clone();
    assert_eq!(
        (&kept["id"], &kept["state"]),
        (&json!("c1"), &json!("unknown"))
    );
    assert_eq!(supplier.asked("/receiveOpenGate"), Vec::<Value>::new());
}

/// A command is on disk before the lot hears of it.
#[tokio::test]
async fn the_row_of_a_command_is_there_when_the_lot_is_asked() {
    let supplier = Supplier::start(None).await;
    let site = site(&supplier);
    let (store, written) = (site.store(), Arc::new(AtomicBool::new(false)));
    let seen = Arc::clone(&written);
    supplier.answers(move |path, body| {
        if path == "/receiveOpenGate" {
            let open = rusqlite::Connection::open(&store).unwrap();
            let sql = "SELECT count(*) FROM command WHERE state = 'asked'";
            let rows: i64 = open.query_row(sql, [], |row| row.get(0)).unwrap();
            seen.store(rows == 1, Ordering::SeqCst);
            return accepted("");
        }
        idle(path, body)
    });
    let platform = site.start().await;
    platform.open("forced").await;
    assert!(written.load(Ordering::SeqCst));
}

/// OPEN-4, OPEN-7: whoever stands there now is not who it was given for.
#[tokio::test]
async fn a_command_that_waited_too_long_for_the_disk_is_not_sent() {
    // Well beyond what a command may wait, and below the five seconds that the store waits for a lock.
    const STANDS_STILL: Duration = Duration::from_secs(3);
    let supplier = Supplier::start(None).await;
    let site = site(&supplier);
    let platform = site.start().await;
    let mut other = rusqlite::Connection::open(site.store()).unwrap();
    let lock = other.transaction_with_behavior(TransactionBehavior::Exclusive);
    let lock = lock.unwrap();
    let disk = async {
        tokio::time::sleep(STANDS_STILL).await;
        drop(lock);
    };
    let ((status, end), ()) = tokio::join!(platform.open("forced"), disk);
    assert_eq!((status, &end["state"]), (200, &json!("refused")), "{end}");
    assert_eq!(end["said"], "等待保存过久，命令没有发出");
    assert_eq!(supplier.asked("/receiveOpenGate"), Vec::<Value>::new());
    let kept = platform.get("/commands").await["items"][0].clone();
    assert_eq!(
        (&kept["id"], &kept["state"]),
        (&end["id"], &json!("refused"))
    );
    let (_, again) = platform.open("forced").await;
    assert_eq!(again["state"], "executed", "{again}");
}

/// OPEN-1, OPEN-2: the gate was told otherwise since, so the older command says nothing of it now.
#[tokio::test]
async fn a_hold_given_after_a_restore_is_a_new_command_although_an_older_hold_is_under_way() {
    let supplier = Supplier::start(None).await;
    let mut holds = 0;
    supplier.answers(move |path, body| {
        let is_hold = path == "/receiveOpenGate" && body["openMode"] == "0";
        holds += usize::from(is_hold);
        match is_hold && holds == 1 {
            true => Reply::Hang,
            false => idle(path, body),
        }
    });
    let site = site(&supplier).with("deadline = \"300ms\"", "deadline = \"10s\"");
    let platform = site.start().await;
    let others = async {
        eventually(async || supplier.asked("/receiveOpenGate").pop()).await;
        assert_eq!(platform.open("restore").await.1["state"], "executed");
        platform.open("hold").await
    };
    let (_, end) = tokio::select! {
        (_, first) = platform.open("hold") => panic!("the first is still under way: {first}"),
        end = others => end,
    };
    assert_eq!(end["state"], "executed", "{end}");
    let sent = supplier.asked("/receiveOpenGate");
    let sent: Vec<&Value> = sent.iter().map(|sent| &sent["openMode"]).collect();
    assert_eq!(sent, ["0", "1", "0"]);
}

/// A stop waits for what is under way, so that its end is kept.
#[tokio::test]
async fn a_platform_that_is_stopped_keeps_the_end_of_a_command_under_way() {
    let supplier = Supplier::start(None).await;
    supplier.answers(|path, body| match path {
        "/receiveOpenGate" => Reply::Hang,
        _ => idle(path, body),
    });
    let site = site(&supplier);
    let platform = site.start().await;
    let stopped = async {
        eventually(async || supplier.asked("/receiveOpenGate").pop()).await;
        platform.cancel();
    };
    let ((status, end), ()) = tokio::join!(platform.open("forced"), stopped);
    assert_eq!((status, &end["state"]), (200, &json!("unknown")));
    platform.stop().await;
    let rows = rusqlite::Connection::open(site.store()).unwrap();
    let state: String = rows
        .query_row("SELECT state FROM command", [], |row| row.get(0))
        .unwrap();
    assert_eq!(state, "unknown");
}

/// OPEN-7: the operator is told at once, and the records as soon as they can be.
#[tokio::test]
async fn the_end_of_a_command_that_could_not_be_written_is_kept_as_soon_as_it_can() {
    let supplier = Supplier::start(None).await;
    let site = site(&supplier);
    let platform = site.start().await;
    let other = breaking(&site);
    let (status, end) = platform.open("forced").await;
    assert_eq!((status, &end["state"]), (200, &json!("executed")), "{end}");
    let kept = async || platform.get("/commands").await["items"][0].clone();
    assert_eq!(kept().await["state"], "asked");
    other.execute_batch("DROP TRIGGER t").unwrap();
    let kept = eventually(async || Some(kept().await).filter(|row| row["state"] != "asked"));
    let kept = kept.await;
    assert_eq!(
        (&kept["id"], &kept["state"]),
        (&end["id"], &json!("executed"))
    );
    assert_eq!(supplier.asked("/receiveOpenGate").len(), 1);
}

/// OPEN-7: a stop tries once more, and does not wait for records that stay broken.
#[tokio::test]
async fn a_platform_is_stopped_at_once_although_the_end_of_a_command_cannot_be_written() {
    let supplier = Supplier::start(None).await;
    let site = site(&supplier);
    let platform = site.start().await;
    let _broken = breaking(&site);
    let (_, end) = platform.open("forced").await;
    assert_eq!(end["state"], "executed", "{end}");
    let stopped = std::time::Instant::now();
    platform.stop().await;
    assert!(stopped.elapsed() < DRAIN, "{:?}", stopped.elapsed());
}

/// Makes every change of a command fail, until the trigger is dropped again.
fn breaking(site: &Site) -> rusqlite::Connection {
    let other = rusqlite::Connection::open(site.store()).unwrap();
    other.busy_timeout(PATIENCE).unwrap();
    let trigger = "CREATE TRIGGER t BEFORE UPDATE ON command BEGIN SELECT raise(ABORT, 'x'); END";
    other.execute_batch(trigger).unwrap();
    other
}
