//! A device is tried before it is part of a lot.

use std::time::Duration;

use boshi_gateway::config::{Framing, ModbusModule, Parity, SerialLine, StopBits};
use boshi_gateway::probe::{self, HikProbe, ModbusProbe, OlmProbe, Opening, Probed};
use boshi_simulator::board::{OlmBoard, OlmFault, OlmServer};
use boshi_simulator::camera::{
    HikCamera, HikFault, HikGate, HikOrder, VzOrder, VzPlate, VzTcpCamera, VzTcpFault,
};
use boshi_transport::certificate::install_crypto;
use jiff::Timestamp;
use tokio::net::TcpListener;

use crate::relay_module::RelayModule;
use crate::serial::Port;

const OPENING: Opening = Opening {
    output: 2,
    pulse: Duration::from_millis(200),
};

const LINE: SerialLine = SerialLine {
    baud: 115_200,
    parity: Parity::None,
    stop_bits: StopBits::One,
};

fn hik(password: &str, open: bool, output: Option<u16>) -> HikProbe {
    install_crypto();
    HikProbe {
        user: "gateway".to_owned(),
        password: password.into(),
        ca_file: None,
        certificate_file: None,
        channel: 1,
        inputs: 2,
        output,
        open,
    }
}

fn board(text: &[&str]) -> OlmProbe {
    OlmProbe {
        line: LINE,
        unit: 0,
        columns: 8,
        rows: 2,
        password: None,
        text: text.iter().map(|it| (*it).to_owned()).collect(),
    }
}

fn module(open: Option<Opening>) -> ModbusProbe {
    ModbusProbe {
        module: ModbusModule::Plain,
        framing: Framing::Tcp,
        unit: None,
        line: LINE,
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
        probe::olm(&address, board(&["测试"])).await,
        probe::hik(&address, hik("Demo#2026", true, None)).await,
    ] {
        assert!(!probed.is_well());
        assert_eq!(probed.findings.len(), 1, "{probed:?}");
        let what = &probed.findings[0].what;
        assert!(matches!(what.as_str(), "连接" | "登录与身份"), "{what}");
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

#[tokio::test]
async fn a_module_on_a_serial_port_is_tried_at_its_speed() {
    let relays = RelayModule::start_rtu().await;
    relays.input(2, true);
    let port = Port::to(relays.address);
    let probed = probe::modbus(&port.path, module(None)).await;
    assert!(probed.is_well(), "{probed:?}");
    let levels = "1:0  2:1  3:0  4:0  5:0  6:0  7:0  8:0";
    assert_eq!(found(&probed, "输入"), &Ok(levels.to_owned()));
}

/// Only when that is wanted the barrier opens, and an output only when it is named.
#[tokio::test]
async fn a_camera_of_hikvision_says_who_it_is_what_it_sees_and_where_its_barrier_is() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let started = HikCamera::start(listener, "DS-A1", "gateway", "Demo#2026");
    let (camera, mut orders) = started.unwrap();
    let address = camera.address.to_string();
    camera.input(1, true);
    camera.gate(HikGate::Closed);
    let probed = probe::hik(&address, hik("Demo#2026", false, None)).await;
    assert!(probed.is_well(), "{probed:?}");
    let who = found(&probed, "登录与身份").as_ref().unwrap();
    assert!(who.contains("DS-A1"), "{who}");
    assert_eq!(found(&probed, "输入 1"), &Ok("0".to_owned()));
    assert_eq!(found(&probed, "输入 2"), &Ok("1".to_owned()));
    assert_eq!(found(&probed, "道闸状态"), &Ok("关到位".to_owned()));
    assert_eq!(
        probed.picture.as_deref(),
        Some(&[0xFF, 0xD8, 0xFF, 0xE0, 0, 0x10][..])
    );
    assert!(
        orders.try_recv().is_err(),
        "nothing moves unless it is wanted"
    );

    let probed = probe::hik(&address, hik("Demo#2026", true, None)).await;
    assert!(found(&probed, "开闸").is_ok(), "{probed:?}");
    assert_eq!(orders.recv().await, Some(HikOrder::Gate("open".to_owned())));
    probe::hik(&address, hik("Demo#2026", true, Some(2))).await;
    let pulse = HikOrder::Output(2, "pulse".to_owned());
    assert_eq!(orders.recv().await, Some(pulse));

    camera.fails(HikFault::Forbidden);
    let probed = probe::hik(&address, hik("Demo#2026", true, None)).await;
    let why = found(&probed, "开闸").as_ref().unwrap_err();
    assert!(why.contains("403"), "{why}");
}

/// A wrong password is shown once: cameras lock.
#[tokio::test]
async fn a_camera_of_hikvision_that_lets_nobody_in_is_asked_for_nothing_else() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let started = HikCamera::start(listener, "DS-A1", "gateway", "Demo#2026");
    let (camera, mut orders) = started.unwrap();
    let address = camera.address.to_string();
    let probed = probe::hik(&address, hik("another", true, None)).await;
    assert_eq!(probed.findings.len(), 1, "{probed:?}");
    let why = found(&probed, "登录与身份").as_ref().unwrap_err();
    assert!(
        why.contains("密码不符") && !why.contains("another"),
        "{why}"
    );
    assert!(orders.try_recv().is_err());
}

#[tokio::test]
async fn a_board_shows_a_text_and_says_whether_it_took_it() {
    let board_ = OlmBoard::new(0, 2);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = OlmServer::start(listener, vec![board_.clone()]).unwrap();
    let port = Port::to(server.address);
    for address in [server.address.to_string(), port.path.clone()] {
        let probed = probe::olm(&address, board(&["测试", &address[..4]])).await;
        assert!(probed.is_well(), "{probed:?}");
        assert_eq!(found(&probed, "应答"), &Ok("版本 102460100".to_owned()));
        assert_eq!(board_.lines(), ["测试", &address[..4]]);
    }
    let mut other = board(&["停"]);
    other.password = Some("000000".to_owned());
    board_.fails(OlmFault::Busy(1));
    let address = server.address.to_string();
    let probed = probe::olm(&address, other).await;
    let why = found(&probed, "应答").as_ref().unwrap_err();
    assert!(why.contains("口令"), "{why}");
    let why = found(&probed, "显示").as_ref().unwrap_err();
    assert!(why.contains("忙或拒绝"), "{why}");
    board_.fails(OlmFault::Mute);
    let probed = probe::olm(&address, board(&["无应答"])).await;
    assert!(found(&probed, "显示").is_err(), "{probed:?}");
    assert_eq!(board_.lines()[0], "无应答", "it is told all the same");
}
