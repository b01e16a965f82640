//! Somebody who follows the log as a stream of events in the form of server-sent events.
//!
//! Pulled, never pushed: what is next is read when the connection can take it, so that a slow reader
//! holds one piece in memory and falls behind, at last out of the log, of which it is told.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::{Filter, Tail};
use crate::store::StoreError;
use crate::store::event::{Event, Place, Resumed, Scan};

/// Longest silence: shorter than the half minute after which proxies give a connection up.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(15);
/// How long a browser is asked to wait before it connects again, in milliseconds.
const RETRY_MS: u32 = 2000;

/// A stream.
pub(crate) struct Follower<P> {
    pub(crate) tail: Arc<Tail>,
    pub(crate) filter: Filter,
    /// Whether the user may still follow: asked at each heartbeat.
    pub(crate) still_may: P,
    pub(crate) stop: CancellationToken,
    /// It has everything up to here.
    at: Place,
    /// Where it was when that is not in the log.
    gone: Option<Place>,
    opened: bool,
    beat: Instant,
}

/// What a follower is given next.
enum Next {
    Text(String),
    /// Nothing, but it is further.
    Further,
    /// It has to wait.
    Wait,
}

impl<P: AsyncFnMut() -> bool> Follower<P> {
    /// A follower of `tail` that has everything up to `asked`.
    ///
    /// # Errors
    /// What the database said.
    pub(crate) async fn begin(
        tail: Arc<Tail>,
        asked: Option<Place>,
        filter: Filter,
        still_may: P,
        stop: CancellationToken,
    ) -> Result<Follower<P>, StoreError> {
        let (at, gone) = match tail.resume(asked).await? {
            Resumed::There(place) => (place, None),
            Resumed::Gone(before) => (before, asked),
        };
        Ok(Follower {
            tail,
            filter,
            still_may,
            stop,
            at,
            gone,
            opened: false,
            beat: Instant::now() + HEARTBEAT,
        })
    }

    /// The next piece of the stream; none at its end.
    pub(crate) async fn next(&mut self) -> Option<String> {
        let mut known = self.tail.watch();
        loop {
            if self.stop.is_cancelled() {
                return None;
            }
            if Instant::now() >= self.beat {
                return self.heartbeat().await;
            }
            known.mark_unchanged();
            match self.read().await {
                Ok(Next::Text(text)) => return Some(text),
                Ok(Next::Further) => continue,
                Ok(Next::Wait) => {}
                Err(error) => {
                    tracing::error!(%error, "a stream of events ends: the log cannot be read");
                    return None;
                }
            }
            tokio::select! {
                () = self.stop.cancelled() => return None,
                more = known.changed() => more.ok()?,
                () = sleep_until(self.beat) => {}
            }
        }
    }

    async fn read(&mut self) -> Result<Next, StoreError> {
        if !std::mem::replace(&mut self.opened, true) {
            return Ok(Next::Text(format!(
                "retry: {RETRY_MS}\nid: {}\n\n",
                self.at
            )));
        }
        if let Some(asked) = self.gone.take() {
            return Ok(Next::Text(gone(asked, self.at)));
        }
        let Some(Scan { events, upto }) = self.tail.after(self.at, &self.filter).await? else {
            // It has fallen out of the log while it followed.
            if let Resumed::Gone(before) = self.tail.resume(Some(self.at)).await? {
                self.gone = Some(self.at);
                self.at = before;
            }
            return Ok(Next::Further);
        };
        let further = upto != self.at;
        self.at = upto;
        if events.is_empty() {
            return Ok(if further { Next::Further } else { Next::Wait });
        }
        let mut text = String::new();
        for event in events {
            write_event(&mut text, &event)?;
        }
        Ok(Next::Text(text))
    }

    /// A sign of life. It says how far the follower is, so that one that wants little does not fall
    /// out of the log.
    async fn heartbeat(&mut self) -> Option<String> {
        if !(self.still_may)().await {
            return None;
        }
        self.beat = Instant::now() + HEARTBEAT;
        Some(format!(": heartbeat\nid: {}\n\n", self.at))
    }
}

fn write_event(text: &mut String, event: &Event) -> Result<(), StoreError> {
    let (id, kind, json) = (event.id(), event.kind.as_str(), event.json()?);
    // Writing to a text does not fail.
    let _ = write!(text, "id: {id}\nevent: {kind}\ndata: {json}\n\n");
    Ok(())
}

/// What `asked` was followed by is not in the log any more: what is, follows `before`.
fn gone(asked: Place, before: Place) -> String {
    let told = json!({"asked": asked.to_string(), "oldest": (before.number + 1).to_string()});
    format!("id: {before}\nevent: gone\ndata: {told}\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::Kind;
    use crate::store::Store;
    use crate::store::event::{forget_some, note};
    use jiff::Timestamp;

    async fn written(store: &Store, events: usize) {
        let write = store.write(move |db| {
            for _ in 0..events {
                note(
                    db,
                    Kind::BlockAdded,
                    None,
                    &json!({}),
                    Timestamp::UNIX_EPOCH,
                )?;
            }
            Ok(())
        });
        write.await.unwrap();
    }

    async fn follower<P: AsyncFnMut() -> bool>(store: &Store, still_may: P) -> Follower<P> {
        let tail = Tail::open(store.clone()).await.unwrap();
        let (from, stop) = (Some(Place::default()), CancellationToken::new());
        let begun = Follower::begin(tail, from, Filter::default(), still_may, stop);
        begun.await.unwrap()
    }

    #[tokio::test]
    async fn a_reader_so_slow_that_the_log_goes_on_without_it_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("p.db")).unwrap();
        written(&store, 300).await;
        let mut follower = follower(&store, async || true).await;
        follower.next().await.unwrap();
        let piece = follower.next().await.unwrap();
        assert_eq!(piece.matches("event: block.added").count(), 200);
        let forget = store.write(|db| forget_some(db, Timestamp::UNIX_EPOCH, 50));
        assert_eq!(forget.await.unwrap(), 250);
        let piece = follower.next().await.unwrap();
        assert!(
            piece.contains(r#""asked":"200-0","oldest":"251""#),
            "{piece}"
        );
        let piece = follower.next().await.unwrap();
        assert_eq!(piece.matches("event: block.added").count(), 50);
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_broken_by_heartbeats_until_the_user_may_not_follow_any_more() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("p.db")).unwrap();
        let mut beats = 0;
        let may = async move || {
            beats += 1;
            beats <= 2
        };
        let mut follower = follower(&store, may).await;
        follower.next().await.unwrap();
        let began = Instant::now();
        for _ in 0..2 {
            let piece = follower.next().await.unwrap();
            assert_eq!(piece, ": heartbeat\nid: 0\n\n");
        }
        assert!(began.elapsed() >= HEARTBEAT && began.elapsed() < 3 * HEARTBEAT);
        assert_eq!(follower.next().await, None);
    }
}
