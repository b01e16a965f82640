//! Gate cameras of 海康: they push, and are called for what they are to do.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Instant;

use anyhow::{Context as _, bail};
use boshi_simulator::camera::{HikCamera, HikOrder, HikPlate};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::frames::CameraLane;
use super::{PATIENCE, SERIAL, loops, reading};

const USER: &str = "gateway";
const PASSWORD: &str = "Bench#2026";

/// A camera, its loops on its inputs, and a barrier.
pub(super) struct HikLane {
    camera: HikCamera,
    orders: mpsc::Receiver<HikOrder>,
    key: String,
}

/// Cameras, and what a gateway is told of them.
pub(super) async fn cameras(count: usize) -> anyhow::Result<(Vec<HikLane>, String)> {
    let (mut lanes, mut text) = (Vec::new(), String::new());
    for lane in 1..=count {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let (camera, orders) = HikCamera::start(listener, SERIAL, USER, PASSWORD)?;
        let key = format!("camera-key-{lane:04}");
        let _ = write!(
            text,
            "[[lot.hik]]\nname = \"C{lane}\"\naddress = \"{}\"\nuser = \"{USER}\"\n\
             password = \"{PASSWORD}\"\nkey = \"{key}\"\nrecognizer = \"CAM-{lane:02}\"\n\
             [lot.hik.barrier]\ndevice = \"BAR-{lane:02}\"\nstatus = false\nconfirm = \"taken\"\n",
            camera.address
        );
        text += &loops("hik", lane);
        lanes.push(HikLane {
            camera,
            orders,
            key,
        });
    }
    Ok((lanes, text))
}

impl HikLane {
    /// Has it push to the gateway.
    pub(super) fn pushes_to(&self, devices: SocketAddr) {
        let url = format!("http://{devices}/hik/{}", self.key);
        self.camera.pushes_to(&url);
    }
}

impl CameraLane for HikLane {
    async fn trigger(&self, pressed: bool) -> anyhow::Result<()> {
        self.camera.input(0, pressed);
        Ok(())
    }

    async fn safety(&self, pressed: bool) -> anyhow::Result<()> {
        self.camera.input(1, pressed);
        Ok(())
    }

    fn read(&self, number: u64) -> anyhow::Result<Instant> {
        let read = reading(number);
        let body = self.camera.composed(&HikPlate {
            license: read.license,
            color: "blue".to_owned(),
            confidence: read.confidence,
            at: read.at,
            is_replay: false,
            image: read.image,
        });
        let (camera, told) = (self.camera.clone(), Instant::now());
        tokio::spawn(async move { camera.push_raw(body, HikCamera::FORM).await });
        Ok(told)
    }

    async fn pulse(&mut self) -> anyhow::Result<Instant> {
        let order = tokio::time::timeout(PATIENCE, self.orders.recv()).await;
        match order.context("no command")?.context("no camera")? {
            HikOrder::Gate(word) if word == "open" => Ok(Instant::now()),
            other => bail!("{other:?} instead of opening"),
        }
    }
}
