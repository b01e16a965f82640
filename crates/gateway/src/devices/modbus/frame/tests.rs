use proptest::prelude::*;

use super::*;

fn hex(text: &str) -> Vec<u8> {
    let bytes = text.split_whitespace();
    bytes
        .map(|it| u8::from_str_radix(it, 16).unwrap())
        .collect()
}

const fn rtu(unit: u8) -> Peer {
    let framing = Framing::Rtu;
    Peer { framing, unit }
}

const TCP: Peer = Peer {
    framing: Framing::Tcp,
    unit: 1,
};

const INPUTS: Call = Call::Inputs { at: 0, count: 8 };

#[test]
fn questions_over_rtu_are_those_of_the_makers() {
    let coil = |at, value| Call::WriteCoil { at, value };
    let pair = |at, values| Call::WritePair { at, values };
    let coils = Call::Coils { at: 0, count: 8 };
    for (unit, call, bytes) in [
        (1, coil(0, ON), "01 05 00 00 FF 00 8C 3A"),
        (1, coil(0x200, 5), "01 05 02 00 00 05 0C 71"),
        (1, coil(0xFF, OFF), "01 05 00 FF 00 00 FD FA"),
        (1, coils, "01 01 00 00 00 08 3D CC"),
        (1, INPUTS, "01 02 00 00 00 08 79 CC"),
        (254, coil(0, ON), "FE 05 00 00 FF 00 98 35"),
        (254, coil(0, OFF), "FE 05 00 00 00 00 D9 C5"),
        (
            254,
            pair(3, [4, 10]),
            "FE 10 00 03 00 02 04 00 04 00 0A 41 6B",
        ),
        (
            254,
            pair(8, [4, 5]),
            "FE 10 00 08 00 02 04 00 04 00 05 40 DC",
        ),
        (254, INPUTS, "FE 02 00 00 00 08 6D C3"),
    ] {
        assert_eq!(rtu(unit).encode(call, 0), hex(bytes), "{call:?}");
    }
}

#[test]
fn questions_over_tcp_are_those_of_the_makers() {
    let coil = |value| Call::WriteCoil { at: 16, value };
    let coils = Call::Coils { at: 0, count: 6 };
    for (number, call, bytes) in [
        (1, coil(ON), "00 01 00 00 00 06 01 05 00 10 FF 00"),
        (2, coil(OFF), "00 02 00 00 00 06 01 05 00 10 00 00"),
        (3, coils, "00 03 00 00 00 06 01 01 00 00 00 06"),
        (4, INPUTS, "00 04 00 00 00 06 01 02 00 00 00 08"),
    ] {
        assert_eq!(TCP.encode(call, number), hex(bytes), "{call:?}");
    }
}

#[test]
fn answers_are_read_bit_by_bit() {
    let answered = |peer: Peer, call, number, bytes| match peer.decode(&hex(bytes), call, number) {
        Ok(Decoded::Answer(answer, length)) => {
            assert_eq!(length, hex(bytes).len());
            answer
        }
        other => panic!("{other:?}"),
    };
    let on =
        |count: usize, on: &[usize]| Answer::Bits((0..count).map(|n| on.contains(&n)).collect());
    let (one, coils) = (rtu(1), Call::Coils { at: 0, count: 8 });
    assert_eq!(answered(one, coils, 0, "01 01 01 00 51 88"), on(8, &[]));
    assert_eq!(answered(one, INPUTS, 0, "01 02 01 01 60 48"), on(8, &[0]));
    assert_eq!(answered(one, INPUTS, 0, "01 02 01 00 A1 88"), on(8, &[]));
    let six = Call::Coils { at: 0, count: 6 };
    let bytes = "00 03 00 00 00 04 01 01 01 05";
    assert_eq!(answered(TCP, six, 3, bytes), on(6, &[0, 2]));
    let bytes = "00 04 00 00 00 04 01 02 01 01";
    assert_eq!(answered(TCP, INPUTS, 4, bytes), on(8, &[0]));
    let write = Call::WriteCoil { at: 9, value: ON };
    let bytes = "00 05 00 00 00 03 01 85 02";
    assert_eq!(answered(TCP, write, 5, bytes), Answer::Exception(2));
    let write = Call::WriteCoil { at: 0, value: ON };
    let bytes = "01 05 00 00 FF 00 8C 3A";
    assert_eq!(answered(one, write, 0, bytes), Answer::Written);
}

