//! The supplier whose vehicles are recognized: what it is, and the requests that it makes.

use boshi_protocol::id::AppId;
use boshi_protocol::time::WireTime;
use boshi_protocol::token::Credentials;
use jiff::Timestamp;
use uuid::Uuid;

/// Who it is.
pub(crate) const APP_ID: &str = "99848791";
/// What it signs with; known to nobody but servers that live for a measurement.
pub(crate) const SECRET: &str = "eV7spoA0rr7EyjGuJxQFOa3Vs5wvcRUo";
/// Its lot.
pub(crate) const LOT: &str = "LOT-1";
/// Different vehicles: as many as a large car park knows.
const PLATES: u64 = 10_000;

/// How the requests of a load differ from each other beside their number.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Spread {
    /// The lots that they are of, in turn; [`LOT`] alone when there are none.
    pub(crate) lots: u64,
    /// Whether their uuids lie anywhere, as random ones do, or one behind the other in time, as those
    /// that a gateway makes.
    pub(crate) random: bool,
}

/// The name of one of many lots.
pub(crate) fn lot_name(number: u64) -> String {
    format!("LOT-{number}")
}

/// Composes requests, each of another recognition.
pub(crate) struct Composer {
    spread: Spread,
    credentials: Credentials,
    signed: Option<(Timestamp, String, String)>,
    series: u64,
    number: u64,
}

impl Composer {
    /// Requests that differ from those of any other series.
    pub(crate) fn new(series: u64) -> Composer {
        Composer::spread(series, Spread::default())
    }

    /// The same, spread as it is said.
    pub(crate) fn spread(series: u64, spread: Spread) -> Composer {
        let app = AppId::new(APP_ID).expect("the id above is one");
        Composer {
            spread,
            credentials: Credentials::new(app, SECRET.to_owned().into()),
            signed: None,
            series,
            number: 0,
        }
    }

    /// The next request, head and body, into `buffer`.
    pub(crate) fn compose(&mut self, buffer: &mut Vec<u8>) {
        let body = self.body();
        buffer.clear();
        buffer.extend_from_slice(
            format!(
                "POST /receivePlateNumber HTTP/1.1\r\nHost: 127.0.0.1\r\n\
                 Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
                body.len()
            )
            .as_bytes(),
        );
        buffer.extend_from_slice(body.as_bytes());
    }

    /// The body of the next request.
    pub(crate) fn body(&mut self) -> String {
        let second = Timestamp::from_second(Timestamp::now().as_second()).unwrap_or_default();
        let (time, token) = match self.signed.take() {
            Some((at, time, token)) if at == second => (time, token),
            _ => {
                let time = WireTime::from_timestamp(second).to_string();
                let token = self.credentials.sign(&time);
                (time, token)
            }
        };
        self.number += 1;
        let (series, number) = (self.series, self.number);
        let plate = (series.wrapping_mul(7919) + number) % PLATES;
        let lot = match self.spread.lots {
            0 => LOT.to_owned(),
            lots => lot_name((series.wrapping_mul(7919) + number) % lots),
        };
        let uuid = match self.spread.random {
            false => Uuid::now_v7().simple().to_string(),
            // Spread like random ones, and never one twice; below 8, as those that are stored.
            true => {
                let place = (series << 32 | number).wrapping_mul(0x9E37_79B9_7F4A_7C15);
                format!("{:016x}{series:08x}{number:08x}", place >> 1)
            }
        };
        let body = format!(
            r#"{{"version":"1.0","token":"{token}","appId":"{APP_ID}","parkingLotId":"{lot}","time":"{time}","deviceNo":"CAM-01","uuid":"{uuid}","recognitionTime":"{time}","image":"https://192.0.2.10:8443/pictures/{series:08x}{number:016x}.jpg","plateNumber":"粤B1{plate:04}","color":"blue","reliability":96}}"#
        );
        self.signed = Some((second, time, token));
        body
    }
}
