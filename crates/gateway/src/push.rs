//! One request to the platform: the record as it is now, a fresh time and token (D-17).

use std::sync::Arc;
use std::time::Instant;

use boshi_protocol::delivery::{Fault, Key, Outcome};
use boshi_protocol::endpoint::{
    Abnormal, CrossGate, PlateNumber, ReceiveAbnormal, ReceiveCrossGate, ReceivePlateNumber,
};
use boshi_protocol::envelope::Answer;
use boshi_protocol::freshness::TIME_SKEW;
use boshi_protocol::id::LotId;
use boshi_protocol::time::WireTime;
use boshi_transport::call::{self, Peer};
use jiff::Timestamp;

use crate::clock::SkewWatch;
use crate::journal::{Abnormality, Crossing, Journal, JournalError, Letter, Recognition};
use crate::lot::{Push, Trace};

/// Pushes the records of one lot.
#[derive(Clone, Debug)]
pub(crate) struct Pusher {
    pub(crate) lot: LotId,
    pub(crate) peer: Peer,
    pub(crate) journal: Journal,
    /// What the names of pictures hang under.
    pub(crate) public_url: String,
    /// What is known of the platform's clock.
    pub(crate) clock: Arc<SkewWatch>,
}

impl Pusher {
    /// Makes one request, and says what came of it.
    pub(crate) async fn push(&self, push: Push) -> (Outcome, Trace) {
        let (began, start) = (self.peer.now(), Instant::now());
        let outcome = match self.letter(&push).await {
            Ok(Some(letter)) => self.send(letter, &push, began).await,
            Ok(None) => unreadable("the journal has no such record"),
            Err(error) => unreadable(&error.to_string()),
        };
        let trace = Trace {
            key: push.key,
            number: push.number,
            began,
            took: start.elapsed(),
        };
        (outcome, trace)
    }

    /// These records as they are to be pushed now, as far as the journal has them.
    ///
    /// # Errors
    /// [`JournalError`] when it cannot be read.
    pub(crate) async fn letters(&self, keys: Vec<Key>) -> Result<Vec<(Key, Letter)>, JournalError> {
        self.journal.letters(&self.lot, keys).await
    }

    async fn letter(&self, push: &Push) -> Result<Option<Letter>, JournalError> {
        if let Some(letter) = &push.letter {
            return Ok(Some(letter.clone()));
        }
        let found = self.letters(vec![push.key.clone()]).await?;
        Ok(found.into_iter().next().map(|(_, letter)| letter))
    }

    async fn send(&self, letter: Letter, push: &Push, began: Timestamp) -> Outcome {
        let (peer, limit) = (&self.peer, push.timeout);
        let now = began.checked_add(self.clock.borrowed()).unwrap_or(began);
        let answer = match letter {
            Letter::Recognition(it) => {
                let request = self.recognition(it);
                peer.call::<ReceivePlateNumber>(&request, now, limit).await
            }
            Letter::Crossing(it) => {
                let request = crossing(it);
                peer.call::<ReceiveCrossGate>(&request, now, limit).await
            }
            Letter::Abnormality(it) => {
                let request = abnormality(it);
                peer.call::<ReceiveAbnormal>(&request, now, limit).await
            }
        };
        match answer {
            Ok(Answer::Accepted { .. }) => Outcome::Accepted,
            Ok(Answer::Refused(refusal)) => {
                if refusal.code() == TIME_SKEW {
                    self.clock.refused();
                }
                Outcome::Refused(refusal)
            }
            Err(fault) => Outcome::Fault(failed(fault)),
        }
    }

    fn recognition(&self, it: Recognition) -> PlateNumber {
        PlateNumber {
            device: it.device,
            record: it.record,
            recognized_at: WireTime::from_timestamp(it.at),
            image: picture_url(&self.public_url, it.image.as_deref()),
            plate: it.plate,
            color: it.color,
            reliability: it.reliability,
        }
    }
}

/// Where a browser finds a picture (RECOG-4); empty when there is none.
pub(crate) fn picture_url(public_url: &str, name: Option<&str>) -> String {
    let url = public_url.trim_end_matches('/');
    name.map(|name| format!("{url}/pictures/{name}.jpg"))
        .unwrap_or_default()
}

fn crossing(it: Crossing) -> CrossGate {
    CrossGate {
        device: it.device,
        record: it.record,
        plate: it.plate,
        color: it.color,
        crossed_at: WireTime::from_timestamp(it.at),
    }
}

fn abnormality(it: Abnormality) -> Abnormal {
    Abnormal {
        code: it.code,
        device: it.device,
        msg: it.msg,
    }
}

/// D-2: everything that is no answer of the standard is a failed attempt.
fn failed(fault: call::Fault) -> Fault {
    match fault {
        call::Fault::Timeout => Fault::TimedOut,
        call::Fault::Network(why) => Fault::NoConnection(why),
        call::Fault::Status(status) => Fault::Status(status),
        call::Fault::Unreadable(why) => Fault::Unreadable(why),
    }
}

fn unreadable(why: &str) -> Outcome {
    tracing::error!(why, "a record cannot be pushed");
    Outcome::Fault(Fault::Unreadable(why.to_owned()))
}
