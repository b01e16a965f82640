use boshi_simulator::equipment::{Fault, Motion};
use serde_json::json;

use crate::gateway::{command, post_raw};
use crate::{KEY, device, plan, started, until};

#[tokio::test]
async fn a_command_that_is_known_already_moves_nothing_and_gets_its_first_answer() {
    let (_gateway, lot) = started(plan()).await;
    let open = json!({"command": "open", "id": "c-1", "device": "BAR-01"});
    let answers = tokio::join!(
        command(&lot, open.clone()),
        command(&lot, open.clone()),
        command(&lot, open.clone()),
    );
    assert_eq!(
        answers,
        (
            json!({"ok": true}),
            json!({"ok": true}),
            json!({"ok": true})
        )
    );
    lot.break_barrier("01", Fault::Refuses("继电器无响应".to_owned()))
        .unwrap();
    assert_eq!(command(&lot, open).await, json!({"ok": true}));
    let ledger = lot.ledger();
    assert_eq!(ledger.acts().count(), 1);
    assert_eq!(ledger.idle_lifts().count(), 1, "nobody was there");
}

#[tokio::test]
async fn hold_and_restore_are_obeyed_each_by_the_barrier_that_is_named() {
    let (_gateway, lot) = started(plan()).await;
    for (id, motion, barrier) in [
        ("1", "hold", "BAR-01"),
        ("2", "restore", "BAR-01"),
        ("3", "open", "BAR-02"),
    ] {
        let given = json!({"command": motion, "id": id, "device": barrier});
        assert_eq!(command(&lot, given).await, json!({"ok": true}));
    }
    let ledger = lot.ledger();
    let acts: Vec<(&str, Motion)> = ledger.acts().map(|act| (&*act.lane, act.motion)).collect();
    assert_eq!(
        acts,
        [
            ("01", Motion::Hold),
            ("01", Motion::Restore),
            ("02", Motion::Open)
        ]
    );
}

#[tokio::test]
async fn a_barrier_that_does_not_do_it_says_why() {
    let (_gateway, lot) = started(plan()).await;
    let open = |id: &str| json!({"command": "open", "id": id, "device": "BAR-01"});
    lot.break_barrier("01", Fault::Refuses("继电器无响应".to_owned()))
        .unwrap();
    let refused = json!({"ok": false, "error": "继电器无响应"});
    assert_eq!(command(&lot, open("1")).await, refused);
    lot.unplug(&device("BAR-01")).unwrap();
    assert_eq!(command(&lot, open("2")).await["ok"], false);
    let unknown = json!({"command": "open", "id": "3", "device": "BAR-99"});
    assert_eq!(command(&lot, unknown).await["ok"], false);
    assert_eq!(lot.ledger().acts().count(), 0);
}

#[tokio::test]
async fn a_mute_barrier_moves_without_answering() {
    let (_gateway, lot) = started(plan()).await;
    lot.break_barrier("01", Fault::Mute).unwrap();
    let open = json!({"command": "open", "id": "1", "device": "BAR-01"});
    tokio::select! {
        answer = command(&lot, open) => panic!("{answer}"),
        () = until(|| lot.ledger().lifts().count() == 1) => {}
    }
}

#[tokio::test]
async fn a_lift_by_hand_is_no_act_of_the_gateway() {
    let (gateway, lot) = started(plan()).await;
    lot.lift_by_hand("01").unwrap();
    gateway.until_taken("arm up").await;
    let ledger = lot.ledger();
    assert_eq!((ledger.acts().count(), ledger.lifts().count()), (0, 1));
    assert_eq!(ledger.idle_lifts().count(), 0);
}

#[tokio::test]
async fn a_display_shows_its_lines_until_it_gets_others() {
    let (_gateway, lot) = started(plan()).await;
    let lines = json!([{"text": "粤B12345  您好", "alignment": "center"}, {"text": "请通行"}]);
    let show = json!({"command": "show", "id": "1", "device": "LED-01", "lines": lines});
    assert_eq!(command(&lot, show).await, json!({"ok": true}));
    let texts = |display: &str| -> Vec<String> {
        let shown = lot.shown(&device(display));
        shown.into_iter().map(|line| line.text).collect()
    };
    assert_eq!(texts("LED-01"), ["粤B12345  您好", "请通行"]);
    assert!(texts("LED-02").is_empty());
}

#[tokio::test]
async fn who_has_no_key_or_speaks_otherwise_is_refused() {
    let (_gateway, lot) = started(plan()).await;
    let open = json!({"command": "open", "id": "1", "device": "BAR-01"}).to_string();
    assert_eq!(post_raw(&lot, "wrong", &open).await.0, 401);
    assert_eq!(post_raw(&lot, KEY, "open").await.0, 400);
    let unknown = json!({"command": "explode", "id": "1"}).to_string();
    assert_eq!(post_raw(&lot, KEY, &unknown).await.0, 400);
    assert_eq!(lot.ledger().acts().count(), 0);
}
