//! What tells the gateway how the parking spaces are, if that is not the controller.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use boshi_protocol::code::PlaceStatus;
use boshi_protocol::id::PlaceNo;
use boshi_protocol::plate::Plate;
use secrecy::ExposeSecret as _;
use tokio::time::{Instant, MissedTickBehavior};

use super::event::Event;
use super::feed::Feed;
use super::gateway::Told;
use super::gateways::Gateways;
use super::plan::{DetectorPlan, DetectorsSpeak};
use super::start::StartError;
use crate::detectors::{Detectors, Form, Seen, TellError};

/// Reports of spaces on their way, and what was reported last of each.
#[derive(Clone, Debug)]
pub(super) struct Spaces {
    pub(super) feed: Arc<Feed>,
    latest: Arc<Mutex<BTreeMap<PlaceNo, Event>>>,
}

impl Spaces {
    pub(super) fn new() -> Spaces {
        Spaces {
            feed: Arc::new(Feed::default()),
            latest: Arc::default(),
        }
    }

    /// Reports a space; what had to be given up for it comes back.
    pub(super) fn report(&self, number: &PlaceNo, event: Event) -> Option<Event> {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        latest.insert(number.clone(), event.clone());
        drop(latest);
        self.feed.push(event)
    }

    /// Reports every space again and again.
    pub(super) async fn repeat(self, period: Duration, give_up: impl Fn(&Event)) {
        let mut turns = tokio::time::interval_at(Instant::now() + period, period);
        turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            turns.tick().await;
            let latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
            let events: Vec<Event> = latest.values().cloned().collect();
            drop(latest);
            for lost in events.into_iter().filter_map(|it| self.feed.push(it)) {
                give_up(&lost);
            }
        }
    }
}

impl Gateways<'_> {
    /// The detectors of a plan.
    pub(super) fn detectors(&self, plan: &DetectorPlan) -> Result<Detectors, StartError> {
        let form = match plan.speaks {
            DetectorsSpeak::Json => Form::Json,
            DetectorsSpeak::Dahua => Form::Dahua,
            DetectorsSpeak::Hikvision => Form::Hikvision,
            DetectorsSpeak::Mqtt => {
                let broker = self.broker.ok_or(StartError::NoBroker)?;
                return Ok(Detectors::over_mqtt(broker, &plan.lot));
            }
        };
        let (base, key) = (self.base.trim_end_matches('/'), plan.key.expose_secret());
        let path = match form {
            Form::Dahua => "/NotificationInfo/ParkingInfo",
            Form::Json | Form::Hikvision => "",
        };
        let url = format!("{base}/spaces/{key}{path}");
        Ok(Detectors::over_http(&url, form)?)
    }
}

/// One attempt to report a space; nothing else is theirs to tell.
pub(super) async fn reported(detectors: &Detectors, event: &Event, picture: Option<&str>) -> Told {
    let Event::Place {
        number,
        status,
        plate,
        ..
    } = event
    else {
        return Told::Taken;
    };
    match detectors
        .tell(&seen(number, *status, plate.as_ref(), picture))
        .await
    {
        Ok(()) => Told::Taken,
        Err(TellError::Unreachable(why)) => Told::Unreachable(why),
        Err(TellError::Refused(status @ (401 | 403 | 404), why)) => {
            Told::Refused(format!("HTTP {status} {why}"))
        }
        Err(TellError::Refused(status, why)) => Told::Busy(format!("HTTP {status} {why}")),
    }
}

fn seen(
    number: &PlaceNo,
    status: PlaceStatus,
    plate: Option<&Plate>,
    picture: Option<&str>,
) -> Seen {
    Seen {
        place: number.to_string(),
        status,
        plate: plate.map(Plate::to_string),
        picture: picture.map(str::to_owned),
    }
}
