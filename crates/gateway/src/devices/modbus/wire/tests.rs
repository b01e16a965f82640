use proptest::prelude::*;
use tokio::io::{DuplexStream, duplex};

use super::super::frame::{ON, crc};
use super::*;

/// How long an answer may take here.
const PATIENCE: Duration = Duration::from_millis(500);

/// How many units there are on the line, from 1.
const UNITS: u8 = 3;

const LOOK: Call = Call::Inputs { at: 0, count: 8 };

const WRITE: Call = Call::WriteCoil { at: 0, value: ON };

fn unit(framing: Framing, unit: u8) -> Peer {
    Peer { framing, unit }
}

/// A line, and its other end.
fn line(framing: Framing) -> (Wire, DuplexStream) {
    let (ours, theirs) = duplex(4096);
    (Wire::over(Box::new(ours), framing, Duration::ZERO), theirs)
}

/// A serial frame: the bytes with their checksum.
fn summed(bytes: &[u8]) -> Vec<u8> {
    let mut frame = bytes.to_vec();
    frame.extend(crc(bytes).to_le_bytes());
    frame
}

/// How that unit's eight inputs are.
fn inputs(unit: u8) -> Vec<u8> {
    summed(&[unit, 2, 1, unit])
}

fn bits(byte: u8) -> Answer {
    Answer::Bits((0..8).map(|n| byte >> n & 1 == 1).collect())
}

async fn asks(wire: &mut Wire, of: u8, call: Call) -> Result<Answer, LinkError> {
    let (_, came) = wire.ask(unit(wire.framing, of), call, PATIENCE).await;
    Ok(came?.0)
}

