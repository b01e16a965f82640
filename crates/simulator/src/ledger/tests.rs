use super::*;
use crate::equipment::ActId;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn car() -> Vehicle {
    Vehicle::new(None, boshi_protocol::plate::PlateColor::Other)
}

fn lane() -> Arc<str> {
    "01".into()
}

fn lifted(number: u64, waiting: Option<u64>) -> Fact {
    Fact::Lifted {
        lift: LiftNo(number),
        cause: Cause::Opened(ActId(number)),
        waiting: waiting.map(VehicleId),
    }
}

fn crossed(vehicle: u64, lift: Option<u64>) -> Fact {
    Fact::Crossed {
        vehicle: VehicleId(vehicle),
        lift: lift.map(LiftNo),
    }
}

#[test]
fn a_crossing_stands_with_its_vehicle_its_time_and_its_lift() {
    let mut ledger = Ledger::default();
    ledger.arrived(VehicleId(1), &lane(), car(), at(0));
    ledger.record(&lane(), at(5), &lifted(1, Some(1)));
    ledger.record(&lane(), at(9), &Fact::SafetyPressed);
    ledger.record(&lane(), at(9), &crossed(1, Some(1)));
    ledger.record(&lane(), at(10), &Fact::SafetyReleased);
    ledger.record(&lane(), at(15), &Fact::ArmDown(LiftNo(1)));
    let visit = ledger.visit(VehicleId(1)).unwrap();
    assert_eq!((visit.crossed, visit.lift), (Some(at(9)), Some(LiftNo(1))));
    let lift = ledger.lifts().next().unwrap();
    assert_eq!(
        (&lift.crossed[..], lift.down),
        (&[VehicleId(1)][..], Some(at(15)))
    );
    let press = ledger.presses().next().unwrap();
    assert_eq!((press.at, press.released), (at(9), Some(at(10))));
}

#[test]
fn a_lift_with_nobody_there_is_idle_and_one_with_somebody_is_not() {
    let mut ledger = Ledger::default();
    ledger.record(&lane(), at(0), &lifted(1, Some(1)));
    ledger.record(&lane(), at(1), &lifted(2, None));
    let held = Fact::Lifted {
        lift: LiftNo(3),
        cause: Cause::Held(ActId(3)),
        waiting: None,
    };
    ledger.record(&lane(), at(2), &held);
    let idle: Vec<LiftNo> = ledger.idle_lifts().map(|lift| lift.number).collect();
    assert_eq!(idle, [LiftNo(2)]);
}

#[test]
fn the_lifts_of_two_lanes_are_kept_apart() {
    let mut ledger = Ledger::default();
    let other: Arc<str> = "02".into();
    for lane in [&lane(), &other] {
        ledger.record(lane, at(0), &lifted(1, None));
    }
    ledger.record(&other, at(1), &crossed(7, Some(1)));
    let crossed: Vec<usize> = ledger.lifts().map(|lift| lift.crossed.len()).collect();
    assert_eq!(crossed, [0, 1]);
}

#[test]
fn vehicles_are_found_in_whatever_order_their_lanes_told_of_them() {
    let mut ledger = Ledger::default();
    for id in [2, 1, 3] {
        ledger.arrived(VehicleId(id), &lane(), car(), at(0));
    }
    ledger.record(&lane(), at(1), &crossed(1, None));
    assert_eq!(ledger.visit(VehicleId(1)).unwrap().crossed, Some(at(1)));
    let crossings: Vec<VehicleId> = ledger.crossings().map(|visit| visit.id).collect();
    assert_eq!(crossings, [VehicleId(1)]);
}

#[test]
fn the_oldest_is_forgotten_and_counted_when_there_is_too_much() {
    let mut ledger = Ledger::default();
    for id in 0..=MAX_KEPT as u64 {
        ledger.arrived(VehicleId(id), &lane(), car(), at(0));
    }
    assert_eq!(ledger.visits().count(), MAX_KEPT);
    assert_eq!(ledger.forgotten(), 1);
    assert_eq!(ledger.visit(VehicleId(0)), None);
}
