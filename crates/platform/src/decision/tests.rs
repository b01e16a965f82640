use super::*;

const POLICY: Policy = Policy {
    entry: Default::Allow,
    exit: Default::Refuse,
    capacity: None,
    free: SignedDuration::ZERO,
};
const NOW: &str = "2026-01-15T00:00:00Z";
const ENTRY: Option<Direction> = Some(Direction::Entry);
const EXIT: Option<Direction> = Some(Direction::Exit);

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn permit(kind: PermitKind) -> Permit {
    Permit {
        kind,
        lots: Vec::new(),
        lanes: Vec::new(),
        from: at("2026-01-01T00:00:00Z"),
        to: at("2026-02-01T00:00:00Z"),
        hours: None,
    }
}

fn having(permit: Permit) -> Facts {
    Facts {
        permits: vec![permit],
        ..Facts::default()
    }
}

fn explained(
    direction: Option<Direction>,
    plate: &str,
    facts: &Facts,
    policy: Policy,
    now: &str,
) -> Explained {
    let (lot, device) = (LotId::new("L1").unwrap(), DeviceNo::new("R1").unwrap());
    let plate = Plate::read(plate).unwrap();
    let approach = Approach {
        lot: &lot,
        device: &device,
        plate: plate.as_ref(),
        direction,
    };
    decide(approach, facts, policy, at(now))
}

fn code(direction: Option<Direction>, plate: &str, facts: &Facts, now: &str) -> (bool, String) {
    let decision = explained(direction, plate, facts, POLICY, now).decision;
    (decision.pass, decision.reason.code().to_owned())
}

/// RECOG-1
#[test]
fn a_blocked_plate_is_refused_although_it_has_a_permit() {
    let facts = Facts {
        blocked: Some("欠费".into()),
        ..having(permit(PermitKind::White))
    };
    assert_eq!(
        code(EXIT, "粤B12345", &facts, NOW),
        (false, "BLOCKED".into())
    );
}

