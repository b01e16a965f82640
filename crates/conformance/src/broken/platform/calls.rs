//! What the small platform asks of the lot, and the hands of its operator.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::Platform;
use crate::clock::wire_time;
use crate::draft::{lines, object};
use crate::endpoint::{FAILED_CROSSINGS, FAILED_RECOGNITIONS, HEARTBEAT, OPEN_GATE, SHOW};
use crate::hands::{About, Act, Hands, Sight, Undone};
use crate::http::client::send;
use crate::net::Later;
use crate::reply::{number, rows};

/// How often the lot is asked whether it is there.
const INTERVAL: Duration = Duration::from_secs(30);

/// How long it may take to answer.
const WITHIN: Duration = Duration::from_secs(5);

/// How far before the last answer the questions after an outage begin.
const OVERLAP: Duration = Duration::from_secs(300);

impl Platform {
    /// Asks whether the lot is there, and when it is back, for what was missed.
    pub(in crate::broken) async fn watch(self) {
        let mut heard: Option<Timestamp> = None;
        let mut is_lost = false;
        loop {
            let now = self.0.door.clock.now();
            let answered =
                !self.has("sends no heartbeat") && self.ask(HEARTBEAT, Map::new()).await.is_some();
            if !answered {
                is_lost = true;
            } else if is_lost {
                is_lost = false;
                let begin = if self.has("asks from the end of the outage") {
                    now
                } else {
                    heard.unwrap_or(now) - OVERLAP
                };
                for path in [FAILED_RECOGNITIONS, FAILED_CROSSINGS] {
                    self.fetch(path, begin).await;
                }
            }
            if answered {
                heard = Some(now);
            }
            tokio::time::sleep(INTERVAL).await;
        }
    }

    async fn ask(&self, path: &str, own: Map<String, Value>) -> Option<Map<String, Value>> {
        let request = self.0.door.written(path, &self.0.door.envelope(own));
        let response = send(&*self.0.network, &self.0.lot, &request, WITHIN)
            .await
            .ok()?;
        serde_json::from_slice(&response.body).ok()
    }

    async fn fetch(&self, path: &str, begin: Timestamp) {
        if self.has("never asks for what it missed") {
            return;
        }
        let size = if self.has("asks for pages of a thousand") {
            1000
        } else {
            100
        };
        for current in 1_u64.. {
            let mut query = object(json!({
                "beginTime": wire_time(begin), "pageSize": size, "currentPage": current,
            }));
            if self.has("asks without beginTime") {
                query.shift_remove("beginTime");
            }
            let Some(page) = self.ask(path, query).await else {
                return;
            };
            let found = rows(&page).map_or(0, |rows| rows.len());
            let (Ok(total), Ok(size)) = (number(&page, "total"), number(&page, "pageSize")) else {
                return;
            };
            if found == 0 || current * size >= total || self.has("asks for the first page only") {
                return;
            }
        }
    }

    async fn open(&self, plate: &str, mode: &str) {
        let mut order = object(json!({
            "deviceNo": self.0.recognizer, "plateNumber": plate, "openMode": mode,
        }));
        if self.has("sends gate commands without openMode") {
            order.shift_remove("openMode");
        }
        let answered = self.ask(OPEN_GATE, order.clone()).await.is_some();
        if !answered && self.has("sends an unanswered gate command again") {
            self.ask(OPEN_GATE, order).await;
        }
    }

    async fn show(&self) {
        let mut msg = lines(&[("欢迎光临", "center")]);
        if self.has("sends texts without alignment and text") {
            msg = json!(["欢迎光临"]);
        }
        self.ask(
            SHOW,
            object(json!({"deviceNo": self.0.display, "msg": msg})),
        )
        .await;
    }
}

impl Hands for Platform {
    fn can(&self, _act: Act) -> bool {
        true
    }

    fn can_see(&self, _sight: Sight) -> bool {
        false
    }

    fn acts_by_itself(&self, _act: Act) -> bool {
        true
    }

    fn looks_by_itself(&self, _sight: Sight) -> bool {
        false
    }

    fn act<'a>(&'a self, act: Act, about: &'a About) -> Later<'a, Result<(), Undone>> {
        Box::pin(async move {
            match act {
                Act::PermitPlate => {
                    self.records().permitted.insert(about.plate.clone());
                }
                Act::WithdrawPermit => {
                    self.records().permitted.remove(&about.plate);
                }
                Act::OperatorOpens => self.open(&about.plate, "2").await,
                Act::OperatorHolds if self.has("holds by force") => self.open("", "3").await,
                Act::OperatorHolds => self.open("", "0").await,
                Act::OperatorRestores if self.has("restores in normal mode") => {
                    self.open("", "2").await;
                }
                Act::OperatorRestores => self.open("", "1").await,
                Act::OperatorForces if self.has("forces in normal mode") => {
                    self.open(&about.plate, "2").await;
                }
                Act::OperatorForces => self.open("", "3").await,
                Act::OperatorShows => self.show().await,
                _ => return Err(Undone("这是车场的操作".to_owned())),
            }
            Ok(())
        })
    }

    fn see(&self, _sight: Sight) -> Later<'_, Result<String, Undone>> {
        Box::pin(async { Err(Undone("平台上看不到".to_owned())) })
    }
}
