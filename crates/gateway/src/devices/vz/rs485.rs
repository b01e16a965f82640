//! The RS485 of a camera, for what hangs on it: bytes there, and back where the camera tells them.

use std::sync::Mutex;
use std::time::Duration;

use tokio::sync::mpsc;

use super::{Camera, lock, tcp};
use crate::devices::controller::CommandError;

/// Most pieces that have come and nobody has read: answers come one at a time.
const HEARD: usize = 16;

/// Longest that a camera may take to take bytes: one that asks for commands does so at once, or
/// with its next heartbeat.
const TAKES: Duration = Duration::from_secs(3);

/// The way to what hangs there.
#[derive(Clone, Debug)]
pub(in crate::devices) struct Sender {
    camera: Through,
    /// From 0.
    port: u8,
}

/// A camera, whichever way it is told.
#[derive(Clone, Debug)]
enum Through {
    Http(Camera),
    Tcp(tcp::Camera),
}

/// Both directions.
#[derive(Debug)]
pub(crate) struct Rs485 {
    pub(in crate::devices) sender: Sender,
    pub(in crate::devices) heard: mpsc::Receiver<Vec<u8>>,
}

impl Rs485 {
    /// A port of a camera that pushes, from 1.
    pub(crate) fn of(camera: &Camera, port: u8) -> Rs485 {
        let port = port.saturating_sub(1);
        Rs485 {
            heard: camera.0.rs485.listen(port),
            sender: Sender {
                camera: Through::Http(camera.clone()),
                port,
            },
        }
    }

    /// A port of a camera that is connected to, from 1. What comes back there is not documented, and
    /// not heard.
    pub(crate) fn of_connected(camera: &tcp::Camera, port: u8) -> Rs485 {
        let port = port.saturating_sub(1);
        Rs485 {
            heard: camera.makes_ready(port),
            sender: Sender {
                camera: Through::Tcp(camera.clone()),
                port,
            },
        }
    }
}

impl Sender {
    /// Has bytes sent, once; success only says that the camera took them.
    pub(in crate::devices) async fn send(&self, bytes: &[u8]) -> Result<(), CommandError> {
        match &self.camera {
            Through::Http(camera) => camera.send(self.port, bytes, TAKES).await,
            Through::Tcp(camera) => camera.send(self.port, bytes, TAKES).await,
        }
    }
}

/// Who listens at which port.
#[derive(Debug, Default)]
pub(super) struct Listeners(Mutex<Vec<(u8, mpsc::Sender<Vec<u8>>)>>);

impl Listeners {
    /// Listens at a port from now on.
    pub(super) fn listen(&self, port: u8) -> mpsc::Receiver<Vec<u8>> {
        let (to, heard) = mpsc::channel(HEARD);
        lock(&self.0).push((port, to));
        heard
    }

    /// The ports at which somebody listens.
    pub(super) fn ports(&self) -> Vec<u8> {
        lock(&self.0).iter().map(|(port, _)| *port).collect()
    }

    /// Bytes have come; what nobody reads in time is noise.
    pub(super) fn heard(&self, port: u8, bytes: Vec<u8>) {
        let listeners = lock(&self.0);
        if let Some((_, to)) = listeners.iter().find(|(known, _)| *known == port) {
            let _ = to.try_send(bytes);
        }
    }
}
