//! A device is tried before it is part of a lot.

use std::time::Duration;

use boshi_gateway::config::{Framing, ModbusModule};
use boshi_gateway::probe::{self, ModbusProbe, Opening, Probed};
use boshi_simulator::camera::{VzOrder, VzPlate, VzTcpCamera, VzTcpFault};
use jiff::Timestamp;
use tokio::net::TcpListener;

use crate::relay_module::RelayModule;

const OPENING: Opening = Opening {
    output: 2,
    pulse: Duration::from_millis(200),
};

fn module(open: Option<Opening>) -> ModbusProbe {
    ModbusProbe {
        module: ModbusModule::Plain,
        framing: Framing::Tcp,
        unit: None,
        count: 8,
        open,
    }
}

fn found<'a>(probed: &'a Probed, what: &str) -> &'a Result<String, String> {
    let mut findings = probed.findings.iter();
    let finding = findings.find(|it| it.what == what);
    &finding.unwrap_or_else(|| panic!("{probed:?}")).found
}

#[tokio::test]
async fn a_module_says_how_its_contacts_are_and_no_relay_moves_unless_it_is_wanted() {
    let relays = RelayModule::start().await;
    relays.input(3, true);
    let address = relays.address.to_string();
    let probed = probe::modbus(&address, module(None)).await;
    assert!(probed.is_well(), "{probed:?}");
    let levels = "1:0  2:0  3:1  4:0  5:0  6:0  7:0  8:0";
    assert_eq!(found(&probed, "输入"), &Ok(levels.to_owned()));
    relays.writes_are(&[]).await;

    let probed = probe::modbus(&address, module(Some(OPENING))).await;
    assert!(found(&probed, "开闸脉冲").is_ok(), "{probed:?}");
    relays.writes_are(&[(1, 0xFF00), (1, 0)]).await;
}

#[tokio::test]
async fn where_nobody_listens_the_connection_is_what_fails() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = free.local_addr().unwrap().to_string();
    drop(free);
    for probed in [
        probe::modbus(&address, module(Some(OPENING))).await,
        probe::vz_tcp(&address, Some(OPENING)).await,
        probe::vz_tcp("no address", None).await,
    ] {
        assert!(!probed.is_well());
        assert_eq!(probed.findings.len(), 1, "{probed:?}");
        assert!(found(&probed, "连接").is_err());
    }
}

#[tokio::test]
async fn a_camera_says_who_it_is_what_it_sees_and_how_its_inputs_are() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (camera, mut orders) = VzTcpCamera::start(listener, "a1b2c3d4-0e1f2a3b").unwrap();
    let address = camera.address.to_string();
    camera.input(1, true);
    camera.fails(VzTcpFault::Dribbles);
    // Nothing seen yet: the rest is found all the same.
    let probed = probe::vz_tcp(&address, None).await;
    assert!(found(&probed, "抓拍").is_err(), "{probed:?}");
    assert_eq!(
        found(&probed, "序列号"),
        &Ok("a1b2c3d4-0e1f2a3b".to_owned())
    );
    assert_eq!(found(&probed, "输入 1"), &Ok("0".to_owned()));
    assert_eq!(found(&probed, "输入 2"), &Ok("1".to_owned()));
    assert!(found(&probed, "时钟").is_ok(), "{probed:?}");
    assert!(
        orders.try_recv().is_err(),
        "no output moves unless it is wanted"
    );

    // Nobody hears it, but it has seen something.
    let _ = camera.plate(&VzPlate {
        number: 1,
        license: "粤B12345".to_owned(),
        color: 1,
        confidence: 97,
        at: Timestamp::now(),
        is_offline: false,
        image: "/9j/4AAQ".to_owned(),
    });
    let probed = probe::vz_tcp(&address, Some(OPENING)).await;
    assert!(probed.is_well(), "{probed:?}");
    assert_eq!(
        probed.picture.as_deref(),
        Some(&[0xFF, 0xD8, 0xFF, 0xE0, 0, 0x10][..])
    );
    let pulse = VzOrder::Output {
        io: 1,
        value: 2,
        delay: 200,
    };
    assert_eq!(orders.recv().await, Some(pulse));
}

#[tokio::test]
async fn a_camera_that_says_nothing_is_named_as_such() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (camera, mut orders) = VzTcpCamera::start(listener, "a1b2c3d4-0e1f2a3b").unwrap();
    camera.fails(VzTcpFault::Mute);
    let probed = probe::vz_tcp(&camera.address.to_string(), Some(OPENING)).await;
    assert_eq!(found(&probed, "序列号"), &Err("未及时应答".to_owned()));
    assert!(
        orders.try_recv().is_err(),
        "whoever is not known is told nothing"
    );
}
