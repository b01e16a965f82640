//! A lane whose trigger loop hangs on a module of contacts, and whose barrier and camera do not.

use crate::controller::Controller;
use crate::platform::Platform;
use crate::relay_module::{Fault, RelayModule};
use crate::site::{Gateway, Site};
use crate::wire::PATIENCE;

struct World {
    platform: Platform,
    controller: Controller,
    module: RelayModule,
    gateway: Gateway,
}

/// The loop has told that it is free by then.
async fn world() -> World {
    let (platform, controller) = (Platform::start().await, Controller::start().await);
    let module = RelayModule::start().await;
    let wired = format!(
        r#"
[[lot.modbus]]
name = "IO-01"
address = "{}"
module = "plain"
poll = "10ms"
looks = 1
answer = "500ms"
[[lot.modbus.input]]
number = 1
is = "trigger_loop"
device = "CAM-01"
[[lot.place]]
number = "A-001""#,
        module.address
    );
    let site = Site::new(&platform.url(), &controller.url())
        .with("\n[[lot.place]]\nnumber = \"A-001\"", &wired);
    let gateway = site.start().await;
    let world = World {
        platform,
        controller,
        module,
        gateway,
    };
    world.is("online").await;
    world
}

impl World {
    /// The module's state, and whether it is the one wanted.
    async fn is(&self, wanted: &str) {
        let end = std::time::Instant::now() + PATIENCE;
        loop {
            let drivers = self.gateway.status().await["drivers"].clone();
            let drivers = drivers.as_array().unwrap();
            let module = drivers.iter().find(|it| it["name"] == "IO-01").unwrap();
            if module["state"] == wanted {
                return;
            }
            assert!(std::time::Instant::now() < end, "{module} is {wanted}");
        }
    }

    async fn loses_power(&self) {
        self.module.fails(Fault::Dead);
        self.module.cut();
        self.is("offline").await;
    }
}

/// RECOG-3: a loop of which nobody knows anything is none, and keeps nobody before the barrier.
#[tokio::test]
async fn a_vehicle_is_let_through_although_the_module_of_its_loop_has_no_power() {
    let world = world().await;
    world.loses_power().await;
    world.gateway.reads("粤B12345").await;
    world.controller.hears("open", "BAR-01", 1).await;
    let read = world.platform.heard("/receivePlateNumber");
    assert_eq!(read[0].body["plateNumber"], "粤B12345");
}

/// RECOG-3: once it is looked at again, whoever is not on it is not there.
#[tokio::test]
async fn a_module_that_is_back_says_whether_somebody_is_there() {
    let world = world().await;
    world.loses_power().await;
    world.module.fails(Fault::None);
    world.is("online").await;
    world.gateway.reads("粤B12345").await;
    world.platform.hears("/receivePlateNumber", 1).await;
    let turned_away = "SELECT count(*) FROM recognition WHERE outcome = 'never_arrived'";
    world.gateway.counts(turned_away, 1).await;
    assert!(world.controller.told("open", "BAR-01").is_empty());
}
