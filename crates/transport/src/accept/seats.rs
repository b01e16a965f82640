//! Which connections there are, of whom, and what happens on each: so that it is known which is
//! missed the least.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::bucket::{Bucket, Rate};

/// Addresses that are remembered although they hold no connection, for what they asked: as many as
/// fit into a megabyte. Beyond them those are forgotten that have been quiet.
const MOST_REMEMBERED: usize = 10_000;

/// How long a connection may do nothing before it has to give way to others. The head of a request
/// that is sent at once is there within some milliseconds on the network of a lot.
pub(super) const SPARED: Duration = Duration::from_millis(100);

/// The connections of a listener.
#[derive(Debug, Default)]
pub(super) struct Seats {
    origins: HashMap<IpAddr, Origin>,
    seats: HashMap<SeatNo, Seat>,
    last: u64,
}

/// One connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct SeatNo(u64);

/// What an address has.
#[derive(Debug)]
struct Origin {
    connections: usize,
    asking: Bucket,
}

#[derive(Debug)]
struct Seat {
    origin: IpAddr,
    doing: Doing,
    since: Instant,
    gives_way: CancellationToken,
}

/// What happens on a connection; those that are missed the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Doing {
    /// Nothing was asked yet: no whole head of a request has come.
    Nothing,
    /// It was used, and waits for the next request.
    Waiting,
    /// A request is under way.
    Asking,
}

impl Seats {
    /// How many connections there are.
    pub(super) fn open(&self) -> usize {
        self.seats.len()
    }

    /// Whom an address belongs to, who is remembered from now on.
    pub(super) fn origin(&mut self, from: IpAddr, asking: Rate, now: Instant) -> IpAddr {
        if self.origins.len() >= MOST_REMEMBERED {
            (self.origins).retain(|_, it| it.connections > 0 || !it.asking.is_full(asking, now));
        }
        let origin = origin(from);
        self.origins.entry(origin).or_insert_with(|| Origin {
            connections: 0,
            asking: Bucket::full(now),
        });
        origin
    }

    /// How many connections somebody has.
    pub(super) fn held_by(&self, origin: IpAddr) -> usize {
        self.origins.get(&origin).map_or(0, |it| it.connections)
    }

    /// One more connection.
    pub(super) fn take(
        &mut self,
        origin: IpAddr,
        now: Instant,
        gives_way: CancellationToken,
    ) -> SeatNo {
        if let Some(held) = self.origins.get_mut(&origin) {
            held.connections += 1;
        }
        self.last += 1;
        let number = SeatNo(self.last);
        let seat = Seat {
            origin,
            doing: Doing::Nothing,
            since: now,
            gives_way,
        };
        self.seats.insert(number, seat);
        number
    }

    /// What happens on a connection from now on.
    pub(super) fn is(&mut self, seat: SeatNo, doing: Doing, now: Instant) {
        if let Some(seat) = self.seats.get_mut(&seat) {
            (seat.doing, seat.since) = (doing, now);
        }
    }

    pub(super) fn is_busy(&self, seat: SeatNo) -> bool {
        let seat = self.seats.get(&seat);
        seat.is_some_and(|seat| seat.doing == Doing::Asking)
    }

    /// Whether the address of a connection may make one more request now.
    pub(super) fn may_ask(&mut self, seat: SeatNo, asking: Rate, now: Instant) -> bool {
        let origin = self.seats.get(&seat).map(|seat| seat.origin);
        let held = origin.and_then(|origin| self.origins.get_mut(&origin));
        held.is_none_or(|it| it.asking.take(asking, now).is_ok())
    }

    /// A connection is over.
    pub(super) fn give_back(&mut self, seat: SeatNo, asking: Rate, now: Instant) {
        let Some(Seat { origin, .. }) = self.seats.remove(&seat) else {
            return;
        };
        if let Some(held) = self.origins.get_mut(&origin) {
            held.connections -= 1;
            // Whoever comes back has asked what it has asked.
            if held.connections == 0 && held.asking.is_full(asking, now) {
                self.origins.remove(&origin);
            }
        }
    }

    /// Whether nobody has a connection, nor asked so much that it has to be remembered.
    #[cfg(test)]
    pub(super) fn knows_nobody(&self) -> bool {
        self.origins.is_empty() && self.seats.is_empty()
    }

    /// Of the connections on which nothing is asked, of one origin or of those who have the most, the
    /// one that is missed the least. It is told to give way, and not found again.
    pub(super) fn idlest(&self, of: Option<IpAddr>, now: Instant) -> Option<&CancellationToken> {
        let may_go = |seat: &&Seat| {
            seat.doing < Doing::Asking
                && seat.since + SPARED <= now
                && of.is_none_or(|of| of == seat.origin)
                && !seat.gives_way.is_cancelled()
        };
        let idle = self.seats.iter().filter(|(_, seat)| may_go(seat));
        let idlest = idle.min_by_key(|(number, seat)| {
            let held = self.held_by(seat.origin);
            (Reverse(held), seat.doing, seat.since, **number)
        });
        idlest.map(|(_, seat)| &seat.gives_way)
    }
}

/// Whom an address belongs to: with IPv6 everybody has a /64 of them.
fn origin(from: IpAddr) -> IpAddr {
    match from.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let network = u128::from(address) & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from(network))
        }
    }
}
