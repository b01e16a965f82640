//! Orders that lower an arm, which wait for a look under it (OPEN-2).

use tokio::time::Instant;

use crate::devices::contact::Contacts;
use crate::devices::controller::CommandError;
use crate::devices::order::Order;

/// Orders to end a hold of barriers whose arms are then to be lowered. Nothing of them is begun before
/// a look that came after them has shown that nobody is under the arm.
#[derive(Debug, Default)]
pub(super) struct Lowering(Vec<Order>);

impl Lowering {
    /// Another order waits from now on.
    pub(super) fn waits(&mut self, order: Order) {
        self.0.push(order);
    }

    /// Another order for the same barrier: whoever gave it has changed their mind.
    pub(super) fn is_overtaken_by(&mut self, order: &Order) {
        for before in self.0.extract_if(.., |it| it.barrier == order.barrier) {
            before.ends(not_done("已有新的指令，未落杆"));
        }
    }

    /// What may begin by the latest look. Those that have waited for too long are given up: their
    /// barriers are held as before.
    pub(super) fn next(&mut self, contacts: &Contacts, now: Instant) -> Option<Order> {
        for late in self.0.extract_if(.., |it| it.until <= now) {
            late.ends(not_done("防砸地感一直有车，未落杆，仍为常开"));
        }
        let mut waiting = self.0.iter();
        let place = waiting.position(|it| contacts.is_free_under(&it.barrier))?;
        Some(self.0.swap_remove(place))
    }

    /// There are no looks any more.
    pub(super) fn is_cut_off(&mut self) {
        for order in self.0.drain(..) {
            order.ends(not_done("继电器模块失去联系，未落杆"));
        }
    }
}

fn not_done(why: &str) -> Result<(), CommandError> {
    Err(CommandError::NotDone(why.to_owned()))
}
