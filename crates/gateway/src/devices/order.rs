//! Orders to a barrier behind a connection that a task of its own holds.

use std::pin::pin;
use std::time::Duration;

use boshi_protocol::id::DeviceNo;
use boshi_protocol::lane::Motion;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::controller::CommandError;
use super::relays::{Refusal, Relays, Step};
use crate::reload::InForce;

/// Most orders that wait for one connection: each barrier behind it has one at most.
const QUEUED: usize = 16;

/// Longest that the answer to an order is awaited: longer than a lane does, so that a late answer
/// is still heard.
const LATE_ANSWER: Duration = Duration::from_secs(10);

/// Longest that is waited for a hold to end whose order was lost: a relay is told until it is open,
/// and its lane has to hear of it. After an hour somebody has restored the gate otherwise.
const LATE_RELEASE: Duration = Duration::from_secs(3600);

/// Pause before a connection that failed is tried again.
const AGAIN: Duration = Duration::from_millis(500);

/// Longest that a task goes on after the gateway was told to stop: as long as a lot may take.
const STOPPING: Duration = Duration::from_secs(5);

/// Works until nobody gives orders any more, and a little longer than `stop` at most.
pub(in crate::devices) async fn until_late(
    work: impl Future<Output = ()>,
    stop: &CancellationToken,
) {
    let late = async {
        stop.cancelled().await;
        tokio::time::sleep(STOPPING).await;
    };
    tokio::select! {
        () = work => {}
        () = late => {}
    }
}

/// What a barrier is to do.
#[derive(Debug)]
pub(in crate::devices) struct Order {
    pub(in crate::devices) barrier: DeviceNo,
    pub(in crate::devices) motion: Motion,
    /// After it, whoever ordered has given the barrier up: it must not move any more.
    pub(in crate::devices) until: Instant,
    pub(in crate::devices) answer: oneshot::Sender<Result<(), CommandError>>,
}

impl Order {
    /// Says what has come of it; who ordered may have given up.
    pub(in crate::devices) fn ends(self, result: Result<(), CommandError>) {
        let _ = self.answer.send(result);
    }
}

/// Where orders are given; cheap to clone.
#[derive(Clone, Debug)]
pub(in crate::devices) struct Orders {
    to: mpsc::Sender<Order>,
    in_force: InForce,
    who: &'static str,
}

/// Where the task that holds the connection takes them.
#[derive(Debug)]
pub(in crate::devices) struct Ordered {
    from: mpsc::Receiver<Order>,
    /// Those that wait for an arm to finish its travel, and until when.
    later: Vec<(Instant, Order)>,
    who: &'static str,
}

impl Orders {
    /// Both ends; `who` is behind the connection, for people.
    pub(in crate::devices) fn new(who: &'static str, in_force: InForce) -> (Orders, Ordered) {
        let (to, from) = mpsc::channel(QUEUED);
        let later = Vec::new();
        (Orders { to, in_force, who }, Ordered { from, later, who })
    }

    /// Has a barrier driven, once.
    pub(in crate::devices) async fn give(
        &self,
        barrier: &DeviceNo,
        motion: Motion,
    ) -> Result<(), CommandError> {
        let who = self.who;
        let (answer, answered) = oneshot::channel();
        let order = Order {
            barrier: barrier.clone(),
            motion,
            until: Instant::now() + self.in_force.borrow().timing.act / 3 * 2,
            answer,
        };
        let sent = self.to.try_send(order);
        sent.map_err(|_| CommandError::NotDone(format!("{who}忙")))?;
        let late = match motion {
            Motion::Pulse | Motion::Hold => LATE_ANSWER,
            Motion::Release => LATE_RELEASE,
        };
        match tokio::time::timeout(late, answered).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) | Err(_) => Err(CommandError::Unknown(format!("{who}未应答"))),
        }
    }
}

/// Returns then, or never.
pub(in crate::devices) async fn sleep_until(then: Option<Instant>) {
    match then {
        Some(then) => tokio::time::sleep_until(then).await,
        None => std::future::pending().await,
    }
}

impl Ordered {
    /// The next order; none when nobody orders any more.
    pub(in crate::devices) async fn next(&mut self) -> Option<Order> {
        let due = self.later.iter().map(|(due, _)| *due).min();
        tokio::select! {
            biased;
            order = self.from.recv() => order,
            () = sleep_until(due) => {
                let place = self.later.iter().position(|(it, _)| Some(*it) == due)?;
                Some(self.later.swap_remove(place).1)
            }
        }
    }

