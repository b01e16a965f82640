use futures_util::FutureExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

use super::super::frame::{ON, crc};
use super::*;
use crate::devices::health::Health;

/// How long an answer may take here.
const PATIENCE: Duration = Duration::from_millis(500);

const LOOK: Call = Call::Inputs { at: 0, count: 8 };

const WRITE: Call = Call::WriteCoil { at: 0, value: ON };

fn module(unit: u8) -> config::Modbus {
    let text =
        format!("name = \"M\"\naddress = \"/dev/ttyNONE\"\nmodule = \"plain\"\nunit = {unit}");
    toml::from_str(&text).unwrap()
}

/// A line with two modules, which is open, and its other end.
fn line() -> (Line, Keeper, DuplexStream) {
    let (line, mut keeper) = Line::of(&module(1), 2);
    let (ours, theirs) = duplex(4096);
    keeper.wire = Some(Wire::over(Box::new(ours), Framing::Rtu, keeper.gap));
    (line, keeper, theirs)
}

fn asked(unit: u8, call: Call) -> Question {
    let framing = Framing::Rtu;
    Question {
        peer: Peer { framing, unit },
        call,
        patience: PATIENCE,
        over: None,
    }
}

/// Units that answer for as long as they are among those; which were asked, and with which function.
async fn answers(mut end: DuplexStream, there: &[u8]) -> Vec<(u8, u8)> {
    let (mut heard, mut question) = (Vec::new(), [0; 8]);
    while end.read_exact(&mut question).await.is_ok() {
        let [unit, function, ..] = question;
        heard.push((unit, function));
        if there.contains(&unit) {
            let mut frame = match function {
                2 => vec![unit, 2, 1, unit],
                _ => question[..6].to_vec(),
            };
            frame.extend(crc(&frame).to_le_bytes());
            end.write_all(&frame).await.unwrap();
        }
    }
    heard
}

/// OPEN-7: a vehicle waits for a command, and nobody for a look.
#[tokio::test(start_paused = true)]
async fn a_command_goes_before_the_looks_that_wait() {
    let (line, keeper, end) = line();
    let asking = async move {
        let looks = [1, 2, 1].map(|unit| line.ask(asked(unit, LOOK), When::InTurn));
        let until = When::Until(Instant::now() + PATIENCE);
        let looks = futures_util::future::join_all(looks);
        let (looks, told) = tokio::join!(looks, line.ask(asked(2, WRITE), until));
        assert!(looks.iter().flatten().all(|it| it.answer.is_ok()));
        assert!(told.unwrap().answer.is_ok());
    };
    let serving = async {
        // Everybody has asked by then.
        tokio::task::yield_now().await;
        keeper.run().await;
    };
    let ((), (), heard) = tokio::join!(asking, serving, answers(end, &[1, 2]));
    assert_eq!(heard, [(2, 5), (1, 2), (2, 2), (1, 2)]);
}

/// Whoever looked has something better to do.
#[tokio::test(start_paused = true)]
async fn a_question_that_nobody_waits_for_any_more_is_not_asked() {
    let (line, keeper, end) = line();
    let look = line.ask(asked(1, LOOK), When::InTurn);
    assert!(look.now_or_never().is_none());
    let asking = async move {
        let told = line.ask(asked(2, LOOK), When::InTurn).await.unwrap();
        assert!(told.answer.is_ok());
    };
    let ((), (), heard) = tokio::join!(asking, keeper.run(), answers(end, &[1, 2]));
    assert_eq!(heard, [(2, 2)]);
}

/// OPEN-7: whoever ordered it has given the barrier up by then.
#[tokio::test(start_paused = true)]
async fn a_command_whose_time_is_up_when_its_turn_comes_is_not_sent() {
    let (line, keeper, end) = line();
    let asking = async move {
        let look = line.ask(asked(1, LOOK), When::InTurn);
        let command = async {
            // The look is under way.
            tokio::time::sleep(PATIENCE / 5).await;
            let until = When::Until(Instant::now() + PATIENCE / 5);
            line.ask(asked(2, WRITE), until).await.unwrap()
        };
        let (look, told) = tokio::join!(look, command);
        assert!(matches!(look.unwrap().answer, Err(LinkError::Silent)));
        let late = told.answer.unwrap_err();
        assert!(late.is_unsent() && told.sent.is_none(), "{late}");
    };
    // Somebody else has answered, so that the connection is kept.
    let mut keeper = keeper;
    keeper.heard.insert(2, Instant::now());
    let ((), (), heard) = tokio::join!(asking, keeper.run(), answers(end, &[2]));
    assert_eq!(heard, [(1, 2)]);
}

/// A serial server has one connection: the silence of one module does not take it from the others,
/// and when all are silent it is made anew.
#[tokio::test(start_paused = true)]
async fn a_connection_is_kept_as_long_as_anybody_else_answers_over_it() {
    let (line, keeper, end) = line();
    let asking = async move {
        let health = Health::new(STILL_THERE);
        let link = |unit| {
            let framing = Framing::Rtu;
            Link::new(&line, Peer { framing, unit }, PATIENCE)
        };
        let (mut there, mut silent) = (link(1), link(2));
        for _ in 0..3 {
            there.ask(LOOK, When::InTurn, &health).await.unwrap();
            let error = silent.ask(LOOK, When::InTurn, &health).await.unwrap_err();
            assert!(matches!(error, LinkError::Silent), "{error}");
        }
        tokio::time::sleep(CARRIES).await;
        let error = silent.ask(LOOK, When::InTurn, &health).await.unwrap_err();
        assert!(matches!(error, LinkError::Silent), "{error}");
        // Whoever was there has to look at everything anew.
        let error = there.ask(WRITE, When::Ahead, &health).await.unwrap_err();
        assert!(matches!(error, LinkError::Gone), "{error}");
        let error = link(1).ask(LOOK, When::InTurn, &health).await.unwrap_err();
        assert!(matches!(error, LinkError::Open(_)), "{error}");
    };
    let ((), (), heard) = tokio::join!(asking, keeper.run(), answers(end, &[1]));
    let looks = |unit| heard.iter().filter(|it| **it == (unit, 2)).count();
    assert_eq!((looks(1), looks(2)), (3, 4));
    assert_eq!(heard.len(), 7, "nothing was written");
}

/// However many are silent, the others have four fifths of the line.
#[tokio::test(start_paused = true)]
async fn modules_that_do_not_answer_are_tried_one_after_the_other_with_a_rest() {
    let (line, _keeper, _end) = line();
    let begun = Instant::now();
    let tries = [(); 5].map(|()| async {
        let turn = line.turn(PATIENCE).await;
        let from = begun.elapsed();
        // It is waited for in vain.
        tokio::time::sleep(PATIENCE).await;
        turn.was_in_vain();
        from
    });
    let from = futures_util::future::join_all(tries).await;
    for (place, from) in from.into_iter().enumerate() {
        let place = u32::try_from(place).unwrap();
        assert_eq!(from, PATIENCE * (1 + RESTS) * place, "{place}");
    }
    // One that came has cost nothing, and one that is alone is in nobody's way.
    let (alone, _) = Line::of(&module(1), 1);
    let waits = async |line: &Line| {
        let from = Instant::now();
        drop(line.turn(PATIENCE).await);
        from.elapsed()
    };
    assert_eq!(waits(&line).await, PATIENCE * RESTS);
    assert_eq!(waits(&line).await, Duration::ZERO);
    alone.turn(PATIENCE).await.was_in_vain();
    assert_eq!(waits(&alone).await, Duration::ZERO);
}
