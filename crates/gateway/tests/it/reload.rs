//! A new configuration while vehicles stand at the barriers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::pictures::JPEG;
use crate::platform::{NO, Reply, YES};
use crate::site::World;
use crate::wire::{eventually, token_of};

/// RECOG-2, RECOG-3: whoever waits goes on waiting, and is let through once.
#[tokio::test]
async fn rules_and_texts_take_over_and_a_vehicle_that_waits_is_not_touched() {
    let world = World::new().await;
    world.platform.answers(|path, _| match path {
        "/receivePlateNumber" => NO,
        _ => YES,
    });
    world.gateway.arrives("粤B12345").await;
    let waits = |lane: &serde_json::Value| lane["sides"][0]["doing"] == "refused";
    world.gateway.until("refused", waits).await;
    let changed = world.site.changed(&[
        ("act = \"500ms\"", "act = \"500ms\"\nloop_alarm = \"50ms\""),
        (
            "message = \"200ms\"",
            "message = \"200ms\"\nexit_idle = \"慢走\"",
        ),
        ("standard = \"127.0.0.1:0\"", "standard = \"127.0.0.1:1\""),
        ("barrier = \"BAR-02\"", "barrier = \"BAR-03\""),
    ]);
    let reloaded = world.gateway.reload(&changed.unwrap()).unwrap();
    assert_eq!(reloaded.applied, ["timing", "lot L1: display"]);
    assert_eq!(reloaded.restart, ["listen", "lot L1: lane"]);
    // ABN-1: the loop has been pressed for longer than it now may be.
    let told = world.platform.hears("/receiveAbnormal", 1).await;
    assert_eq!(told[0]["abnormalCode"], "1401");
    world.controller.shows("LED-02", &["慢走"]).await;
    let recognitions = "SELECT count(*) FROM recognition";
    assert_eq!(world.gateway.count(recognitions), 1);
    world.platform.answers(|_, _| YES);
    world.controller.hears("open", "BAR-01", 1).await;
    world.gateway.crosses().await;
    let crossed = "SELECT count(*) FROM recognition WHERE outcome = 'crossed'";
    world.gateway.counts(crossed, 1).await;
    assert_eq!(world.controller.told("open", "BAR-01").len(), 1);
    // The lane that would need a restart is driven as before.
    let own = json!({"deviceNo": "CAM-02", "openMode": "3"});
    world.gateway.call("/receiveOpenGate", own).await;
    world.controller.hears("open", "BAR-02", 1).await;
}

/// PUSH-2, ABN-2, ABN-3: how often is pushed, what abnormalities are called, how devices are watched.
#[tokio::test]
async fn attempts_texts_and_the_watch_over_the_devices_take_over() {
    let world = World::new().await;
    let settled = "SELECT count(*) FROM outbox WHERE kind = 'abnormality'";
    assert_eq!(world.gateway.count(settled), 0);
    world.gateway.finds_every_device().await;
    world.platform.answers(|_, _| Reply::Status(500));
    let changed = world.site.changed(&[(
        "[push]",
        "[abnormal_texts]\n1201 = \"{device}失联\"\n[supervision]\ncheck = \"50ms\"\n\
         [push]\nattempts = 2",
    )]);
    world
        .controller
        .has_online(&["BAR-01", "LED-01", "CAM-02", "BAR-02", "LED-02"]);
    let reloaded = world.gateway.reload(&changed.unwrap()).unwrap();
    assert_eq!(
        reloaded.applied,
        ["push", "supervision", "abnormal_texts"],
        "{reloaded:?}"
    );
    let told = world.platform.hears("/receiveAbnormal", 2).await;
    assert_eq!(told[0]["msg"], "CAM-01失联");
    let failed = "SELECT attempts FROM outbox WHERE kind = 'abnormality' AND state = 'failed'";
    let attempts = eventually("the push has failed", || {
        let rows = "SELECT count(*) FROM outbox WHERE state = 'failed'";
        (world.gateway.count(rows) == 1).then(|| world.gateway.count(failed))
    });
    assert_eq!(attempts.await, 2);
}

