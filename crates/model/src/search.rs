//! Breadth-first search through every state that can be reached, with the shortest way to what is wrong.

use std::collections::{HashMap, VecDeque};

use crate::defect::Defect;
use crate::promise;
use crate::rules::{self, Step};
use crate::world::{Setting, World};

/// What a search came to.
#[derive(Clone, Debug)]
pub enum Found {
    /// Every state keeps every promise.
    Sound {
        /// How many states there are.
        states: usize,
        /// How many steps the longest of the shortest ways has.
        depth: usize,
    },
    /// A state breaks one.
    Broken {
        /// Which promise.
        promise: &'static str,
        /// The shortest way there.
        way: Vec<Step>,
        /// The state.
        world: World,
    },
}

/// Looks at every state of `setting`, with that defect if there is one.
#[must_use]
pub fn search(setting: &Setting, defect: Option<Defect>) -> Found {
    let first = World::new(setting);
    let mut came_from: HashMap<World, Option<(World, Step)>> = HashMap::new();
    came_from.insert(first.clone(), None);
    let mut open = VecDeque::from([(first, 0)]);
    let mut depth = 0;
    while let Some((world, steps)) = open.pop_front() {
        depth = steps;
        if let Some(promise) = promise::broken(&world, setting, defect) {
            let way = way_to(&world, &came_from);
            return Found::Broken {
                promise,
                way,
                world,
            };
        }
        for step in rules::possible(&world, setting) {
            let next = rules::take(&world, step, setting, defect);
            if !came_from.contains_key(&next) {
                came_from.insert(next.clone(), Some((world.clone(), step)));
                open.push_back((next, steps + 1));
            }
        }
    }
    Found::Sound {
        states: came_from.len(),
        depth,
    }
}

fn way_to(world: &World, came_from: &HashMap<World, Option<(World, Step)>>) -> Vec<Step> {
    let mut way = Vec::new();
    let mut at = world;
    while let Some(Some((before, step))) = came_from.get(at) {
        way.push(*step);
        at = before;
    }
    way.reverse();
    way
}
