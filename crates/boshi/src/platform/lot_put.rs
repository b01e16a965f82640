//! One lot registered or changed from the command line; many at once are in a file for `import`.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::Args;
use serde_json::{Map, Value, json};

use super::access::{Access, Query};
use crate::terminal::say;

/// A lot that is to be.
#[derive(Args)]
pub(crate) struct Put {
    /// The lot
    lot: String,
    /// For people
    #[arg(long)]
    name: Option<String>,
    /// The app_id of its supplier
    #[arg(long, value_name = "APP_ID")]
    supplier: Option<String>,
    /// Where its gateway serves the standard's endpoints, as https://10.0.0.8:8443
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// The authority of the gateway's certificate (PEM), for https
    #[arg(long, value_name = "FILE")]
    gateway_ca_file: Option<PathBuf>,
    /// Vehicles about which nothing is known, when they enter: allow or refuse
    #[arg(long)]
    entry: Option<String>,
    /// The same when they leave
    #[arg(long)]
    exit: Option<String>,
    /// Vehicles that it holds
    #[arg(long)]
    capacity: Option<u32>,
    /// Minutes after its entry in which a vehicle leaves without having paid
    #[arg(long)]
    free_minutes: Option<u16>,
    /// A lane: recognizer, direction (entry, exit) and if it has one its display, as CAM-01:entry:LED-01;
    /// once for each lane, and then these are all
    #[arg(long = "lane", value_name = "LANE")]
    lanes: Vec<String>,
    /// Only say whether it could be done
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    access: Access,
}

/// Without which nothing can be registered.
const NEEDED: [&str; 4] = ["supplier", "base_url", "entry", "exit"];

pub(super) async fn run(wanted: Put) -> anyhow::Result<()> {
    let given = wanted.given()?;
    let access = &wanted.access;
    let path = ["lots", wanted.lot.as_str()];
    let entry = match access.get(&path, &Query::default()).await {
        Ok(known) => changed(&known, given)?,
        Err(_) if NEEDED.iter().all(|name| given.contains_key(*name)) => given,
        Err(error) => {
            return Err(error.context(format!(
                "登记新车场需要 --supplier、--base-url、--entry、--exit；更改已有车场失败：{}",
                wanted.lot
            )));
        }
    };
    let dry = Query::default().with("dry_run", wanted.dry_run.then_some(true));
    let done = access.put(&path, &dry, entry.into()).await?;
    let said = match wanted.dry_run {
        true => "可以登记",
        false => "已登记",
    };
    access.print(&done, || say(&format!("车场 {} {said}", wanted.lot)));
    Ok(())
}

impl Put {
    /// The fields of the entry that are given.
    fn given(&self) -> anyhow::Result<Map<String, Value>> {
        let mut given = Map::new();
        let texts = [
            ("name", &self.name),
            ("supplier", &self.supplier),
            ("base_url", &self.base_url),
            ("entry", &self.entry),
            ("exit", &self.exit),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                given.insert(name.to_owned(), json!(text));
            }
        }
        if let Some(path) = &self.gateway_ca_file {
            let pem = fs::read_to_string(path)
                .with_context(|| format!("文件 {} 无法读取", path.display()))?;
            given.insert("ca_pem".to_owned(), json!(pem));
        }
        if let Some(capacity) = self.capacity {
            given.insert("capacity".to_owned(), json!(capacity));
        }
        if let Some(minutes) = self.free_minutes {
            given.insert("free_minutes".to_owned(), json!(minutes));
        }
        if !self.lanes.is_empty() {
            let lanes = self.lanes.iter().map(|text| lane(text));
            let lanes = lanes.collect::<anyhow::Result<Vec<Value>>>()?;
            given.insert("lanes".to_owned(), lanes.into());
        }
        Ok(given)
    }
}

/// What is known of a lot with what is given in its place.
fn changed(known: &Value, given: Map<String, Value>) -> anyhow::Result<Map<String, Value>> {
    let mut entry = known.as_object().cloned().unwrap_or_default();
    // What the list says beside the entry itself.
    entry.retain(|name, value| !["lot", "source"].contains(&name.as_str()) && !value.is_null());
    if entry.contains_key("external") {
        bail!("此车场接有外部决策系统，其密钥不会读出：请用 boshi platform import 更改");
    }
    entry.extend(given);
    Ok(entry)
}

/// Reads `CAM-01:entry` or `CAM-01:entry:LED-01`.
fn lane(text: &str) -> anyhow::Result<Value> {
    let parts: Vec<&str> = text.split(':').collect();
    match parts[..] {
        [recognizer, direction] => Ok(json!({"recognizer": recognizer, "direction": direction})),
        [recognizer, direction, display] => {
            Ok(json!({"recognizer": recognizer, "direction": direction, "display": display}))
        }
        _ => bail!("--lane {text:?} 应为 识别器:方向[:显示屏]，如 CAM-01:entry:LED-01"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_is_a_recognizer_a_direction_and_perhaps_a_display() {
        let plain = json!({"recognizer": "CAM-01", "direction": "entry"});
        assert_eq!(lane("CAM-01:entry").unwrap(), plain);
        assert_eq!(lane("C:exit:L").unwrap()["display"], "L");
        for nonsense in ["CAM-01", "a:b:c:d", ""] {
            let error = lane(nonsense).unwrap_err().to_string();
            assert!(error.contains("CAM-01:entry:LED-01"), "{error}");
        }
    }

    #[test]
    fn what_is_not_given_stays_and_a_secret_that_is_not_shown_is_not_lost() {
        let known = json!({
            "lot": "L1", "source": "registry", "name": "a", "capacity": null, "exit": "refuse",
        });
        let given = json!({"name": "b"}).as_object().unwrap().clone();
        let entry = Value::from(changed(&known, given.clone()).unwrap());
        assert_eq!(entry, json!({"name": "b", "exit": "refuse"}));
        let outside = json!({"name": "a", "external": {"url": "https://x"}});
        assert!(changed(&outside, given).is_err());
    }
}
