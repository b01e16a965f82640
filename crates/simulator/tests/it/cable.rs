use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use boshi_simulator::cable::{Cable, Cut};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::soon;

/// Long enough for an echo on this machine, many times over.
const SILENCE: Duration = Duration::from_millis(200);

/// A server that sends back what it gets.
async fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut from, mut to) = stream.split();
                tokio::io::copy(&mut from, &mut to).await
            });
        }
    });
    address
}

async fn cable() -> Cable {
    Cable::start(echo().await).await.unwrap()
}

async fn connected(cable: &Cable) -> TcpStream {
    soon(TcpStream::connect(cable.address())).await.unwrap()
}

async fn says(stream: &mut TcpStream, text: &str) {
    stream.write_all(text.as_bytes()).await.unwrap();
}

async fn hears(stream: &mut TcpStream, text: &str) {
    let mut heard = vec![0; text.len()];
    soon(stream.read_exact(&mut heard)).await.unwrap();
    assert_eq!(heard, text.as_bytes());
}

async fn hears_nothing(stream: &mut TcpStream) {
    let mut heard = [0];
    let reading = tokio::time::timeout(SILENCE, stream.read(&mut heard)).await;
    assert!(reading.is_err(), "{reading:?}");
}

#[tokio::test]
async fn what_is_sent_comes_through_a_whole_cable_to_the_end_of_the_stream() {
    let cable = cable().await;
    let mut stream = connected(&cable).await;
    let much = "泊".repeat(100_000);
    let (mut from, mut to) = stream.split();
    let sending = async {
        to.write_all(much.as_bytes()).await.unwrap();
        to.shutdown().await.unwrap();
    };
    let mut heard = String::new();
    let (_, read) = soon(async { tokio::join!(sending, from.read_to_string(&mut heard)) }).await;
    read.unwrap();
    assert_eq!(heard, much);
}

#[tokio::test]
async fn a_cut_that_refuses_resets_connections_and_refuses_new_ones_until_it_is_mended() {
    let cable = cable().await;
    let mut stream = connected(&cable).await;
    says(&mut stream, "before").await;
    hears(&mut stream, "before").await;
    cable.cut(Cut::Refused).await.unwrap();
    let reset = soon(stream.read(&mut [0])).await.unwrap_err();
    assert_eq!(reset.kind(), ErrorKind::ConnectionReset);
    let refused = soon(TcpStream::connect(cable.address())).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    cable.mend().await.unwrap();
    let mut stream = connected(&cable).await;
    says(&mut stream, "after").await;
    hears(&mut stream, "after").await;
}

#[tokio::test]
async fn a_silent_cut_lets_nothing_through_and_after_mending_all_of_it_late() {
    let cable = cable().await;
    let mut old = connected(&cable).await;
    says(&mut old, "before").await;
    hears(&mut old, "before").await;
    cable.cut(Cut::Silent).await.unwrap();
    let mut new = connected(&cable).await;
    says(&mut old, "old").await;
    says(&mut new, "new").await;
    hears_nothing(&mut old).await;
    hears_nothing(&mut new).await;
    cable.mend().await.unwrap();
    hears(&mut old, "old").await;
    hears(&mut new, "new").await;
}

#[tokio::test]
async fn a_cable_may_be_cut_in_either_way_and_mended_again_and_again() {
    let cable = cable().await;
    for how in [Cut::Refused, Cut::Silent, Cut::Refused, Cut::Refused] {
        cable.cut(how).await.unwrap();
        cable.mend().await.unwrap();
        let mut stream = connected(&cable).await;
        says(&mut stream, "whole").await;
        hears(&mut stream, "whole").await;
    }
    cable.cut(Cut::Silent).await.unwrap();
    let mut stream = connected(&cable).await;
    cable.cut(Cut::Refused).await.unwrap();
    let reset = soon(stream.read(&mut [0])).await.unwrap_err();
    assert_eq!(reset.kind(), ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn a_target_that_is_gone_resets_the_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = listener.local_addr().unwrap();
    drop(listener);
    let cable = Cable::start(target).await.unwrap();
    let mut stream = connected(&cable).await;
    let reset = soon(stream.read(&mut [0])).await.unwrap_err();
    assert_eq!(reset.kind(), ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn a_cable_that_was_taken_away_refuses_for_good() {
    let cable = cable().await;
    let mut stream = connected(&cable).await;
    soon(cable.stop()).await;
    assert!(soon(stream.read(&mut [0])).await.is_err());
    assert!(soon(TcpStream::connect(cable.address())).await.is_err());
    assert!(cable.mend().await.is_err());
}
