//! A module of relays that answers every request of Modbus TCP and tells when a relay is closed.

use std::time::Instant;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// A relay that is written: function, and the value that closes it.
const WRITE_RELAY: u8 = 5;
const CLOSED: u16 = 0xff00;
/// Bits that are read: relays, inputs.
const READ_BITS: [u8; 2] = [1, 2];
/// Bytes of a request that its answer repeats.
const REPEATED: usize = 5;

/// Serves `listener` until the runtime ends.
pub(super) fn serve(listener: TcpListener) -> mpsc::UnboundedReceiver<Instant> {
    let (told, closed) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let told = told.clone();
            tokio::spawn(async move { exchange(stream, told).await });
        }
    });
    closed
}

async fn exchange(
    mut stream: TcpStream,
    told: mpsc::UnboundedSender<Instant>,
) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    loop {
        let mut head = [0; 7];
        stream.read_exact(&mut head).await?;
        let length = usize::from(u16::from_be_bytes([head[4], head[5]]));
        let mut request = vec![0; length.saturating_sub(1)];
        stream.read_exact(&mut request).await?;
        let now = Instant::now();
        let answer = answer(&request);
        if is_pulse(&request) {
            // Nobody listens once the measurement is over.
            let _ = told.send(now);
        }
        let length = u16::try_from(answer.len() + 1).unwrap_or(u16::MAX);
        let mut frame = vec![head[0], head[1], 0, 0];
        frame.extend(length.to_be_bytes());
        frame.push(head[6]);
        frame.extend(answer);
        stream.write_all(&frame).await?;
    }
}

fn is_pulse(request: &[u8]) -> bool {
    matches!(request, [WRITE_RELAY, _, _, high, low] if u16::from_be_bytes([*high, *low]) == CLOSED)
}

/// Everything is open, and what is written is done.
fn answer(request: &[u8]) -> Vec<u8> {
    match request {
        [function, _, _, high, low] if READ_BITS.contains(function) => {
            let bytes = u16::from_be_bytes([*high, *low]).div_ceil(8);
            let bytes = u8::try_from(bytes).unwrap_or(u8::MAX);
            let mut answer = vec![*function, bytes];
            answer.resize(usize::from(bytes) + 2, 0);
            answer
        }
        other => other.iter().take(REPEATED).copied().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_are_open_and_a_closed_relay_is_a_pulse() {
        assert_eq!(answer(&[2, 0, 0, 0, 9]), [2, 2, 0, 0]);
        assert_eq!(answer(&[5, 0, 1, 0xff, 0]), [5, 0, 1, 0xff, 0]);
        assert!(is_pulse(&[5, 0, 1, 0xff, 0]) && !is_pulse(&[5, 0, 1, 0, 0]));
        assert_eq!(answer(&[16, 0, 1, 0, 2, 4, 0, 1, 0, 1]), [16, 0, 1, 0, 2]);
    }
}
