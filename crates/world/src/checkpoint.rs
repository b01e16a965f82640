//! What the platform's checkpoint says: that everything which the lot could not push is here up to then.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, OptionalExtension as _};

use crate::story::Wrong;
use crate::world::World;

/// What was so when a pass began.
pub(crate) struct Asked {
    checkpoint: i64,
    /// What had failed at the lot: its table, its id, the second of its time.
    failed: Vec<(String, String, i64)>,
}

impl World {
    /// A pass begins.
    pub(crate) fn pass_begins(&mut self) {
        self.property.passing = Some(self.property.wall());
        if self.supplier.played.is_none() {
            // It is not known what it has.
            self.asked = None;
            return;
        }
        let failed = opened(&self.supplier.file()).and_then(|journal| {
            let mut query = journal.prepare(
                "SELECT kind, key, at / 1000 FROM outbox \
                 WHERE state = 'failed' AND kind <> 'abnormality'",
            )?;
            let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            rows.collect()
        });
        self.asked = Some(Asked {
            checkpoint: self.checkpoint().unwrap_or(i64::MIN),
            failed: failed.expect("the gateway runs on it"),
        });
    }

    /// A pass has ended, or the platform in it: where its checkpoint has moved, it has what had failed
    /// before the pass, up to there (D-19). A window is never smaller than from the one to the other.
    pub(crate) fn checkpoint_is_true(&mut self) {
        self.property.passing = None;
        let Some(Asked { checkpoint, failed }) = self.asked.take() else {
            return;
        };
        let Some(moved) = self.checkpoint().filter(|moved| *moved > checkpoint) else {
            return;
        };
        let store = opened(&self.property.file()).expect("the platform runs on it");
        let within = failed.into_iter();
        for (table, id, _) in within.filter(|(_, _, at)| checkpoint < *at && *at <= moved) {
            let sql = format!("SELECT EXISTS (SELECT * FROM {table} WHERE uuid = ?1)");
            let is_here = store.query_row(&sql, [&id], |row| row.get::<_, bool>(0));
            if is_here.is_ok_and(|is_here| is_here) {
                continue;
            }
            self.account.wrong.push(Wrong {
                what: format!(
                    "{table} {id} had failed, the checkpoint is past it, and it is not here"
                ),
                at: Some(self.at),
                about: vec![format!("{id} ")],
            });
        }
    }

    fn checkpoint(&self) -> Option<i64> {
        let store = opened(&self.property.file()).expect("the platform runs on it");
        let found = store.query_row("SELECT at FROM checkpoint", [], |row| row.get(0));
        found.optional().expect("it has a checkpoint, or none")
    }
}

fn opened(file: &Path) -> rusqlite::Result<Connection> {
    Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)
}
