//! From a camera's reading to the relay that opens, through the gateway and a real platform.

use std::fmt::Write as _;

use anyhow::Context as _;
use tokio::net::TcpListener;

use super::frames::{CameraLane as _, all_arrive, all_cross, number};
use super::{LANES, PATIENCE, SETTLED, Took, lanes, relay, tcp};
use crate::server::{Places, lot_text};
use crate::site::{Platform, Site};
use crate::supplier::LOT;

/// Measures with so many vehicles a lane.
pub(crate) async fn measure(places: &Places, vehicles: usize) -> anyhow::Result<Took> {
    let folder = places.fresh("chain", true)?;
    let at = folder.join("platform");
    std::fs::create_dir_all(&at)?;
    let gateway = "base_url = \"http://127.0.0.1:9\"";
    let server = places.platform_in(&at, true, &lot_text(LOT, LANES, gateway))?;
    let platform = Platform {
        url: format!("https://{}", server.target.address),
        ca: at.join("data/tls/ca.pem"),
    };
    let (cameras, text) = tcp::cameras(LANES, false).await?;
    let (mut modules, mut text) = (Vec::new(), lanes(LANES) + &text);
    for lane in 1..=LANES {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let _ = write!(
            text,
            "[[lot.modbus]]\nname = \"IO-{lane:02}\"\naddress = \"{address}\"\nmodule = \"plain\"\n\
             [[lot.modbus.barrier]]\ndevice = \"BAR-{lane:02}\"\nopen = 1\npulse = \"200ms\"\n"
        );
        modules.push(relay::serve(listener));
    }
    let site = Site::new(&places.boshi, &folder, &platform, &text)?;
    let (_gateway, _) = site.start()?;
    for camera in &cameras {
        camera.heard().await?;
    }
    let mut pulses = Vec::new();
    for round in 0..vehicles {
        all_arrive(&cameras, SETTLED).await?;
        for (place, (camera, module)) in cameras.iter().zip(&mut modules).enumerate() {
            let told = camera.read(number(round, place))?;
            let pulse = tokio::time::timeout(PATIENCE, module.recv()).await;
            let pulse = pulse.context("no relay was closed")?.context("no module")?;
            pulses.push(pulse.duration_since(told));
        }
        all_cross(&cameras, SETTLED).await?;
    }
    Ok(Took::new(pulses))
}
