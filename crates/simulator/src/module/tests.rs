use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::*;

/// Longest that a test waits.
const PATIENCE: Duration = Duration::from_secs(10);

async fn started(framing: Framing) -> (RelayModule, mpsc::Receiver<RelayOrder>, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (module, ordered) = RelayModule::start(listener, framing).unwrap();
    let stream = TcpStream::connect(module.address).await.unwrap();
    (module, ordered, stream)
}

/// Asks, and demands that answer.
async fn answered(stream: &mut TcpStream, question: &[u8], answer: &[u8]) {
    stream.write_all(question).await.unwrap();
    let mut came = vec![0; answer.len()];
    let reading = stream.read_exact(&mut came);
    tokio::time::timeout(PATIENCE, reading)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(came, answer);
}

async fn next(ordered: &mut mpsc::Receiver<RelayOrder>) -> (u16, bool) {
    let order = tokio::time::timeout(PATIENCE, ordered.recv()).await;
    let order = order.unwrap().unwrap();
    (order.relay, order.closed)
}

/// Frames as the makers' documents have them.
#[tokio::test]
async fn relays_are_switched_and_inputs_read_over_tcp() {
    let (module, mut ordered, mut stream) = started(Framing::Tcp).await;
    let on = [0, 1, 0, 0, 0, 6, 1, 5, 0, 0x10, 0xFF, 0];
    answered(&mut stream, &on, &on).await;
    answered(&mut stream, &on, &on).await;
    let off = [0, 2, 0, 0, 0, 6, 1, 5, 0, 0x10, 0, 0];
    answered(&mut stream, &off, &off).await;
    assert_eq!(next(&mut ordered).await, (16, true));
    assert_eq!(next(&mut ordered).await, (16, false), "told once a change");
    module.input(1, true);
    module.input(3, true);
    let question = [0, 4, 0, 0, 0, 6, 1, 2, 0, 0, 0, 8];
    answered(&mut stream, &question, &[0, 4, 0, 0, 0, 4, 1, 2, 1, 5]).await;
    let unknown = [0, 5, 0, 0, 0, 6, 1, 3, 0, 0, 0, 1];
    answered(&mut stream, &unknown, &[0, 5, 0, 0, 0, 3, 1, 0x83, 1]).await;
}

#[tokio::test]
async fn serial_frames_have_their_checksum_and_a_wrong_one_ends_the_connection() {
    let (_module, mut ordered, mut stream) = started(Framing::Rtu).await;
    let on = [1, 5, 0, 0, 0xFF, 0, 0x8C, 0x3A];
    answered(&mut stream, &on, &on).await;
    assert_eq!(next(&mut ordered).await, (0, true));
    let coils = [1, 1, 0, 0, 0, 8, 0x3D, 0xCC];
    answered(&mut stream, &coils, &[1, 1, 1, 1, 0x90, 0x48]).await;
    stream.write_all(&[1, 5, 0, 0, 0, 0, 0, 0]).await.unwrap();
    let mut end = Vec::new();
    let reading = stream.read_to_end(&mut end);
    let ended = tokio::time::timeout(PATIENCE, reading).await.unwrap();
    assert!(ended.is_err() || end.is_empty(), "{end:?}");
}

#[tokio::test]
async fn a_relay_that_times_its_own_pulse_opens_again() {
    let (module, mut ordered, mut stream) = started(Framing::Rtu).await;
    let flash = [1, 5, 2, 0, 0, 5, 0x0C, 0x71];
    answered(&mut stream, &flash, &flash).await;
    assert_eq!(next(&mut ordered).await, (0, true));
    assert_eq!(next(&mut ordered).await, (0, false));
    assert_eq!(module.writes(), [(0x200, 5)]);
}

#[tokio::test]
async fn what_fails_once_is_done_as_it_should_the_next_time() {
    let (module, _ordered, mut stream) = started(Framing::Tcp).await;
    module.fails_once(ModuleFault::Refused);
    let on = [0, 1, 0, 0, 0, 6, 1, 5, 0, 0, 0xFF, 0];
    answered(&mut stream, &on, &[0, 1, 0, 0, 0, 3, 1, 0x85, 2]).await;
    assert!(!module.is_closed(0));
    answered(&mut stream, &on, &on).await;
    assert!(module.is_closed(0));
}
