//! What the lanes told, and what the gateway said to be abnormal: each has to be there, although no
//! barrier and no loop knows of it.

use std::collections::{BTreeMap, HashMap, HashSet};

use boshi_gateway::tally::Tally as Journal;
use boshi_platform::tally::Tally as Store;
use boshi_simulator::equipment::{Fact, VehicleId};

use crate::road::Road;
use crate::world::World;

/// What an abnormality says: the standard has no name for it.
type Message<'a> = (&'a str, Option<&'a str>, &'a str);

impl World {
    /// Invariant 1: each vehicle that was read as something, and told, is a recognition of that lane,
    /// whatever became of it; and no more than one, unless the gateway ended while it was there.
    pub(super) fn readings_are_recognitions(&mut self, journal: &Journal) {
        let mut wrong = Vec::new();
        for road in &self.roads {
            let mut known: BTreeMap<String, Vec<VehicleId>> = BTreeMap::new();
            for vehicle in read(road) {
                known.entry(road.plate(vehicle)).or_default().push(vehicle);
            }
            let mut written: HashMap<&str, usize> = HashMap::new();
            let here = journal
                .recognitions
                .iter()
                .filter(|it| it.lane == road.name);
            for plate in here.filter_map(|it| it.plate.as_deref()) {
                *written.entry(plate).or_default() += 1;
            }
            for (plate, vehicles) in &known {
                let records = written.remove(plate.as_str()).unwrap_or_default();
                // The far camera of a mixed lane sees whoever is on the way out: that names nobody.
                let passes = |it: VehicleId| road.is_mixed() && road.is_read_late(it);
                let told = |it: &&VehicleId| road.is_told(**it) && !passes(**it);
                let told = vehicles.iter().filter(told).count();
                let again: usize = vehicles.iter().map(|it| self.ends_while(road, *it)).sum();
                if told <= records && records <= vehicles.len() + again {
                    continue;
                }
                let what = format!(
                    "lane {}: {plate} was read {} times, {told} were told, and is {records} recognitions",
                    road.name,
                    vehicles.len()
                );
                // Which of its visits it was is not known: all of them are told.
                wrong.push((what, None, vec![plate.clone()]));
            }
            for (plate, records) in written {
                let what = format!(
                    "lane {}: nobody is {plate}, {records} recognitions",
                    road.name
                );
                wrong.push((what, None, vec![plate.to_owned()]));
            }
        }
        for (what, at, about) in wrong {
            self.wrong(what, at, about);
        }
    }

    /// How often the gateway ended while a vehicle was in a lane.
    fn ends_while(&self, road: &Road, vehicle: VehicleId) -> usize {
        let mut its = road
            .history
            .iter()
            .filter(|(_, fact)| fact.vehicle() == Some(vehicle));
        let Some((from, _)) = its.next() else {
            return 0;
        };
        let gone = road.history.iter().find(
            |(_, fact)| matches!(fact, Fact::Gone { vehicle: whose, .. } if *whose == vehicle),
        );
        let until = gone.map_or(self.at, |(at, _)| *at);
        self.account.ends_within(*from, until)
    }

    /// Invariant 1, PUSH-5, D-15, D-16: each message that something is abnormal gets there, and nothing but
    /// what was sent. An attempt whose answer got lost is made again with another time, and is another one
    /// there (D-17); two that say the same in one second are the same bytes, and one.
    pub(super) fn abnormalities_get_there(&mut self, journal: &Journal, store: &Store) {
        let mut said: BTreeMap<Message<'_>, [usize; 3]> = BTreeMap::new();
        for it in &journal.abnormalities {
            let message = (it.code.as_str(), it.device.as_deref(), it.msg.as_str());
            let named = ("abnormality".to_owned(), it.id.clone());
            let [written, acknowledged, _] = said.entry(message).or_default();
            *written += 1;
            *acknowledged += usize::from(journal.delivered.contains(&named));
        }
        let mut unsent = Vec::new();
        for it in &store.abnormalities {
            let message = (it.code.as_str(), it.device.as_deref(), it.msg.as_str());
            match self.account.abnormal.get(&it.digest) {
                Some(times) => said.entry(message).or_default()[2] += times,
                None => unsent.push(format!("abnormality {message:?} was never sent")),
            }
        }
        for (message, [written, acknowledged, stored]) in said {
            let what = if stored < acknowledged {
                "acknowledged and not stored"
            } else if stored < written {
                "written down and not stored"
            } else if written == 0 {
                "stored and never written down"
            } else {
                continue;
            };
            let what =
                format!("abnormality {message:?} is {what}: {written} {acknowledged} {stored}");
            self.wrong(what, None, vec![message.2.to_owned()]);
        }
        for what in unsent {
            self.wrong(what, None, Vec::new());
        }
        self.account.abnormalities = journal.abnormalities.len();
    }
}

/// Whoever was read as something in a lane.
fn read(road: &Road) -> Vec<VehicleId> {
    let (mut all, mut known) = (Vec::new(), HashSet::new());
    for (_, fact) in &road.history {
        if let Fact::Read { vehicle, reading } = fact
            && reading.plate.is_some()
            && known.insert(*vehicle)
        {
            all.push(*vehicle);
        }
    }
    all
}
