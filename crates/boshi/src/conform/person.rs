//! The tester at the terminal, who is asked and given time.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::time::Duration;

use boshi_conformance::hands::Person;
use boshi_conformance::net::Later;
use boshi_conformance::text::{Language, Text};
use tokio::sync::{Mutex, mpsc};
use tokio::time::Instant;

use crate::terminal::say;

/// How long a person is given: to walk to the barrier, or to have a vehicle moved.
const PATIENCE: Duration = Duration::from_secs(180);

/// How often the count-down is shown.
const TICK: Duration = Duration::from_secs(1);

/// Lines that may be typed ahead.
const TYPED_AHEAD: usize = 16;

/// Somebody who reads the terminal and presses keys.
pub(super) struct AtTheTerminal {
    language: Language,
    lines: Mutex<mpsc::Receiver<String>>,
}

impl AtTheTerminal {
    pub(super) fn new(language: Language) -> AtTheTerminal {
        let (typed, lines) = mpsc::channel(TYPED_AHEAD);
        // Reading blocks for as long as nobody types; the thread ends with the process.
        std::thread::spawn(move || {
            for line in std::io::stdin().lock().lines().map_while(Result::ok) {
                if typed.blocking_send(line).is_err() {
                    return;
                }
            }
        });
        AtTheTerminal {
            language,
            lines: Mutex::new(lines),
        }
    }

    /// The next line that is typed, while the time that is left is shown.
    async fn line(&self) -> Option<String> {
        let mut lines = self.lines.lock().await;
        // What was typed before the question is no answer to it.
        while lines.try_recv().is_ok() {}
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            count_down(left);
            if left.is_zero() {
                say("");
                return None;
            }
            if let Ok(line) = tokio::time::timeout(TICK.min(left), lines.recv()).await {
                return line;
            }
        }
    }
}

/// On a terminal the line of the case that is under way has not ended yet.
fn below() -> &'static str {
    if std::io::stdout().is_terminal() {
        "\n"
    } else {
        ""
    }
}

/// Shows the seconds that are left, over the last ones; only to a person.
fn count_down(left: Duration) {
    let mut out = std::io::stdout().lock();
    if out.is_terminal() {
        let _ = write!(out, "\r{:>4} s > ", left.as_secs());
        let _ = out.flush();
    }
}

impl Person for AtTheTerminal {
    fn please(&self, request: Text) -> Later<'_, bool> {
        Box::pin(async move {
            let how = Text::new(
                "完成后按回车，做不到输入 n",
                "press Enter when done, n if it cannot be done",
            );
            say(&format!(
                "{}▶ {} ({})",
                below(),
                request.read(self.language),
                how.read(self.language)
            ));
            self.line()
                .await
                .is_some_and(|line| !line.trim().eq_ignore_ascii_case("n"))
        })
    }

    fn tell(&self, question: Text) -> Later<'_, Option<String>> {
        Box::pin(async move {
            say(&format!("{}▶ {}", below(), question.read(self.language)));
            self.line().await
        })
    }
}
