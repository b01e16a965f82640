//! A way to a device on which bytes go both ways: the network, or a serial port of this machine.

use std::io;
use std::time::Duration;

use serial2_tokio::{CharSize, FlowControl, SerialPort, Settings};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use crate::config::{Parity, SerialLine, StopBits, is_serial};

/// Longest that a connection on the lot's own network may take.
const CONNECT: Duration = Duration::from_secs(2);

/// Three and a half characters of eleven bits, in bits times microseconds a second.
const GAP_MICROS_BITS: u64 = 38_500_000;

/// Bytes both ways.
pub(super) trait Bytes: AsyncRead + AsyncWrite + Send + Unpin + std::fmt::Debug {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + std::fmt::Debug> Bytes for T {}

/// A way that is open.
pub(super) type Stream = Box<dyn Bytes>;

/// Why there is no way to a device.
#[derive(Debug, thiserror::Error)]
pub(super) enum OpenError {
    #[error("无法连接：{0}")]
    Connect(io::Error),
    #[error("连接超时")]
    Slow,
    #[error("无法打开串口：{0}")]
    Port(io::Error),
}

/// Opens the way to `address`, which is `host:port` or the path of a serial port.
pub(super) async fn open(address: &str, line: SerialLine) -> Result<Stream, OpenError> {
    if is_serial(address) {
        let port = SerialPort::open(address, |settings| configured(settings, line));
        let port = port.map_err(OpenError::Port)?;
        // What came while nobody listened answers nothing.
        port.discard_buffers().map_err(OpenError::Port)?;
        return Ok(Box::new(port));
    }
    let connecting = tokio::time::timeout(CONNECT, TcpStream::connect(address));
    let stream = connecting.await.map_err(|_| OpenError::Slow)?;
    let stream = stream.map_err(OpenError::Connect)?;
    stream.set_nodelay(true).map_err(OpenError::Connect)?;
    Ok(Box::new(stream))
}

/// How long a serial line has to be silent between two frames: as long as three and a half
/// characters take, and no shorter than at 19200 bits a second.
pub(super) fn silence(line: SerialLine) -> Duration {
    Duration::from_micros(GAP_MICROS_BITS / u64::from(line.baud.clamp(1, 19_200)))
}

/// The same for an address: none in a network.
pub(super) fn gap(address: &str, line: SerialLine) -> Duration {
    match is_serial(address) {
        true => silence(line),
        false => Duration::ZERO,
    }
}

fn configured(mut settings: Settings, line: SerialLine) -> io::Result<Settings> {
    settings.set_raw();
    settings.set_baud_rate(line.baud)?;
    settings.set_char_size(CharSize::Bits8);
    settings.set_flow_control(FlowControl::None);
    settings.set_parity(match line.parity {
        Parity::None => serial2_tokio::Parity::None,
        Parity::Even => serial2_tokio::Parity::Even,
        Parity::Odd => serial2_tokio::Parity::Odd,
    });
    settings.set_stop_bits(match line.stop_bits {
        StopBits::One => serial2_tokio::StopBits::One,
        StopBits::Two => serial2_tokio::StopBits::Two,
    });
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_serial_line_is_silent_for_three_and_a_half_characters() {
        let gap = |address, baud| {
            let (parity, stop_bits) = (Parity::None, StopBits::One);
            gap(
                address,
                SerialLine {
                    baud,
                    parity,
                    stop_bits,
                },
            )
        };
        assert_eq!(gap("/dev/ttyS0", 9_600).as_micros(), 4_010);
        assert_eq!(gap("/dev/ttyS0", 115_200).as_micros(), 2_005);
        assert_eq!(gap("10.0.0.1:4001", 9_600), Duration::ZERO);
    }
}
