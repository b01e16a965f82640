//! The hands at the small supplier's lot, and the eyes.

use std::time::Duration;

use super::Supplier;
use crate::hands::{About, Act, Hands, Sight, Undone};
use crate::net::Later;

/// How often every device is looked at.
const CHECK: Duration = Duration::from_secs(300);

/// How long an arm may stay up.
const ARM_ALARM: Duration = Duration::from_secs(30);

impl Supplier {
    /// A device is lost: noticed at the next check.
    fn lose(&self, code: &'static str, word: &str, device: &str) {
        let loss = {
            let mut world = self.world();
            world.presences += 1;
            let loss = world.presences;
            world.lost.insert(code, loss);
            loss
        };
        let late = self.has("checks every eight minutes");
        let check = if late { CHECK * 8 / 5 } else { CHECK };
        let message = format!("东二门01道的{word}【{device}】连接异常！");
        let (supplier, device) = (self.clone(), device.to_owned());
        tokio::spawn(async move {
            tokio::time::sleep(check).await;
            let is_lost = || supplier.world().lost.get(code) == Some(&loss);
            let silent = code == "1301" && supplier.has("does not report the barrier")
                || supplier.has("does not report devices");
            if is_lost() && !silent {
                supplier.report(code, &device, message.clone());
            }
            while is_lost() && supplier.has("reports every second") {
                tokio::time::sleep(Duration::from_secs(1)).await;
                supplier.report(code, &device, message.clone());
            }
        });
    }

    fn arm_stays_up(&self) {
        self.world().arm_stays_up = true;
        let supplier = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(ARM_ALARM).await;
            let silent = supplier.has("does not report an arm that stays up");
            if supplier.world().arm_stays_up && !silent {
                let device = supplier.0.devices.barrier.clone();
                supplier.report("1302", &device, "东二门01道的栏杆机未落下！".to_owned());
            }
        });
    }

    fn back(&self, code: &'static str) {
        self.world().lost.remove(code);
    }
}

impl Hands for Supplier {
    fn can(&self, _act: Act) -> bool {
        true
    }

    fn can_see(&self, _sight: Sight) -> bool {
        true
    }

    fn acts_by_itself(&self, _act: Act) -> bool {
        true
    }

    fn looks_by_itself(&self, _sight: Sight) -> bool {
        true
    }

    fn act<'a>(&'a self, act: Act, about: &'a About) -> Later<'a, Result<(), Undone>> {
        Box::pin(async move {
            let devices = &self.0.devices;
            match act {
                Act::VehicleArrives => self.arrives(&about.plate),
                Act::VehicleLeaves => self.leaves(),
                Act::VehicleCrosses => self.crosses(),
                Act::VehicleTailgates => self.tailgates(),
                Act::VehicleStays => tokio::time::sleep(about.lasting).await,
                Act::DisplayLost => self.lose("1101", "显示屏", &devices.display),
                Act::DisplayBack => self.back("1101"),
                Act::RecognizerLost => self.lose("1201", "车牌识别器", &devices.recognizer),
                Act::RecognizerBack => self.back("1201"),
                Act::BarrierLost => self.lose("1301", "栏杆机", &devices.barrier),
                Act::BarrierBack => self.back("1301"),
                Act::ArmStaysUp => self.arm_stays_up(),
                Act::ArmComesDown => self.world().arm_stays_up = false,
                Act::PermitPlate
                | Act::WithdrawPermit
                | Act::OperatorOpens
                | Act::OperatorHolds
                | Act::OperatorRestores
                | Act::OperatorForces
                | Act::OperatorShows => {
                    return Err(Undone("这是平台的操作".to_owned()));
                }
            }
            Ok(())
        })
    }

    fn see(&self, sight: Sight) -> Later<'_, Result<String, Undone>> {
        let world = self.world();
        let seen = match sight {
            Sight::Lifts => world.lifts.to_string(),
            Sight::Arm if world.is_held || world.arm_is_late => "up".to_owned(),
            Sight::Arm => "down".to_owned(),
            Sight::Display => world.display.join("\n"),
        };
        drop(world);
        Box::pin(async move { Ok(seen) })
    }
}
