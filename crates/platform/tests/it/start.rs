//! What keeps the platform from starting, and what it says then.

use boshi_platform::StartError;
use boshi_platform::tally::tally;
use boshi_protocol::id::LotId;
use boshi_service::ServiceError;

use crate::site::Site;

const NOBODY: &str = "http://127.0.0.1:1";

async fn refusal(site: &Site) -> StartError {
    site.try_start().await.err().unwrap()
}

#[tokio::test]
async fn records_of_a_newer_version_are_left_alone() {
    let site = Site::new(NOBODY);
    site.start().await.stop().await;
    let newer = rusqlite::Connection::open(site.store()).unwrap();
    newer.pragma_update(None, "user_version", 999).unwrap();
    let error = refusal(&site).await;
    assert!(matches!(error, StartError::Store { .. }), "{error}");
    assert!(error.to_string().contains("999"), "{error}");
}

#[tokio::test]
async fn an_address_in_use_is_named_with_its_key() {
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let site = Site::new(NOBODY).with(
        "operators = \"127.0.0.1:0\"",
        &format!("operators = \"{address}\""),
    );
    let error = refusal(&site).await.to_string();
    assert!(
        error.contains("listen.operators") && error.contains(&address),
        "{error}"
    );
}

#[tokio::test]
async fn a_second_platform_in_the_same_folder_is_refused_while_the_first_runs() {
    let site = Site::new(NOBODY);
    let first = site.start().await;
    let error = refusal(&site).await;
    let StartError::Service(ServiceError::InUse { .. }) = error else {
        panic!("{error}");
    };
    first.stop().await;
    site.start().await.stop().await;
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_and_a_file_that_is_no_database_are_named() {
    let site = Site::new(NOBODY);
    let data = site.folder.path().join("data");
    std::fs::write(&data, "in the way").unwrap();
    assert!(refusal(&site).await.to_string().contains("data"));
    std::fs::remove_file(&data).unwrap();
    std::fs::create_dir(&data).unwrap();
    std::fs::write(
        site.store(),
        "no database, but long enough to look at ".repeat(50),
    )
    .unwrap();
    let error = refusal(&site).await;
    assert!(error.to_string().contains("platform.db"), "{error}");
}

/// The records are read while the platform runs, and from what a killed one leaves behind.
#[tokio::test]
async fn a_tally_is_read_beside_a_running_platform_and_from_the_files_of_a_killed_one() {
    let site = Site::new(NOBODY);
    let platform = site.start().await;
    platform.push(1, "CAM-02").await;
    platform.push(1, "CAM-02").await;
    platform.push(2, "CAM-01").await;
    let lot = LotId::new("L1").unwrap();
    let beside = tally(&site.store(), &lot).unwrap();
    assert_eq!((beside.entries.len(), beside.refused), (2, 1));
    // What a kill leaves: the file and the log that was never merged into it.
    let killed = site.folder.path().join("killed.db");
    std::fs::copy(site.store(), &killed).unwrap();
    std::fs::copy(
        site.store().with_extension("db-wal"),
        killed.with_extension("db-wal"),
    )
    .unwrap();
    assert_eq!(tally(&killed, &lot).unwrap(), beside);
    assert!(tally(&site.folder.path().join("none.db"), &lot).is_err());
    platform.stop().await;
}