/// UNPUSH-2: not only when the next look is due.
#[tokio::test]
async fn what_becomes_too_old_or_too_much_goes_at_once() {
    let world = World::new().await;
    let large = [JPEG, &[0; 1_500_000]].concat();
    let event = json!({
        "event": "plate", "device": "CAM-01", "plate": "粤B12345",
        "image": STANDARD.encode(large)
    });
    // Before the loop is pressed: on a busy machine so large a picture takes so long that a vehicle
    // on the loop would be asked about, and let in, as an unread one.
    world.gateway.event(event).await;
    let picture = eventually("a question with the picture", || {
        let asked = world.platform.heard("/receivePlateNumber");
        let images = asked
            .iter()
            .filter_map(|asked| asked.body["image"].as_str());
        let mut paths = images.filter_map(|url| url.strip_prefix("https://lot.example"));
        paths.next().map(str::to_owned)
    });
    let picture = picture.await;
    let old = "INSERT INTO act (lot, at, by, what, subject, reason, outcome) \
               SELECT 'L1', unixepoch() * 1000 - days * 24 * 3600 * 1000, '', '', '', '', '' \
               FROM (SELECT 1 AS days UNION SELECT 40)";
    world.gateway.journal().execute(old, []).unwrap();
    let kept = "[retention]\ndays = 30\npictures = \"1MB\"\n[push]";
    let changed = world.site.changed(&[("[push]", kept)]).unwrap();
    let reloaded = world.gateway.reload(&changed).unwrap();
    assert_eq!(reloaded.applied, ["retention"]);
    world.gateway.counts("SELECT count(*) FROM act", 1).await;
    let end = std::time::Instant::now() + crate::wire::PATIENCE;
    while world.gateway.get(&picture).await.status() != 404 {
        assert!(std::time::Instant::now() < end, "the picture does not go");
    }
    let kept = "SELECT count(*) FROM recognition WHERE image IS NOT NULL";
    assert_eq!(world.gateway.count(kept), 1, "records never go");
}

/// D-6
#[tokio::test]
async fn a_secret_is_rotated_without_a_restart() {
    let world = World::new().await;
    let beat = async || {
        let reply = world.gateway.call("/checkConnect", json!({})).await;
        reply["respCode"].as_str().unwrap().to_owned()
    };
    assert_eq!(beat().await, "0");
    let ours = "secret = \"eV7spoA0rr7EyjGuJxQFOa3Vs5wvcRUo\"";
    let both = format!("secret = \"new\"\nprevious_{ours}");
    for (secrets, taken) in [(both.as_str(), "0"), ("secret = \"new\"", "1"), (ours, "0")] {
        let changed = world.site.changed(&[(ours, secrets)]).unwrap();
        let reloaded = world.gateway.reload(&changed).unwrap();
        assert_eq!(reloaded.applied, ["platform.secret"]);
        assert_eq!(beat().await, taken, "{secrets}");
    }
    // What is pushed is signed with it, too.
    let changed = world.site.changed(&[(ours, "secret = \"new\"")]).unwrap();
    world.gateway.reload(&changed).unwrap();
    world.gateway.arrives("粤B12345").await;
    let pushed = eventually("a push", || world.platform.first("/receivePlateNumber"));
    let pushed = pushed.await.body;
    let time = pushed["time"].as_str().unwrap();
    assert_eq!(pushed["token"], token_of(time, "new"));
}

/// What is in a file is read anew although the configuration is the same.
#[tokio::test]
async fn a_secret_in_a_file_is_read_anew() {
    let world = World::new().await;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, "one").unwrap();
    let ours = "secret = \"eV7spoA0rr7EyjGuJxQFOa3Vs5wvcRUo\"";
    let named = format!("secret_file = {:?}", file.path());
    let changed = world.site.changed(&[(ours, &named)]).unwrap();
    assert_eq!(
        world.gateway.reload(&changed).unwrap().applied,
        ["platform.secret"]
    );
    assert!(world.gateway.reload(&changed).unwrap().applied.is_empty());
    std::fs::write(&file, "two").unwrap();
    assert_eq!(
        world.gateway.reload(&changed).unwrap().applied,
        ["platform.secret"]
    );
}

#[tokio::test]
async fn a_configuration_that_is_wrong_changes_nothing() {
    let world = World::new().await;
    let mistyped = world
        .site
        .changed(&[("travel = \"100ms\"", "travel = \"soon\"")]);
    assert!(mistyped.unwrap_err().to_string().contains("soon"));
    let ours = "secret = \"eV7spoA0rr7EyjGuJxQFOa3Vs5wvcRUo\"";
    let changed = world.site.changed(&[
        (ours, "secret_file = \"/nowhere/secret\""),
        (
            "message = \"200ms\"",
            "message = \"200ms\"\nexit_idle = \"慢走\"",
        ),
    ]);
    let error = world.gateway.reload(&changed.unwrap()).unwrap_err();
    assert!(error.to_string().contains("/nowhere/secret"), "{error}");
    assert_eq!(
        world.gateway.call("/checkConnect", json!({})).await["respCode"],
        "0"
    );
    // Nothing was brought into force: the very same change still is one.
    let changed = world.site.changed(&[(
        "message = \"200ms\"",
        "message = \"200ms\"\nexit_idle = \"慢走\"",
    )]);
    let reloaded = world.gateway.reload(&changed.unwrap()).unwrap();
    assert_eq!(reloaded.applied, ["lot L1: display"]);
}