/// An echo of something else is no proof that a relay was switched.
#[test]
fn what_does_not_answer_the_question_is_said() {
    let write = Call::WriteCoil { at: 0, value: ON };
    for (bytes, error) in [
        ("01 05 00 00 00 00 CD CA", FrameError::Content),
        ("01 05 00 01 FF 00 DD FA", FrameError::Content),
        ("01 05 00 00 FF 00 8C 3B", FrameError::Checksum),
        ("02 05 00 00 FF 00 8C 09", FrameError::Mismatch),
    ] {
        assert_eq!(rtu(1).decode(&hex(bytes), write, 0), Err(error), "{bytes}");
    }
    for bytes in [
        "48 54 54 50 2F 31 2E 31",
        "00 01 00 00 FF FF 01 05",
        "00 01 00 00 00 01 01",
    ] {
        let decoded = TCP.decode(&hex(bytes), write, 1);
        assert_eq!(decoded, Err(FrameError::NoFrame), "{bytes}");
    }
    let late = "00 01 00 00 00 06 01 05 00 00 FF 00";
    assert_eq!(TCP.decode(&hex(late), write, 2), Ok(Decoded::Stale(12)));
}

fn any_call() -> impl Strategy<Value = Call> {
    prop_oneof![
        (any::<u16>(), 1..=MAX_BITS).prop_map(|(at, count)| Call::Coils { at, count }),
        (any::<u16>(), 1..=MAX_BITS).prop_map(|(at, count)| Call::Inputs { at, count }),
        any::<(u16, u16)>().prop_map(|(at, value)| Call::WriteCoil { at, value }),
        any::<(u16, [u16; 2])>().prop_map(|(at, values)| Call::WritePair { at, values }),
    ]
}

fn any_peer() -> impl Strategy<Value = Peer> {
    (
        any::<u8>(),
        prop_oneof![Just(Framing::Tcp), Just(Framing::Rtu)],
    )
        .prop_map(|(unit, framing)| Peer { framing, unit })
}

proptest! {
    /// Whatever comes is read without a panic, and never makes anybody wait for more than a frame.
    #[test]
    fn no_bytes_stall_or_kill_the_reading(
        peer in any_peer(), call in any_call(), number in any::<u16>(),
        bytes in proptest::collection::vec(any::<u8>(), 0..600)
    ) {
        match peer.decode(&bytes, call, number) {
            Ok(Decoded::Incomplete) => prop_assert!(bytes.len() < MAX_FRAME),
            Ok(Decoded::Stale(passed)) => prop_assert!(passed > 0 && passed <= bytes.len()),
            Ok(Decoded::Answer(_, length)) => prop_assert!(length <= bytes.len()),
            Err(_) => {}
        }
    }

    /// An echo is taken when it is whole, and not a byte before.
    #[test]
    fn an_answer_cut_anywhere_is_awaited(
        peer in any_peer(), at in any::<u16>(), value in any::<u16>(), number in any::<u16>()
    ) {
        let call = Call::WriteCoil { at, value };
        let echo = peer.encode(call, number);
        for cut in 0..echo.len() {
            prop_assert_eq!(peer.decode(&echo[..cut], call, number), Ok(Decoded::Incomplete));
        }
        let whole = peer.decode(&echo, call, number);
        prop_assert_eq!(whole, Ok(Decoded::Answer(Answer::Written, echo.len())));
    }
}
