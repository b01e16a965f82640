//! Cameras that push, and ask again and again what there is to do.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use boshi_simulator::camera::{VzCamera, VzOrder};
use tokio::sync::mpsc;

use super::frames::CameraLane;
use super::{PATIENCE, SERIAL, loops, reading};

/// A camera, its loops on its inputs, and a barrier on its output.
pub(super) struct HttpLane {
    camera: VzCamera,
    pulses: mpsc::UnboundedReceiver<Instant>,
}

fn key(lane: usize) -> String {
    format!("camera-key-{lane:04}")
}

/// What a gateway is told of so many cameras.
pub(super) fn text(count: usize) -> String {
    let mut text = String::new();
    for lane in 1..=count {
        let _ = write!(
            text,
            "[[lot.vz]]\nname = \"C{lane}\"\nkey = \"{}\"\nrecognizer = \"CAM-{lane:02}\"\n\
             [lot.vz.barrier]\ndevice = \"BAR-{lane:02}\"\nconfirm = \"taken\"\n",
            key(lane)
        );
        text += &loops("vz", lane);
    }
    text
}

/// The cameras, which begin to ask.
pub(super) fn cameras(count: usize, devices: SocketAddr) -> anyhow::Result<Vec<HttpLane>> {
    let camera = |lane| -> anyhow::Result<HttpLane> {
        let camera = VzCamera::new(&format!("http://{devices}/vz/{}", key(lane)), SERIAL)?;
        let (told, pulses) = mpsc::unbounded_channel();
        let asking = camera.clone();
        tokio::spawn(async move { ask(asking, told).await });
        Ok(HttpLane { camera, pulses })
    };
    (1..=count).map(camera).collect()
}

async fn ask(camera: VzCamera, told: mpsc::UnboundedSender<Instant>) {
    /// A camera whose gateway is not there asks again so much later.
    const PAUSE: Duration = Duration::from_millis(100);
    while !told.is_closed() {
        match camera.ask().await {
            Ok(answer) => {
                let is_pulse = |order: &VzOrder| matches!(order, VzOrder::Output { .. });
                if answer.orders.iter().any(is_pulse) {
                    let _ = told.send(Instant::now());
                }
            }
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

impl CameraLane for HttpLane {
    async fn trigger(&self, pressed: bool) -> anyhow::Result<()> {
        Ok(self.camera.input(0, pressed).await.map(drop)?)
    }

    async fn safety(&self, pressed: bool) -> anyhow::Result<()> {
        Ok(self.camera.input(1, pressed).await.map(drop)?)
    }

    fn read(&self, number: u64) -> anyhow::Result<Instant> {
        let (camera, body) = (self.camera.clone(), self.camera.composed(&reading(number)));
        let told = Instant::now();
        tokio::spawn(async move { camera.push(body, "application/json").await });
        Ok(told)
    }

    /// As an answer to a question.
    async fn pulse(&mut self) -> anyhow::Result<Instant> {
        let pulse = tokio::time::timeout(PATIENCE, self.pulses.recv()).await;
        pulse.context("no pulse")?.context("no camera")
    }
}
