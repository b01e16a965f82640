//! A device behind a connection that a task of its own holds, with contacts on its inputs: what
//! several families have in common.

use std::sync::Arc;
use std::time::Duration;

use boshi_protocol::id::DeviceNo;
use boshi_protocol::lane::Motion;
use futures_util::future::BoxFuture;
use tokio::sync::mpsc;

use super::contact::Contacts;
use super::controller::{CommandError, DeviceDriver};
use super::event::Event;
use super::health::Health;
use super::order::{Ordered, Orders};
use super::vz::rs485::{Listeners, Outgoing, Passed, PassesOn};
use crate::config::Equipment;
use crate::reload::InForce;

/// Such a device, from outside.
#[derive(Debug)]
pub(super) struct Linked<C> {
    /// How it is spoken to, and where it is, for people.
    way: (&'static str, String),
    orders: Orders,
    /// What is for its RS485, if it has any.
    serial: Option<Outgoing>,
    seen: Arc<Seen<C>>,
}

/// What its task has found out.
#[derive(Debug)]
pub(super) struct Seen<C> {
    pub(super) config: C,
    pub(super) health: Health,
    pub(super) contacts: Contacts,
    /// Who waits for what comes in over its RS485.
    pub(super) rs485: Listeners,
}

impl<C: Equipment> Seen<C> {
    /// Of a device that counts as there for `patience` after its last word, and whose contacts count
    /// after so many looks.
    pub(super) fn new(config: C, patience: Duration, looks: u8) -> Arc<Seen<C>> {
        Arc::new(Seen {
            health: Health::new(patience),
            contacts: Contacts::new(config.inputs(), looks),
            rs485: Listeners::default(),
            config,
        })
    }

    /// What it is, and what hangs on it.
    pub(super) fn devices(&self) -> Vec<DeviceNo> {
        self.config.drives().into_iter().cloned().collect()
    }
}

impl<C> Linked<C> {
    /// A device, which people call `who`, and where its task takes orders.
    pub(super) fn new(
        way: (&'static str, &str),
        who: &'static str,
        seen: &Arc<Seen<C>>,
        in_force: &InForce,
    ) -> (Linked<C>, Ordered) {
        let (orders, ordered) = Orders::new(who, in_force.clone());
        let linked = Linked {
            way: (way.0, way.1.to_owned()),
            orders,
            serial: None,
            seen: Arc::clone(seen),
        };
        (linked, ordered)
    }

    /// The same with RS485.
    pub(super) fn with_rs485(mut self, serial: Outgoing) -> Linked<C> {
        self.serial = Some(serial);
        self
    }
}

impl<C: Equipment + Send + Sync + 'static> DeviceDriver for Linked<C> {
    fn equipment(&self) -> &dyn Equipment {
        &self.seen.config
    }

    fn health(&self) -> &Health {
        &self.seen.health
    }

    fn way(&self) -> (&'static str, String) {
        self.way.clone()
    }

    fn contacts(&self) -> Vec<Event> {
        self.seen.contacts.state()
    }

    fn drive<'a>(
        &'a self,
        _id: &'a str,
        barrier: &'a DeviceNo,
        motion: Motion,
    ) -> BoxFuture<'a, Result<(), CommandError>> {
        Box::pin(self.orders.give(barrier, motion))
    }

    fn rs485(self: Arc<Self>) -> Option<Arc<dyn PassesOn>> {
        self.serial.is_some().then_some(self)
    }
}

impl<C: Equipment + Send + Sync> PassesOn for Linked<C> {
    fn listen(&self, port: u8) -> mpsc::Receiver<Vec<u8>> {
        self.seen.rs485.listen(port)
    }

    fn pass_on(&self, port: u8, bytes: Vec<u8>, within: Duration) -> Passed<'_> {
        Box::pin(async move {
            let serial = self.serial.as_ref();
            let serial = serial.ok_or_else(|| CommandError::NotDone("没有 RS485".to_owned()))?;
            let health = &self.seen.health;
            serial.pass_on(health, port, bytes, within).await
        })
    }
}
