//! Both sides' records, and what was decided.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use boshi_gateway::tally::Tally as Journal;
use boshi_platform::store::RecordKind;
use boshi_platform::tally::Tally as Store;
use rusqlite::{Connection, OpenFlags};

use crate::world::World;

/// A record: its plate and the second of its time.
type Content = (Option<String>, i64);

impl World {
    /// Acknowledged ⊆ stored ⊆ written; at last stored = written, each once (D-13, D-18, D-19,
    /// CROSS-3), and the same on both sides.
    pub(super) fn records_are_the_same(&mut self, journal: &Journal, store: &Store) {
        for (kind, table, written) in [
            (RecordKind::Recognition, "recognition", &journal.recognized),
            (RecordKind::Crossing, "crossing", &journal.crossed),
        ] {
            let entries = store.entries.iter().filter(|entry| entry.kind == kind);
            let all: Vec<String> = entries.map(|entry| entry.uuid.to_string()).collect();
            let stored: BTreeSet<String> = all.iter().cloned().collect();
            let delivered = journal.delivered.iter().filter(|it| it.0 == table);
            let acknowledged: BTreeSet<String> = delivered.map(|it| it.1.clone()).collect();
            if stored.len() != all.len() {
                self.wrong(format!("{table}s are stored twice"), None, Vec::new());
            }
            for (found, what) in [
                (&acknowledged - &stored, "acknowledged and not stored"),
                (&stored - written, "stored and never written down"),
                (written - &stored, "written down and not stored"),
            ] {
                for id in found {
                    self.wrong(
                        format!("{table} {id} is {what}"),
                        None,
                        vec![format!("{id} ")],
                    );
                }
            }
            self.contents_are_the_same(table);
        }
        if journal.open > 0 {
            let what = format!("{} records are open for ever", journal.open);
            self.wrong(what, None, Vec::new());
        }
    }

    fn contents_are_the_same(&mut self, table: &str) {
        let ours = contents(
            &self.supplier.file(),
            &format!("SELECT record, plate, at / 1000 FROM {table}"),
        );
        let theirs = contents(
            &self.property.file(),
            &format!("SELECT uuid, plate, at FROM {table}"),
        );
        for (id, ours) in ours {
            if let Some(theirs) = theirs.get(&id)
                && *theirs != ours
            {
                let what = format!("{table} {id} is {ours:?} here and {theirs:?} there");
                self.wrong(what, None, vec![format!("{id} ")]);
            }
        }
    }

    /// A vehicle is let through only when the platform has stored that it may
    /// pass, or could not be asked (PUSH-3). No order is said to be carried out that was not (OPEN-7).
    pub(super) fn decisions_are_followed(&mut self, journal: &Journal, store: &Store) {
        let mut told: BTreeSet<&str> = BTreeSet::new();
        for act in &journal.acts {
            let (Some(record), cause) = (&act.record, act.cause.as_str()) else {
                continue;
            };
            let what = match cause {
                "may_pass" if !store.allowed.contains(record) => "nobody has decided that it may",
                "blind" if !journal.failed_recognitions.contains(record) => {
                    "it was let through blind, but its push has not failed"
                }
                _ => continue,
            };
            if told.insert(record) {
                self.wrong(
                    format!("{record}: {what}"),
                    None,
                    vec![format!("{record} ")],
                );
            }
        }
        let (done, heard) = (journal.commands_done, store.commands_done);
        if heard > done {
            let what = format!("{heard} orders are said to be carried out, {done} were");
            self.wrong(what, None, vec!["order".to_owned()]);
        }
        let orders = self.account.ordered as usize;
        let obeyed = journal.acts.iter();
        let obeyed = obeyed.filter(|act| ["commanded", "forced"].contains(&act.cause.as_str()));
        let obeyed = obeyed.count();
        if obeyed > orders {
            let what = format!("{orders} orders were given, and {obeyed} were obeyed (D-5)");
            self.wrong(what, None, vec!["order".to_owned()]);
        }
    }
}

fn contents(file: &Path, sql: &str) -> BTreeMap<String, Content> {
    let opened = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY);
    let rows = opened.and_then(|db| {
        let mut query = db.prepare(sql)?;
        let rows = query.query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?;
        rows.collect()
    });
    rows.expect("it was read a moment ago")
}
