//! What the types alone cannot say.

use std::collections::HashSet;

use super::{Config, ConfigError, Lot, Supplier};

/// Fewest whole months that records are kept: a lot may still return what it has for 180 days
/// (UNPUSH-2), and what has left for the archive must not come again.
const LEAST_MONTHS: u8 = 7;

pub(super) fn config(config: &Config) -> Result<(), ConfigError> {
    if config.tls.certificate.is_some() != config.tls.key.is_some() {
        let expected = "both certificate and key, or neither";
        return Err(wrong("tls", "incomplete", expected));
    }
    if config.retention.months < LEAST_MONTHS {
        let months = config.retention.months.to_string();
        let expected = format!("at least {LEAST_MONTHS}");
        return Err(wrong("retention.months", &months, &expected));
    }
    let suppliers = config.suppliers.iter().map(|known| known.app_id.as_str());
    unique(suppliers, |place| format!("supplier[{place}].app_id"))?;
    let lots = config.lots.iter().map(|lot| lot.id.as_str());
    unique(lots, |place| format!("lot[{place}].id"))?;
    for (place, lot) in config.lots.iter().enumerate() {
        check_lot(&format!("lot[{place}]"), lot, &config.suppliers)?;
    }
    Ok(())
}

fn check_lot(path: &str, lot: &Lot, suppliers: &[Supplier]) -> Result<(), ConfigError> {
    if !suppliers.iter().any(|known| known.app_id == lot.supplier) {
        let field = format!("{path}.supplier");
        let expected = "the app_id of a [[supplier]]";
        return Err(wrong(&field, &format!("{:?}", lot.supplier), expected));
    }
    let field = format!("{path}.base_url");
    let shown = format!("{:?}", lot.base_url);
    let url = reqwest::Url::parse(&lot.base_url).ok();
    match url.as_ref().map(reqwest::Url::scheme) {
        Some("http") => {}
        Some("https") if lot.ca_file.is_some() => {}
        Some("https") => {
            let expected = "ca_file beside an https address";
            return Err(wrong(&field, &shown, expected));
        }
        Some(_) | None => {
            let expected = "a URL with http:// or https://";
            return Err(wrong(&field, &shown, expected));
        }
    }
    let recognizers = lot.lanes.iter().map(|lane| lane.recognizer.as_str());
    unique(recognizers, |place| {
        format!("{path}.lane[{place}].recognizer")
    })
}

fn unique<'a>(
    values: impl Iterator<Item = &'a str>,
    field: impl Fn(usize) -> String,
) -> Result<(), ConfigError> {
    let mut seen = HashSet::new();
    for (place, value) in values.enumerate() {
        if !seen.insert(value) {
            let value = format!("{value:?} once more");
            return Err(wrong(&field(place), &value, "each only once"));
        }
    }
    Ok(())
}

fn wrong(field: &str, value: &str, expected: &str) -> ConfigError {
    ConfigError::Value {
        field: field.to_owned(),
        value: value.to_owned(),
        expected: expected.to_owned(),
        line: None,
    }
}
