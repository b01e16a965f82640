//! A module of relays and contacts, written without the gateway's own code, that can fail in the
//! ways modules do.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::wire::eventually;

/// What the module does with a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It does it and answers, in two pieces.
    None,
    /// It does it, and the answer is lost.
    DoneUnanswered,
    /// It neither does it nor answers.
    Lost,
    /// It refuses with exception 02.
    Refused,
    /// It answers the question before, then this one.
    StaleFirst,
}

pub(crate) struct RelayModule {
    pub(crate) address: SocketAddr,
    state: Arc<Mutex<State>>,
    cut: watch::Sender<u64>,
}

struct State {
    coils: BTreeMap<u16, bool>,
    inputs: [bool; 8],
    /// Every write to a coil: address and value.
    writes: Vec<(u16, u16)>,
    fault: Fault,
    connections: usize,
}

impl RelayModule {
    pub(crate) async fn start() -> RelayModule {
        RelayModule::start_with(false).await
    }

    /// One that speaks serial frames.
    pub(crate) async fn start_rtu() -> RelayModule {
        RelayModule::start_with(true).await
    }

    async fn start_with(rtu: bool) -> RelayModule {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State {
            coils: BTreeMap::new(),
            inputs: [false; 8],
            writes: Vec::new(),
            fault: Fault::None,
            connections: 0,
        }));
        let (cut, cuts) = watch::channel(0);
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                shared.lock().unwrap().connections += 1;
                let (shared, mut cuts) = (Arc::clone(&shared), cuts.clone());
                cuts.mark_unchanged();
                tokio::spawn(async move {
                    let serving = async {
                        match rtu {
                            true => serve_rtu(stream, &shared).await,
                            false => serve(stream, &shared).await,
                        }
                    };
                    tokio::select! {
                        _ = serving => {}
                        _ = cuts.changed() => {}
                    }
                });
            }
        });
        RelayModule {
            address,
            state,
            cut,
        }
    }

    pub(crate) fn fails(&self, fault: Fault) {
        self.state.lock().unwrap().fault = fault;
    }

    /// Sets an input, counted from 1.
    pub(crate) fn input(&self, number: usize, on: bool) {
        self.state.lock().unwrap().inputs[number - 1] = on;
    }

    pub(crate) fn coil(&self, at: u16, on: bool) {
        self.state.lock().unwrap().coils.insert(at, on);
    }

    pub(crate) fn is_on(&self, at: u16) -> bool {
        self.state.lock().unwrap().coils.get(&at) == Some(&true)
    }

    /// Every write so far.
    pub(crate) fn writes(&self) -> Vec<(u16, u16)> {
        self.state.lock().unwrap().writes.clone()
    }

    pub(crate) async fn writes_are(&self, wanted: &[(u16, u16)]) {
        let what = format!("writes {wanted:x?}");
        eventually(&what, || (self.writes() == wanted).then_some(())).await;
    }

    pub(crate) fn connections(&self) -> usize {
        self.state.lock().unwrap().connections
    }

    /// Cuts every connection.
    pub(crate) fn cut(&self) {
        self.cut.send_modify(|cuts| *cuts += 1);
    }
}

/// Every question that the gateway has is a unit, a function, two words and a checksum.
async fn serve_rtu(mut stream: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    loop {
        let mut frame = [0; 8];
        stream.read_exact(&mut frame).await?;
        assert_eq!(
            checksum(&frame[..6]).to_le_bytes(),
            frame[6..],
            "{frame:x?}"
        );
        let (answer, _) = answer(&frame[1..6], &mut state.lock().unwrap());
        let Some(answer) = answer else { continue };
        let mut frame = [&frame[..1], &answer].concat();
        frame.extend(checksum(&frame).to_le_bytes());
        stream.write_all(&frame).await?;
    }
}

fn checksum(bytes: &[u8]) -> u16 {
    let mut sum = 0xFFFF;
    for byte in bytes {
        sum ^= u16::from(*byte);
        for _ in 0..8 {
            sum = if sum & 1 == 1 {
                sum >> 1 ^ 0xA001
            } else {
                sum >> 1
            };
        }
    }
    sum
}

async fn serve(mut stream: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let mut before = Vec::new();
    loop {
        let mut head = [0; 7];
        stream.read_exact(&mut head).await?;
        let mut pdu = vec![0; usize::from(u16::from_be_bytes([head[4], head[5]])) - 1];
        stream.read_exact(&mut pdu).await?;
        let (answer, stale) = answer(&pdu, &mut state.lock().unwrap());
        let Some(answer) = answer else { continue };
        let length = u16::try_from(answer.len() + 1).unwrap().to_be_bytes();
        let mut frame = vec![head[0], head[1], 0, 0, length[0], length[1], head[6]];
        frame.extend(answer);
        if stale {
            stream.write_all(&before).await?;
        }
        let (first, second) = frame.split_at(5);
        stream.write_all(first).await?;
        stream.flush().await?;
        tokio::task::yield_now().await;
        stream.write_all(second).await?;
        before = frame;
    }
}

/// The answer, if there is one, and whether the one before comes again first.
fn answer(pdu: &[u8], state: &mut State) -> (Option<Vec<u8>>, bool) {
    let word = |at: usize| u16::from_be_bytes([pdu[at], pdu[at + 1]]);
    let (at, second) = (word(1), word(3));
    let bits = |get: &dyn Fn(u16) -> bool| {
        let mut bytes = vec![0_u8; usize::from(second).div_ceil(8)];
        for n in 0..second {
            bytes[usize::from(n / 8)] |= u8::from(get(at + n)) << (n % 8);
        }
        let mut answer = vec![pdu[0], u8::try_from(bytes.len()).unwrap()];
        answer.extend(bytes);
        (Some(answer), false)
    };
    match pdu[0] {
        1 => bits(&|at| state.coils.get(&at) == Some(&true)),
        2 => bits(&|at| state.inputs.get(usize::from(at)) == Some(&true)),
        5 => {
            state.writes.push((at, second));
            let done = !matches!(state.fault, Fault::Lost | Fault::Refused);
            if done {
                // A relay of its own time stays closed for as long as a test looks.
                let coil = if at >= 0x200 { at - 0x200 } else { at };
                state.coils.insert(coil, second != 0);
            }
            match state.fault {
                Fault::None => (Some(pdu.to_vec()), false),
                Fault::StaleFirst => (Some(pdu.to_vec()), true),
                Fault::DoneUnanswered | Fault::Lost => (None, false),
                Fault::Refused => (Some(vec![0x85, 2]), false),
            }
        }
        other => (Some(vec![other | 0x80, 1]), false),
    }
}
