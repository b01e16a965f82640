//! The task that hears the broker, and notices which spaces nobody reports any more.

use std::time::Duration;

use boshi_protocol::code::PlaceStatus;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::{Message, Spaces};
use crate::config::Topic;
use crate::devices::event::{Event, PlaceEvent};
use crate::devices::mqtt::{Heard, Line, Said};
use crate::devices::teller::Teller;

/// Most often and most seldom that it is looked who has fallen silent.
const LOOKS: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(30));

/// Looks after one system.
#[derive(Debug)]
pub(crate) struct Worker {
    spaces: Spaces,
    line: Option<(Topic, Line)>,
}

impl Worker {
    pub(super) fn new(spaces: Spaces, line: Option<(Topic, Line)>) -> Worker {
        Worker { spaces, line }
    }

    /// Runs until `stop`: what is not taken in until then is reported again.
    pub(crate) async fn run(mut self, teller: Teller, stop: CancellationToken) {
        stop.run_until_cancelled(self.serve(&teller)).await;
    }

    async fn serve(&mut self, teller: &Teller) {
        let period = self.spaces.0.config.period;
        let mut looks = interval((period / 4).clamp(LOOKS.0, LOOKS.1));
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = looks.tick() => self.look(teller).await,
                said = said(&mut self.line) => match said {
                    Some((in_topic, said)) => {
                        let message = Message {
                            body: &said.payload,
                            in_topic: in_topic.as_deref(),
                            picture: None,
                        };
                        if self.spaces.hear(&message, said.retained, teller).await.is_err() {
                            return;
                        }
                    }
                    None => self.line = None,
                },
            }
        }
    }

    async fn look(&self, teller: &Teller) {
        let silent = self.spaces.fallen_silent();
        if silent.is_empty() {
            return;
        }
        let name = &self.spaces.0.config.name;
        let why = format!("{} 个车位三个周期没有上报", silent.len());
        self.spaces.0.health.faulty(&why);
        tracing::warn!(name, spaces = ?silent, "spaces are not reported any more");
        for place in silent {
            let status = PlaceStatus::Unusual;
            let (plate, image) = (None, None);
            let event = PlaceEvent {
                place,
                status,
                plate,
                image,
            };
            teller.tell(Event::Place(event)).await;
        }
    }
}

/// The next message and the space that its topic names; for ever nothing without a line, and none when
/// that has ended.
async fn said(line: &mut Option<(Topic, Line)>) -> Option<(Option<String>, Said)> {
    let Some((topic, line)) = line else {
        return std::future::pending().await;
    };
    loop {
        let Heard::Said(said) = line.hear().await? else {
            continue;
        };
        let holes = topic.matched(&said.topic).unwrap_or_default();
        let place = holes.iter().find(|(hole, _)| *hole == "place");
        let place = place.map(|(_, place)| (*place).to_owned());
        return Some((place, said));
    }
}
