use proptest::prelude::*;

use super::*;

const EVENT: &str = "<EventNotificationAlert><eventType>ANPR</eventType></EventNotificationAlert>";

fn all(boundary: &str, pieces: &[&[u8]]) -> Result<Vec<Part>, PartsError> {
    let mut parts = Parts::new(boundary);
    let mut found = Vec::new();
    for piece in pieces {
        parts.push(piece);
        while let Some(part) = parts.next()? {
            found.push(part);
        }
    }
    parts.end();
    while let Some(part) = parts.next()? {
        found.push(part);
    }
    Ok(found)
}

fn push() -> Vec<u8> {
    let mut body = format!(
        "--boundary\r\nContent-Disposition: form-data; name=\"anpr.xml\"; filename=\"anpr.xml\"\r\n\
         Content-Type: text/xml; charset=\"UTF-8\"\r\nContent-Length: 9\r\n\r\n{EVENT}\r\n\
         --boundary\r\nContent-Disposition: form-data; name=\"licensePlatePicture.jpg\"\r\n\
         Content-Type: image/pjpeg\r\nContent-Length: 0\r\n\r\n\r\n\
         --boundary\r\nContent-Disposition: form-data; filename=\"detectionPicture.jpg\"\r\n\
         Content-Length: 12\r\n\r\n"
    )
    .into_bytes();
    body.extend(b"\xFF\xD8\r\n--bound\xFF");
    body.extend(b"\r\n--boundary\r\n\r\n{\"a\":1}\r\n--boundary--\r\n");
    body
}

#[test]
fn a_push_has_an_event_and_pictures_of_which_one_may_be_empty() {
    let parts = all("boundary", &[&push()]).unwrap();
    let seen: Vec<_> = parts
        .iter()
        .map(|it| (it.kind, it.name.as_str(), it.body.len()))
        .collect();
    let expected = [
        (Kind::Xml, "anpr.xml", EVENT.len()),
        (Kind::Picture, "licensePlatePicture.jpg", 0),
        (Kind::Picture, "detectionPicture.jpg", 12),
        (Kind::Json, "", 7),
    ];
    assert_eq!(seen, expected);
    assert_eq!(parts[0].body, EVENT.as_bytes());
}

/// As most programs name theirs; some name it together with the dashes before it.
#[test]
fn a_boundary_may_begin_with_dashes_of_its_own() {
    for (named, written) in [
        (
            "------------------------d74496d66958873e",
            "--------------------------d74496d66958873e",
        ),
        ("----WebKitFormBoundaryX", "------WebKitFormBoundaryX"),
        ("-----", "-------"),
        ("--boundary", "--boundary"),
    ] {
        let pushed = String::from_utf8_lossy(&push()).replace("--boundary", written);
        let parts = all(named, &[pushed.as_bytes()]).unwrap();
        assert_eq!(parts.len(), 4, "{named}");
        assert_eq!(parts[0].body, EVENT.as_bytes());
        assert_eq!(parts[3].body, b"{\"a\":1}");
    }
}

/// The alert stream: an event is there as soon as it is whole, and not when the next one comes.
#[test]
fn an_event_of_a_stream_does_not_wait_for_the_next_boundary() {
    for event in [
        EVENT.to_owned(),
        EVENT.replace('<', "<h:").replace("<h:/", "</h:"),
        // The length is wrong, as it sometimes is.
        format!(" \r\n{EVENT}"),
    ] {
        let mut parts = Parts::new("boundary");
        let head = "--boundary\r\nContent-Type: application/xml\r\nContent-Length: 4\r\n\r\n";
        for _ in 0..2 {
            parts.push(head.as_bytes());
            assert_eq!(parts.next(), Ok(None));
            parts.push(event.as_bytes());
            let part = parts.next().unwrap().unwrap();
            assert_eq!(part.body, event.as_bytes());
            assert_eq!(parts.next(), Ok(None));
            parts.push(b"\r\n");
        }
        parts.push(
            b"--boundary\r\nContent-Type: image/jpeg\r\nContent-Length: 3\r\n\r\n\xFF\xD8\xFF",
        );
        assert_eq!(parts.next().unwrap().unwrap().body.len(), 3);
    }
}

