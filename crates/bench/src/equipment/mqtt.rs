//! Cameras that speak through a broker.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use boshi_simulator::broker::Broker;
use boshi_simulator::camera::{VzMqttCamera, VzOrder};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::frames::CameraLane;
use super::{PATIENCE, loops, reading};

/// How often a camera says that it is there.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// A camera, its loops on its inputs, and a barrier on its output.
pub(super) struct MqttLane {
    camera: VzMqttCamera,
    orders: mpsc::Receiver<VzOrder>,
}

/// Cameras, and their broker.
pub(super) struct MqttLanes {
    broker: Broker,
    pub(super) lanes: Vec<MqttLane>,
}

/// How a camera names itself.
fn serial(lane: usize) -> String {
    format!("a1b2c3d4-{lane:08x}")
}

/// Cameras, and what a gateway is told of them.
pub(super) async fn cameras(count: usize) -> anyhow::Result<(MqttLanes, String)> {
    let broker = Broker::start(TcpListener::bind("127.0.0.1:0").await?)?;
    let mut text = format!("[lot.mqtt]\naddress = \"{}\"\n", broker.address);
    let mut lanes = Vec::new();
    for lane in 1..=count {
        let serial = serial(lane);
        let _ = write!(
            text,
            "[[lot.vz_mqtt]]\nname = \"C{lane}\"\nserial = \"{serial}\"\n\
             recognizer = \"CAM-{lane:02}\"\n\
             [lot.vz_mqtt.barrier]\ndevice = \"BAR-{lane:02}\"\nconfirm = \"taken\"\n"
        );
        text += &loops("vz_mqtt", lane);
        let (camera, orders) = VzMqttCamera::start(broker.address, &serial, HEARTBEAT);
        lanes.push(MqttLane { camera, orders });
    }
    Ok((MqttLanes { broker, lanes }, text))
}

impl MqttLanes {
    /// Waits until the gateway listens to each, and each to the gateway.
    pub(super) async fn heard(&self) -> anyhow::Result<()> {
        let since = Instant::now();
        let is_heard = |lane: usize| {
            let said = |name: &str| format!("device/{}/message/up/{name}", serial(lane));
            self.broker.serves(&said("+")) && self.broker.heard(&said("keep_alive")) > 0
        };
        while !(1..=self.lanes.len()).all(is_heard) {
            if since.elapsed() > PATIENCE {
                bail!("the gateway does not listen to the cameras");
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }
}

impl CameraLane for MqttLane {
    async fn trigger(&self, pressed: bool) -> anyhow::Result<()> {
        self.input(0, pressed)
    }

    async fn safety(&self, pressed: bool) -> anyhow::Result<()> {
        self.input(1, pressed)
    }

    fn read(&self, number: u64) -> anyhow::Result<Instant> {
        let reading = reading(number);
        let told = Instant::now();
        match self.camera.plate(&reading) {
            true => Ok(told),
            false => bail!("a reading cannot be told"),
        }
    }

    async fn pulse(&mut self) -> anyhow::Result<Instant> {
        let order = tokio::time::timeout(PATIENCE, self.orders.recv()).await;
        order.context("no pulse")?.context("no camera")?;
        Ok(Instant::now())
    }
}

impl MqttLane {
    fn input(&self, source: u8, pressed: bool) -> anyhow::Result<()> {
        match self.camera.input(source, pressed) {
            true => Ok(()),
            false => bail!("an input cannot be told"),
        }
    }
}
