//! The RS485 of a camera, for what hangs on it: bytes there, and back where the camera tells them.

use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout};

use super::lock;
use crate::devices::controller::CommandError;
use crate::devices::health::Health;

/// Most pieces that have come and nobody has read: answers come one at a time.
const HEARD: usize = 16;

/// Most bytes, in messages, that wait for a connection: a line has one at a time.
const QUEUED: usize = 4;

/// Longest that a camera may take to take bytes: one that asks for commands does so at once, or
/// with its next heartbeat.
const TAKES: Duration = Duration::from_secs(3);

/// What becomes of bytes that are passed on; success only says that the camera took them.
pub(in crate::devices) type Passed<'a> = BoxFuture<'a, Result<(), CommandError>>;

/// A camera that passes bytes on to its RS485, whichever way it is told. Ports count from 0.
pub(crate) trait PassesOn: Debug + Send + Sync {
    /// What comes back at a port from now on.
    fn listen(&self, port: u8) -> mpsc::Receiver<Vec<u8>>;

    /// Has bytes sent, once.
    fn pass_on(&self, port: u8, bytes: Vec<u8>, within: Duration) -> Passed<'_>;
}

/// The way to what hangs there.
#[derive(Clone, Debug)]
pub(in crate::devices) struct Sender {
    camera: Arc<dyn PassesOn>,
    port: u8,
}

/// Both directions.
#[derive(Debug)]
pub(in crate::devices) struct Rs485 {
    pub(in crate::devices) sender: Sender,
    pub(in crate::devices) heard: mpsc::Receiver<Vec<u8>>,
}

impl Rs485 {
    /// A port of a camera, from 1.
    pub(in crate::devices) fn of(camera: Arc<dyn PassesOn>, port: u8) -> Rs485 {
        let port = port.saturating_sub(1);
        Rs485 {
            heard: camera.listen(port),
            sender: Sender { camera, port },
        }
    }
}

impl Sender {
    /// Has bytes sent, once; success only says that the camera took them.
    pub(in crate::devices) async fn send(&self, bytes: &[u8]) -> Result<(), CommandError> {
        self.camera.pass_on(self.port, bytes.to_vec(), TAKES).await
    }
}

/// Bytes on their way to a camera whose connection a task of its own holds.
#[derive(Debug)]
pub(super) struct Bytes {
    /// From 0.
    pub(super) port: u8,
    pub(super) bytes: Vec<u8>,
    /// After it, whoever wanted them sent has given up.
    pub(super) until: Instant,
    pub(super) answer: oneshot::Sender<Result<(), CommandError>>,
}

/// Where they are put for that task.
#[derive(Clone, Debug)]
pub(in crate::devices) struct Outgoing(mpsc::Sender<Bytes>);

impl Outgoing {
    /// Both ends.
    pub(super) fn new() -> (Outgoing, mpsc::Receiver<Bytes>) {
        let (to, from) = mpsc::channel(QUEUED);
        (Outgoing(to), from)
    }

    /// Has bytes sent, once, by a camera that is there.
    pub(in crate::devices) async fn pass_on(
        &self,
        health: &Health,
        port: u8,
        bytes: Vec<u8>,
        within: Duration,
    ) -> Result<(), CommandError> {
        if !health.answers() {
            return Err(CommandError::NotDone("相机未连接".to_owned()));
        }
        let (answer, answered) = oneshot::channel();
        let bytes = Bytes {
            port,
            bytes,
            until: Instant::now() + within,
            answer,
        };
        let sent = self.0.try_send(bytes);
        sent.map_err(|_| CommandError::NotDone("相机忙".to_owned()))?;
        match timeout(within, answered).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) | Err(_) => Err(CommandError::Unknown("相机未应答".to_owned())),
        }
    }
}

/// Who listens at which port.
#[derive(Debug, Default)]
pub(in crate::devices) struct Listeners(Mutex<Vec<(u8, mpsc::Sender<Vec<u8>>)>>);

impl Listeners {
    /// Listens at a port from now on.
    pub(in crate::devices) fn listen(&self, port: u8) -> mpsc::Receiver<Vec<u8>> {
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
