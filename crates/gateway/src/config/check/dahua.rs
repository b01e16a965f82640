//! What the types cannot say of cameras of 大华.

use std::collections::HashSet;
use std::time::Duration;

use boshi_protocol::id::DeviceNo;

use super::super::{ConfigError, Confirm, Dahua, DahuaBarrier, DahuaEvents, Lot};
use super::camera::{check_confirm, check_experimental, check_recognizer};
use super::equipment::{check_address, check_barrier, check_looks, wrong};
use super::hik::{MOST_CHANNELS, check_login};

/// The channel whose barrier the documented command closes.
const FIRST_CHANNEL: u16 = 1;

/// How often a stream can say that the camera is there, as is documented: in whole seconds.
const SHORTEST_BEAT: Duration = Duration::from_secs(1);
const LONGEST_BEAT: Duration = Duration::from_secs(60);

pub(super) fn check<'a>(
    path: &str,
    lot: &'a Lot,
    driven: &mut HashSet<&'a DeviceNo>,
) -> Result<(), ConfigError> {
    for (place, camera) in lot.dahua.iter().enumerate() {
        let path = format!("{path}.dahua[{place}]");
        check_experimental(&path, camera.experimental)?;
        check_address(&path, &camera.address)?;
        check_login(&path, &camera.user, &camera.password)?;
        check_recognizer(&path, lot, &camera.recognizer, driven)?;
        check_looks(&path, 1, camera.answer)?;
        match camera.events {
            DahuaEvents::Push => check_pushing(&path, camera)?,
            DahuaEvents::Stream => check_streaming(&path, camera)?,
        }
        if let Some(barrier) = &camera.barrier {
            let path = format!("{path}.barrier");
            check_barrier(&path, lot, &barrier.device, driven)?;
            check_channel(&path, barrier.channel)?;
            check_confirm(&path, lot, &barrier.device, barrier.confirm)?;
            check_hold(&path, barrier)?;
        }
    }
    Ok(())
}

/// What it pushes tells everything that would have to be said of a stream.
fn check_pushing(path: &str, camera: &Dahua) -> Result<(), ConfigError> {
    if camera.key.is_none() {
        let expected = "a key for its pushes, or events = \"stream\": it tells no plate otherwise";
        return wrong(format!("{path}.key"), "missing", expected);
    }
    if let Some(channel) = camera.channel {
        let expected = "nothing beside events = \"push\": it pushes by itself";
        return wrong(format!("{path}.channel"), channel, expected);
    }
    if let Some(clock) = camera.clock {
        let expected = "nothing beside events = \"push\": what it pushes has its time zone";
        let value = format!("{clock:?}").to_ascii_lowercase();
        return wrong(format!("{path}.clock"), value, expected);
    }
    Ok(())
}

/// One that is called for its stream need not show who it is.
fn check_streaming(path: &str, camera: &Dahua) -> Result<(), ConfigError> {
    if camera.key.is_some() {
        let expected = "nothing beside events = \"stream\": it is called, and pushes to nobody";
        return wrong(format!("{path}.key"), "a key", expected);
    }
    if let Some(serial) = &camera.serial {
        let expected = "nothing beside events = \"stream\", in which it does not say who it is";
        return wrong(format!("{path}.serial"), format!("{serial:?}"), expected);
    }
    let heartbeat = camera.beats_every();
    let is_whole = heartbeat.subsec_nanos() == 0;
    if !is_whole || !(SHORTEST_BEAT..=LONGEST_BEAT).contains(&heartbeat) {
        let value = format!("{heartbeat:?}");
        let expected = "whole seconds from 1s to 60s beside events = \"stream\"";
        return wrong(format!("{path}.heartbeat"), value, expected);
    }
    camera
        .channel
        .map_or(Ok(()), |channel| check_channel(path, channel))
}

/// A camera that takes the word and lifts once must not be believed; and the command that ends a hold names
/// no channel.
fn check_hold(path: &str, barrier: &DahuaBarrier) -> Result<(), ConfigError> {
    let Some(hold) = barrier.hold else {
        return Ok(());
    };
    let value = format!("{hold:?}").to_ascii_lowercase();
    let field = format!("{path}.hold");
    if barrier.confirm == Confirm::Taken {
        let expected =
            "nothing beside confirm = \"taken\": only the arm shows whether it is kept up";
        return wrong(field, value, expected);
    }
    if barrier.channel != FIRST_CHANNEL {
        let expected = "nothing beside a channel other than 1: what ends it is known for that only";
        return wrong(field, value, expected);
    }
    Ok(())
}

fn check_channel(path: &str, channel: u16) -> Result<(), ConfigError> {
    if !(1..=MOST_CHANNELS).contains(&channel) {
        let expected = "a channel's number from 1 to 16";
        return wrong(format!("{path}.channel"), channel, expected);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
