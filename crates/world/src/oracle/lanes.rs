//! What is written of the lanes against what physically happened there.

use std::collections::HashSet;
use std::time::Duration;

use boshi_simulator::equipment::{Cause, Fact};
use rusqlite::{Connection, OpenFlags};

use crate::world::World;

/// How long after its press a crossing may be told, and count: the gateway has to be there until then.
const TOLD_WITHIN: Duration = Duration::from_secs(1);

/// How lately somebody may have left for whom an arm still lifts.
const MOMENT: Duration = Duration::from_secs(1);

impl World {
    fn rows(&self, sql: &str) -> Vec<Vec<String>> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        let opened = Connection::open_with_flags(self.supplier.file(), flags);
        let rows = opened.and_then(|db| {
            let mut query = db.prepare(sql)?;
            let columns = query.column_count();
            let rows = query.query_map([], |row| {
                let cell = |place| row.get::<_, Option<String>>(place);
                (0..columns)
                    .map(|place| Ok(cell(place)?.unwrap_or_default()))
                    .collect()
            })?;
            rows.collect()
        });
        rows.expect("the journal was read a moment ago")
    }

    /// CROSS-1, D-14: each press of each anti-smash loop is one crossing, in its order, and under no
    /// other plate than that of who pressed it; under that if it was read, unless nobody listened.
    pub(super) fn crossings_are_what_happened(&mut self) {
        let mut all = 0;
        for place in 0..self.roads.len() {
            let road = &self.roads[place];
            let pressed = road.presses();
            let written = self.rows(&format!(
                "SELECT coalesce(crossing.plate, ''), crossing.record FROM outbox \
                 JOIN crossing ON crossing.record = outbox.key \
                 WHERE kind = 'crossing' AND lane = '{}' ORDER BY seq",
                road.name
            ));
            let about = vec![format!("lane {}", road.name)];
            let other = pressed.iter().zip(&written).find(|((at, vehicle), row)| {
                let is_its_own = match road.read_before(*vehicle, *at) {
                    _ if !row[0].is_empty() => row[0] == road.plate(*vehicle),
                    None => true,
                    Some(read) => self.account.was_away(read, *at + TOLD_WITHIN),
                };
                let is_in_doubt = road.is_mixed() && self.has_just_started(*at);
                !is_its_own && !is_in_doubt
            });
            let other = other.map(|((at, vehicle), row)| {
                let plate = road.plate(*vehicle);
                (
                    *at,
                    format!(
                        "lane {}: {plate} crosses, and it is written down as {row:?}",
                        road.name
                    ),
                )
            });
            let (presses, rows) = (pressed.len(), written.len());
            all += rows;
            let name = road.name;
            if presses != rows {
                let what = format!("lane {name}: {presses} presses are {rows} crossings");
                let at = other.as_ref().map(|(at, _)| *at);
                self.wrong(what, at, about);
            } else if let Some((at, what)) = other {
                self.wrong(what, Some(at), about);
            }
        }
        self.account.crossings = all;
    }

    /// Whether the gateway started so lately that it cannot know from which side of a mixed lane a
    /// vehicle came that is under the arm.
    fn has_just_started(&self, at: Duration) -> bool {
        let within = self.supplier.config.timing.far_side;
        let mut starts = self.account.starts.iter();
        starts.any(|start| *start <= at && at - *start < within)
    }

    /// Every recognition has its end, unless whoever was read stands there still.
    pub(super) fn outcomes_are_known(&mut self) {
        for row in self.rows("SELECT record, lane, plate FROM recognition WHERE outcome IS NULL") {
            let mut roads = self.roads.iter();
            let road = roads.find(|road| road.name == row[1]).expect("a lane");
            if road.lane.vehicles().any(|it| road.plate(it) == row[2]) {
                self.account.left_waiting += 1;
                continue;
            }
            let what = format!("{row:?} has no end");
            let its = format!("{} at lane", row[0]);
            let at = self.story.first(&its);
            let lane = format!("lane {}: ", row[1]);
            self.wrong(what, at, vec![format!("{} ", row[0]), lane]);
        }
    }

    /// D-17, PUSH-3: longer than the budget waits only who lets the one before him clear the barrier.
    pub(super) fn nobody_waited(&mut self) {
        let config = &self.supplier.config;
        let (budget, follow) = (config.push.budget, config.timing.follow_wait);
        let mut wrong = Vec::new();
        let waits = self.account.waits.iter();
        for (record, wait) in waits.filter(|it| !self.account.refused.contains(it.0)) {
            let mut roads = self.roads.iter();
            let road = roads.find(|road| road.name == wait.lane).expect("a lane");
            let one_before = road.somebody_crossed(wait.until.saturating_sub(follow), wait.until);
            let longest = budget + if one_before { follow } else { Duration::ZERO };
            if wait.took > longest {
                let what = format!("{record} waited {:?}", wait.took);
                let about = vec![format!("{record} "), format!("lane {}", wait.lane)];
                wrong.push((what, wait.until, about));
            }
        }
        for (what, at, about) in wrong {
            self.wrong(what, Some(at), about);
        }
    }

    /// RECOG-1, RECOG-3: on decisions an arm lifts once for a vehicle, and for nobody only when who was
    /// there has left that very moment.
    pub(super) fn lifts_are_for_somebody(&mut self) {
        let mut wrong = Vec::new();
        for road in &self.roads {
            let (mut there, mut lifted) = (HashSet::new(), HashSet::new());
            let mut left = None;
            for (at, fact) in &road.history {
                match fact {
                    Fact::OnLoop(vehicle) => {
                        there.insert(*vehicle);
                    }
                    Fact::Gone { vehicle, .. } | Fact::Crossed { vehicle, .. } => {
                        there.remove(vehicle);
                        left = Some(*at);
                    }
                    Fact::Lifted {
                        cause: Cause::Opened(act),
                        ..
                    } => {
                        let (run, act) = road.act(*act);
                        let why = self.account.causes.get(&(road.name.to_owned(), run, act.0));
                        let Some(why) = why.filter(|why| why.is_decided()) else {
                            continue;
                        };
                        let about = vec![format!("lane {}", road.name)];
                        let lately = left.is_some_and(|left| *at - left < MOMENT);
                        if there.is_empty() && !lately {
                            let what = format!("lane {}: an arm lifts for nobody", road.name);
                            wrong.push((what, *at, about));
                        } else if !lifted.insert(why.record.clone()) {
                            let record = why.record.as_ref().map_or("nobody", |it| it.as_str());
                            let what = format!("{record}: the arm lifts for it twice");
                            wrong.push((what, *at, about));
                        }
                    }
                    _ => {}
                }
            }
        }
        for (what, at, about) in wrong {
            self.wrong(what, Some(at), about);
        }
    }
}
