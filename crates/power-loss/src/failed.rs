//! Stores whose syncs fail. The system takes what such a sync covers to be on disk, although nothing may be: what
//! follows it must not be promised as if it was.

use std::path::Path;

use anyhow::ensure;

use crate::judge::Kind;
use crate::subject::{self, Syncs};
use crate::trace::{self, Event};
use crate::{Recording, say};

/// Records one `kind` of store whose syncs fail for a while, and one that is killed over that and started again, cuts
/// their power, and judges what is left; what it would be if the log was not written again at the start must be caught.
pub(crate) async fn syncs(
    kind: Kind,
    boshi: &Path,
    folder: &Path,
    (cuts, records, seed): (usize, usize, u64),
) -> anyhow::Result<()> {
    let record = |name: &str, syncs: Syncs, run: usize| {
        let folder = folder.join(name);
        std::fs::create_dir_all(&folder)?;
        let recording = match kind {
            Kind::Platform => subject::platform(boshi, &folder, records, syncs, run),
            Kind::Journal => subject::journal(&folder, records, syncs, run),
        };
        trace::read(&recording?)
    };
    let events = record("goes-on", Syncs::FailForAWhile, 0)?;
    fails(&events, kind)?;
    let store = Recording { kind, events };
    let name = format!("{kind:?} whose syncs fail for a while");
    store.must_lose_nothing(&name, cuts, seed).await?;

    let killed = record("killed", Syncs::FailForGood, 0)?;
    let failures = fails(&killed, kind)?;
    let started = record("killed", Syncs::Succeed, 1)?;
    say(&format!(
        "{kind:?}: {failures} syncs failed before it was killed"
    ))?;
    let events = [killed.clone(), started.clone()].concat();
    let store = Recording { kind, events };
    let name = format!("{kind:?} that was killed when its syncs failed");
    store.must_lose_nothing(&name, cuts, seed).await?;
    let events = [killed, unsettled(started, kind)].concat();
    let store = Recording { kind, events };
    let name = format!("{kind:?} that was killed and does not write its log again");
    store.must_be_caught(&name, cuts, seed).await
}

/// How many syncs of the log have failed: some.
fn fails(events: &[Event], kind: Kind) -> anyhow::Result<usize> {
    let is_of_log =
        |event: &&Event| matches!(event, Event::SyncFails { file } if is_log(file, kind));
    let failures = events.iter().filter(is_of_log).count();
    ensure!(
        failures > 0,
        "no sync of {kind:?} failed: this shows nothing"
    );
    Ok(failures)
}

/// What a store would have written that does not write its log again at the start: the same without the first that it
/// writes to its log, up to the end of the sync behind it.
fn unsettled(mut events: Vec<Event>, kind: Kind) -> Vec<Event> {
    let mut is_over = false;
    events.retain(|event| {
        let file = match event {
            Event::Write { file, .. }
            | Event::Resize { file, .. }
            | Event::SyncBegins { file }
            | Event::SyncEnds { file }
            | Event::SyncFails { file } => file,
            Event::Promised(_) => return true,
        };
        if is_over || !is_log(file, kind) {
            return true;
        }
        is_over = matches!(event, Event::SyncEnds { .. });
        false
    });
    events
}

fn is_log(file: &str, kind: Kind) -> bool {
    file.ends_with(&format!("{}-wal", kind.file()))
}
