//! What a platform keeps: over a backup while it runs, and a restore elsewhere.

use boshi_platform::config::Config;
use boshi_platform::keep::{KeepError, backup, check, restore};
use serde_json::json;
use tempfile::TempDir;

use crate::site::Site;

#[tokio::test]
async fn a_backup_of_a_running_platform_is_the_same_platform_elsewhere() {
    let site = Site::new("http://127.0.0.1:1");
    let platform = site.start().await;
    platform.push(1, "CAM-01").await;
    let folder = TempDir::new().unwrap();
    let written = folder.path().join("platform.toml");
    std::fs::write(&written, &site.text).unwrap();
    let config = Config::parse(&site.text).unwrap();
    let copy = folder.path().join("backups/today");
    let made = backup(&config, &written, &copy).unwrap();
    // It runs on, and that is not in the backup.
    platform.push(2, "CAM-01").await;
    let refused = backup(&config, &written, &copy).unwrap_err();
    assert!(matches!(refused, KeepError::InUse { .. }), "{refused}");
    let inside = backup(&config, &written, &config.data.join("copy")).unwrap_err();
    assert!(matches!(inside, KeepError::Inside { .. }), "{inside}");

    let data = folder.path().join("data");
    assert_eq!(restore(&copy, &data).unwrap(), made);
    assert!(check(&data.join("platform.db")).unwrap().is_sound());
    let (old, new) = (
        config.data.display().to_string(),
        data.display().to_string(),
    );
    let again = Site {
        folder: site.folder.clone(),
        text: site.text.replace(&old, &new),
        limits: site.limits,
    };
    let key = std::fs::read_to_string(data.join("operator.key")).unwrap();
    assert_eq!(key.trim(), platform.key, "operators keep their key");
    let again = again.start().await;
    let rows = again.get("/recognitions").await;
    assert_eq!(rows["items"].as_array().unwrap().len(), 1);
    assert_eq!(rows["items"][0]["uuid"], json!("u1"));
}

#[tokio::test]
async fn records_are_checked_beside_a_running_platform_and_nothing_is_changed() {
    let site = Site::new("http://127.0.0.1:1");
    let platform = site.start().await;
    platform.push(1, "CAM-01").await;
    let found = check(&site.store()).unwrap();
    assert!(found.is_sound(), "{found:?}");
    let recognitions = found.counts.iter().find(|it| it.table == "recognition");
    assert_eq!(recognitions.unwrap().rows, 1);
    platform.push(2, "CAM-01").await;
}
