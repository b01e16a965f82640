//! Who holds how many connections, and how many there were.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use super::Limits;
use crate::bucket::{Bucket, Rate};

/// Addresses that are remembered although they hold no connection, for what they asked: as many as
/// fit into a megabyte. Beyond them those are forgotten that have been quiet.
const MOST_REMEMBERED: usize = 10_000;

/// How busy a listener is.
#[derive(Debug, Default)]
pub struct Load {
    origins: Mutex<HashMap<IpAddr, Origin>>,
    taken: AtomicU64,
    turned_away: AtomicU64,
    too_often: AtomicU64,
    failures: AtomicU64,
}

/// What an address has.
#[derive(Debug)]
struct Origin {
    connections: usize,
    asking: Bucket,
}

/// A connection that counts until this is dropped.
#[derive(Debug)]
pub(super) struct Guest {
    load: Arc<Load>,
    address: IpAddr,
    origin: IpAddr,
    asking: Rate,
}

impl Load {
    /// How many connections there are.
    pub fn open(&self) -> usize {
        let origins = self.origins();
        origins.values().map(|origin| origin.connections).sum()
    }

    /// How many connections were taken since the start.
    pub fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }

    /// How many connections were closed because their address had too many.
    pub fn turned_away(&self) -> u64 {
        self.turned_away.load(Ordering::Relaxed)
    }

    /// How many requests were refused because their address asked too often.
    pub fn too_often(&self) -> u64 {
        self.too_often.load(Ordering::Relaxed)
    }

    /// How often connections could not be accepted.
    pub fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    pub(super) fn failed(&self) {
        self.failures.fetch_add(1, Ordering::Relaxed);
    }

    /// Takes a connection, unless `from` has too many already.
    pub(super) fn admit(self: &Arc<Load>, from: IpAddr, limits: &Limits) -> Option<Guest> {
        let (origin, now) = (origin(from), Instant::now());
        let mut origins = self.origins();
        if origins.len() >= MOST_REMEMBERED {
            origins.retain(|_, it| it.connections > 0 || !it.asking.is_full(limits.asking, now));
        }
        let held = origins.entry(origin).or_insert_with(|| Origin {
            connections: 0,
            asking: Bucket::full(now),
        });
        if held.connections >= limits.per_origin {
            self.turned_away.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        held.connections += 1;
        self.taken.fetch_add(1, Ordering::Relaxed);
        Some(Guest {
            load: Arc::clone(self),
            address: from.to_canonical(),
            origin,
            asking: limits.asking,
        })
    }

    fn origins(&self) -> MutexGuard<'_, HashMap<IpAddr, Origin>> {
        self.origins.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Guest {
    /// Whose connection it is.
    pub(super) fn address(&self) -> IpAddr {
        self.address
    }

    /// Whether its address may make one more request now.
    pub(super) fn may_ask(&self) -> bool {
        let mut origins = self.load.origins();
        let origin = origins.get_mut(&self.origin);
        let asked = origin.is_none_or(|it| it.asking.take(self.asking, Instant::now()).is_ok());
        if !asked {
            self.load.too_often.fetch_add(1, Ordering::Relaxed);
        }
        asked
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let mut origins = self.load.origins();
        if let Some(origin) = origins.get_mut(&self.origin) {
            origin.connections -= 1;
            // Whoever comes back has asked what it has asked.
            if origin.connections == 0 && origin.asking.is_full(self.asking, Instant::now()) {
                origins.remove(&self.origin);
            }
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn at_most(per_origin: usize) -> Limits {
        Limits {
            per_origin,
            ..Limits::default()
        }
    }

    #[test]
    fn an_address_has_its_share_and_takes_none_of_anothers() {
        let load = Arc::<Load>::default();
        let mut guests: Vec<Guest> = (0..2)
            .filter_map(|_| load.admit(address("192.0.2.1"), &at_most(2)))
            .collect();
        assert!(load.admit(address("192.0.2.1"), &at_most(2)).is_none());
        assert!(
            load.admit(address("::ffff:192.0.2.1"), &at_most(2))
                .is_none()
        );
        guests.extend(load.admit(address("192.0.2.2"), &at_most(2)));
        assert_eq!((load.open(), load.taken(), load.turned_away()), (3, 3, 2));
        drop(guests);
        assert_eq!(load.open(), 0);
        assert!(load.origins().is_empty(), "whoever left is forgotten");
        assert!(load.admit(address("192.0.2.1"), &at_most(2)).is_some());
    }

    #[test]
    fn the_addresses_of_one_ipv6_network_are_one_origin() {
        let load = Arc::<Load>::default();
        let one = load.admit(address("2001:db8:0:1::1"), &at_most(1));
        assert!(one.is_some());
        assert!(
            load.admit(address("2001:db8:0:1:ffff::9"), &at_most(1))
                .is_none()
        );
        assert!(
            load.admit(address("2001:db8:0:2::1"), &at_most(1))
                .is_some()
        );
    }

    #[test]
    fn whoever_asks_too_often_is_refused_also_on_another_connection_and_no_other_is() {
        let load = Arc::<Load>::default();
        let asking = Rate {
            per_second: 0.001,
            burst: 2.0,
        };
        let limits = Limits {
            asking,
            ..Limits::default()
        };
        let guest = load.admit(address("192.0.2.1"), &limits).unwrap();
        assert!(guest.may_ask() && guest.may_ask() && !guest.may_ask());
        drop(guest);
        assert_eq!(load.open(), 0);
        let again = load.admit(address("192.0.2.1"), &limits).unwrap();
        assert!(!again.may_ask());
        let other = load.admit(address("192.0.2.2"), &limits).unwrap();
        assert!(other.may_ask());
        assert_eq!(load.too_often(), 2);
    }
}
