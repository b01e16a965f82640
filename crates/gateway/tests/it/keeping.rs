//! What a gateway keeps: over a backup and a restore, a crash, and a disk that takes nothing.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use boshi_gateway::keep::{KeepError, backup, bundle, check, restore};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::pictures::JPEG;
use crate::platform::Reply;
use crate::site::World;
use crate::wire::{PATIENCE, SECRET};

const RECORDS: &str = "SELECT count(*) FROM recognition";

/// A gateway with a vehicle that passed, and its picture's path.
async fn passed() -> (World, String) {
    let world = World::new().await;
    world.gateway.trigger(true).await;
    let event = json!({
        "event": "plate", "device": "CAM-01", "plate": "粤B12345",
        "image": STANDARD.encode(JPEG)
    });
    world.gateway.event(event).await;
    world.controller.hears("open", "BAR-01", 1).await;
    world.gateway.crosses().await;
    let settled = "SELECT count(*) FROM outbox WHERE state = 'delivered'";
    world.gateway.counts(settled, 2).await;
    let asked = world.platform.hears("/receivePlateNumber", 1).await;
    let url = asked[0]["image"].as_str().unwrap();
    let path = url.strip_prefix("https://lot.example").unwrap().to_owned();
    (world, path)
}

fn kept(world: &World, to: &Path) -> Result<boshi_gateway::keep::Backup, KeepError> {
    let config = world.site.changed(&[]).unwrap();
    backup(&config, &world.site.written(), to)
}

/// D-18, RECOG-4: records, pictures and the names of pictures are those of before.
#[tokio::test]
async fn a_backup_of_a_running_gateway_is_the_same_gateway_elsewhere() {
    let (world, picture) = passed().await;
    let folder = TempDir::new().unwrap();
    let copy = folder.path().join("backups/today");
    let made = kept(&world, &copy).unwrap();
    assert!(made.manifest.bytes() > 0);
    assert!(made.elsewhere.is_empty(), "{:?}", made.elsewhere);
    // It runs on, and that is not in the backup.
    world.gateway.arrives("粤B99999").await;
    world.gateway.counts(RECORDS, 2).await;

    let data = folder.path().join("data");
    assert_eq!(restore(&copy, &data).unwrap(), made.manifest);
    assert!(check(&data.join("journal.db")).unwrap().is_sound());
    let World { site, gateway, .. } = world;
    let key = gateway.key.clone();
    let old = site.changed(&[]).unwrap().data;
    let (old, new) = (old.display().to_string(), data.display().to_string());
    let again = site.with(&old, &new).start().await;
    assert_eq!(again.count(RECORDS), 1);
    assert_eq!(again.key, key);
    assert_eq!(again.get(&picture).await.bytes().await.unwrap(), JPEG);
}

#[tokio::test]
async fn a_gateway_that_does_not_run_is_backed_up_in_the_same_way() {
    let (mut world, _) = passed().await;
    world.gateway.kill();
    let folder = TempDir::new().unwrap();
    let copy = folder.path().join("copy");
    kept(&world, &copy).unwrap();
    let data = folder.path().join("data");
    restore(&copy, &data).unwrap();
    assert!(check(&data.join("journal.db")).unwrap().is_sound());
    assert!(data.join("pictures/names.key").exists());
    assert!(!data.join("gateway.lock").exists());
}

/// D-7
#[cfg(unix)]
#[tokio::test]
async fn only_its_owner_can_look_into_a_backup() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::new().await;
    let folder = TempDir::new().unwrap();
    let copy = folder.path().join("copy");
    kept(&world, &copy).unwrap();
    for path in [
        "",
        "data",
        "data/local.key",
        "data/journal.db",
        "gateway.toml",
    ] {
        let mode = fs::metadata(copy.join(path)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{path} {mode:o}");
    }
}

