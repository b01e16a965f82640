//! What the scripted peer does with a request.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::sync::watch;

use crate::http::Response;
use crate::http::server::{head, write_response};
use crate::net::Connection;
use crate::text::Text;

/// Longest that a peer hangs: longer than anybody waits.
const HANG: Duration = Duration::from_secs(600);

/// Pause between two bytes of a reply that drips: so slow that it never ends in time, and never
/// silent so long that a time-out between bytes would notice.
const DRIP: Duration = Duration::from_millis(250);

/// What is done with one request.
#[derive(Clone, Debug)]
pub enum Reaction {
    /// Answers.
    Answer(Response),
    /// Answers once it is told to.
    Held(watch::Receiver<bool>, Response),
    /// Never answers.
    Hang,
    /// Cuts the connection with a reset.
    Reset,
    /// Answers with bytes that are no HTTP.
    Noise,
    /// Answers byte by byte, for ever.
    Drip,
}

impl Reaction {
    /// Answers `respCode` `"0"`.
    pub fn accept() -> Reaction {
        Reaction::Answer(accepted())
    }

    /// Answers `respCode` `"1"` with a reason.
    pub fn refuse(why: &str) -> Reaction {
        Reaction::Answer(refused(why))
    }

    /// The same answer, once it is told to.
    #[must_use]
    pub fn held(self, released: watch::Receiver<bool>) -> Reaction {
        let response = self.response().unwrap_or_else(accepted);
        Reaction::Held(released, response)
    }

    /// Answers with another HTTP status, and a body that would be a success.
    pub fn status(status: u16) -> Reaction {
        Reaction::Answer(Response {
            status,
            ..accepted()
        })
    }

    /// Sends the other side elsewhere.
    pub fn redirect() -> Reaction {
        let mut response = accepted();
        response.status = 307;
        let location = ("Location".to_owned(), "/elsewhere".to_owned());
        response.headers.push(location);
        Reaction::Answer(response)
    }

    /// Answers HTTP 200 with a page instead of JSON.
    pub fn page() -> Reaction {
        let mut response = Response::json("<html><body>respCode 0</body></html>");
        response.headers[0].1 = "text/html".to_owned();
        Reaction::Answer(response)
    }

    /// The response that the other side gets, if it gets one.
    pub(super) fn response(&self) -> Option<Response> {
        match self {
            Reaction::Answer(response) | Reaction::Held(_, response) => Some(response.clone()),
            Reaction::Hang | Reaction::Reset | Reaction::Noise | Reaction::Drip => None,
        }
    }

    /// What the kit did on purpose, for the report.
    pub(super) fn note(&self) -> Option<Text> {
        let (zh, en) = match self {
            Reaction::Answer(_) => return None,
            Reaction::Held(..) => ("测试工具有意延迟应答", "the kit answered late on purpose"),
            Reaction::Hang => ("测试工具有意不应答", "the kit did not answer on purpose"),
            Reaction::Reset => (
                "测试工具有意重置连接",
                "the kit reset the connection on purpose",
            ),
            Reaction::Noise => (
                "测试工具有意返回乱码",
                "the kit answered with noise on purpose",
            ),
            Reaction::Drip => (
                "测试工具有意逐字节慢应答",
                "the kit's answer dripped on purpose",
            ),
        };
        Some(Text::new(zh, en))
    }

    /// Does it; whether the connection goes on.
    pub(super) async fn carry_out(self, stream: &mut BufReader<Box<dyn Connection>>) -> bool {
        match self {
            Reaction::Answer(response) => write_response(stream, &response).await.is_ok(),
            Reaction::Held(mut released, response) => {
                let told = released.wait_for(|told| *told);
                let _ = tokio::time::timeout(HANG, told).await;
                write_response(stream, &response).await.is_ok()
            }
            Reaction::Hang => {
                // The other side's giving up is the end of it.
                let gone = stream.read_u8();
                let _ = tokio::time::timeout(HANG, gone).await;
                false
            }
            Reaction::Reset => {
                stream.get_ref().reset_on_drop();
                false
            }
            Reaction::Noise => {
                let _ = stream
                    .write_all(b"\x15\x03\x01 this is not HTTP\r\n\r\n")
                    .await;
                let _ = stream.shutdown().await;
                false
            }
            Reaction::Drip => drip(stream).await,
        }
    }
}

async fn drip(stream: &mut BufReader<Box<dyn Connection>>) -> bool {
    let mut response = accepted();
    // Spaces before a JSON text mean nothing, so that the reply is sound as far as it goes.
    let bytes = usize::try_from(HANG.as_millis() / DRIP.as_millis()).unwrap_or(usize::MAX);
    let mut body = vec![b' '; bytes];
    body.append(&mut response.body);
    response.body = body;
    if stream.write_all(&head(&response)).await.is_err() {
        return false;
    }
    for byte in response.body {
        if stream.write_all(&[byte]).await.is_err() || stream.flush().await.is_err() {
            return false;
        }
        tokio::time::sleep(DRIP).await;
    }
    false
}

fn accepted() -> Response {
    Response::json(r#"{"respCode":"0","respDesc":""}"#)
}

fn refused(why: &str) -> Response {
    Response::json(serde_json::json!({"respCode": "1", "respDesc": why}).to_string())
}
