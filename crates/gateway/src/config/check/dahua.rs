//! What the types cannot say of cameras of 大华.

use std::collections::HashSet;

use boshi_protocol::id::DeviceNo;

use super::super::{ConfigError, Lot};
use super::camera::{check_confirm, check_experimental, check_recognizer};
use super::equipment::{check_address, check_barrier, check_looks, wrong};
use super::hik::{MOST_CHANNELS, check_login};

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
        if let Some(barrier) = &camera.barrier {
            let path = format!("{path}.barrier");
            check_barrier(&path, lot, &barrier.device, driven)?;
            if !(1..=MOST_CHANNELS).contains(&barrier.channel) {
                let expected = "a channel's number from 1 to 16";
                return wrong(format!("{path}.channel"), barrier.channel, expected);
            }
            check_confirm(&path, lot, &barrier.device, barrier.confirm)?;
        }
    }
    Ok(())
}
