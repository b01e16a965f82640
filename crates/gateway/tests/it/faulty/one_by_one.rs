//! One way to fail at a time, each time it can: every vehicle passes all the same.

use std::collections::BTreeMap;

use boshi_protocol::time::WireTime;
use jiff::{SignedDuration, Timestamp};

use super::*;

/// How many vehicles come: the second one shows that nothing is left over from the first.
const FEW: usize = 2;

/// Plays the lane with these faults at every vehicle; all of them are let through.
async fn pass(mut family: Family, faults: &[LaneFault]) -> Played {
    family.faults = faults.to_vec();
    family.share = 1.0;
    family.vehicles = FEW;
    family.strict = true;
    let played = all_accounted_for(&family).await;
    assert_eq!(played.crossed, FEW, "{faults:?}: {:#?}", played.ledger);
    // By the order of their uuids: on a busy machine one may be pushed again.
    let heard = played.platform.heard("/receiveCrossGate").into_iter();
    let word = |told: &Value, name: &str| told[name].as_str().unwrap().to_owned();
    let crossed = heard.map(|it| (word(&it.body, "uuid"), word(&it.body, "plateNumber")));
    let crossed: BTreeMap<String, String> = crossed.collect();
    let expected: Vec<String> = (0..FEW).map(|it| format!("粤B1234{it}")).collect();
    assert_eq!(
        crossed.into_values().collect::<Vec<_>>(),
        expected,
        "{faults:?}"
    );
    played
}

fn vz() -> Family {
    let own = "key = \"camera-key-one\"\nheartbeat = \"1s\"";
    Family::of(Speaks::Vz, &[], ("vz", own, 4))
}

fn vz_tcp() -> Family {
    let own = "address = \"{camera}\"\npoll = \"20ms\"";
    Family::of(Speaks::VzTcp, &[], ("vz_tcp", own, 2))
}

fn vz_mqtt() -> Family {
    let own = "serial = \"CAM-01\"\nheartbeat = \"1s\"";
    Family::of(Speaks::VzMqtt, &[], ("vz_mqtt", own, 4))
}

fn hik() -> Family {
    Family::of(Speaks::Hik, &[], ("hik", HIK, 2))
}

fn on_module(framing: Framing) -> Family {
    let own = "key = \"camera-key-one\"\ndialect = \"qy\"\nheartbeat = \"1s\"";
    let mut family = Family::of(Speaks::Qy, &[], ("vz", own, 4));
    family.wiring = Wiring::Module;
    family.framing = framing;
    family
}

/// RECOG-1: a frame of 1 MiB, answers to heartbeats that do not come, and a clock that is eight hours
/// ahead cost neither the connection nor a reading, whose time is the gateway's.
#[tokio::test]
async fn vz_over_tcp_with_the_largest_frames_and_without_heartbeats() {
    let played = pass(vz_tcp(), &[Large, Silence, Clock]).await;
    let driver = played.driver("vz tcp");
    assert_eq!(driver["connections"], 1, "{driver}");
    let soon = WireTime::from_timestamp(Timestamp::now() + SignedDuration::from_mins(1));
    for told in played.platform.heard("/receivePlateNumber") {
        let at = told.body["recognitionTime"].as_str().unwrap().to_owned();
        assert!(at < soon.to_string(), "{at}");
        let image = told.body["image"].as_str().unwrap().to_owned();
        assert!(image.starts_with("https://"), "{image}");
    }
}

/// RECOG-1, RECOG-2: the plate that is read second is a correction, and not another vehicle; the platform,
/// which refused the first, is asked for it.
#[tokio::test]
async fn a_vehicle_that_is_read_again_otherwise_is_one() {
    pass(vz(), &[Misread, NoPicture, Replay]).await;
    pass(hik(), &[Misread, NoPicture]).await;
}

/// RECOG-1, OPEN-7
#[tokio::test]
async fn vz_over_mqtt_that_writes_plain_text_and_refuses_or_loses_commands() {
    for faults in [[Plain, NotSupported], [NoPicture, Unanswered]] {
        pass(vz_mqtt(), &faults).await;
    }
}

/// OPEN-7: a command that was not carried out is decided on anew; one that was is not given again.
#[tokio::test]
async fn hikvision_whose_barrier_is_not_driven_as_it_says() {
    for fault in [
        NotSupported,
        Forbidden,
        Idle,
        CodeZero,
        Unanswered,
        NoSignal,
    ] {
        pass(hik(), &[fault]).await;
    }
}

/// RECOG-1, OPEN-7: what is sent again until it was taken is one vehicle, and what was not carried out is
/// decided on anew.
#[tokio::test]
async fn dahua_that_sends_again_and_whose_sessions_are_taken() {
    for faults in [
        [Sessions, LateReply],
        [NotSupported, Replay],
        [Idle, Nonces],
        [Unanswered, Silence],
    ] {
        let mut family = Family::of(Speaks::Dahua, &[], ("dahua", DAHUA, 4));
        family.wiring = Wiring::Module;
        pass(family, &faults).await;
    }
}

/// RECOG-1: a stream without a word is opened anew, and who comes meanwhile is read all the same.
#[tokio::test]
async fn hikvision_whose_alert_stream_falls_silent() {
    let family = Family::of(Speaks::HikStream, &[], ("hik", HIK_STREAM, 2));
    pass(family, &[Silence]).await;
}

/// RECOG-1: the same of one of 大华, of which also every byte may come alone.
#[tokio::test]
async fn dahua_whose_stream_of_events_falls_silent_or_dribbles() {
    for faults in [[Silence, NoPicture], [Split, Duplicate]] {
        let mut family = Family::of(Speaks::DahuaStream, &[], ("dahua", DAHUA_STREAM, 4));
        family.wiring = Wiring::Module;
        pass(family, &faults).await;
    }
}

/// OPEN-7: what a module does not confirm is looked at, and neither believed nor repeated.
#[tokio::test]
async fn modules_that_refuse_lose_or_confuse_writes() {
    for (framing, fault) in [
        (Framing::Tcp, Lost),
        (Framing::Tcp, Stale),
        (Framing::Rtu, Exception),
        (Framing::Rtu, Unanswered),
    ] {
        pass(on_module(framing), &[fault]).await;
    }
}

/// SHOW-1: a board whose answers cannot be read holds up nobody.
#[tokio::test]
async fn a_board_whose_answers_have_a_wrong_checksum() {
    let mut family = vz_tcp();
    family.display = DisplaySpeaks::Olm;
    let played = pass(family, &[Garbled]).await;
    let board = played.driver("olm");
    assert!(board["faults"].as_u64() > Some(0), "{board}");
}
