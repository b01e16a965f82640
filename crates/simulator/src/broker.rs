//! A small MQTT broker, for lots that have none of their own: for trying things out and for tests,
//! not for a lot. It keeps no sessions, delivers at most at least once, and never sends again.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::BytesMut;
use rumqttc::{
    ConnAck, ConnectReturnCode, Packet, PubAck, Publish, QoS, SubAck, SubscribeReasonCode,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};

/// Most packets that wait for one client; who reads so slowly is cut off.
const QUEUED: usize = 256;

/// Largest packet: a picture of some megabytes in base64.
const MOST: usize = 16 * 1024 * 1024;

/// A broker; cheap to clone.
#[derive(Clone, Debug)]
pub struct Broker {
    /// Where it listens.
    pub address: SocketAddr,
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    state: Mutex<State>,
    cut: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct State {
    clients: HashMap<u64, Client>,
    next: u64,
    retained: BTreeMap<String, Publish>,
    /// Nobody is let in.
    away: bool,
    /// Every message that came, by its topic.
    heard: Vec<String>,
}

#[derive(Debug)]
struct Client {
    filters: Vec<String>,
    to: mpsc::Sender<Packet>,
    packet: u16,
}

impl Broker {
    /// A broker on this listener, within a runtime.
    ///
    /// # Errors
    /// When the listener has no address.
    pub fn start(listener: TcpListener) -> std::io::Result<Broker> {
        let address = listener.local_addr()?;
        let inner = Arc::new(Inner {
            state: Mutex::default(),
            cut: watch::Sender::new(0),
        });
        let serving = Arc::downgrade(&inner);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let Some(inner) = serving.upgrade() else {
                    return;
                };
                if inner.lock().away {
                    continue;
                }
                let mut cuts = inner.cut.subscribe();
                tokio::spawn(async move {
                    tokio::select! {
                        // Whoever has gone comes back.
                        _ = serve(stream, inner) => {}
                        _ = cuts.changed() => {}
                    }
                });
            }
        });
        Ok(Broker { address, inner })
    }

    /// Says something, as a client would.
    pub fn publish(&self, topic: &str, payload: &[u8], retain: bool) {
        let mut publish = Publish::new(topic, QoS::AtLeastOnce, payload);
        publish.retain = retain;
        self.inner.lock().hand_on(publish);
    }

    /// Cuts every connection.
    pub fn cut(&self) {
        self.inner.lock().clients.clear();
        self.inner.cut.send_modify(|cuts| *cuts += 1);
    }

    /// Lets nobody in from now on, or everybody again.
    pub fn is_away(&self, away: bool) {
        self.inner.lock().away = away;
        if away {
            self.cut();
        }
    }

    /// Whether somebody has subscribed to exactly that.
    #[must_use]
    pub fn serves(&self, filter: &str) -> bool {
        let state = self.inner.lock();
        let mut clients = state.clients.values();
        clients.any(|it| it.filters.iter().any(|it| it == filter))
    }

    /// How many messages came under this topic.
    #[must_use]
    pub fn heard(&self, topic: &str) -> usize {
        let state = self.inner.lock();
        state.heard.iter().filter(|it| *it == topic).count()
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Hands a message to everybody who wants it, and keeps it if it is to be kept.
    fn hand_on(&mut self, publish: Publish) {
        self.heard.push(publish.topic.clone());
        if publish.retain {
            let topic = publish.topic.clone();
            if publish.payload.is_empty() {
                self.retained.remove(&topic);
            } else {
                self.retained.insert(topic, publish.clone());
            }
        }
        // Who is there already is told of it as of anything else.
        self.clients.retain(|_, client| {
            let wants = client.filters.iter().any(|it| matches(it, &publish.topic));
            !wants || client.tell(&publish, false)
        });
    }
}

impl Client {
    /// False when it does not take it.
    fn tell(&mut self, publish: &Publish, retain: bool) -> bool {
        let mut publish = publish.clone();
        publish.retain = retain;
        publish.dup = false;
        publish.pkid = 0;
        if publish.qos != QoS::AtMostOnce {
            publish.qos = QoS::AtLeastOnce;
            self.packet = self.packet.checked_add(1).unwrap_or(1);
            publish.pkid = self.packet;
        }
        self.to.try_send(Packet::Publish(publish)).is_ok()
    }
}

