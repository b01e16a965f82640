//! The process that writes on its own: the gateway's journal.

use std::io::Write as _;
use std::path::Path;

use boshi_gateway::journal::{Entry, Journal, Recognition};
use boshi_protocol::id::{DeviceNo, LotId, RecordId};
use boshi_protocol::plate::{Plate, PlateColor};
use jiff::Timestamp;

use crate::subject::MOST_TRIES;
use crate::trace::PROMISE;

/// Lanes that write at once, so that commits are shared.
const LANES: usize = 8;

/// Writes `records` recognitions named after the `run` into the journal, and says of each that it is kept as soon as
/// the journal says so. What cannot be written is tried again; if that does not help, this process is killed.
pub(crate) async fn journal(folder: &Path, records: usize, run: usize) -> anyhow::Result<()> {
    let journal = Journal::open(&folder.join("journal.db"))?;
    let mut lanes = tokio::task::JoinSet::new();
    for lane in 0..LANES {
        let journal = journal.clone();
        lanes.spawn(async move {
            for number in 0..records / LANES {
                let name = format!("{run}-{lane}-{number:06}");
                let entry = Entry::Recognition(recognition(&name, lane)?);
                for tried in 1.. {
                    match journal.write(vec![entry.clone()]).await {
                        Ok(()) => break,
                        Err(_) if tried < MOST_TRIES => {}
                        Err(_) => std::process::abort(),
                    }
                }
                promise(&name)?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(lane) = lanes.join_next().await {
        lane??;
    }
    Ok(())
}

fn recognition(name: &str, lane: usize) -> anyhow::Result<Recognition> {
    Ok(Recognition {
        lot: LotId::new("LOT-1")?,
        lane: format!("{lane:02}"),
        device: DeviceNo::new(&format!("CAM-{lane:02}"))?,
        record: RecordId::new(name)?,
        plate: Plate::read("粤B12345")?,
        color: PlateColor::Blue,
        reliability: Some(96),
        image: None,
        at: Timestamp::now(),
        replayed: false,
        event: Some(format!("event-{name}")),
    })
}

/// In one call, so that the recording has it in one line.
fn promise(name: &str) -> std::io::Result<()> {
    let line = format!("{PROMISE}{name}\n");
    std::io::stdout().lock().write_all(line.as_bytes())
}
