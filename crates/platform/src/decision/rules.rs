//! The rules, in the order in which they are asked. The block list outranks every permit, a permit
//! everything but a full lot, and the lot's default is what is left.

use jiff::{SignedDuration, Timestamp};

use super::{Approach, Decision, Default, Direction, Facts, Permit, PermitKind, Policy};

/// What a rule looks at.
pub(super) struct Case<'a> {
    pub(super) approach: Approach<'a>,
    pub(super) facts: &'a Facts,
    pub(super) policy: Policy,
    pub(super) now: Timestamp,
}

/// What a rule found, and what it decides if it does.
pub(super) struct Finding {
    pub(super) found: String,
    pub(super) decision: Option<Decision>,
}

type Rule = (&'static str, fn(&Case<'_>) -> Finding);

/// All but the default.
pub(super) const RULES: [Rule; 5] = [
    ("黑名单", block_list),
    ("月卡与白名单", standing_permit),
    ("车位", capacity),
    ("访客与缴费", passing_permit),
    ("免费时段", free_time),
];

fn block_list(case: &Case<'_>) -> Finding {
    match &case.facts.blocked {
        Some(why) => decided(false, "BLOCKED", format!("车辆在黑名单中：{why}")),
        None => open("不在黑名单中"),
    }
}

/// White and monthly: they have a space of their own, also in a full lot.
fn standing_permit(case: &Case<'_>) -> Finding {
    by_permit(case, &[PermitKind::White, PermitKind::Monthly])
}

fn passing_permit(case: &Case<'_>) -> Finding {
    by_permit(case, &[PermitKind::Visitor, PermitKind::Paid])
}

fn by_permit(case: &Case<'_>, kinds: &[PermitKind]) -> Finding {
    let permits = case.facts.permits.iter();
    let mut permits = permits
        .filter(|permit| kinds.contains(&permit.kind))
        .peekable();
    if permits.peek().is_none() {
        return open("没有");
    }
    let mut why_not = Vec::new();
    for permit in permits {
        match permit.obstacle(case) {
            None => {
                let (code, sentence) = permit.kind.words();
                return decided(true, code, sentence.to_owned());
            }
            Some(obstacle) => why_not.push(obstacle.sentence()),
        }
    }
    why_not.dedup();
    open(&why_not.join("；"))
}

fn capacity(case: &Case<'_>) -> Finding {
    let (Some(capacity), Some(Direction::Entry)) = (case.policy.capacity, case.approach.direction)
    else {
        return open("不限");
    };
    let found = format!("场内 {} 辆，容量 {capacity}", case.facts.inside.max(0));
    if case.facts.inside >= i64::from(capacity) {
        return decided(false, "FULL", format!("车位已满（{found}）"));
    }
    open(&found)
}

fn free_time(case: &Case<'_>) -> Finding {
    let (Some(stayed), Some(Direction::Exit)) = (case.stayed(), case.approach.direction) else {
        return open("不适用");
    };
    let (free, stayed) = (case.policy.free, spoken(stayed));
    if case.stayed().is_some_and(|stayed| stayed <= free) && !free.is_zero() {
        return decided(true, "FREE_PERIOD", format!("停车 {stayed}，免费离场"));
    }
    open(&format!("停车 {stayed}，免费 {}", spoken(free)))
}

/// What is left: the default of the direction.
///
/// A recognizer that nobody configured has no direction, and passes only if both defaults allow.
pub(super) fn by_default(case: &Case<'_>) -> Decision {
    let default = match case.approach.direction {
        Some(Direction::Entry) => case.policy.entry,
        Some(Direction::Exit) => case.policy.exit,
        None if case.policy.entry == Default::Allow => case.policy.exit,
        None => Default::Refuse,
    };
    if default == Default::Allow {
        return Decision::new(true, "DEFAULT_ALLOW", "允许通行");
    }
    if case.approach.plate.is_none() {
        return Decision::new(false, "NO_PLATE", "未识别到车牌，不能通行");
    }
    let obstacles = case.facts.permits.iter();
    let nearest = obstacles.filter_map(|permit| permit.obstacle(case)).min();
    match (
        nearest.filter(|nearest| *nearest != Obstacle::Lot),
        case.stayed(),
    ) {
        (Some(obstacle), _) => Decision::new(false, obstacle.code(), obstacle.sentence()),
        (None, Some(stayed)) if case.approach.direction == Some(Direction::Exit) => {
            let sentence = format!("停车 {}，尚未缴费", spoken(stayed));
            Decision::new(false, "UNPAID", sentence)
        }
        (None, _) => Decision::new(false, "NO_PERMIT", "车辆没有通行许可"),
    }
}

/// Why a permit does not help, the nearest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Obstacle {
    Hours,
    Validity,
    Lane,
    Lot,
}

impl Obstacle {
    fn code(self) -> &'static str {
        match self {
            Obstacle::Hours => "PERMIT_OTHER_HOURS",
            Obstacle::Validity => "PERMIT_NOT_VALID",
            Obstacle::Lane => "PERMIT_OTHER_LANE",
            Obstacle::Lot => "NO_PERMIT",
        }
    }

    fn sentence(self) -> &'static str {
        match self {
            Obstacle::Hours => "通行许可不在允许的时段",
            Obstacle::Validity => "通行许可未生效或已过期",
            Obstacle::Lane => "通行许可不适用于本车道",
            Obstacle::Lot => "通行许可不适用于本车场",
        }
    }
}

impl Permit {
    fn obstacle(&self, case: &Case<'_>) -> Option<Obstacle> {
        let approach = &case.approach;
        if !self.lots.is_empty() && !self.lots.contains(approach.lot) {
            Some(Obstacle::Lot)
        } else if !self.lanes.is_empty() && !self.lanes.contains(approach.device) {
            Some(Obstacle::Lane)
        } else if case.now < self.from || self.to <= case.now {
            Some(Obstacle::Validity)
        } else if self
            .hours
            .as_ref()
            .is_some_and(|hours| !hours.hold(case.now))
        {
            Some(Obstacle::Hours)
        } else {
            None
        }
    }
}

impl Case<'_> {
    fn stayed(&self) -> Option<SignedDuration> {
        let stayed = self.now.duration_since(self.facts.entered?);
        Some(stayed.max(SignedDuration::ZERO))
    }
}

/// `3 小时 20 分钟`: a started minute counts.
fn spoken(span: SignedDuration) -> String {
    let minutes = span.as_secs().saturating_add(59) / 60;
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} 分钟"),
        (hours, minutes) => format!("{hours} 小时 {minutes} 分钟"),
    }
}

fn decided(pass: bool, code: &'static str, sentence: String) -> Finding {
    Finding {
        found: sentence.clone(),
        decision: Some(Decision::new(pass, code, sentence)),
    }
}

fn open(found: &str) -> Finding {
    Finding {
        found: found.to_owned(),
        decision: None,
    }
}
