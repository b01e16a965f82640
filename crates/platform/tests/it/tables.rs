//! Tables in and out: permits and blocks from a spreadsheet, lists into one.

use reqwest::Method;
use serde_json::{Value, json};

use crate::site::{Platform, Site};

const NOBODY: &str = "http://127.0.0.1:1";

async fn import(platform: &Platform, path: &str, table: &str) -> (u16, Value) {
    let path = format!("/api/v1{path}");
    let key = platform.key.clone();
    platform
        .with_key(Some(&key), Method::POST, &path, Some(table.to_owned()))
        .await
}

async fn count(platform: &Platform, path: &str) -> usize {
    platform.get(path).await["items"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_table_of_permits_is_taken_whole_or_not_at_all_and_each_error_names_its_line() {
    let platform = Site::new(NOBODY).start().await;
    let head = "plate,kind,to,lots,hours,note\n";
    let sound = "粤B1,monthly,2099-01-01,L1,1-5 08:00-18:00,\"3 栋, 502\"\n";
    let wrong = "粤B2,gold,2099-01-01,,,\n粤B3,white,,,,\n粤B4,white,2099-01-01,L9,,\n";
    let (status, told) = import(
        &platform,
        "/permits/import",
        &format!("{head}{sound}{wrong}"),
    )
    .await;
    assert_eq!(
        (status, &told["imported"], &told["wrong"]),
        (200, &json!(0), &json!(3))
    );
    let errors = told["errors"].as_array().unwrap().iter();
    let errors: Vec<_> = errors
        .map(|error| (&error["line"], &error["field"]))
        .collect();
    let expected = [(3, "kind"), (4, "to"), (5, "lots")].map(|(l, f)| (json!(l), json!(f)));
    assert_eq!(
        errors,
        expected.iter().map(|(l, f)| (l, f)).collect::<Vec<_>>()
    );
    assert_eq!(count(&platform, "/permits").await, 0);
    let table = format!("{head}{sound}");
    let (_, told) = import(&platform, "/permits/import?dry_run=true", &table).await;
    assert_eq!(
        (&told["lines"], &told["wrong"], &told["imported"]),
        (&json!(1), &json!(0), &json!(0))
    );
    assert_eq!(count(&platform, "/permits").await, 0);
    for _ in 0..2 {
        let from = table
            .replace("plate,kind", "from,plate,kind")
            .replace("粤B1,", "2026-01-01,粤B1,");
        let (_, told) = import(&platform, "/permits/import", &from).await;
        assert_eq!(told["imported"], 1, "{told}");
    }
    let kept = platform.get("/permits").await["items"].clone();
    assert_eq!(
        kept.as_array().unwrap().len(),
        1,
        "the same table again changes nothing"
    );
    assert_eq!(
        (&kept[0]["note"], &kept[0]["hours"]),
        (&json!("3 栋, 502"), &json!("1,2,3,4,5 08:00-18:00"))
    );
    let (status, error) = import(&platform, "/permits/import", "plate,colour\nA,red\n").await;
    assert_eq!(status, 400);
    assert!(
        error["error"].as_str().unwrap().contains("colour"),
        "{error}"
    );
}

#[tokio::test]
async fn ten_thousand_blocks_are_imported_and_exported_as_they_came() {
    let platform = Site::new(NOBODY).start().await;
    let mut table = "plate,reason\n".to_owned();
    for number in 0..10_000 {
        table.push_str(&format!("粤B{number:05},=欠费\n"));
    }
    let (_, told) = import(&platform, "/blocks/import", &table).await;
    assert_eq!(told["imported"], 10_000, "{told}");
    let text = platform.text("/blocks/export").await;
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        (lines.len(), lines[0]),
        (10_001, "\u{feff}plate,reason,since")
    );
    let mut plates: Vec<&str> = lines[1..]
        .iter()
        .map(|line| line.split(',').next().unwrap())
        .collect();
    plates.sort_unstable();
    plates.dedup();
    assert_eq!(plates.len(), 10_000);
    assert!(lines[1].contains("'=欠费"), "no formula: {}", lines[1]);
    let some = platform.text("/blocks/export?plate=00001").await;
    assert_eq!(some.lines().count(), 2);
}

#[tokio::test]
async fn a_table_of_nothing_has_its_heading_which_is_that_of_a_table_of_something() {
    let platform = Site::new(NOBODY).start().await;
    let lists = [
        "recognitions",
        "crossings",
        "stays",
        "corrections",
        "abnormalities",
        "decisions",
        "commands",
        "outages",
        "permits",
        "blocks",
        "audit",
    ];
    for list in lists {
        let text = platform
            .text(&format!("/{list}/export?to=2000-01-01"))
            .await;
        let heading = text.strip_prefix('\u{feff}').unwrap();
        assert!(
            heading.contains(',') && heading.ends_with("\r\n"),
            "{list}: {heading}"
        );
        assert_eq!(heading.lines().count(), 1, "{list}: {heading}");
    }
    platform.push(1, "CAM-01").await;
    let text = platform.text("/recognitions/export").await;
    let item = platform.get("/recognitions").await["items"][0].clone();
    let names: Vec<&str> = item
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let heading = text.lines().next().unwrap();
    assert_eq!(heading.trim_start_matches('\u{feff}'), names.join(","));
}
