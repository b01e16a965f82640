//! The property's side: decisions, records, heartbeats, reconciliation and gate commands.
