//! Cameras that are connected to.

use std::fmt::Write as _;
use std::time::Instant;

use anyhow::{Context as _, bail};
use boshi_simulator::camera::{VzOrder, VzTcpCamera};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::frames::CameraLane;
use super::{PATIENCE, SERIAL, loops, reading};

/// A camera, its loops on its inputs, and maybe a barrier on its output.
pub(super) struct TcpLane {
    pub(super) camera: VzTcpCamera,
    orders: mpsc::Receiver<VzOrder>,
}

/// Cameras, and what a gateway is told of them.
pub(super) async fn cameras(
    count: usize,
    with_barrier: bool,
) -> anyhow::Result<(Vec<TcpLane>, String)> {
    let (mut lanes, mut text) = (Vec::new(), String::new());
    for lane in 1..=count {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let (camera, orders) = VzTcpCamera::start(listener, SERIAL)?;
        let _ = write!(
            text,
            "[[lot.vz_tcp]]\nname = \"C{lane}\"\naddress = \"{}\"\nrecognizer = \"CAM-{lane:02}\"\n",
            camera.address
        );
        if with_barrier {
            let _ = write!(
                text,
                "[lot.vz_tcp.barrier]\ndevice = \"BAR-{lane:02}\"\nconfirm = \"taken\"\n"
            );
        }
        text += &loops("vz_tcp", lane);
        lanes.push(TcpLane { camera, orders });
    }
    Ok((lanes, text))
}

impl TcpLane {
    /// Waits until the gateway listens to it.
    pub(super) async fn heard(&self) -> anyhow::Result<()> {
        let since = Instant::now();
        while !self.camera.is_heard() {
            if since.elapsed() > PATIENCE {
                bail!("the gateway does not listen to the camera");
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        Ok(())
    }
}

impl CameraLane for TcpLane {
    async fn trigger(&self, pressed: bool) -> anyhow::Result<()> {
        self.camera.input(0, pressed);
        Ok(())
    }

    async fn safety(&self, pressed: bool) -> anyhow::Result<()> {
        self.camera.input(1, pressed);
        Ok(())
    }

    fn read(&self, number: u64) -> anyhow::Result<Instant> {
        let frame = VzTcpCamera::composed(&reading(number));
        let told = Instant::now();
        if !self.camera.tell(&frame) {
            bail!("nobody listens to the camera");
        }
        Ok(told)
    }

    async fn pulse(&mut self) -> anyhow::Result<Instant> {
        let order = tokio::time::timeout(PATIENCE, self.orders.recv()).await;
        order.context("no pulse")?.context("no camera")?;
        Ok(Instant::now())
    }
}
