//! What concerns no lane, but all devices that share a key: one office a key.

use std::sync::Arc;
use std::time::Duration;

use boshi_protocol::id::DeviceNo;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::MissedTickBehavior;
use tracing::debug;

use super::event::heartbeat;
use super::gateway::{Gateway, Told};
use super::plan::{LanePlan, Speaks};
use super::site::Site;

/// The keys in use, and the devices that each speaks for.
pub(super) fn by_key(lanes: &[LanePlan]) -> Vec<(&SecretString, Vec<DeviceNo>)> {
    let mut keys: Vec<(&SecretString, Vec<DeviceNo>)> = Vec::new();
    for lane in lanes.iter().filter(|it| it.speaks == Speaks::Generic) {
        let devices = lane.controlled().cloned();
        let same = keys
            .iter_mut()
            .find(|(key, _)| key.expose_secret() == lane.key.expose_secret());
        match same {
            Some((_, known)) => known.extend(devices),
            None => keys.push((&lane.key, devices.collect())),
        }
    }
    keys
}

/// Says which devices are alive, at once and then again and again.
pub(super) async fn beat(
    site: Arc<Site>,
    gateway: Gateway,
    devices: Vec<DeviceNo>,
    pause: Duration,
) {
    let mut beats = tokio::time::interval(pause);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        beats.tick().await;
        let alive = devices.iter().filter(|device| site.is_plugged(device));
        let alive: Vec<DeviceNo> = alive.cloned().collect();
        if alive.is_empty() {
            continue;
        }
        // The next one comes soon: it is not sent again.
        match gateway.tell(heartbeat(&alive)).await {
            Told::Taken => {}
            Told::Busy(why) | Told::Unreachable(why) | Told::Refused(why) => {
                debug!(why, "a heartbeat was not taken");
            }
        }
    }
}
