//! What the types alone cannot say.

use std::time::Duration;

use boshi_service::config::{listen_apart, unique, url};

use super::{Config, ConfigError, Lot, Supplier};

/// Fewest whole months that records are kept: a lot may still return what it has for 180 days
/// (UNPUSH-2), and what has left for the archive must not come again.
const LEAST_MONTHS: u8 = 7;

/// Most attempts after the first: whoever wants more wants to send again by hand.
const MOST_RETRIES: usize = 30;

/// Longest wait between two attempts: what is told a week later helps nobody.
const MOST_WAIT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Fewest events that are kept: a follower that is away for a minute finds what it missed.
const LEAST_EVENTS: u64 = 1000;

pub(super) fn config(config: &Config) -> Result<(), ConfigError> {
    listen_apart([
        ("standard", Some(config.listen.standard)),
        ("operators", Some(config.listen.operators)),
        ("monitoring", config.listen.monitoring),
    ])?;
    config.tls.check()?;
    if config.retention.months < LEAST_MONTHS {
        let months = config.retention.months.to_string();
        let expected = format!("at least {LEAST_MONTHS}");
        return Err(ConfigError::value("retention.months", months, expected));
    }
    if config.limits.connections_per_address > config.limits.connections {
        let one = config.limits.connections_per_address.to_string();
        let expected = format!("at most connections, {}", config.limits.connections);
        return Err(ConfigError::value(
            "limits.connections_per_address",
            &one,
            &expected,
        ));
    }
    if config.events.days == 0 {
        return Err(ConfigError::value("events.days", "0", "at least 1"));
    }
    if config.events.most < LEAST_EVENTS {
        let most = config.events.most.to_string();
        let expected = format!("at least {LEAST_EVENTS}");
        return Err(ConfigError::value("events.most", most, expected));
    }
    if config.webhooks.retry.len() > MOST_RETRIES {
        let count = config.webhooks.retry.len().to_string();
        let expected = format!("at most {MOST_RETRIES} waits");
        return Err(ConfigError::value("webhooks.retry", count, expected));
    }
    for (place, wait) in config.webhooks.retry.iter().enumerate() {
        if *wait > MOST_WAIT {
            let field = format!("webhooks.retry[{place}]");
            let hours = MOST_WAIT.as_secs() / 3600;
            let expected = format!("at most {hours}h");
            return Err(ConfigError::value(field, format!("{wait:?}"), expected));
        }
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
        return Err(ConfigError::value(
            field,
            format!("{:?}", lot.supplier),
            expected,
        ));
    }
    let field = format!("{path}.base_url");
    if url(&field, &lot.base_url)? && lot.ca_file.is_none() {
        let shown = format!("{:?}", lot.base_url);
        let expected = "ca_file beside an https address";
        return Err(ConfigError::value(field, shown, expected));
    }
    let recognizers = lot.lanes.iter().map(|lane| lane.recognizer.as_str());
    unique(recognizers, |place| {
        format!("{path}.lane[{place}].recognizer")
    })
}
