//! A small supplier: one lane, four spaces, everything in memory.

mod acts;
mod gate;
mod push;
mod queries;
mod vehicle;
mod world;

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value};

use self::world::World;
use super::door::{Answer, Door, declined};
use crate::book::Book;
use crate::config::Devices;
use crate::endpoint::{
    EXIT_PAYMENTS, FAILED_CROSSINGS, FAILED_RECOGNITIONS, HEARTBEAT, OPEN_GATE, PLACES,
    PREPAYMENTS, SHOW, STAYS,
};
use crate::http::{Request, Response};
use crate::net::{Address, Network};
use crate::peer::{Manners, Peer};

/// The supplier, shared by its tasks.
#[derive(Clone)]
pub(super) struct Supplier(Arc<Shared>);

struct Shared {
    door: Door,
    devices: Devices,
    network: Arc<dyn Network>,
    platform: Address,
    own: Address,
    world: Mutex<World>,
    changed: tokio::sync::watch::Sender<u64>,
}

impl Supplier {
    /// A supplier that knows where its platform is.
    pub(super) fn new(
        door: Door,
        devices: Devices,
        network: Arc<dyn Network>,
        platform: Address,
        own: Address,
    ) -> Supplier {
        let world = World::new(&devices);
        Supplier(Arc::new(Shared {
            door,
            devices,
            network,
            platform,
            own,
            world: Mutex::new(world),
            changed: tokio::sync::watch::Sender::new(0),
        }))
    }

    /// Serves until the peer that is returned is dropped.
    pub(super) async fn serve(&self) -> io::Result<Peer> {
        let supplier = self.clone();
        let manners: Manners = Arc::new(move |request| supplier.answer(request));
        let book = Arc::new(Book::new(self.0.door.clock));
        Peer::listen(Arc::clone(&self.0.network), book, manners).await
    }

    fn has(&self, fault: &str) -> bool {
        self.0.door.has(fault)
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.0.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the tasks that wait for something of the world to look again.
    fn tell(&self) {
        self.0.changed.send_modify(|changes| *changes += 1);
    }

    fn answer(&self, request: &Request) -> Response {
        let door = &self.0.door;
        if let Some(picture) = self.picture(request) {
            return picture;
        }
        let path = request.path.as_str();
        let known = [
            OPEN_GATE,
            SHOW,
            PLACES,
            FAILED_CROSSINGS,
            FAILED_RECOGNITIONS,
            STAYS,
            EXIT_PAYMENTS,
            PREPAYMENTS,
            HEARTBEAT,
        ];
        if !known.contains(&path) {
            return door.no_such(404);
        }
        if request.method != "POST" && !(request.method == "GET" && door.has("serves GET")) {
            return door.no_such(405);
        }
        if let Some(response) = door.to_nothing(request) {
            return response;
        }
        let answer = door
            .admit(request)
            .and_then(|fields| self.serve_one(path, request, &fields));
        door.response(answer)
    }

    fn serve_one(&self, path: &str, request: &Request, fields: &Map<String, Value>) -> Answer {
        match path {
            OPEN_GATE => self.open_gate(request, fields),
            SHOW => self.show(fields),
            PLACES => self.places(fields),
            FAILED_CROSSINGS => self.failed(fields, false),
            FAILED_RECOGNITIONS => self.failed(fields, true),
            STAYS => self.stays(fields),
            EXIT_PAYMENTS | PREPAYMENTS => self.payments(fields),
            HEARTBEAT if self.has("heartbeat fails") => Err(declined("车场不可用")),
            _ => Ok(Map::new()),
        }
    }

    /// The picture of every vehicle.
    fn picture(&self, request: &Request) -> Option<Response> {
        if request.method != "GET" || request.path != "/pictures/1.jpg" {
            return None;
        }
        if self.has("no picture at the URL") {
            return Some(self.0.door.no_such(404));
        }
        let mut response = Response::json("");
        response.headers[0].1 = "image/jpeg".to_owned();
        response.body = world::JPEG.to_vec();
        Some(response)
    }
}