/// RECOG-1
#[test]
fn a_permit_holds_from_its_first_instant_and_not_at_its_last() {
    let facts = having(permit(PermitKind::Monthly));
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
fn a_permit_of_another_lot_is_none_here_and_one_of_another_lane_says_so() {
    let lots = |lots: &[&str]| lots.iter().map(|lot| LotId::new(lot).unwrap()).collect();
    for (listed, expected) in [
        (&["L2"][..], (false, "NO_PERMIT")),
        (&["L2", "L1"], (true, "MONTHLY")),
    ] {
        let facts = having(Permit {
            lots: lots(listed),
            ..permit(PermitKind::Monthly)
        });
        assert_eq!(
            code(EXIT, "粤B12345", &facts, NOW),
            (expected.0, expected.1.into())
        );
    }
    for (lane, expected) in [
        ("R1", (true, "MONTHLY")),
        ("R2", (false, "PERMIT_OTHER_LANE")),
    ] {
        let facts = having(Permit {
            lanes: vec![DeviceNo::new(lane).unwrap()],
            ..permit(PermitKind::Monthly)
        });
        assert_eq!(
            code(EXIT, "粤B12345", &facts, NOW),
            (expected.0, expected.1.into())
        );
    }
}

/// RECOG-1: 08:00 in China on a Thursday.
#[test]
fn a_permit_holds_only_in_its_weekly_hours() {
    for (hours, expected) in [
        ("4 08:00-09:00", (true, "VISITOR")),
        ("4 09:00-10:00", (false, "PERMIT_OTHER_HOURS")),
        ("3 08:00-09:00", (false, "PERMIT_OTHER_HOURS")),
    ] {
        let facts = having(Permit {
            hours: Some(hours.parse().unwrap()),
            ..permit(PermitKind::Visitor)
        });
        assert_eq!(
            code(EXIT, "粤B12345", &facts, NOW),
            (expected.0, expected.1.into())
        );
    }
}

/// RECOG-1
#[test]
fn an_unknown_vehicle_gets_the_default_of_its_direction() {
    let none = Facts::default();
    assert_eq!(code(ENTRY, "", &none, NOW), (true, "DEFAULT_ALLOW".into()));
    assert_eq!(code(EXIT, "", &none, NOW), (false, "NO_PLATE".into()));
    assert_eq!(
        code(EXIT, "粤B12345", &none, NOW),
        (false, "NO_PERMIT".into())
    );
    assert_eq!(
        code(None, "粤B12345", &none, NOW),
        (false, "NO_PERMIT".into())
    );
}

/// RECOG-1
#[test]
fn a_full_lot_takes_in_only_white_and_monthly_vehicles_and_lets_everybody_out() {
    let policy = Policy {
        capacity: Some(2),
        exit: Default::Allow,
        ..POLICY
    };
    for (inside, kind, direction, expected) in [
        (1, None, ENTRY, "DEFAULT_ALLOW"),
        (2, None, ENTRY, "FULL"),
        (2, Some(PermitKind::Visitor), ENTRY, "FULL"),
        (2, Some(PermitKind::White), ENTRY, "WHITE_LIST"),
        (2, Some(PermitKind::Monthly), ENTRY, "MONTHLY"),
        (3, None, EXIT, "DEFAULT_ALLOW"),
    ] {
        let facts = Facts {
            inside,
            permits: kind.map(permit).into_iter().collect(),
            ..Facts::default()
        };
        let found = explained(direction, "粤B12345", &facts, policy, NOW).decision;
        assert_eq!(found.reason.code(), expected, "{inside} {kind:?}");
    }
}

/// RECOG-1
#[test]
fn a_vehicle_that_has_not_paid_is_told_how_long_it_stayed_unless_that_is_free() {
    let policy = Policy {
        free: SignedDuration::from_mins(15),
        ..POLICY
    };
    for (entered, expected) in [
        ("2026-01-14T23:45:00Z", "FREE_PERIOD 停车 15 分钟，免费离场"),
        ("2026-01-14T23:44:59Z", "UNPAID 停车 16 分钟，尚未缴费"),
        (
            "2026-01-14T20:40:00Z",
            "UNPAID 停车 3 小时 20 分钟，尚未缴费",
        ),
    ] {
        let facts = Facts {
            entered: Some(at(entered)),
            ..Facts::default()
        };
        let found = explained(EXIT, "粤B12345", &facts, policy, NOW).decision;
        assert_eq!(found.reason.to_string(), expected);
        let paid = Facts {
            permits: vec![permit(PermitKind::Paid)],
            ..facts
        };
        assert!(
            explained(EXIT, "粤B12345", &paid, policy, NOW)
                .decision
                .pass
        );
    }
}

/// RECOG-1
#[test]
fn the_last_rule_that_was_asked_is_the_one_that_decided() {
    let facts = having(permit(PermitKind::Paid));
    let found = explained(EXIT, "粤B12345", &facts, POLICY, NOW);
    let rules: Vec<_> = found
        .steps
        .iter()
        .map(|step| (step.rule, step.decides))
        .collect();
    let expected = [
        ("黑名单", false),
        ("月卡与白名单", false),
        ("车位", false),
        ("访客与缴费", true),
    ];
    assert_eq!(rules, expected);
}

/// RECOG-1
#[test]
fn what_another_system_says_stands_and_its_silence_is_what_the_lot_wants() {
    let own = || explained(EXIT, "粤B12345", &Facts::default(), POLICY, NOW);
    let said = |pass| Opinion::Said {
        pass,
        reason: "会员".to_owned(),
    };
    let silent = Opinion::Silent {
        why: "超时".to_owned(),
    };
    for (opinion, fallback, expected) in [
        (said(true), Fallback::Refuse, (true, "EXTERNAL_ALLOW")),
        (said(false), Fallback::Allow, (false, "EXTERNAL_REFUSE")),
        (silent.clone(), Fallback::Own, (false, "NO_PERMIT")),
        (silent.clone(), Fallback::Allow, (true, "EXTERNAL_SILENT")),
        (silent, Fallback::Refuse, (false, "EXTERNAL_SILENT")),
    ] {
        let found = with_opinion(own(), &opinion, fallback);
        let decision = &found.decision;
        assert_eq!((decision.pass, decision.reason.code()), expected);
        let decided = found.steps.iter().filter(|step| step.decides).count();
        assert_eq!(decided, 1, "{found:?}");
    }
}
