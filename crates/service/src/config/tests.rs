//! What every configuration has.

use std::time::Duration;

use serde::Deserialize;

use super::*;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sample {
    #[serde(default, deserialize_with = "value::span")]
    wait: Duration,
    #[serde(default)]
    lot: Vec<Lot>,
    only: Option<Lot>,
}

#[derive(Debug, Deserialize)]
struct Lot {
    id: String,
}

fn checked(config: &Sample) -> Result<(), ConfigError> {
    let ids = config.lot.iter().chain(&config.only);
    let ids = ids.map(|lot| lot.id.as_str());
    unique(ids, |place| format!("lot[{place}].id"))
}

#[test]
fn what_comes_twice_is_named_with_its_line() {
    let text = "wait = \"1s\"\n[[lot]]\nid = \"a\"\n[[lot]]\nid = \"a\"\n";
    let told = parse(text, checked).unwrap_err().to_string();
    let expected = "line 5: lot[1].id is \"a\" once more: expected each only once";
    assert_eq!(told, expected);
    let well = parse(&text.replacen("\"a\"", "\"b\"", 1), checked).unwrap();
    assert_eq!(well.wait, Duration::from_secs(1));
}

#[test]
fn a_bracket_too_few_or_too_many_is_said_with_what_to_write() {
    let few = parse("wait = \"1s\"\n[lot]\nid = \"a\"", checked);
    let few = few.unwrap_err().to_string();
    assert!(
        few.contains("line 2") && few.contains("write [[lot]]"),
        "{few}"
    );
    let many = parse("[[only]]\nid = \"a\"", checked).unwrap_err();
    assert!(many.to_string().contains("write [only]"), "{many}");
    let other = parse("[only]\nid = 3", checked).unwrap_err().to_string();
    assert!(!other.contains("write"), "{other}");
}

#[test]
fn a_length_of_time_needs_its_unit() {
    for wrong in ["\"1\"", "\"soon\"", "\"0s\"", "\"-1s\"", "1"] {
        let told = parse(&format!("wait = {wrong}"), checked);
        let told = told.unwrap_err().to_string();
        assert!(told.contains("wait") && told.contains("line 1"), "{told}");
    }
}

#[test]
fn an_address_is_a_url_of_http_or_https() {
    assert_eq!(url("base_url", "http://127.0.0.1:1"), Ok(false));
    assert_eq!(url("base_url", "https://lot"), Ok(true));
    for wrong in ["", "lot", "ftp://lot", "http://"] {
        let told = url("base_url", wrong).unwrap_err().to_string();
        assert!(
            told.contains("base_url") && told.contains("https://"),
            "{told}"
        );
    }
}

/// D-7: empty is none, and the end of a file's line is no part of it.
#[test]
fn a_secret_comes_from_its_file_before_the_value_and_is_not_empty() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    let value = secrecy::SecretString::from("value");
    let find = |file| find_secret("platform.secret", None, file, Some(&value));
    let told = find(Some(path.as_path())).unwrap_err().to_string();
    assert!(told.contains("platform.secret_file"), "{told}");
    std::fs::write(&path, "\n").unwrap();
    let told = find(Some(path.as_path())).unwrap_err().to_string();
    assert!(
        told.contains("platform.secret is missing or empty"),
        "{told}"
    );
    std::fs::write(&path, "file\n").unwrap();
    let shown =
        |secret: secrecy::SecretString| secrecy::ExposeSecret::expose_secret(&secret).to_owned();
    assert_eq!(find(Some(path.as_path())).map(shown), Ok("file".to_owned()));
    assert_eq!(find(None).map(shown), Ok("value".to_owned()));
}