    /// Begins an order, unless it is too late or cannot be done, which whoever gave it is told; what
    /// is to be sent for it. While the arm travels it waits, if it may: its lane has counted the
    /// travel from when it decided, a little earlier than the order before got here.
    pub(in crate::devices) fn begin(
        &mut self,
        order: Order,
        relays: &mut Relays,
        in_force: &InForce,
    ) -> Option<(Order, Step)> {
        let now = Instant::now();
        if order.until <= now || order.answer.is_closed() {
            order.ends(Err(CommandError::NotDone("指令已过时".to_owned())));
            return None;
        }
        let travel = in_force.borrow().timing.travel;
        match relays.begin(&order.barrier, order.motion, now, travel) {
            Ok(step) => Some((order, step)),
            Err(Refusal::NotBefore(due)) if due < order.until && self.later.len() < QUEUED => {
                self.later.push((due, order));
                None
            }
            Err(refusal) => {
                order.ends(Err(CommandError::NotDone(refusal.why())));
                None
            }
        }
    }

    /// Refuses what is ordered until it is time to connect again; false when nobody orders any more.
    pub(in crate::devices) async fn refuse_while_away(&mut self) -> bool {
        let again = tokio::time::sleep(AGAIN);
        self.refuse_until(again).await.is_some()
    }

    /// Refuses what is ordered until that is `ready`; none when nobody orders any more.
    pub(in crate::devices) async fn refuse_until<T>(
        &mut self,
        ready: impl Future<Output = T>,
    ) -> Option<T> {
        let mut ready = pin!(ready);
        loop {
            let order = tokio::select! {
                biased;
                ready = &mut ready => return Some(ready),
                order = self.next() => order?,
            };
            let error = CommandError::NotDone(format!("{}未连接", self.who));
            // Who ordered may have given up.
            let _ = order.answer.send(Err(error));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::config::{COMMENTED, Config, PulseBy, RelayBarrier};

    const TRAVEL: Duration = Duration::from_secs(1);

    /// Whose orders are obeyed at once, and how often.
    async fn obey(mut ordered: Ordered, mut relays: Relays, in_force: InForce) -> Vec<Instant> {
        let mut begun = Vec::new();
        while let Some(order) = ordered.next().await {
            if let Some((order, _)) = ordered.begin(order, &mut relays, &in_force) {
                begun.push(Instant::now());
                order.ends(Ok(()));
            }
        }
        begun
    }

    fn equipped() -> (DeviceNo, Orders, Ordered, Relays, InForce) {
        let mut config = Config::parse(COMMENTED).unwrap();
        config.timing.travel = TRAVEL;
        let (_, in_force) = tokio::sync::watch::channel(Arc::new(config));
        let device = DeviceNo::new("BAR").unwrap();
        let barrier = RelayBarrier {
            device: device.clone(),
            open: 1,
            hold: None,
            close: None,
            pulse: Duration::from_millis(500),
        };
        let relays = Relays::new(&[barrier], PulseBy::Module);
        let (orders, ordered) = Orders::new("模块", in_force.clone());
        (device, orders, ordered, relays, in_force)
    }

    /// RECOG-3: the lane lifts for the next vehicle the moment that its own travel is over, and the
    /// order before had taken a while to get here.
    #[tokio::test(start_paused = true)]
    async fn a_lift_that_comes_a_little_early_waits_for_the_arm() {
        let (bar, orders, ordered, relays, in_force) = equipped();
        let working = tokio::spawn(obey(ordered, relays, in_force));
        assert_eq!(orders.give(&bar, Motion::Pulse).await, Ok(()));
        tokio::time::sleep(TRAVEL - Duration::from_millis(100)).await;
        assert_eq!(orders.give(&bar, Motion::Pulse).await, Ok(()));
        drop(orders);
        let begun = working.await.unwrap();
        assert_eq!(begun.len(), 2);
        assert!(begun[1] - begun[0] >= TRAVEL);
    }

    /// OPEN-7: who is given up before the arm has travelled is told so at once.
    #[tokio::test(start_paused = true)]
    async fn a_lift_that_would_wait_for_too_long_is_refused() {
        let (bar, orders, ordered, mut relays, in_force) = equipped();
        let now = Instant::now();
        relays.begin(&bar, Motion::Pulse, now, TRAVEL * 5).unwrap();
        let travel = in_force.borrow().timing.act + TRAVEL;
        let mut config = Config::clone(&in_force.borrow());
        config.timing.travel = travel;
        let (_, in_force) = tokio::sync::watch::channel(Arc::new(config));
        let working = tokio::spawn(obey(ordered, relays, in_force));
        let given = orders.give(&bar, Motion::Pulse).await;
        let why = CommandError::NotDone("道闸正在起落，不再次抬杆".to_owned());
        assert_eq!(given, Err(why));
        assert_eq!(Instant::now(), now);
        drop(orders);
        assert!(working.await.unwrap().is_empty());
    }
}