#[test]
fn line_breaks_and_lengths_and_the_last_boundary_may_be_wrong() {
    for body in [
        "--b\n\n<x/>\n--b--",
        "--b\r\n\r\n<x/>\r\n--b",
        "--b\r\n\r\n<x/>\r\n",
        "preamble\r\n--b \r\ncontent-type:text/xml\r\n\r\n<x/>\r\n--b--\r\nepilogue\r\n--",
        "--b\r\nContent-Type: text/plain\r\nContent-Length: 40\r\n\r\n<x/>\r\n--b--\r\n",
    ] {
        let parts = all("b", &[body.as_bytes()]).unwrap();
        assert_eq!(parts.len(), 1, "{body}");
        assert_eq!(parts[0].body, b"<x/>", "{body}");
    }
    assert_eq!(all("b", &[b"--b\r\n\r\n--b--\r\n"]).unwrap()[0].body, b"");
    assert!(all("b", &[b"nothing", b" of the kind"]).unwrap().is_empty());
    assert!(
        all("b", &[b"--bc\r\n\r\nx\r\n--bc--\r\n"])
            .unwrap()
            .is_empty()
    );
}

#[test]
fn what_is_too_long_is_refused() {
    let long = format!("--b\r\nX: {}\r\n\r\n", "x".repeat(MAX_LINE_BYTES));
    assert_eq!(all("b", &[long.as_bytes()]), Err(PartsError::Head));
    let many = format!("--b\r\n{}", "X: y\r\n".repeat(MAX_LINES + 1));
    assert_eq!(all("b", &[many.as_bytes()]), Err(PartsError::Head));
    let claims = b"--b\r\nContent-Length: 99999999\r\n\r\n";
    assert_eq!(all("b", &[claims]), Err(PartsError::TooLong));
    let piece = vec![b' '; MAX_PART_BYTES / 2 + 1];
    let head = b"--b\r\n\r\n".as_slice();
    assert_eq!(all("b", &[head, &piece, &piece]), Err(PartsError::TooLong));
}

#[test]
fn a_boundary_is_found_in_a_content_type() {
    for (content_type, expected) in [
        ("multipart/form-data; boundary=boundary", Some("boundary")),
        (
            "Multipart/Mixed;charset=utf-8; Boundary=\"a b\"",
            Some("a b"),
        ),
        ("multipart/form-data", None),
        ("multipart/form-data; boundary=", None),
        ("application/xml; boundary=x", None),
    ] {
        assert_eq!(
            boundary(content_type).as_deref(),
            expected,
            "{content_type}"
        );
    }
    assert_eq!(
        boundary(&format!("multipart/mixed; boundary={}", "x".repeat(71))),
        None
    );
}

proptest! {
    /// However the bytes are cut, and whatever they are made of, the parts are the same.
    #[test]
    fn parts_do_not_depend_on_where_bytes_are_cut(
        words in proptest::collection::vec(0_usize..12, 0..24),
        cuts in proptest::collection::vec(1_usize..40, 0..60)
    ) {
        let made = [
            "--b", "\r\n", "\n", "--b\r\n\r\n", "Content-Length: 5\r\n", "Content-Type: text/xml\r\n",
            "Content-Type: image/jpeg\r\n", "</EventNotificationAlert>", "</x:EventNotificationAlert>",
            "<x>", "--", "\u{ff}",
        ];
        let bytes: Vec<u8> = words.iter().flat_map(|it| made[*it].bytes()).collect();
        let (mut rest, mut pieces) = (bytes.as_slice(), Vec::new());
        for cut in cuts {
            let (piece, left) = rest.split_at(cut.min(rest.len()));
            pieces.push(piece);
            rest = left;
        }
        pieces.push(rest);
        prop_assert_eq!(all("b", &pieces), all("b", &[&bytes]));
    }
}

#[test]
fn a_push_may_be_cut_at_every_byte() {
    let body = push();
    let whole = all("boundary", &[&body]).unwrap();
    for cut in 0..body.len() {
        let (one, other) = body.split_at(cut);
        assert_eq!(all("boundary", &[one, other]).unwrap(), whole, "at {cut}");
    }
    let bytes: Vec<&[u8]> = body.chunks(1).collect();
    assert_eq!(all("boundary", &bytes).unwrap(), whole);
}
