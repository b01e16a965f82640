//! What came of a round, told.

use std::collections::BTreeMap;

use serde::Serialize;

use super::account::Account;
use super::defect::Defect;
use super::planted::Planted;
use crate::terminal::say;

/// What came of it.
#[derive(Serialize)]
pub(super) struct Outcome {
    pub(super) seed: u64,
    pub(super) vehicles: usize,
    pub(super) seconds: u64,
    pub(super) platform_killed: usize,
    pub(super) gateway_killed: usize,
    pub(super) cuts: usize,
    pub(super) disks: usize,
    pub(super) clocks: usize,
    pub(super) defect: Option<Defect>,
    pub(super) mishaps: BTreeMap<String, u64>,
    #[serde(flatten)]
    pub(super) account: Account,
    #[serde(flatten)]
    pub(super) planted: Planted,
    pub(super) wrong: usize,
}

impl Outcome {
    /// Tells it, as JSON if that is wanted.
    pub(super) fn tell(&self, json: bool) -> anyhow::Result<()> {
        if json {
            say(&serde_json::to_string(self)?);
            return Ok(());
        }
        let it = &self.account;
        say(&format!(
            "种子 {}，{} 秒：车辆 {} 次到达车道，压防砸地感 {} 次，栏杆动作 {} 次，远程开闸 {} 次",
            self.seed, self.seconds, self.vehicles, it.presses, it.obeyed, it.ordered
        ));
        let mishaps = self.mishaps.iter();
        let mishaps: Vec<String> = mishaps
            .map(|(name, count)| format!("{name} {count}"))
            .collect();
        say(&format!(
            "SIGKILL：平台 {} 次，网关 {} 次；断网 {} 次；磁盘或描述符故障 {} 次；拨动时钟 {} 次；连接故障 {}",
            self.platform_killed,
            self.gateway_killed,
            self.cuts,
            self.disks,
            self.clocks,
            mishaps.join("，")
        ));
        say(&format!(
            "网关记录 {}（已确认 {}，推送失败 {}），平台入库 {}；确认而未入库 {}，入库而未记录 {}，记录而未入库 {}，重复 {}",
            it.written,
            it.acknowledged,
            it.failed,
            it.stored,
            it.lost,
            it.invented,
            it.missing,
            it.twice
        ));
        say(&format!(
            "识别到车牌的车辆 {} 次，异常 {} 条；过闸 {}（记在旁车名下 {}），断网放行 {}，曾被拒绝 {}；不符 {} 处",
            it.read, it.abnormal, it.crossings, it.lent, it.released_blind, it.refused, self.wrong
        ));
        say(&format!(
            "对账自检：改动一行 {} 次，未发现 {} 次",
            self.planted.planted,
            self.planted.overlooked.len()
        ));
        Ok(())
    }
}
