use proptest::prelude::*;

use super::*;

/// Bytes as the maker's documents write them.
pub(in super::super) fn hex(text: &str) -> Vec<u8> {
    let bytes = text.split_whitespace();
    bytes
        .map(|it| u8::from_str_radix(it, 16).unwrap())
        .collect()
}

fn frame(command: u8, data: &str) -> Frame {
    Frame {
        address: 0,
        command,
        data: hex(data),
    }
}

/// From the maker's manual, and written after it.
#[test]
fn commands_travel_as_in_the_makers_manual() {
    for (command, data, bytes) in [
        (
            0x00,
            "31 35 39 37 35 33",
            "00 64 FF FF 00 06 31 35 39 37 35 33 FB 06",
        ),
        (
            0x0F,
            "00 01 00 00 00 05",
            "00 64 FF FF 0F 06 00 01 00 00 00 05 24 B7",
        ),
        (
            0x0F,
            "01 01 00 00 00 01",
            "00 64 FF FF 0F 06 01 01 00 00 00 01 24 A5",
        ),
        (
            0x0F,
            "02 01 00 00 00 01",
            "00 64 FF FF 0F 06 02 01 00 00 00 01 24 96",
        ),
        (
            0x0F,
            "01 01 00 00 00 FF",
            "00 64 FF FF 0F 06 01 01 00 00 00 FF A5 25",
        ),
        (0xD5, "", "00 64 FF FF D5 00 2F 67"),
        (0x31, "", "00 64 FF FF 31 00 64 67"),
        (
            0x05,
            "EA 07 0B 17 02 09 1E 00",
            "00 64 FF FF 05 08 EA 07 0B 17 02 09 1E 00 62 62",
        ),
        (
            0x30,
            "01 D4 C1 42 31 32 33 34 35 2C C7 EB C8 EB B3 A1 CD A3 B3 B5",
            "00 64 FF FF 30 14 01 D4 C1 42 31 32 33 34 35 2C C7 EB C8 EB B3 A1 CD A3 B3 B5 5B FD",
        ),
    ] {
        assert_eq!(frame(command, data).encode(), hex(bytes), "{command:02X}");
    }
}

const ANSWERS: [(u8, &str, &str); 6] = [
    (
        0x00,
        "00 31 30 32 34 36 30 31 30 30",
        "00 64 FF FF 00 0A 00 31 30 32 34 36 30 31 30 30 9F EF",
    ),
    (0x62, "00", "00 64 FF FF 62 01 00 97 6A"),
    (0x0F, "00", "00 64 FF FF 0F 01 00 06 B7"),
    (
        0xD5,
        "6D 06 0A 00 00 00 03 00",
        "00 64 FF FF D5 08 6D 06 0A 00 00 00 03 00 92 B5",
    ),
    (0x6F, "00", "00 64 FF FF 6F 01 00 06 A9"),
    (0x6F, "01", "00 64 FF FF 6F 01 01 C7 69"),
];

fn all(frames: &mut Frames) -> Vec<Frame> {
    std::iter::from_fn(|| frames.next()).collect()
}

#[test]
fn answers_are_read_however_they_are_cut_and_whatever_lies_between() {
    let mut bytes = vec![0x00, 0x64, 0xFF];
    let mut expected = Vec::new();
    for (command, data, answer) in ANSWERS {
        bytes.extend(hex(answer));
        // Noise, and what only looks like the beginning of a frame.
        bytes.extend([0x00, 0x64, 0xFF, 0xFF, 0x6F, 0x20, 0x64]);
        expected.push(frame(command, data));
    }
    for split in 0..=bytes.len() {
        let mut frames = Frames::default();
        frames.push(&bytes[..split]);
        let mut got = all(&mut frames);
        frames.push(&bytes[split..]);
        got.extend(all(&mut frames));
        assert_eq!(got, expected, "split at {split}");
    }
    let mut frames = Frames::default();
    let mut got = Vec::new();
    for byte in bytes {
        frames.push(&[byte]);
        got.extend(all(&mut frames));
    }
    assert_eq!(got, expected);
}

#[test]
fn the_long_version_has_two_bytes_of_length() {
    let mut bytes = vec![0x03, 0xC8, 0xFF, 0xFF, 0xE5, 0x01, 0x00, 0x00];
    bytes.extend(crc(&bytes).to_le_bytes());
    let mut frames = Frames::default();
    frames.push(&bytes);
    let (address, command, data) = (3, 0xE5, vec![0]);
    let expected = Frame {
        address,
        command,
        data,
    };
    assert_eq!(frames.next(), Some(expected));
}

#[test]
fn a_wrong_checksum_is_no_answer() {
    for at in 0..9 {
        let mut bytes = hex("00 64 FF FF 6F 01 00 06 A9");
        bytes[at] ^= 0x10;
        let mut frames = Frames::default();
        frames.push(&bytes);
        assert_eq!(frames.next(), None, "byte {at}");
    }
}

#[test]
fn an_answer_is_of_that_board_to_that_command_and_no_echo() {
    let question = frame(CONNECT, "31 35 39 37 35 33");
    assert!(frame(CONNECT, "00 31 30 32").answers(&question));
    assert!(!frame(CONNECT, "31 35 39 37 35 33").answers(&question));
    assert!(!frame(CONNECT, "").answers(&question));
    assert!(!frame(SHOW, "00").answers(&question));
    let other = Frame {
        address: 1,
        ..frame(CONNECT, "00")
    };
    assert!(!other.answers(&question));
}

proptest! {
    /// Whatever comes, little is kept, and the next answer is read all the same.
    #[test]
    fn no_bytes_stall_the_next_answer(
        pieces in proptest::collection::vec(proptest::collection::vec(
            prop_oneof![Just(0_u8), Just(0x64), Just(0xC8), Just(0xFF), any::<u8>()], 0..40), 0..12)
    ) {
        let mut frames = Frames::default();
        for piece in pieces {
            frames.push(&piece);
            while frames.next().is_some() {}
            prop_assert!(frames.buffer.len() < HEAD + 2 + MOST_ANSWERED + 2);
        }
        frames.push(&hex("00 64 FF FF 6F 01 00 06 A9"));
        prop_assert!(all(&mut frames).contains(&frame(SHOW, "00")));
    }
}
