use std::collections::HashSet;

use boshi_protocol::plate::PlateKind;

use super::*;

fn ways() -> Ways {
    Ways {
        entries: vec!["01".to_owned(), "02".to_owned()],
        exits: vec!["03".to_owned()],
    }
}

#[test]
fn the_same_seed_gives_the_same_traffic_and_another_seed_another() {
    let traffic = |seed| journeys(seed, 200, &ways(), &Mix::default());
    assert_eq!(traffic(7), traffic(7));
    assert_ne!(traffic(7), traffic(8));
}

#[test]
fn fifty_vehicles_have_plates_of_every_kind_and_colour() {
    let mix = Mix {
        without_plate: 0.0,
        ..Mix::default()
    };
    let journeys = journeys(1, 50, &ways(), &mix);
    let plates = (journeys.iter()).filter_map(|journey| journey.vehicle.plate.as_ref());
    let kinds: HashSet<PlateKind> = plates.map(|plate| plate.kind()).collect();
    assert_eq!(kinds.len(), 13, "{kinds:?}");
    assert!(!kinds.contains(&PlateKind::Unknown));
    let colors = journeys.iter().map(|journey| journey.vehicle.color);
    assert_eq!(colors.collect::<HashSet<PlateColor>>().len(), 5);
}

#[test]
fn no_two_vehicles_have_the_same_plate() {
    let journeys = journeys(3, 2_000, &ways(), &Mix::default());
    let plates: Vec<_> = (journeys.iter())
        .filter_map(|journey| journey.vehicle.plate.as_ref())
        .collect();
    assert!(plates.len() > 1_900);
    assert_eq!(plates.iter().collect::<HashSet<_>>().len(), plates.len());
}

#[test]
fn vehicles_arrive_in_order_and_a_tailgater_with_the_one_before_it() {
    let mix = Mix {
        tailgating: 0.5,
        ..Mix::default()
    };
    let journeys = journeys(5, 100, &ways(), &mix);
    assert!(journeys.is_sorted_by_key(|journey| journey.arrives));
    let pairs = journeys.windows(2);
    let tailgating: Vec<_> = pairs
        .filter(|pair| pair[1].vehicle.behaviour == Behaviour::Tailgate)
        .collect();
    assert!(tailgating.len() > 20);
    for pair in tailgating {
        let key = |journey: &Journey| (journey.entry.clone(), journey.arrives);
        assert_eq!(key(&pair[0]), key(&pair[1]));
    }
}

#[test]
fn a_lot_without_an_entry_has_no_traffic() {
    assert_eq!(journeys(1, 5, &Ways::default(), &Mix::default()), []);
}
