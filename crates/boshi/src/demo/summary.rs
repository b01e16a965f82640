//! What both sides' stores and the simulator's ledger amount to, counted apart and compared.

use std::collections::BTreeSet;
use std::time::Duration;

use boshi_gateway::tally::tally as gateway_tally;
use boshi_platform::store::RecordKind;
use boshi_platform::tally::{Entry, tally as platform_tally};
use serde_json::{Value, json};

use super::scenario::Scenario;
use super::stage::{Stage, lot};
use crate::account::Language;
use crate::terminal::table;

/// What one side has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    recognized: usize,
    crossed: usize,
    refused: usize,
    released_blind: usize,
    fetched_later: usize,
}

/// Both sides, and what is missing.
#[derive(Clone, Debug)]
pub(super) struct Summary {
    gateway: Counts,
    platform: Counts,
    /// Vehicles that pressed an anti-smash loop, as the simulator saw it.
    presses: usize,
    /// Records that one side has and the other has not, and presses without a crossing.
    lost: usize,
    /// Records that are still to be pushed.
    open: usize,
}

impl Summary {
    /// Counts everything that there is now.
    pub(super) fn of(stage: &Stage) -> anyhow::Result<Summary> {
        let gateway = gateway_tally(&stage.journal(), &lot())?;
        let platform = platform_tally(&stage.store(), &lot())?;
        let kept = |kind: RecordKind, wanted: fn(&Entry) -> bool| -> BTreeSet<String> {
            let entries = platform.entries.iter();
            let entries = entries.filter(|entry| entry.kind == kind && wanted(entry));
            entries.map(|entry| entry.uuid.to_string()).collect()
        };
        let recognized = kept(RecordKind::Recognition, |_| true);
        let crossed = kept(RecordKind::Crossing, |_| true);
        let fetched = kept(RecordKind::Recognition, |entry| entry.fetched);
        let fetched_crossings = kept(RecordKind::Crossing, |entry| entry.fetched);
        let presses = stage.lot.ledger().presses().count();
        let apart = |one: &BTreeSet<String>, other: &BTreeSet<String>| {
            one.symmetric_difference(other).count()
        };
        let lost = apart(&gateway.recognized, &recognized)
            + apart(&gateway.crossed, &crossed)
            + presses.abs_diff(gateway.crossed.len());
        Ok(Summary {
            gateway: Counts {
                recognized: gateway.recognized.len(),
                crossed: gateway.crossed.len(),
                refused: gateway.refused.len(),
                released_blind: gateway
                    .failed_recognitions
                    .intersection(&gateway.crossed)
                    .count(),
                fetched_later: gateway.failed_recognitions.len() + gateway.failed_crossings.len(),
            },
            platform: Counts {
                recognized: recognized.len(),
                crossed: crossed.len(),
                refused: platform.refused,
                released_blind: fetched.intersection(&crossed).count(),
                fetched_later: fetched.len() + fetched_crossings.len(),
            },
            presses,
            lost,
            open: gateway.open,
        })
    }

    /// Whether nothing is missing and both sides count the same.
    pub(super) fn is_complete(&self) -> bool {
        self.lost == 0 && self.open == 0 && self.gateway == self.platform
    }

    pub(super) fn table(&self, language: Language) -> String {
        let (head, names, verdict) = match language {
            Language::Chinese => (
                ["", "网关", "平台"],
                ["识别", "过闸", "曾被拒绝", "断网放行", "事后补取"],
                ["核对一致，无遗漏", "两侧不一致"],
            ),
            Language::English => (
                ["", "gateway", "platform"],
                [
                    "recognized",
                    "crossed",
                    "refused",
                    "released blind",
                    "fetched later",
                ],
                [
                    "both sides agree, nothing is missing",
                    "the two sides differ",
                ],
            ),
        };
        let rows = names
            .into_iter()
            .zip(self.rows())
            .map(|(name, [one, other])| vec![name.to_owned(), one.to_string(), other.to_string()]);
        let table = table(&head, rows.collect());
        let verdict = verdict[usize::from(!self.is_complete())];
        let lost = match language {
            Language::Chinese => format!("丢失 {}　待推送 {}", self.lost, self.open),
            Language::English => format!("lost {}, still to be pushed {}", self.lost, self.open),
        };
        format!("\n{table}\n{verdict}　{lost}")
    }

    pub(super) fn json(
        &self,
        scenario: Scenario,
        seed: u64,
        vehicles: usize,
        took: Duration,
    ) -> Value {
        let names = [
            "recognized",
            "crossed",
            "refused",
            "released_blind",
            "fetched_later",
        ];
        let side = |place: usize| -> Value {
            let counts = names.into_iter().zip(self.rows());
            counts
                .map(|(name, row)| (name, json!(row[place])))
                .collect()
        };
        let mut all = side(0);
        all["lost"] = json!(self.lost);
        all["complete"] = json!(self.is_complete());
        all["still_to_push"] = json!(self.open);
        all["presses"] = json!(self.presses);
        all["gateway"] = side(0);
        all["platform"] = side(1);
        all["scenario"] = json!(format!("{scenario:?}"));
        all["seed"] = json!(seed);
        all["vehicles"] = json!(vehicles);
        all["seconds"] = json!(took.as_secs());
        all
    }

    fn rows(&self) -> [[usize; 2]; 5] {
        let (one, other) = (&self.gateway, &self.platform);
        [
            [one.recognized, other.recognized],
            [one.crossed, other.crossed],
            [one.refused, other.refused],
            [one.released_blind, other.released_blind],
            [one.fetched_later, other.fetched_later],
        ]
    }
}
