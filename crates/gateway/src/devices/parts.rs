//! An event as a form: its JSON in the part `event`, its picture as it is in the part `image`.

use std::convert::Infallible;

use axum::body::Bytes;
use axum::http::{HeaderMap, header};
use futures_util::stream;
use multer::Multipart;

use super::event::Event;

/// The boundary of a form; `None` when the request is no form.
pub(super) fn boundary(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    multer::parse_boundary(value).ok()
}

/// Reads the event of a form.
///
/// # Errors
/// A sentence that names the part or the field, what came and what was expected.
pub(super) async fn read(boundary: String, body: Bytes) -> Result<Event, String> {
    let whole = stream::once(async move { Ok::<_, Infallible>(body) });
    let mut form = Multipart::new(whole, boundary);
    let (mut event, mut image) = (None, None);
    while let Some(part) = form.next_field().await.map_err(broken)? {
        match part.name().unwrap_or_default() {
            "event" => event = Some(part.bytes().await.map_err(broken)?),
            "image" => image = Some(part.bytes().await.map_err(broken)?.to_vec()),
            other => {
                let expected = "应为 event 或 image";
                return Err(format!("表单字段 {other:?}：{expected}"));
            }
        }
    }
    let event = event.ok_or("表单缺少字段 event，应为事件的 JSON")?;
    let mut event = Event::read(&event)?;
    match (&mut event, image) {
        (_, None) => {}
        (Event::Plate(plate), image) => plate.image = image,
        (Event::Place(place), image) => place.image = image,
        (_, Some(_)) => return Err("表单字段 image：只有 plate 与 place 事件有图片".to_owned()),
    }
    Ok(event)
}

fn broken(error: multer::Error) -> String {
    format!("表单无法读取：{error}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(parts: &[(&str, &str)]) -> Bytes {
        let mut body = String::new();
        for (name, value) in parts {
            body += &format!(
                "--X\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            );
        }
        Bytes::from(body + "--X--\r\n")
    }

    #[tokio::test]
    async fn a_picture_comes_beside_the_event_as_it_is() {
        let body = form(&[
            ("event", r#"{"event":"plate","device":"CAM-01"}"#),
            ("image", "jpeg"),
        ]);
        let event = read("X".to_owned(), body).await.unwrap();
        let Event::Plate(plate) = event else {
            panic!("{event:?}");
        };
        assert_eq!(plate.image.as_deref(), Some(b"jpeg".as_slice()));
    }

    #[tokio::test]
    async fn what_is_wrong_with_a_form_is_said_with_its_part() {
        for (parts, words) in [
            (vec![("image", "x")], "event"),
            (vec![("event", "{}"), ("sound", "x")], "sound"),
            (
                vec![("event", r#"{"event":"fire","on":true}"#), ("image", "x")],
                "image",
            ),
        ] {
            let error = read("X".to_owned(), form(&parts)).await.unwrap_err();
            assert!(error.contains(words), "{error}");
        }
    }
}
