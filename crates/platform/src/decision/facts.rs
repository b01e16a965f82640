//! What a decision rests on.

use boshi_protocol::id::{DeviceNo, LotId};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::china::ChinaTime;
use crate::hours::WeeklyHours;

/// Why a plate has a permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PermitKind {
    /// White list.
    White,
    /// Monthly card.
    Monthly,
    /// Announced visitor.
    Visitor,
    /// Has paid for this stay.
    Paid,
}

/// A permit of the plate that is decided on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permit {
    /// Why there is one.
    pub kind: PermitKind,
    /// The lots it is for; every lot when none.
    pub lots: Vec<LotId>,
    /// The recognizers of the lanes it is for; every lane when none.
    pub lanes: Vec<DeviceNo>,
    /// First instant at which it holds.
    pub from: Timestamp,
    /// First instant at which it holds no more.
    pub to: Timestamp,
    /// When within a week it holds; always when none.
    pub hours: Option<WeeklyHours>,
}

/// A permit as operators read it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "PermitOfPlate")]
pub(crate) struct PermitShown {
    kind: PermitKind,
    lots: Option<String>,
    lanes: Option<String>,
    from: ChinaTime,
    to: ChinaTime,
    hours: Option<String>,
}

/// What a decision rests on, as operators read it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Facts")]
pub(crate) struct FactsShown {
    blocked: Option<String>,
    permits: Vec<PermitShown>,
    inside: i64,
    entered: Option<ChinaTime>,
    /// What another system said, if one was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) external: Option<String>,
}

/// What is known of the recognized plate and of its lot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Why the plate is on the block list, if it is.
    pub blocked: Option<String>,
    /// Its permits, of whatever validity and lot.
    pub permits: Vec<Permit>,
    /// Vehicles in the lot.
    pub inside: i64,
    /// Since when the vehicle is in the lot, if it is.
    pub entered: Option<Timestamp>,
}

impl Facts {
    /// What is written down with a decision.
    pub(crate) fn shown(&self) -> FactsShown {
        FactsShown {
            blocked: self.blocked.clone(),
            permits: self.permits.iter().map(Permit::shown).collect(),
            inside: self.inside,
            entered: self.entered.map(ChinaTime::new),
            external: None,
        }
    }
}

impl Permit {
    /// The permit as operators read it, without its plate.
    pub(crate) fn shown(&self) -> PermitShown {
        PermitShown {
            kind: self.kind,
            lots: listed(&self.lots),
            lanes: listed(&self.lanes),
            from: ChinaTime::new(self.from),
            to: ChinaTime::new(self.to),
            hours: self.hours.as_ref().map(WeeklyHours::to_string),
        }
    }
}

/// Ids as operators write them, `A,B`; none when there are none.
pub(crate) fn listed<K>(ids: &[boshi_protocol::id::Id<K>]) -> Option<String> {
    let texts: Vec<&str> = ids.iter().map(|id| id.as_str()).collect();
    (!texts.is_empty()).then(|| texts.join(","))
}

impl PermitKind {
    /// Reads the word of the operators' interface.
    pub fn parse(word: &str) -> Option<PermitKind> {
        [
            PermitKind::White,
            PermitKind::Monthly,
            PermitKind::Visitor,
            PermitKind::Paid,
        ]
        .into_iter()
        .find(|kind| kind.as_str() == word)
    }

    /// The word of the operators' interface.
    pub fn as_str(self) -> &'static str {
        match self {
            PermitKind::White => "white",
            PermitKind::Monthly => "monthly",
            PermitKind::Visitor => "visitor",
            PermitKind::Paid => "paid",
        }
    }

    pub(super) fn words(self) -> (&'static str, &'static str) {
        match self {
            PermitKind::White => ("WHITE_LIST", "白名单车辆，允许通行"),
            PermitKind::Monthly => ("MONTHLY", "月卡车辆，允许通行"),
            PermitKind::Visitor => ("VISITOR", "访客车辆，允许通行"),
            PermitKind::Paid => ("PAID", "已缴费，允许通行"),
        }
    }
}
