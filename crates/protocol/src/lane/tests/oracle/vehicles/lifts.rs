//! What the barrier is driven for: the one reply, or the one command, that says so.

use super::*;

impl Vehicles {
    pub(in super::super) fn driven(
        &mut self,
        act: ActId,
        motion: Motion,
        cause: &Cause,
        now: Tick,
        presence: &Presence,
    ) {
        if motion != Motion::Pulse {
            return;
        }
        let travel = self.travel;
        for account in self.accounts.values_mut() {
            account.lift_due = account.lift_due.map(|due| due.max(now + travel));
        }
        let outcome = match cause {
            Cause::MayPass { ask } => {
                self.lifted_by_reply(ask, &Verdict::MayPass, now, presence);
                Outcome::Crossed
            }
            Cause::Blind { ask } => {
                self.lifted_by_reply(ask, &Verdict::Undeliverable, now, presence);
                Outcome::ReleasedBlind
            }
            Cause::Commanded { record, .. } => {
                let account = self.open_account(record);
                let there = account.is_current() && presence.is_on_loop(account.side);
                assert!(there, "OPEN-3: {record} is not at the gate");
                Outcome::Commanded
            }
            Cause::Forced { .. } => Outcome::Forced,
            Cause::HoldOrdered { .. } | Cause::RestoreOrdered { .. } | Cause::Fire => {
                panic!("a pulse because of {cause:?}")
            }
            Cause::HoldAsserted => panic!("a pulse because of {cause:?}"),
        };
        self.lifts.entry(outcome).or_default()[0] += 1;
        let place = self.lifts.values().map(|[lifts, _]| lifts).sum();
        if let Some(record) = record_of(cause) {
            let account = self.open_account(record);
            account.act = Some(act);
            account.through.get_or_insert((place, now));
            account.ask_due = None;
            account.lift_due = None;
        }
    }

    /// RECOG-3: only the reply to the latest push, only for who is there, and only once.
    fn lifted_by_reply(&mut self, ask: &AskId, wanted: &Verdict, now: Tick, presence: &Presence) {
        let account = self.open_account(&ask.record);
        assert_eq!(
            ask.round, account.rounds,
            "RECOG-3: {ask} is not the latest push"
        );
        let reply = account.reply.as_ref().map(|(verdict, _)| verdict);
        assert_eq!(reply, Some(wanted), "RECOG-1: lifted for {ask}");
        assert!(
            account.lifted_for.insert(ask.round),
            "lifted twice for {ask}"
        );
        let there = account.is_current() && presence.is_there(account.side, now);
        assert!(there, "RECOG-3: lifted for {ask}, which is not there");
    }
}

/// The vehicle that the barrier is driven for, if for one.
pub(in super::super) fn record_of(cause: &Cause) -> Option<&RecordId> {
    match cause {
        Cause::MayPass { ask } | Cause::Blind { ask } => Some(&ask.record),
        Cause::Commanded { record, .. } => Some(record),
        Cause::Forced { record, .. } => record.as_ref(),
        Cause::HoldOrdered { .. } | Cause::RestoreOrdered { .. } => None,
        Cause::Fire | Cause::HoldAsserted => None,
    }
}
