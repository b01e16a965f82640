//! Who holds how many connections, and how many there were.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Limits;
use super::seats::{Doing, SeatNo, Seats};
use crate::bucket::Rate;

/// How busy a listener is.
#[derive(Debug, Default)]
pub struct Load {
    seats: Mutex<Seats>,
    taken: AtomicU64,
    turned_away: AtomicU64,
    shed: AtomicU64,
    too_often: AtomicU64,
    failures: AtomicU64,
}

/// A connection that counts until this is dropped.
#[derive(Debug)]
pub(super) struct Guest {
    load: Arc<Load>,
    address: IpAddr,
    seat: SeatNo,
    asking: Rate,
    /// Another needs the place more.
    gives_way: CancellationToken,
}

/// A request of a guest that is under way until this is dropped.
#[derive(Debug)]
pub(super) struct UnderWay {
    guest: Arc<Guest>,
}

impl Load {
    /// How many connections there are.
    pub fn open(&self) -> usize {
        self.seats().open()
    }

    /// How many connections were taken since the start.
    pub fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }

    /// How many connections were closed because their address had too many.
    pub fn turned_away(&self) -> u64 {
        self.turned_away.load(Ordering::Relaxed)
    }

    /// How many connections on which nothing was asked were closed to make room for others.
    pub fn shed(&self) -> u64 {
        self.shed.load(Ordering::Relaxed)
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

    /// Takes a connection. When `from` has too many already, one of them on which nothing is asked
    /// gives way; if there is none, the new one is not taken.
    pub(super) fn admit(self: &Arc<Load>, from: IpAddr, limits: &Limits) -> Option<Guest> {
        let now = Instant::now();
        let mut seats = self.seats();
        let origin = seats.origin(from, limits.asking, now);
        if seats.held_by(origin) >= limits.per_origin {
            let Some(other) = seats.idlest(Some(origin), now) else {
                self.turned_away.fetch_add(1, Ordering::Relaxed);
                return None;
            };
            self.shed.fetch_add(1, Ordering::Relaxed);
            other.cancel();
        }
        let gives_way = CancellationToken::new();
        let seat = seats.take(origin, now, gives_way.clone());
        self.taken.fetch_add(1, Ordering::Relaxed);
        Some(Guest {
            load: Arc::clone(self),
            address: from.to_canonical(),
            seat,
            asking: limits.asking,
            gives_way,
        })
    }

    /// A place is needed: one connection on which nothing is asked gives way, if there is one.
    pub(super) fn make_room(&self) {
        if let Some(other) = self.seats().idlest(None, Instant::now()) {
            self.shed.fetch_add(1, Ordering::Relaxed);
            other.cancel();
        }
    }

    fn seats(&self) -> MutexGuard<'_, Seats> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Guest {
    /// Whose connection it is.
    pub(super) fn address(&self) -> IpAddr {
        self.address
    }

    /// Waits until it has to give way.
    pub(super) async fn gives_way(&self) {
        self.gives_way.cancelled().await;
    }

    /// Whether a request of it is under way.
    pub(super) fn is_busy(&self) -> bool {
        self.load.seats().is_busy(self.seat)
    }

    /// A request of it begins.
    pub(super) fn asks(self: &Arc<Guest>) -> UnderWay {
        self.is(Doing::Asking);
        UnderWay {
            guest: Arc::clone(self),
        }
    }

    /// Whether its address may make one more request now.
    pub(super) fn may_ask(&self) -> bool {
        let asked = (self.load.seats()).may_ask(self.seat, self.asking, Instant::now());
        if !asked {
            self.load.too_often.fetch_add(1, Ordering::Relaxed);
        }
        asked
    }

    fn is(&self, doing: Doing) {
        self.load.seats().is(self.seat, doing, Instant::now());
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        (self.load.seats()).give_back(self.seat, self.asking, Instant::now());
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.guest.is(Doing::Waiting);
    }
}

#[cfg(test)]
mod tests {
    use super::super::seats::SPARED;
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    /// Lets the guests that are there do nothing for long enough to have to give way.
    async fn nothing_happens() {
        tokio::time::advance(SPARED).await;
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
        assert!(load.seats().knows_nobody(), "whoever left is forgotten");
        assert!(load.admit(address("192.0.2.1"), &at_most(2)).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn who_says_nothing_gives_way_to_the_next_from_its_address_and_who_asks_does_not() {
        let load = Arc::<Load>::default();
        let limits = at_most(3);
        let admit = || load.admit(address("192.0.2.1"), &limits).map(Arc::new);
        let (asking, used, silent) = (admit().unwrap(), admit().unwrap(), admit().unwrap());
        drop(used.asks());
        let _under_way = asking.asks();
        assert!(admit().is_none(), "nobody was idle for long");
        nothing_happens().await;
        let fourth = admit().expect("one gives way");
        silent.gives_way().await;
        drop(silent);
        assert!(!used.gives_way.is_cancelled());
        let fifth = admit().expect("one more gives way");
        used.gives_way().await;
        assert!(!fourth.gives_way.is_cancelled(), "it has just come");
        assert!(admit().is_none());
        assert!(asking.is_busy() && !asking.gives_way.is_cancelled());
        assert_eq!((load.shed(), load.turned_away()), (2, 2));
        drop((fourth, fifth, used));
        assert_eq!(load.open(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn when_places_are_short_one_of_those_who_have_the_most_gives_way() {
        let load = Arc::<Load>::default();
        let admit = |from| load.admit(address(from), &at_most(9)).unwrap();
        let controller = admit("192.0.2.9");
        let crowd = [admit("192.0.2.1"), admit("192.0.2.1")];
        load.make_room();
        assert_eq!(load.shed(), 0, "everybody has just come");
        nothing_happens().await;
        load.make_room();
        crowd[0].gives_way().await;
        assert!(!controller.gives_way.is_cancelled());
        assert!(!crowd[1].gives_way.is_cancelled());
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
