//! Whether a vehicle may pass (RECOG-1): a pure function of what was recognized, what is known of
//! the plate, the lot's policy and the time.

use boshi_protocol::id::LotId;
use boshi_protocol::plate::Plate;
use boshi_protocol::refusal::Refusal;
use jiff::Timestamp;

/// Which way vehicles go past a recognizer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Into the lot.
    Entry,
    /// Out of the lot.
    Exit,
}

/// What happens to a vehicle about which nothing is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Default {
    /// It may pass.
    Allow,
    /// It may not.
    Refuse,
}

/// The defaults of a lot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// For vehicles that enter.
    pub entry: Default,
    /// For vehicles that leave.
    pub exit: Default,
}

/// Why a plate has a permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
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
    /// The lot it is for; every lot when none.
    pub lot: Option<LotId>,
    /// First instant at which it holds.
    pub from: Timestamp,
    /// First instant at which it holds no more.
    pub to: Timestamp,
}

/// What is known of the recognized plate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Why the plate is on the block list, if it is.
    pub blocked: Option<String>,
    /// Its permits, of whatever validity and lot.
    pub permits: Vec<Permit>,
}

/// What is decided on.
#[derive(Clone, Copy, Debug)]
pub struct Approach<'a> {
    /// The lot.
    pub lot: &'a LotId,
    /// The plate; none when unreadable.
    pub plate: Option<&'a Plate>,
    /// Where the vehicle wants to go; none when the device is not configured.
    pub direction: Option<Direction>,
}

/// A decision, with the reason that the driver and the operator are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Whether the vehicle may pass.
    pub pass: bool,
    /// Why.
    pub reason: Refusal,
}

/// Decides. The block list outranks every permit, a permit the lot's default (RECOG-1).
///
/// A recognizer that nobody configured has no direction, and passes only if both defaults allow.
pub fn decide(approach: Approach<'_>, facts: &Facts, policy: Policy, now: Timestamp) -> Decision {
    if let Some(why) = &facts.blocked {
        return verdict(false, "BLOCKED", &format!("车辆在黑名单中：{why}"));
    }
    let mut here = facts
        .permits
        .iter()
        .filter(|permit| permit.is_for(approach.lot))
        .peekable();
    let any_here = here.peek().is_some();
    if let Some(permit) = here.find(|permit| permit.holds(now)) {
        let (code, sentence) = permit.kind.words();
        return verdict(true, code, sentence);
    }
    match (policy.default_for(approach.direction), approach.plate) {
        (Default::Allow, _) => verdict(true, "DEFAULT_ALLOW", "允许通行"),
        (Default::Refuse, None) => verdict(false, "NO_PLATE", "未识别到车牌，不能通行"),
        (Default::Refuse, Some(_)) if any_here => {
            verdict(false, "PERMIT_NOT_VALID", "通行许可未生效或已过期")
        }
        (Default::Refuse, Some(_)) => verdict(false, "NO_PERMIT", "车辆没有通行许可"),
    }
}

impl Direction {
    /// Reads the word of the configuration.
    pub fn parse(word: &str) -> Option<Direction> {
        [Direction::Entry, Direction::Exit]
            .into_iter()
            .find(|direction| direction.as_str() == word)
    }

    /// The word of the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Direction::Entry => "entry",
            Direction::Exit => "exit",
        }
    }
}

impl Permit {
    fn is_for(&self, lot: &LotId) -> bool {
        self.lot.as_ref().is_none_or(|own| own == lot)
    }

    fn holds(&self, now: Timestamp) -> bool {
        self.from <= now && now < self.to
    }
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

    fn words(self) -> (&'static str, &'static str) {
        match self {
            PermitKind::White => ("WHITE_LIST", "白名单车辆，允许通行"),
            PermitKind::Monthly => ("MONTHLY", "月卡车辆，允许通行"),
            PermitKind::Visitor => ("VISITOR", "访客车辆，允许通行"),
            PermitKind::Paid => ("PAID", "已缴费，允许通行"),
        }
    }
}

impl Policy {
    fn default_for(self, direction: Option<Direction>) -> Default {
        match direction {
            Some(Direction::Entry) => self.entry,
            Some(Direction::Exit) => self.exit,
            None if self.entry == Default::Allow => self.exit,
            None => Default::Refuse,
        }
    }
}

fn verdict(pass: bool, code: &'static str, sentence: &str) -> Decision {
    Decision {
        pass,
        reason: Refusal::new(code, sentence),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: Policy = Policy {
        entry: Default::Allow,
        exit: Default::Refuse,
    };

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn monthly(lot: Option<&str>) -> Permit {
        Permit {
            kind: PermitKind::Monthly,
            lot: lot.map(|lot| LotId::new(lot).unwrap()),
            from: at("2026-01-01T00:00:00Z"),
            to: at("2026-02-01T00:00:00Z"),
        }
    }

    fn code(direction: Option<Direction>, plate: &str, facts: &Facts, now: &str) -> (bool, String) {
        let lot = LotId::new("L1").unwrap();
        let plate = Plate::read(plate).unwrap();
        let approach = Approach {
            lot: &lot,
            plate: plate.as_ref(),
            direction,
        };
        let decision = decide(approach, facts, POLICY, at(now));
        (decision.pass, decision.reason.code().to_owned())
    }

    const NOW: &str = "2026-01-15T00:00:00Z";
    const EXIT: Option<Direction> = Some(Direction::Exit);

    /// RECOG-1
    #[test]
    fn a_blocked_plate_is_refused_although_it_has_a_permit() {
        let facts = Facts {
            blocked: Some("欠费".into()),
            permits: vec![monthly(None)],
        };
        assert_eq!(
            code(EXIT, "粤B12345", &facts, NOW),
            (false, "BLOCKED".into())
        );
    }

    /// RECOG-1
    #[test]
    fn a_permit_holds_from_its_first_instant_and_not_at_its_last() {
        let facts = Facts {
            blocked: None,
            permits: vec![monthly(None)],
        };
        for (now, expected) in [
            ("2025-12-31T23:59:59Z", (false, "PERMIT_NOT_VALID")),
            ("2026-01-01T00:00:00Z", (true, "MONTHLY")),
            ("2026-01-31T23:59:59Z", (true, "MONTHLY")),
            ("2026-02-01T00:00:00Z", (false, "PERMIT_NOT_VALID")),
        ] {
            assert_eq!(
                code(EXIT, "粤B12345", &facts, now),
                (expected.0, expected.1.into())
            );
        }
    }

    /// RECOG-1
    #[test]
    fn a_permit_of_another_lot_is_none_here() {
        let elsewhere = Facts {
            blocked: None,
            permits: vec![monthly(Some("L2"))],
        };
        assert_eq!(
            code(EXIT, "粤B12345", &elsewhere, NOW),
            (false, "NO_PERMIT".into())
        );
        let here = Facts {
            blocked: None,
            permits: vec![monthly(Some("L1"))],
        };
        assert_eq!(code(EXIT, "粤B12345", &here, NOW), (true, "MONTHLY".into()));
    }

    /// RECOG-1
    #[test]
    fn an_unknown_vehicle_gets_the_default_of_its_direction() {
        let none = Facts::default();
        let entry = Some(Direction::Entry);
        assert_eq!(code(entry, "", &none, NOW), (true, "DEFAULT_ALLOW".into()));
        assert_eq!(code(EXIT, "", &none, NOW), (false, "NO_PLATE".into()));
        assert_eq!(
            code(None, "粤B12345", &none, NOW),
            (false, "NO_PERMIT".into())
        );
    }
}