#[tokio::test]
async fn a_backup_overwrites_nothing_and_is_no_part_of_itself() {
    let world = World::new().await;
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("mine"), "x").unwrap();
    let refused = kept(&world, folder.path()).unwrap_err();
    assert!(matches!(refused, KeepError::InUse { .. }), "{refused}");
    let inside = world.site.changed(&[]).unwrap().data.join("new/backup");
    let refused = kept(&world, &inside).unwrap_err();
    assert!(matches!(refused, KeepError::Inside { .. }), "{refused}");
    assert!(!inside.exists());
}

#[tokio::test]
async fn a_backup_that_is_not_whole_is_not_given_back() {
    let (world, _) = passed().await;
    let folder = TempDir::new().unwrap();
    let copy = folder.path().join("copy");
    kept(&world, &copy).unwrap();
    let data = folder.path().join("data");
    let journal = copy.join("data/journal.db");
    let whole = fs::read(&journal).unwrap();
    let mut flipped = whole.clone();
    flipped[100] ^= 1;
    for wrong in [Some(flipped), Some(whole[..100].to_vec()), None] {
        match wrong {
            Some(bytes) => fs::write(&journal, bytes).unwrap(),
            None => fs::remove_file(&journal).unwrap(),
        }
        let refused = restore(&copy, &data).unwrap_err();
        assert!(matches!(refused, KeepError::Changed { .. }), "{refused}");
        assert!(!data.exists());
    }
    fs::write(&journal, whole).unwrap();
    fs::remove_file(copy.join("manifest.json")).unwrap();
    let refused = restore(&copy, &data).unwrap_err();
    assert!(matches!(refused, KeepError::NoBackup { .. }), "{refused}");
}

