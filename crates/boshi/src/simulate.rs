//! `boshi simulate`: a virtual car park in front of a gateway.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use boshi_simulator::lot::{COMMENTED, LotPlan, VirtualLot};
use boshi_simulator::traffic::{Mix, journeys};

use crate::terminal::say;
use crate::told::told_to_stop;

/// A virtual car park in front of a gateway.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The plan of the car park; without one the devices of the gateway's sample configuration
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,
    /// Print a whole plan with its defaults, commented, and end
    #[arg(long)]
    print_plan: bool,
    /// The devices' listener of the gateway
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8444")]
    gateway: String,
    /// How many vehicles come
    #[arg(long, default_value_t = 100)]
    vehicles: usize,
    /// Usual pause between two vehicles, in seconds of the lanes' time
    #[arg(long, default_value_t = 12)]
    pause: u64,
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    if arguments.print_plan {
        say(COMMENTED.trim_end());
        return Ok(());
    }
    let plan = match &arguments.plan {
        None => LotPlan::from_toml(COMMENTED)?,
        Some(path) => {
            let text = std::fs::read_to_string(path);
            let text = text.with_context(|| format!("plan {}", path.display()))?;
            LotPlan::from_toml(&text).with_context(|| format!("plan {}", path.display()))?
        }
    };
    let mix = Mix {
        pause: Duration::from_secs(arguments.pause),
        ..Mix::default()
    };
    let lanes: Vec<String> = plan.lanes.iter().map(|it| it.name.clone()).collect();
    let traffic = journeys(plan.seed, arguments.vehicles, &plan.ways(), &mix);
    let lot = VirtualLot::start(plan, &arguments.gateway).await?;
    say(&format!(
        "模拟车场已启动：设备指令地址 {}，网关 {}",
        lot.device_url(),
        arguments.gateway
    ));
    if let Some(broker) = lot.broker_address() {
        say(&format!("设备的 MQTT 服务器 {broker}"));
    }
    for lane in &lanes {
        say_where(&lot, lane);
    }
    let mut happenings = lot.happenings();
    let telling = tokio::spawn(async move {
        while let Ok(happening) = happenings.recv().await {
            let lane = happening.lane.as_deref().unwrap_or("-").to_owned();
            let plate = happening.plate.map(|plate| plate.to_string());
            let plate = plate.unwrap_or_default();
            say(&format!("{lane}  {plate}  {}", happening.what));
        }
    });
    tokio::select! {
        trips = lot.play(&traffic) => say(&format!("{} 辆车全部结束", trips.len())),
        stopped = told_to_stop() => stopped?,
    }
    lot.stop().await;
    telling.abort();
    Ok(())
}

/// Where the gateway connects to the equipment of a lane.
fn say_where(lot: &VirtualLot, lane: &str) {
    let module = lot.module(lane).map(|it| it.address);
    for (what, address) in [
        ("相机", lot.camera_address(lane)),
        ("继电器模块", module),
        ("显示屏", lot.board_address(lane)),
    ] {
        if let Some(address) = address {
            say(&format!("{lane}道{what} {address}"));
        }
    }
}
