//! `POST /hik/KEY`: what cameras push, answered as soon as it is on disk.
//!
//! Whatever is not answered with 200 comes again: so what cannot be read, or is of no use, is
//! answered so too, and shows up as a fault of the camera.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use futures_util::future::BoxFuture;

use super::State;
use super::event::{self, Said};
use crate::devices::answer::Answer;
use crate::devices::intake::Untaken;
use crate::devices::multipart::{self, Kind, Part, Parts};
use crate::devices::push::{Push, Pushes};
use crate::devices::teller::Teller;

/// Most parts of a push: an event and the pictures of a vehicle and of who sits in it.
const MOST_PARTS: usize = 16;

/// A camera, and where what it says goes.
#[derive(Debug)]
pub(super) struct PushingCamera {
    seen: Arc<State>,
    teller: Teller,
}

/// A push, taken apart.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Pushed {
    pub(super) event: Vec<u8>,
    pub(super) image: Option<Vec<u8>>,
}

impl Pushes for PushingCamera {
    fn take(&self, push: Push) -> BoxFuture<'_, Response> {
        Box::pin(self.receive(push))
    }
}

impl PushingCamera {
    pub(super) fn new(seen: Arc<State>, teller: Teller) -> PushingCamera {
        PushingCamera { seen, teller }
    }

    async fn receive(&self, push: Push) -> Response {
        let body = &push.body;
        let said = take_apart(push.content_type(), body).and_then(|pushed| {
            let said = event::read(&pushed.event).map_err(|error| error.to_string())?;
            Ok((said, pushed.image))
        });
        match said {
            Ok((said, image)) => {
                self.seen.health.heard(body);
                if let Some(why) = push.too_long() {
                    self.seen.complains(&why);
                }
                self.told(said, image).await
            }
            Err(why) => {
                let why = push.too_long().unwrap_or(why);
                self.seen.health.nonsense(&why, body);
                let name = &self.seen.config.name;
                tracing::warn!(name, why, "a camera says what cannot be read");
                StatusCode::OK.into_response()
            }
        }
    }

    async fn told(&self, said: Said, image: Option<Vec<u8>>) -> Response {
        match said {
            Said::Plate(seen) => {
                let event = self.seen.plate(*seen, image);
                match self.teller.tell_whole(event).await {
                    Ok(()) => {}
                    // It would make no more sense a second time.
                    Err(Untaken::Never(why)) => self.seen.health.faulty(&why),
                    Err(Untaken::Later) => return Answer::Busy.into_response(),
                }
            }
            Said::Input(input) => self.seen.nudge(input),
            Said::Beat => {}
            Said::Other(kind) => {
                tracing::debug!(kind, "a camera tells what is of no use");
            }
        }
        StatusCode::OK.into_response()
    }
}

/// The event of a push, and its best picture.
///
/// # Errors
/// What is missing, for people.
pub(super) fn take_apart(content_type: &str, body: &[u8]) -> Result<Pushed, String> {
    let Some(boundary) = multipart::boundary(content_type) else {
        return Ok(Pushed {
            event: body.to_vec(),
            image: None,
        });
    };
    let mut parts = Parts::new(&boundary);
    parts.push(body);
    parts.end();
    let (mut event, mut pictures, mut is_json) = (None, Vec::new(), false);
    for _ in 0..MOST_PARTS {
        let part = match parts.next() {
            Ok(Some(part)) => part,
            Ok(None) => break,
            // A picture that cannot be read must not cost the plate.
            Err(_) if event.is_some() => break,
            Err(error) => return Err(error.to_string()),
        };
        match part.kind {
            Kind::Xml if event.is_none() && !part.body.is_empty() => event = Some(part.body),
            Kind::Json => is_json = true,
            Kind::Picture if !part.body.is_empty() => pictures.push(part),
            Kind::Xml | Kind::Picture | Kind::Unknown => {}
        }
    }
    let missing = if is_json {
        "推送的是 JSON，请在相机上选择 XML"
    } else {
        "推送中没有 XML"
    };
    Ok(Pushed {
        event: event.ok_or(missing)?,
        image: best(pictures),
    })
}

/// What shows most: the whole scene before the vehicle, and that before its plate.
fn best(mut pictures: Vec<Part>) -> Option<Vec<u8>> {
    let names = ["detection", "vehicle"];
    let named = |name: &&str| pictures.iter().position(|it| it.name.starts_with(*name));
    let place = names.iter().find_map(named).unwrap_or_default();
    (place < pictures.len()).then(|| pictures.swap_remove(place).body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(parts: &[(&str, &str)]) -> Vec<u8> {
        let mut body = String::new();
        for (name, content) in parts {
            body += &format!(
                "--boundary\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{name}\"\r\n\
                 Content-Length: {}\r\n\r\n{content}\r\n",
                content.len()
            );
        }
        (body + "--boundary--\r\n").into_bytes()
    }

    const FORM: &str = "multipart/form-data; boundary=boundary";

    #[test]
    fn the_picture_that_shows_most_is_kept() {
        let plate = ("licensePlatePicture.jpg", "plate");
        let all = [
            ("anpr.xml", "<x/>"),
            plate,
            ("vehiclePicture.jpg", "vehicle"),
            ("detectionPicture.jpg", "scene"),
        ];
        let pushed = take_apart(FORM, &form(&all)).unwrap();
        assert_eq!(pushed.event, b"<x/>");
        assert_eq!(pushed.image.as_deref(), Some(b"scene".as_slice()));
        let pushed = take_apart(FORM, &form(&all[..3])).unwrap();
        assert_eq!(pushed.image.as_deref(), Some(b"vehicle".as_slice()));
        let pushed = take_apart(FORM, &form(&[all[0], plate, ("detectionPicture.jpg", "")]));
        assert_eq!(pushed.unwrap().image.as_deref(), Some(b"plate".as_slice()));
        assert_eq!(take_apart(FORM, &form(&all[..1])).unwrap().image, None);
    }

    #[test]
    fn an_event_alone_is_an_event_and_what_has_none_is_said() {
        let alone = take_apart("application/xml; charset=\"UTF-8\"", b"<x/>").unwrap();
        assert_eq!(alone.event, b"<x/>");
        let json = take_apart(FORM, &form(&[("anpr.json", "{}")])).unwrap_err();
        assert!(json.contains("XML"), "{json}");
        assert!(take_apart(FORM, b"").is_err());
    }

    #[test]
    fn what_was_cut_off_within_a_picture_keeps_its_event() {
        let body = form(&[
            ("anpr.xml", "<x/>"),
            ("detectionPicture.jpg", "a long scene"),
        ]);
        let end = body.windows(6).position(|it| it == b" scene").unwrap();
        let pushed = take_apart(FORM, &body[..end]).unwrap();
        assert_eq!(pushed.event, b"<x/>");
        let before = body.windows(4).position(|it| it == b"<x/>").unwrap();
        assert!(take_apart(FORM, &body[..before]).is_err());
    }
}
