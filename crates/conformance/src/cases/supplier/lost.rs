//! Commands to a device that is lost (OPEN-7, SHOW-2). Last: whoever has noticed the loss may take
//! a whole interval of checks to notice that the device is back.

use super::display::message;
use super::lane::command;
use crate::bench::Bench;
use crate::case::Severity::Must;
use crate::case::{Case, Checked, Given, Need};
use crate::draft::lines;
use crate::hands::Act;

pub(super) fn cases() -> Vec<Case> {
    let opens = (
        "栏杆未能动作时应答 1",
        "it says so when the barrier could not be driven",
    );
    let shows = (
        "显示屏未能接收时应答 1",
        "it says so when the display did not take the text",
    );
    vec![
        Case::new("OPEN-7.barrier-lost", Must, opens, |bench| {
            Box::pin(barrier(bench))
        })
        .needing(&[Need::Act(Act::BarrierLost), Need::Act(Act::BarrierBack)]),
        Case::new("SHOW-2.lost", Must, shows, |bench| Box::pin(display(bench))).needing(&[
            Need::Given(Given::Display),
            Need::Act(Act::DisplayLost),
            Need::Act(Act::DisplayBack),
        ]),
    ]
}

async fn barrier(bench: &Bench) -> Checked {
    bench.act(Act::BarrierLost, "").await?;
    let reply = command(bench, "3", "").await;
    bench.act(Act::BarrierBack, "").await?;
    reply.declined()
}

async fn display(bench: &Bench) -> Checked {
    bench.act(Act::DisplayLost, "").await?;
    // A text that stands there already may be answered without asking the display.
    let text = lines(&[("暂停使用", "center")]);
    let draft = bench.anew(|| message(bench, text.clone())).await;
    let reply = bench.send(&draft).await;
    bench.act(Act::DisplayBack, "").await?;
    reply.declined()
}
