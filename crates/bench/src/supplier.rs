//! The supplier whose vehicles are recognized: what it is, and the requests that it makes.

use boshi_protocol::id::AppId;
use boshi_protocol::time::WireTime;
use boshi_protocol::token::Credentials;
use jiff::Timestamp;

/// Who it is.
pub(crate) const APP_ID: &str = "99848791";
/// What it signs with; known to nobody but servers that live for a measurement.
pub(crate) const SECRET: &str = "eV7spoA0rr7EyjGuJxQFOa3Vs5wvcRUo";
/// Its lot.
pub(crate) const LOT: &str = "LOT-1";
/// Different vehicles: as many as a large car park knows.
const PLATES: u64 = 10_000;

/// Composes requests, each of another recognition.
pub(crate) struct Composer {
    credentials: Credentials,
    signed: Option<(Timestamp, String, String)>,
    series: u64,
    number: u64,
}

impl Composer {
    /// Requests that differ from those of any other series.
    pub(crate) fn new(series: u64) -> Composer {
        let app = AppId::new(APP_ID).expect("the id above is one");
        Composer {
            credentials: Credentials::new(app, SECRET.to_owned().into()),
            signed: None,
            series,
            number: 0,
        }
    }

    /// The next request, head and body, into `buffer`.
    pub(crate) fn compose(&mut self, buffer: &mut Vec<u8>) {
        let second = Timestamp::from_second(Timestamp::now().as_second()).unwrap_or_default();
        if self.signed.as_ref().is_none_or(|(at, ..)| *at != second) {
            let time = WireTime::from_timestamp(second).to_string();
            let token = self.credentials.sign(&time);
            self.signed = Some((second, time, token));
        }
        let Some((_, time, token)) = &self.signed else {
            return;
        };
        self.number += 1;
        let (series, number) = (self.series, self.number);
        let plate = (series.wrapping_mul(7919) + number) % PLATES;
        let body = format!(
            r#"{{"version":"1.0","token":"{token}","appId":"{APP_ID}","parkingLotId":"{LOT}","time":"{time}","deviceNo":"CAM-01","uuid":"{series:08x}-{number:016x}","recognitionTime":"{time}","image":"https://192.0.2.10:8443/pictures/{series:08x}{number:016x}.jpg","plateNumber":"粤B1{plate:04}","color":"blue","reliability":96}}"#
        );
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
}
