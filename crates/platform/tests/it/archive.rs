//! What becomes of records that are older than what is kept, and how they are found years later.

use boshi_platform::archive::{self, ArchiveError, Form, Wanted};
use boshi_platform::config::Config;
use boshi_platform::keep::{backup, restore};
use serde_json::{Value, json};

use crate::site::{Platform, Site, eventually};

const NOBODY: &str = "http://127.0.0.1:1";

/// A vehicle that came and left in a month long ago.
async fn long_ago(platform: &Platform, number: usize, plate: &str, month: &str) {
    let now = jiff::Timestamp::now();
    for (uuid, device, time) in [("in", "CAM-01", "08:00:00"), ("out", "CAM-02", "18:00:00")] {
        let uuid = format!("{uuid}{number}");
        let time = format!("{month}15 {time}");
        let recognition = json!({
            "deviceNo": device, "uuid": uuid, "recognitionTime": time, "plateNumber": plate,
            "image": format!("http://lot/{uuid}.jpg"), "color": "blue"
        });
        let (_, reply) = platform.call("/receivePlateNumber", recognition, now).await;
        assert!(reply["respCode"].is_string(), "{reply}");
        let crossing = json!({
            "deviceNo": device, "uuid": uuid, "crossTime": time, "plateNumber": plate, "color": "blue"
        });
        let (_, reply) = platform.call("/receiveCrossGate", crossing, now).await;
        assert_eq!(reply["respCode"], "0", "{reply}");
    }
}

fn exported(config: &Config, list: &str, narrowed: &[(&str, &str)], form: Form) -> String {
    let wanted = wanted(list, narrowed, form);
    let mut out = Vec::new();
    archive::export(&config.archive(), &wanted, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn wanted(list: &str, narrowed: &[(&str, &str)], form: Form) -> Wanted {
    let narrowed = narrowed.iter();
    Wanted {
        list: list.to_owned(),
        month: None,
        narrowed: narrowed
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        form,
    }
}

/// Two vehicles of two months that are in the archive, and one of today that is not.
async fn archived() -> (Site, Platform, Config) {
    let site = Site::new(NOBODY);
    let platform = site.start().await;
    long_ago(&platform, 1, "粤B12345", "202301").await;
    long_ago(&platform, 2, "粤B99999", "202302").await;
    platform.push(3, "CAM-01").await;
    platform.stop().await;
    let platform = site.start().await;
    eventually(async || {
        let left = platform.get("/stays").await["items"]
            .as_array()
            .unwrap()
            .len();
        (left == 0).then_some(())
    })
    .await;
    let config = Config::parse(&site.text).unwrap();
    (site, platform, config)
}

/// UNPUSH-2
#[tokio::test]
async fn in_a_dispute_three_years_later_everything_of_a_plate_is_found_in_the_archive() {
    let (_site, platform, config) = archived().await;
    let left = platform.get("/recognitions").await;
    assert_eq!(left["items"].as_array().unwrap().len(), 1, "{left}");
    assert!(
        platform.get("/crossings").await["items"]
            .as_array()
            .unwrap()
            .is_empty()
    );

    let months = archive::months(&config.archive(), true).unwrap();
    let names: Vec<&str> = months.iter().map(|it| it.month.as_str()).collect();
    assert_eq!(names, ["2023-01", "2023-02"]);
    for month in &months {
        assert!(
            month.faults.is_empty() && month.again == 0 && month.bytes > 0,
            "{month:?}"
        );
        let rows = |table| {
            month
                .counts
                .iter()
                .find(|it| it.table == table)
                .unwrap()
                .rows
        };
        assert_eq!(
            (rows("recognition"), rows("crossing"), rows("stay")),
            (2, 2, 1)
        );
    }
    let of_plate = [("plate", "粤B12345")];
    let lines = exported(&config, "recognitions", &of_plate, Form::JsonLines);
    let rows: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let uuids: Vec<&str> = rows
        .iter()
        .map(|row| row["uuid"].as_str().unwrap())
        .collect();
    assert_eq!(uuids, ["out1", "in1"]);
    assert_eq!(rows[1]["image"], "http://lot/in1.jpg");
    assert_eq!(rows[1]["recognized_at"], "2023-01-15T08:00:00+08:00");
    assert_eq!(rows[1]["crossed_at"], "2023-01-15T08:00:00+08:00");
    let stays = exported(&config, "stays", &[("from", "2023-02-01")], Form::Csv);
    let lines: Vec<&str> = stays.lines().collect();
    assert_eq!(lines.len(), 2, "{stays}");
    assert!(
        lines[0].starts_with("\u{feff}lot,uuid,plate,state,"),
        "{stays}"
    );
    assert!(
        lines[1].contains("粤B99999") && lines[1].contains("closed"),
        "{stays}"
    );
    let none = exported(&config, "crossings", &[("plate", "京A00000")], Form::Csv);
    assert!(none.starts_with("\u{feff}lot,uuid,device,crossed_at,") && none.lines().count() == 1);
}

#[tokio::test]
async fn what_is_asked_of_the_archive_and_makes_no_sense_is_named() {
    let (_site, _platform, config) = archived().await;
    let folder = config.archive();
    let refused = |wanted: &Wanted| {
        archive::export(&folder, wanted, &mut Vec::new())
            .unwrap_err()
            .to_string()
    };
    let from = wanted("stays", &[("from", "yesterday")], Form::Csv);
    assert!(refused(&from).contains("from"), "{}", refused(&from));
    let stranger = wanted("outages", &[("plate", "粤B1")], Form::Csv);
    assert!(refused(&stranger).contains("plate"));
    assert!(refused(&wanted("events", &[], Form::Csv)).contains("recognitions"));
    let month = Wanted {
        month: Some("2022-12".to_owned()),
        ..wanted("stays", &[], Form::Csv)
    };
    let error = archive::export(&folder, &month, &mut Vec::new()).unwrap_err();
    assert!(matches!(error, ArchiveError::NoMonth { .. }), "{error}");
    std::fs::write(folder.join("2024-01.db"), "x".repeat(8192)).unwrap();
    assert!(archive::months(&folder, false).is_err());
    let months = archive::months(&folder, true).unwrap();
    let broken: Vec<bool> = months.iter().map(|it| !it.faults.is_empty()).collect();
    assert_eq!(broken, [false, false, true]);
}

#[tokio::test]
async fn a_backup_holds_the_archive_also_while_it_is_written() {
    let (site, platform, config) = archived().await;
    let folder = tempfile::tempdir().unwrap();
    let written = folder.path().join("platform.toml");
    std::fs::write(&written, &site.text).unwrap();
    // Somebody is in the middle of a month.
    let mut month = rusqlite::Connection::open(config.archive().join("2023-01.db")).unwrap();
    let writing = month.transaction().unwrap();
    writing.execute("DELETE FROM crossing", []).unwrap();
    let copy = folder.path().join("copy");
    backup(&config, &written, &copy).unwrap();
    drop(writing);
    let data = folder.path().join("data");
    restore(&copy, &data).unwrap();
    let found = archive::months(&data.join("archive"), true).unwrap();
    assert_eq!(found.len(), 2);
    for month in found {
        let rows = |table| {
            month
                .counts
                .iter()
                .find(|it| it.table == table)
                .unwrap()
                .rows
        };
        assert_eq!((month.faults.len(), rows("crossing")), (0, 2));
    }
    drop(platform);
}
