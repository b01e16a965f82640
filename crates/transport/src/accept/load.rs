//! Who holds how many connections, and how many there were.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How busy a listener is.
#[derive(Debug, Default)]
pub struct Load {
    /// As many origins as there are connections at most.
    held: Mutex<HashMap<IpAddr, usize>>,
    taken: AtomicU64,
    turned_away: AtomicU64,
    failures: AtomicU64,
}

/// A connection that counts until this is dropped.
#[derive(Debug)]
pub(super) struct Guest {
    load: Arc<Load>,
    origin: IpAddr,
}

impl Load {
    /// How many connections there are.
    pub fn open(&self) -> usize {
        self.held().values().sum()
    }

    /// How many connections were taken since the start.
    pub fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }

    /// How many connections were closed because their address had too many.
    pub fn turned_away(&self) -> u64 {
        self.turned_away.load(Ordering::Relaxed)
    }

    /// How often connections could not be accepted.
    pub fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    pub(super) fn failed(&self) {
        self.failures.fetch_add(1, Ordering::Relaxed);
    }

    /// Takes a connection, unless `from` has `most` already.
    pub(super) fn admit(self: &Arc<Load>, from: IpAddr, most: usize) -> Option<Guest> {
        let origin = origin(from);
        let mut held = self.held();
        let count = held.entry(origin).or_default();
        if *count >= most {
            self.turned_away.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        *count += 1;
        self.taken.fetch_add(1, Ordering::Relaxed);
        Some(Guest {
            load: Arc::clone(self),
            origin,
        })
    }

    fn held(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let mut held = self.load.held();
        if let Some(count) = held.get_mut(&self.origin) {
            *count -= 1;
            if *count == 0 {
                held.remove(&self.origin);
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

    #[test]
    fn an_address_has_its_share_and_takes_none_of_anothers() {
        let load = Arc::<Load>::default();
        let mut guests: Vec<Guest> = (0..2)
            .filter_map(|_| load.admit(address("192.0.2.1"), 2))
            .collect();
        assert!(load.admit(address("192.0.2.1"), 2).is_none());
        assert!(load.admit(address("::ffff:192.0.2.1"), 2).is_none());
        guests.extend(load.admit(address("192.0.2.2"), 2));
        assert_eq!((load.open(), load.taken(), load.turned_away()), (3, 3, 2));
        drop(guests);
        assert_eq!(load.open(), 0);
        assert!(load.held().is_empty(), "whoever left is forgotten");
        assert!(load.admit(address("192.0.2.1"), 2).is_some());
    }

    #[test]
    fn the_addresses_of_one_ipv6_network_are_one_origin() {
        let load = Arc::<Load>::default();
        let one = load.admit(address("2001:db8:0:1::1"), 1);
        assert!(one.is_some());
        assert!(load.admit(address("2001:db8:0:1:ffff::9"), 1).is_none());
        assert!(load.admit(address("2001:db8:0:2::1"), 1).is_some());
    }
}
