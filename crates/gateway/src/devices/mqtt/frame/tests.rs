use proptest::prelude::*;

use super::*;

/// Every packet in these bytes, which come in pieces of `piece`.
fn read(bytes: &[u8], piece: usize) -> Result<Vec<Packet>, FrameError> {
    let mut frames = Frames::default();
    let mut packets = Vec::new();
    for piece in bytes.chunks(piece) {
        frames.room().extend_from_slice(piece);
        while let Some(packet) = frames.next()? {
            packets.push(packet);
        }
    }
    Ok(packets)
}

fn message(topic: &str, payload: &[u8]) -> Message {
    Message {
        topic: topic.to_owned(),
        payload: Bytes::copy_from_slice(payload),
        retained: false,
        id: None,
    }
}

/// The examples of the standard's text (MQTT 3.1.1, 3.1 to 3.12), byte by byte.
#[test]
fn what_is_sent_is_as_the_standard_says() {
    let who = Connect {
        client: "c",
        user: Some("u"),
        password: Some("p"),
        keep_alive: 10,
    };
    let expected = b"\x10\x13\0\x04MQTT\x04\xC2\0\x0A\0\x01c\0\x01u\0\x01p";
    assert_eq!(connect(&who), expected);
    let nobody = Connect {
        user: None,
        password: None,
        ..who
    };
    assert_eq!(connect(&nobody), b"\x10\x0D\0\x04MQTT\x04\x02\0\x0A\0\x01c");
    let filters = ["a/b".to_owned(), "c/+".to_owned()];
    let expected = b"\x82\x0E\0\x0A\0\x03a/b\x01\0\x03c/+\x01";
    assert_eq!(subscribe(10, &filters), expected);
    assert_eq!(publish("a/b", b"x", None), b"\x30\x06\0\x03a/bx");
    assert_eq!(publish("a/b", b"x", Some(10)), b"\x32\x08\0\x03a/b\0\x0Ax");
    assert_eq!(arrived(10), b"\x40\x02\0\x0A");
    assert_eq!(ping(), b"\xC0\0");
    assert_eq!(disconnect(), b"\xE0\0");
    let long = publish("t", &[7; 400], None);
    assert_eq!(long[..3], [0x30, 0x93, 0x03], "403 in two bytes");
}

#[test]
fn every_packet_of_a_broker_is_read() {
    let bytes = b"\x20\x02\0\0\x90\x04\0\x01\x01\x80\xD0\0\x40\x02\0\x0A\x33\x08\0\x03a/b\0\x0Ax";
    let expected = [
        Packet::Connected(0),
        Packet::Subscribed(vec![true, false]),
        Packet::Pong,
        Packet::Arrived,
        Packet::Message(Message {
            retained: true,
            id: Some(10),
            ..message("a/b", b"x")
        }),
    ];
    for piece in 1..bytes.len() {
        assert_eq!(read(bytes, piece).unwrap(), expected, "{piece}");
    }
}

#[test]
fn what_is_no_packet_of_a_broker_ends_it() {
    for (bytes, error) in [
        (b"\x10\0".as_slice(), FrameError::Kind(0x10)),
        (b"\x00\0", FrameError::Kind(0)),
        (b"\x20\x80\x80\x80\x80", FrameError::Length),
        (b"\x20\x01\0", FrameError::Short(0x20)),
        (b"\xD0\x01\0", FrameError::Short(0xD0)),
        (b"\x30\x01\0", FrameError::Short(0x30)),
        (b"\x30\x04\0\x03ab", FrameError::Short(0x30)),
        (b"\x32\x05\0\x03a/b", FrameError::Short(0x32)),
        (b"\x34\x07\0\x03a/b\0\x0A", FrameError::Kind(0x34)),
        (b"\x30\x05\0\x03a/+", FrameError::Topic),
        (b"\x30\x04\0\x02\xFF\xFF", FrameError::Topic),
        (b"\x30\x02\0\0", FrameError::Topic),
    ] {
        assert_eq!(read(bytes, 1), Err(error), "{bytes:02X?}");
    }
}

/// One camera's picture must not cost the others their connection.
#[test]
fn a_message_that_is_too_large_is_passed_over_and_the_next_one_read() {
    let mut bytes = publish("a/b", &vec![0xD0; MOST], Some(10));
    bytes.extend(publish("c", b"next", None));
    let packets = read(&bytes, 64 * 1024).unwrap();
    let head = Message {
        id: Some(10),
        ..message("a/b", b"")
    };
    let length = MOST + 7;
    let expected = [
        Packet::TooLarge(head, length),
        Packet::Message(message("c", b"next")),
    ];
    assert_eq!(packets, expected);
}

proptest! {
    #[test]
    fn a_message_is_the_same_however_it_is_cut(
        topic in "[a-z/\u{4e00}-\u{4eff}]{1,20}",
        payload in proptest::collection::vec(any::<u8>(), 0..300),
        id in proptest::option::of(1_u16..),
        piece in 1_usize..50,
    ) {
        let bytes = publish(&topic, &payload, id);
        let expected = Message { id, ..message(&topic, &payload) };
        prop_assert_eq!(read(&bytes, piece).unwrap(), vec![Packet::Message(expected)]);
    }

    /// Nothing that comes stalls or kills who reads, and how it is cut changes nothing.
    #[test]
    fn noise_is_read_alike_however_it_is_cut(
        bytes in proptest::collection::vec(any::<u8>(), 0..60), piece in 1_usize..10
    ) {
        prop_assert_eq!(read(&bytes, piece), read(&bytes, 60));
    }
}