/// D-18: nothing that is on disk is lost by giving back what is older.
#[tokio::test]
async fn a_folder_that_is_used_is_not_overwritten() {
    let world = World::new().await;
    let folder = TempDir::new().unwrap();
    let copy = folder.path().join("copy");
    kept(&world, &copy).unwrap();
    let used = world.site.changed(&[]).unwrap().data;
    let refused = restore(&copy, &used).unwrap_err();
    assert!(matches!(refused, KeepError::InUse { .. }), "{refused}");
    let file = folder.path().join("file");
    fs::write(&file, "mine").unwrap();
    let refused = restore(&copy, &file).unwrap_err();
    assert!(matches!(refused, KeepError::InUse { .. }), "{refused}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    let empty = TempDir::new().unwrap();
    restore(&copy, empty.path()).unwrap();
    assert!(empty.path().join("journal.db").exists());
}

/// D-7
#[tokio::test]
async fn a_bundle_tells_how_the_gateway_is_and_nothing_secret() {
    let (world, _) = passed().await;
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    let config = world.site.changed(&[]).unwrap();
    let names = fs::read_to_string(config.data.join("pictures/names.key")).unwrap();
    let secrets = [
        SECRET,
        "key-one",
        "key-two",
        &world.gateway.key,
        names.trim(),
    ];
    let log = path("log");
    let told = secrets.map(|secret| format!("somebody wrote {secret} into the log\n"));
    fs::write(&log, told.concat() + "the last line\n").unwrap();
    let to = path("bundle.txt");
    let made = bundle(&config, &world.site.written(), Some(&log), &to).await;
    assert_eq!(made.unwrap().missing, [""; 0]);
    let text = fs::read_to_string(&to).unwrap();
    for secret in secrets {
        assert!(!text.contains(secret), "{secret} is in the bundle");
    }
    for part in [
        "== 版本 ==",
        "public_url = \"https://lot.example/\"",
        "device_key = \"***\"",
        "recognition delivered 1",
        "crossed 1",
        "01 CAM-01 在线",
        "第 1 次",
        "may_pass",
        "the last line",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    let again = bundle(&config, &world.site.written(), None, &to).await;
    assert!(again.is_err(), "nothing is overwritten");
    let missing = path("no-such-log");
    let to = path("another.txt");
    let made = bundle(&config, &world.site.written(), Some(&missing), &to).await;
    let missing = made.unwrap().missing;
    assert!(
        missing.len() == 1 && missing[0].starts_with("日志"),
        "{missing:?}"
    );
}

/// D-18
#[tokio::test]
async fn passages_that_a_power_cut_ended_are_interrupted_and_the_runs_are_known() {
    // Whoever waited a moment before goes on; it is over for whoever does not count as being there.
    let mut world = World::with(&[("budget = \"500ms\"", "budget = \"60s\"")]).await;
    world.platform.answers(|_, _| Reply::Hang);
    world.gateway.arrives("粤B12345").await;
    world.gateway.counts(RECORDS, 1).await;
    world.gateway.kill();
    let an_hour_ago =
        "UPDATE recognition SET at = at - 3600000; UPDATE attempt SET at = at - 3600000";
    world.gateway.journal().execute_batch(an_hour_ago).unwrap();
    world.power_cut().await;
    let interrupted = "SELECT count(*) FROM recognition WHERE outcome = 'interrupted'";
    world.gateway.counts(interrupted, 1).await;
    let cut_off = "SELECT count(*) FROM run WHERE stopped_at IS NULL";
    world.gateway.counts(cut_off, 2).await;
    let World { site, gateway, .. } = world;
    gateway.stop().await;
    let again = site.start().await;
    again.counts(cut_off, 2).await;
    again.counts("SELECT count(*) FROM run", 3).await;
    assert_eq!(again.count(interrupted), 1, "and is no second time");
}

/// PUSH-3's reason, on the other side: a disk that takes nothing keeps no vehicle.
#[tokio::test]
async fn gates_open_while_the_disk_takes_nothing_and_it_is_said_and_made_up_for() {
    let mut world = World::new().await;
    let full = "CREATE TRIGGER full BEFORE INSERT ON recognition \
                BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END";
    world.gateway.journal().execute_batch(full).unwrap();
    world.gateway.arrives("粤B12345").await;
    world.controller.hears("open", "BAR-01", 1).await;
    world.gateway.crosses().await;
    let unwritten = world.gateway.status().await["unwritten"].as_u64();
    assert!(unwritten.unwrap() > 0);
    assert_eq!(world.gateway.count(RECORDS), 0);
    let journal = world.gateway.journal();
    journal.execute_batch("DROP TRIGGER full").unwrap();
    let crossed = "SELECT count(*) FROM recognition WHERE outcome = 'crossed'";
    world.gateway.counts(crossed, 1).await;
    assert!(check(journal.path().unwrap().as_ref()).unwrap().is_sound());
    // Also a start that cannot write down that it is one.
    let no_runs = "CREATE TRIGGER full BEFORE INSERT ON run \
                   BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END";
    journal.execute_batch(no_runs).unwrap();
    world.power_cut().await;
    world.gateway.arrives("粤B99999").await;
    world.controller.hears("open", "BAR-01", 2).await;
}

#[tokio::test]
async fn the_booth_and_the_machines_that_watch_see_how_full_the_disk_is() {
    let listen = "local = \"127.0.0.1:0\"";
    let watched = format!("{listen}\nmonitoring = \"127.0.0.1:0\"");
    let world = World::with(&[(listen, &watched)]).await;
    let end = std::time::Instant::now() + PATIENCE;
    let disk = loop {
        let (_, status) = world
            .gateway
            .booth(Method::GET, "/status", Value::Null)
            .await;
        let disk = status["disk"].clone();
        if disk["total_bytes"].as_u64().unwrap() > 0 {
            break disk;
        }
        assert!(
            std::time::Instant::now() < end,
            "the disk was not looked at"
        );
    };
    let number = |key: &str| disk[key].as_u64().unwrap();
    assert!(number("used_bytes") <= number("total_bytes") && number("percent") <= 100);
    let address = world.gateway.monitoring.unwrap();
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([]);
    let client = client.build().unwrap();
    let page = client.get(format!("http://{address}/metrics")).send();
    let page = page.await.unwrap().text().await.unwrap();
    let total = format!("boshi_gateway_disk_total_bytes {}\n", number("total_bytes"));
    assert!(page.contains(&total), "{page}");
    let level = format!("level={}", disk["level"]);
    assert!(page.contains(&level), "{page}");
}