/// Whatever is said of the line, its other end has read a question.
async fn hears(end: &mut DuplexStream, length: usize) {
    let mut question = vec![0; length];
    end.read_exact(&mut question).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_late_answer_of_one_unit_is_not_taken_for_anothers() {
    let (mut wire, mut end) = line(Framing::Rtu);
    let silent = asks(&mut wire, 1, LOOK).await;
    assert!(matches!(silent, Err(LinkError::Silent)), "{silent:?}");
    let asking = asks(&mut wire, 2, LOOK);
    let answering = async {
        hears(&mut end, 16).await;
        end.write_all(&inputs(1)).await.unwrap();
        end.write_all(&inputs(2)).await.unwrap();
    };
    let (answer, ()) = tokio::join!(asking, answering);
    assert_eq!(answer.unwrap(), bits(2));
}

/// OPEN-7: the echo of a write that comes late is no answer to how the relay is.
#[tokio::test(start_paused = true)]
async fn a_late_echo_is_not_taken_for_a_relays_state() {
    let (mut wire, mut end) = line(Framing::Rtu);
    let silent = asks(&mut wire, 1, WRITE).await;
    assert!(matches!(silent, Err(LinkError::Silent)), "{silent:?}");
    let look = Call::Coils { at: 0, count: 1 };
    let asking = asks(&mut wire, 1, look);
    let answering = async {
        hears(&mut end, 16).await;
        end.write_all(&summed(&[1, 5, 0, 0, 0xFF, 0]))
            .await
            .unwrap();
        end.write_all(&summed(&[1, 1, 1, 0])).await.unwrap();
    };
    let (answer, ()) = tokio::join!(asking, answering);
    assert_eq!(answer.unwrap(), Answer::Bits(vec![false]));
}

#[tokio::test(start_paused = true)]
async fn what_still_comes_after_a_time_out_is_heard_out_before_the_next_question() {
    let (mut wire, mut end) = line(Framing::Rtu);
    asks(&mut wire, 1, LOOK).await.unwrap_err();
    let late = async {
        for byte in inputs(1) {
            end.write_all(&[byte]).await.unwrap();
            tokio::time::sleep(QUIET / 2).await;
        }
    };
    let (drained, ()) = tokio::join!(wire.drain(), late);
    drained.unwrap();
    assert!(wire.read().now_or_never().is_none(), "nothing is left");
    // Who never stops is not waited for.
    let noise = async {
        loop {
            end.write_all(&[0x55]).await.unwrap();
            tokio::time::sleep(QUIET / 2).await;
        }
    };
    let begun = Instant::now();
    tokio::select! {
        drained = wire.drain() => drained.unwrap(),
        () = noise => {}
    }
    assert!(begun.elapsed() <= DRAINED, "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn noise_before_an_answer_costs_nothing_and_noise_alone_is_said() {
    let (mut wire, mut end) = line(Framing::Rtu);
    let answering = async {
        hears(&mut end, 8).await;
        // As if an answer of this unit began.
        end.write_all(&[0xFF, 1, 2, 1]).await.unwrap();
        end.write_all(&inputs(1)).await.unwrap();
    };
    let (answer, ()) = tokio::join!(asks(&mut wire, 1, LOOK), answering);
    assert_eq!(answer.unwrap(), bits(1));
    let answering = async {
        hears(&mut end, 8).await;
        end.write_all(&[1, 2, 1, 1, 0, 0]).await.unwrap();
    };
    let (answer, ()) = tokio::join!(asks(&mut wire, 1, LOOK), answering);
    let wrong = matches!(answer, Err(LinkError::Frame(FrameError::Checksum)));
    assert!(wrong, "{answer:?}");
}

/// OPEN-7: whether the unit has done it is as unknown as without an answer.
#[tokio::test(start_paused = true)]
async fn a_gateway_that_says_that_the_unit_is_silent_is_no_refusal() {
    let (mut wire, mut end) = line(Framing::Tcp);
    let answering = async {
        hears(&mut end, 12).await;
        let absent = [0, 1, 0, 0, 0, 3, 1, 0x85, 0x0B];
        end.write_all(&absent).await.unwrap();
    };
    let (answer, ()) = tokio::join!(asks(&mut wire, 1, WRITE), answering);
    assert!(matches!(answer, Err(LinkError::Absent)), "{answer:?}");
}

/// Over TCP an answer that was cut by a time-out is passed over as a whole.
#[tokio::test(start_paused = true)]
async fn a_late_answer_over_tcp_is_known_by_its_number() {
    let (mut wire, mut end) = line(Framing::Tcp);
    let late = [0, 1, 0, 0, 0, 4, 1, 2, 1, 1];
    end.write_all(&late[..6]).await.unwrap();
    let silent = asks(&mut wire, 1, LOOK).await;
    assert!(matches!(silent, Err(LinkError::Silent)), "{silent:?}");
    wire.drain().await.unwrap();
    let answering = async {
        hears(&mut end, 24).await;
        end.write_all(&late[6..]).await.unwrap();
        let answer = [0, 2, 0, 0, 0, 4, 2, 2, 1, 2];
        end.write_all(&answer).await.unwrap();
    };
    let (answer, ()) = tokio::join!(asks(&mut wire, 2, LOOK), answering);
    assert_eq!(answer.unwrap(), bits(2));
}

/// What a unit does with a question.
#[derive(Clone, Copy, Debug)]
enum Does {
    Answers,
    Nothing,
    /// Its answer comes in front of the next one.
    IsLate,
    /// Its answer comes so long after the time-out.
    IsLateBy(u64),
}

fn any_does() -> impl Strategy<Value = Does> {
    prop_oneof![
        Just(Does::Answers),
        Just(Does::Nothing),
        Just(Does::IsLate),
        (0..400_u64).prop_map(Does::IsLateBy),
    ]
}

/// Answers as it is told, one question after the other.
async fn answers(mut end: DuplexStream, mut does: impl Iterator<Item = Does>) {
    let mut late = Vec::new();
    let mut question = [0; 8];
    while end.read_exact(&mut question).await.is_ok() {
        let answer = inputs(question[0]);
        match does.next() {
            Some(Does::Answers) | None => {
                late.extend(answer);
                let _ = end.write_all(&std::mem::take(&mut late)).await;
            }
            Some(Does::Nothing) => {}
            Some(Does::IsLate) => late.extend(answer),
            Some(Does::IsLateBy(after)) => {
                tokio::time::sleep(PATIENCE + Duration::from_millis(after)).await;
                let _ = end.write_all(&answer).await;
            }
        }
    }
}

proptest! {
    /// Each unit's inputs are its own number: so any answer shows whose it is.
    #[test]
    fn no_answer_is_ever_taken_for_that_of_another_unit(
        asked in proptest::collection::vec((1..=UNITS, any_does()), 1..20)
    ) {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_time().start_paused(true).build().unwrap();
        let done: Result<(), TestCaseError> = runtime.block_on(async {
            let (mut wire, end) = line(Framing::Rtu);
            let does: Vec<_> = asked.iter().map(|(_, does)| *does).collect();
            let answering = tokio::spawn(answers(end, does.into_iter()));
            for (of, _) in asked {
                match asks(&mut wire, of, LOOK).await {
                    Ok(answer) => prop_assert_eq!(answer, bits(of)),
                    Err(LinkError::Silent | LinkError::Frame(_)) => wire.drain().await.unwrap(),
                    Err(error) => prop_assert!(false, "{}", error),
                }
            }
            answering.abort();
            Ok(())
        });
        done?;
    }
}
