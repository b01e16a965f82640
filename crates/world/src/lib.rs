//! Both real sides in one process, on virtual time, in a world that fails in every way.
//!
//! The gateway's lot, journal, pushes and endpoints, and the platform's handlers, store, heartbeats,
//! reconciliation and commands are those of the program; they meet on the wire, byte for byte. Played are
//! the time, what carries the requests, the disks' cuts, and the lanes with their vehicles. One seed is one
//! run, however often it is played. When something is wrong the oracle tells the story of it.

mod account;
mod chaos;
mod checkpoint;
mod clock;
mod defect;
mod exchange;
mod image;
mod lanes;
mod network;
mod oracle;
mod property;
mod road;
mod story;
mod supplier;
mod turns;
mod watch;
mod wire;
mod world;

use std::fmt;
use std::time::Duration;

pub use self::defect::Defect;

use self::world::World;

/// A day.
pub const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Most things that are told of one run: the first already says that it is broken.
const TOLD: usize = 5;

/// What a run was, and what was wrong.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// How many hours it covered, with the calm at the end.
    pub hours: u64,
    /// How many times vehicles drove up.
    pub vehicles: u64,
    /// How many crossings were written down.
    pub crossings: u64,
    /// How many things went wrong: networks, clocks, barriers, orders, crashes that were planned.
    pub faults: u64,
    /// How often the gateway, and the platform, ended and started again.
    pub crashes: [u64; 2],
    /// Requests between both sides.
    pub requests: u64,
    /// Those to which something happened on their way.
    pub accidents: u64,
    /// How often the platform ended in a pass, a heartbeat or a command.
    pub alone: u64,
    /// Messages that something is abnormal.
    pub abnormalities: u64,
    /// Commands that came again while they were carried out.
    pub commands_again: u64,
    /// Drivers who were refused, and stand there still.
    pub left_waiting: u64,
    /// How often the platform asked for what could not be pushed.
    pub passes: u64,
    /// The same for the same run.
    pub digest: u64,
    /// What was wrong, each with its story.
    pub wrong: Vec<String>,
}

/// Plays one seed, with a defect if there is to be one.
pub fn play(seed: u64, span: Duration, defect: Option<Defect>) -> Report {
    boshi_transport::certificate::install_crypto();
    let mut world = World::new(seed, defect);
    world.run(seed, span);
    let wrong = world.judge();
    let account = &world.account;
    let mut told: Vec<_> = wrong
        .iter()
        .take(TOLD)
        .map(|it| world.story.of(it))
        .collect();
    if wrong.len() > TOLD {
        told.push(format!("and {} more", wrong.len() - TOLD));
    }
    Report {
        hours: world.at.as_secs() / 3600,
        vehicles: u64::from(account.vehicles),
        crossings: account.crossings as u64,
        faults: u64::from(account.faults),
        crashes: account.crashes.map(u64::from),
        alone: u64::from(account.alone),
        abnormalities: account.abnormalities as u64,
        commands_again: u64::from(account.commands_again),
        left_waiting: u64::from(account.left_waiting),
        requests: account.requests,
        accidents: account.accidents,
        passes: u64::from(account.passes),
        digest: world.story.digest(),
        wrong: told,
    }
}

impl Report {
    /// What two runs were together.
    pub fn add(&mut self, other: Report) {
        self.hours += other.hours;
        self.vehicles += other.vehicles;
        self.crossings += other.crossings;
        self.faults += other.faults;
        self.crashes[0] += other.crashes[0];
        self.crashes[1] += other.crashes[1];
        self.alone += other.alone;
        self.abnormalities += other.abnormalities;
        self.commands_again += other.commands_again;
        self.left_waiting += other.left_waiting;
        self.requests += other.requests;
        self.accidents += other.accidents;
        self.passes += other.passes;
        self.digest ^= other.digest;
        self.wrong.extend(other.wrong);
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [gateway, platform] = self.crashes;
        write!(
            out,
            "{} hours, {} vehicles, {} crossings, {} abnormalities, {} faults, the gateway killed {gateway} \
             times and the platform {platform} times, {} of them in a pass, a heartbeat or a command, {} \
             requests of which {} met an accident, {} passes, {} commands again meanwhile, {} drivers left \
             waiting",
            self.hours,
            self.vehicles,
            self.crossings,
            self.abnormalities,
            self.faults,
            self.alone,
            self.requests,
            self.accidents,
            self.passes,
            self.commands_again,
            self.left_waiting
        )
    }
}
