//! A camera behind a broker is tried: what it does not do is said, and what others say is not taken for
//! its own.

use std::time::Duration;

use boshi_gateway::config::{Topic, VzMqtt};
use boshi_gateway::probe::{self, Opening, Probed, VzMqttProbe};
use boshi_simulator::broker::Broker;
use boshi_simulator::camera::{VzMqttCamera, VzMqttFault, VzOrder};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::wire::{PATIENCE, eventually};

const SERIAL: &str = "a1b2c3d4-0e1f2a3b";

const OPENING: Opening = Opening {
    output: 2,
    pulse: Duration::from_millis(1500),
};

const PULSE: VzOrder = VzOrder::Output {
    io: 1,
    value: 2,
    delay: 1500,
};

fn camera(serial: &str, patience: Duration) -> VzMqttProbe {
    VzMqttProbe {
        user: None,
        password: None,
        serial: serial.to_owned(),
        up: Topic::read(VzMqtt::UP).unwrap(),
        down: Topic::read(VzMqtt::DOWN).unwrap(),
        reply: Topic::read(VzMqtt::REPLY).unwrap(),
        patience,
        open: Some(OPENING),
    }
}

fn found<'a>(probed: &'a Probed, what: &str) -> &'a Result<String, String> {
    let mut findings = probed.findings.iter();
    let finding = findings.find(|it| it.what == what);
    &finding.unwrap_or_else(|| panic!("{probed:?}")).found
}

async fn world() -> (Broker, VzMqttCamera, mpsc::Receiver<VzOrder>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let broker = Broker::start(listener).unwrap();
    let beat = Duration::from_millis(100);
    let (camera, orders) = VzMqttCamera::start(broker.address, SERIAL, beat);
    let connected = || camera.is_connected().then_some(());
    eventually("the camera is there", connected).await;
    (broker, camera, orders)
}

/// Nothing is told twice, and what nobody answered is unknown.
#[tokio::test]
async fn a_camera_that_answers_no_command_is_told_once_and_the_outcome_is_unknown() {
    let (broker, camera_, mut orders) = world().await;
    camera_.fails(VzMqttFault::Mute);
    let address = broker.address.to_string();
    let probed = probe::vz_mqtt(&address, camera(SERIAL, PATIENCE)).await;
    assert!(found(&probed, "上报").is_ok(), "{probed:?}");
    assert!(found(&probed, "应答").is_err(), "{probed:?}");
    let why = found(&probed, "开闸脉冲").as_ref().unwrap_err();
    assert!(why.contains("结果未知"), "{why}");
    assert_eq!(orders.try_recv(), Ok(PULSE));
    assert!(orders.try_recv().is_err(), "once");

    camera_.fails(VzMqttFault::Refuses);
    let probed = probe::vz_mqtt(&address, camera(SERIAL, PATIENCE)).await;
    for what in ["应答", "抓拍", "开闸脉冲"] {
        let why = found(&probed, what).as_ref().unwrap_err();
        assert!(why.contains("代码 400") && !why.contains("未知"), "{why}");
    }
    assert!(orders.try_recv().is_err());

    camera_.fails(VzMqttFault::Stutters);
    let probed = probe::vz_mqtt(&address, camera(SERIAL, PATIENCE)).await;
    assert!(probed.is_well(), "{probed:?}");
    assert_eq!(orders.try_recv(), Ok(PULSE));
    assert!(orders.try_recv().is_err(), "once");
}

/// What a broker had kept says nothing of now; what another camera says is not this one's.
#[tokio::test]
async fn what_was_kept_or_is_another_cameras_is_not_taken_for_this_one() {
    let (broker, camera_, mut orders) = world().await;
    camera_.fails(VzMqttFault::Dead);
    let said = |serial: &str| json!({"sn": serial, "name": "keep_alive"}).to_string();
    let topic = format!("device/{SERIAL}/message/up/keep_alive");
    broker.publish(&topic, said(SERIAL).as_bytes(), true);
    let address = broker.address.to_string();
    let wait = Duration::from_secs(1);
    let probed = probe::vz_mqtt(&address, camera(SERIAL, wait)).await;
    let why = found(&probed, "上报").as_ref().unwrap_err();
    assert!(
        why.contains(&format!("device/{SERIAL}/message/up/+")),
        "{why}"
    );
    assert!(
        orders.try_recv().is_err(),
        "whoever is not known is told nothing"
    );

    let filter = format!("device/{SERIAL}/message/up/+");
    let gone = || (!broker.serves(&filter)).then_some(());
    eventually("who tried has gone", gone).await;
    let trying = probe::vz_mqtt(&address, camera(SERIAL, wait));
    let speaking = async {
        let serves = || broker.serves(&filter).then_some(());
        eventually("it is listened to", serves).await;
        broker.publish(&topic, said("another").as_bytes(), false);
    };
    let (probed, ()) = tokio::join!(trying, speaking);
    let why = found(&probed, "上报").as_ref().unwrap_err();
    assert!(why.contains("another"), "{why}");
}

/// The password is shown once, and not repeated in what is said.
#[tokio::test]
async fn a_broker_that_lets_nobody_in_is_said_to_refuse() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let refusing = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut asked = [0; 256];
        assert!(stream.read(&mut asked).await.unwrap() > 0);
        // MQTT 3.1.1, 3.2: a wrong name or password.
        stream.write_all(&[0x20, 2, 0, 4]).await.unwrap();
        stream
    };
    let mut trying = camera(SERIAL, PATIENCE);
    trying.user = Some("boshi".to_owned());
    trying.password = Some("not-this-one".into());
    let (probed, _stream) = tokio::join!(probe::vz_mqtt(&address, trying), refusing);
    let why = found(&probed, "连接").as_ref().unwrap_err();
    assert!(why.contains("用户名或密码错误"), "{why}");
    assert!(!format!("{probed:?}").contains("not-this-one"));
    assert_eq!(probed.findings.len(), 1, "{probed:?}");
}