/// Whether a topic fits a filter, level by level.
fn matches(filter: &str, topic: &str) -> bool {
    let (mut wanted, mut levels) = (filter.split('/'), topic.split('/'));
    loop {
        match (wanted.next(), levels.next()) {
            (Some("#"), _) | (None, None) => return true,
            (Some("+"), Some(_)) => {}
            (Some(wanted), Some(level)) if wanted == level => {}
            _ => return false,
        }
    }
}

async fn serve(mut stream: TcpStream, inner: Arc<Inner>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut read = BytesMut::new();
    let number = {
        let Packet::Connect(_) = next(&mut stream, &mut read).await? else {
            return Err(std::io::Error::other("no connection was asked for"));
        };
        let ack = ConnAck::new(ConnectReturnCode::Success, false);
        write(&mut stream, &Packet::ConnAck(ack)).await?;
        let mut state = inner.lock();
        state.next += 1;
        state.next
    };
    let (to, mut packets) = mpsc::channel(QUEUED);
    let client = Client {
        filters: Vec::new(),
        to: to.clone(),
        packet: 0,
    };
    inner.lock().clients.insert(number, client);
    let result = loop {
        tokio::select! {
            packet = packets.recv() => {
                let Some(packet) = packet else { break Ok(()) };
                if let Err(error) = write(&mut stream, &packet).await {
                    break Err(error);
                }
            }
            packet = next(&mut stream, &mut read) => match packet {
                Ok(Packet::Disconnect) => break Ok(()),
                Ok(packet) => if !inner.answer(number, packet, &to) {
                    break Err(std::io::Error::other("not read, or no client"));
                },
                Err(error) => break Err(error),
            },
        }
    };
    inner.lock().clients.remove(&number);
    result
}

impl Inner {
    /// Takes a packet; false when the client is to be cut off.
    fn answer(&self, number: u64, packet: Packet, to: &mpsc::Sender<Packet>) -> bool {
        let mut state = self.lock();
        match packet {
            Packet::PingReq => to.try_send(Packet::PingResp).is_ok(),
            Packet::PubAck(_) => true,
            Packet::Publish(publish) => {
                let taken = publish.qos == QoS::AtMostOnce
                    || to
                        .try_send(Packet::PubAck(PubAck::new(publish.pkid)))
                        .is_ok();
                state.hand_on(publish);
                taken
            }
            Packet::Subscribe(asked) => {
                let paths: Vec<String> = asked.filters.into_iter().map(|it| it.path).collect();
                let served = SubscribeReasonCode::Success(QoS::AtLeastOnce);
                let ack = SubAck::new(asked.pkid, vec![served; paths.len()]);
                if to.try_send(Packet::SubAck(ack)).is_err() {
                    return false;
                }
                let kept: Vec<Publish> = state.retained.values().cloned().collect();
                let Some(client) = state.clients.get_mut(&number) else {
                    return false;
                };
                client.filters.extend(paths.iter().cloned());
                let wanted = |it: &&Publish| paths.iter().any(|path| matches(path, &it.topic));
                let mut kept = kept.iter().filter(wanted);
                kept.all(|publish| client.tell(publish, true))
            }
            _ => false,
        }
    }
}

/// The next packet; what has come of it stays in `read` when nobody waits any more.
async fn next(stream: &mut TcpStream, read: &mut BytesMut) -> std::io::Result<Packet> {
    loop {
        match Packet::read(read, MOST) {
            Ok(packet) => return Ok(packet),
            Err(rumqttc::Error::InsufficientBytes(_)) => {}
            Err(error) => return Err(std::io::Error::other(format!("{error:?}"))),
        }
        if stream.read_buf(read).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
}

async fn write(stream: &mut TcpStream, packet: &Packet) -> std::io::Result<()> {
    let mut bytes = BytesMut::new();
    let written = packet.write(&mut bytes, MOST);
    written.map_err(|error| std::io::Error::other(format!("{error:?}")))?;
    stream.write_all(&bytes).await
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the standard's text (MQTT 3.1.1, 4.7.1).
    #[test]
    fn a_filter_fits_the_topics_that_the_standard_says() {
        for (filter, topic, fits) in [
            ("sport/tennis/player1/#", "sport/tennis/player1", true),
            (
                "sport/tennis/player1/#",
                "sport/tennis/player1/ranking",
                true,
            ),
            ("sport/tennis/+", "sport/tennis/player1", true),
            ("sport/tennis/+", "sport/tennis/player1/ranking", false),
            ("sport/+", "sport", false),
            ("sport/+", "sport/", true),
            ("#", "a/b", true),
            ("a/b", "a/c", false),
        ] {
            assert_eq!(matches(filter, topic), fits, "{filter} {topic}");
        }
    }
}
