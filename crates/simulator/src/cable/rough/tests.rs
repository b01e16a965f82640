use std::collections::BTreeSet;
use std::net::SocketAddr;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::*;

/// Far longer than a busy machine needs, and shorter than a forgotten connection stays.
const PATIENCE: Duration = Duration::from_secs(20);

/// Long enough for an answer on this machine, many times over.
const SILENCE: Duration = Duration::from_millis(500);

/// In the second turn, with a request and a reply that have halves.
const TURN: u32 = 2;
const REQUEST: &[u8; 8] = b"request.";
const REPLY: &[u8; 6] = b"reply.";

/// What a client sees of its second request.
#[derive(Debug, PartialEq, Eq)]
enum Seen {
    Whole,
    HalfAndTheEnd,
    Nothing,
    Reset,
}

/// A server that answers each request; how many bytes it was asked.
async fn server() -> (SocketAddr, JoinHandle<usize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let (mut request, mut heard) = ([0; REQUEST.len()], 0);
        while let Ok(length) = stream.read(&mut request[heard % REQUEST.len()..]).await {
            heard += length;
            if length == 0 {
                break;
            }
            if heard.is_multiple_of(REQUEST.len()) && stream.write_all(REPLY).await.is_err() {
                break;
            }
        }
        heard
    });
    (address, serving)
}

/// A line with that mishap; its client's end, and what struck.
async fn line(mishap: Mishap, server: SocketAddr) -> (TcpStream, JoinHandle<BTreeSet<Mishap>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap());
    let mut client = client.await.unwrap();
    let (mut near, _) = listener.accept().await.unwrap();
    let mut far = TcpStream::connect(server).await.unwrap();
    client.set_nodelay(true).unwrap();
    let fate = Fate {
        mishap,
        turn: TURN,
        delay: Duration::from_millis(5),
    };
    let passing = tokio::spawn(async move {
        let (_always, flows) = watch::channel(true);
        let mut struck = BTreeSet::new();
        let noting = |mishap| {
            struck.insert(mishap);
        };
        if pass(&mut near, &mut far, &flows, fate, noting)
            .await
            .is_err()
        {
            near.set_zero_linger().unwrap();
        }
        struck
    });
    assert_eq!(
        asks(&mut client).await,
        Seen::Whole,
        "{mishap:?}: the first turn"
    );
    (client, passing)
}

async fn asks(client: &mut TcpStream) -> Seen {
    client.write_all(REQUEST).await.unwrap();
    let (mut reply, mut heard) = ([0; REPLY.len()], 0);
    loop {
        let patience = if heard == 0 { SILENCE } else { PATIENCE };
        match tokio::time::timeout(patience, client.read(&mut reply[heard..])).await {
            Err(_) => return Seen::Nothing,
            Ok(Err(_)) => return Seen::Reset,
            Ok(Ok(0)) if heard == REPLY.len() / 2 => return Seen::HalfAndTheEnd,
            Ok(Ok(0)) => panic!("the end after {heard} bytes"),
            Ok(Ok(length)) => heard += length,
        }
        if heard == REPLY.len() {
            return Seen::Whole;
        }
    }
}

#[tokio::test]
async fn each_mishap_is_what_it_says_on_both_sides() {
    let (all, half) = (2 * REQUEST.len(), REQUEST.len() + REQUEST.len() / 2);
    for (mishap, seen, heard) in [
        (Mishap::Late, Seen::Whole, all),
        (Mishap::Dripping, Seen::Whole, all),
        (Mishap::RequestTorn, Seen::Reset, half),
        (Mishap::BlackHole, Seen::Nothing, REQUEST.len()),
        (Mishap::ReplyLost, Seen::Reset, all),
        (Mishap::ReplySwallowed, Seen::Nothing, all),
        (Mishap::ReplyTorn, Seen::HalfAndTheEnd, all),
        (Mishap::HalfOpen, Seen::Nothing, REQUEST.len()),
    ] {
        let (address, serving) = server().await;
        let (mut client, passing) = line(mishap, address).await;
        assert_eq!(asks(&mut client).await, seen, "{mishap:?}");
        drop(client);
        let struck = tokio::time::timeout(PATIENCE, passing).await.unwrap();
        assert_eq!(struck.unwrap(), BTreeSet::from([mishap]));
        let served = tokio::time::timeout(PATIENCE, serving).await.unwrap();
        assert_eq!(served.unwrap(), heard, "{mishap:?}: what the server heard");
    }
}

#[test]
fn the_same_seed_is_the_same_fate_and_every_mishap_comes_up() {
    let line = |seed| Roughness { seed, share: 0.5 };
    let fates = |seed| -> Vec<Option<(Mishap, u32)>> {
        let fates = (0..200).map(|number| line(seed).fate(number));
        fates
            .map(|fate| fate.map(|it| (it.mishap, it.turn)))
            .collect()
    };
    assert_eq!(fates(1), fates(1));
    assert_ne!(fates(1), fates(2));
    let met: BTreeSet<Mishap> = fates(1).into_iter().flatten().map(|it| it.0).collect();
    assert_eq!(met, BTreeSet::from(Mishap::ALL));
    let spared = fates(1).iter().filter(|fate| fate.is_none()).count();
    assert!((60..140).contains(&spared), "{spared} of 200");
    let smooth = Roughness {
        seed: 1,
        share: 0.0,
    };
    assert!((0..200).all(|number| smooth.fate(number).is_none()));
}
