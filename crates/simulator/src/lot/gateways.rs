//! How the devices of a lot reach the gateway.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use tokio::net::TcpListener;

use super::gateway::{Gateway, GatewayError};
use super::plan::{DetectorsSpeak, LaneFault, LanePlan, LotPlan, Speaks};
use super::start::StartError;
use super::voice::Voice;
use crate::broker::Broker;
use crate::camera::{DahuaCamera, HikCamera, VzCamera, VzHabits, VzMqttCamera, VzTcpCamera};

/// For how many calls a challenge is good that is soon too old.
const NONCE_CALLS: u32 = 3;

/// A broker for the cameras and detectors that need one, when the plan names none.
pub(super) fn own_broker(plan: &LotPlan) -> io::Result<Option<Broker>> {
    let cameras = plan.lanes.iter().any(|it| it.speaks == Speaks::VzMqtt);
    let detectors = plan.detectors.as_ref();
    let detectors = detectors.is_some_and(|it| it.speaks == DetectorsSpeak::Mqtt);
    let needed = cameras || detectors;
    if !needed || plan.broker.is_some() {
        return Ok(None);
    }
    Broker::start(bound(plan.broker_listen)?).map(Some)
}

pub(super) fn bound(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = std::net::TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener)
}

pub(super) struct Gateways<'a> {
    pub(super) client: reqwest::Client,
    pub(super) base: &'a str,
    pub(super) broker: Option<SocketAddr>,
    pub(super) heartbeat: Duration,
}

impl Gateways<'_> {
    pub(super) fn with(&self, key: &SecretString) -> Result<Gateway, GatewayError> {
        Gateway::new(self.client.clone(), self.base, key)
    }

    pub(super) fn voice(&self, lane: &LanePlan) -> Result<Voice, StartError> {
        let is_qy = match lane.speaks {
            Speaks::Generic => return Ok(Voice::Generic(self.with(&lane.key)?)),
            Speaks::Vz => false,
            Speaks::Qy => true,
            Speaks::Hik | Speaks::HikStream => return self.hik(lane),
            Speaks::Dahua | Speaks::DahuaStream => return self.dahua(lane),
            Speaks::VzMqtt => {
                let broker = self.broker.ok_or(StartError::NoBroker)?;
                let serial = lane.recognizer.as_str();
                let (camera, ordered) = VzMqttCamera::start(broker, serial, self.heartbeat);
                camera.has(habits(lane));
                return Ok(Voice::VzMqtt(camera, Some(ordered)));
            }
            Speaks::VzTcp => {
                let listener = bound(lane.camera_listen)?;
                let (camera, ordered) = VzTcpCamera::start(listener, lane.recognizer.as_str())?;
                camera.has(habits(lane));
                return Ok(Voice::VzTcp(camera, Some(ordered)));
            }
        };
        let (base, key) = (self.base.trim_end_matches('/'), lane.key.expose_secret());
        let url = format!("{base}/vz/{key}");
        let mut camera = VzCamera::new(&url, lane.recognizer.as_str())?;
        camera.is_qy = is_qy;
        camera.habits = habits(lane);
        Ok(Voice::Vz(camera))
    }

    fn dahua(&self, lane: &LanePlan) -> Result<Voice, StartError> {
        let (base, key) = (self.base.trim_end_matches('/'), lane.key.expose_secret());
        let listener = bound(lane.camera_listen)?;
        let (camera, ordered) = DahuaCamera::start(listener, "gateway", key)?;
        let pushes = lane.speaks == Speaks::Dahua;
        if pushes {
            let url = format!("{base}/dahua/{key}");
            camera.pushes_to(&url, lane.recognizer.as_str(), self.heartbeat)?;
        }
        camera.dribbles(lane.faults.contains(&LaneFault::Split));
        if lane.faults.contains(&LaneFault::Nonces) {
            camera.nonces_last(NONCE_CALLS);
        }
        Ok(Voice::Dahua(camera, Some(ordered), pushes))
    }

    fn hik(&self, lane: &LanePlan) -> Result<Voice, StartError> {
        let (base, key) = (self.base.trim_end_matches('/'), lane.key.expose_secret());
        let (serial, listener) = (lane.recognizer.as_str(), bound(lane.camera_listen)?);
        let (camera, ordered) = HikCamera::start(listener, serial, "gateway", key)?;
        camera.pushes_to(&format!("{base}/hik/{key}"));
        camera.beats_every(self.heartbeat);
        camera.dribbles(lane.faults.contains(&LaneFault::Split));
        if lane.faults.contains(&LaneFault::Nonces) {
            camera.nonces_last(NONCE_CALLS);
        }
        let pushes = lane.speaks == Speaks::Hik;
        Ok(Voice::Hik(camera, Some(ordered), pushes))
    }
}

/// How a camera of 臻识 or 芊熠 always differs from others.
fn habits(lane: &LanePlan) -> VzHabits {
    let has = |fault| lane.faults.contains(&fault);
    VzHabits {
        breaks_lines: has(LaneFault::LineBreaks),
        writes_gbk: has(LaneFault::Gbk),
        is_ahead: has(LaneFault::Clock),
        writes_plain: has(LaneFault::Plain),
    }
}
