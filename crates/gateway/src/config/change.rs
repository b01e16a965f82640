//! What a new configuration changes while the gateway runs, and what it takes a restart to change.
//!
//! Rules and texts may change at any time. What lanes, listeners and files were made of may not: it
//! stays as it is, and is named.

use boshi_protocol::id::LotId;
use secrecy::{ExposeSecret as _, SecretString};

use super::{Config, Lane, Lot, Platform};

/// A configuration that takes over from another one.
#[derive(Clone, Debug)]
pub struct Changed {
    /// The old one with what may change as the new one has it.
    pub config: Config,
    /// What is different in it, by its keys. A secret may be different under the same key.
    pub applied: Vec<String>,
    /// What else is different in the new one.
    pub restart: Vec<String>,
}

impl Config {
    /// What becomes of this configuration when `new` is wanted instead.
    pub fn taken_over_by(&self, new: &Config) -> Changed {
        let Config {
            data,
            public_url,
            listen,
            tls,
            platform,
            push,
            timing,
            supervision,
            retention,
            clock,
            abnormal_texts,
            log,
            lots,
        } = new;
        let mut changed = Changed {
            config: self.clone(),
            applied: Vec::new(),
            restart: Vec::new(),
        };
        changed.keep("data", self.data == *data);
        changed.keep("public_url", self.public_url == *public_url);
        changed.keep("listen", self.listen == *listen);
        changed.keep("tls", self.tls == *tls);
        changed.keep("clock", self.clock == *clock);
        changed.platform(&self.platform, platform);
        changed.apply("push", |it| &mut it.push, push);
        changed.apply("timing", |it| &mut it.timing, timing);
        changed.apply("supervision", |it| &mut it.supervision, supervision);
        changed.apply("retention", |it| &mut it.retention, retention);
        changed.apply(
            "abnormal_texts",
            |it| &mut it.abnormal_texts,
            abnormal_texts,
        );
        changed.apply("log", |it| &mut it.log, log);
        changed.lots(&self.lots, lots);
        changed
    }

    /// The lot of that id.
    pub fn lot(&self, id: &LotId) -> Option<&Lot> {
        self.lots.iter().find(|lot| lot.id == *id)
    }
}

impl Changed {
    fn keep(&mut self, key: &str, same: bool) {
        if !same {
            self.restart.push(key.to_owned());
        }
    }

    fn apply<T: Clone + PartialEq>(
        &mut self,
        key: &str,
        part: impl FnOnce(&mut Config) -> &mut T,
        new: &T,
    ) {
        let part = part(&mut self.config);
        if *part != *new {
            part.clone_from(new);
            self.applied.push(key.to_owned());
        }
    }

    /// The secrets may change, since they are rotated (D-6); whom they are shared with may not.
    fn platform(&mut self, old: &Platform, new: &Platform) {
        let Platform {
            base_url,
            app_id,
            secret,
            secret_file,
            previous_secret,
            ca_file,
        } = new;
        self.keep("platform.base_url", old.base_url == *base_url);
        self.keep("platform.app_id", old.app_id == *app_id);
        self.keep("platform.ca_file", old.ca_file == *ca_file);
        let same = same_secret(old.secret.as_ref(), secret.as_ref())
            && old.secret_file == *secret_file
            && same_secret(old.previous_secret.as_ref(), previous_secret.as_ref());
        if !same {
            let platform = &mut self.config.platform;
            platform.secret.clone_from(secret);
            platform.secret_file.clone_from(secret_file);
            platform.previous_secret.clone_from(previous_secret);
            self.applied.push("platform.secret".to_owned());
        }
    }

    fn lots(&mut self, old: &[Lot], new: &[Lot]) {
        let ids = |lots: &[Lot]| lots.iter().map(|lot| lot.id.clone()).collect::<Vec<_>>();
        if ids(old) != ids(new) {
            return self.restart.push("lot".to_owned());
        }
        for (place, (old, new)) in old.iter().zip(new).enumerate() {
            let Lot {
                id,
                name,
                forbid_empty_plate_open,
                display,
                lanes,
                modbus,
                vz,
                vz_tcp,
                hik,
                hx,
                dahua,
                olm,
                mqtt,
                vz_mqtt,
                spaces,
                places,
            } = new;
            let key = |what: &str| format!("lot {id}: {what}");
            self.apply(&key("display"), |it| &mut it.lots[place].display, display);
            self.keep(&key("name"), old.name == *name);
            let same = old.forbid_empty_plate_open == *forbid_empty_plate_open;
            self.keep(&key("forbid_empty_plate_open"), same);
            self.keep(&key("modbus"), old.modbus == *modbus);
            self.keep(&key("vz"), old.vz == *vz);
            self.keep(&key("vz_tcp"), old.vz_tcp == *vz_tcp);
            self.keep(&key("hik"), old.hik == *hik);
            self.keep(&key("hx"), old.hx == *hx);
            self.keep(&key("dahua"), old.dahua == *dahua);
            self.keep(&key("olm"), old.olm == *olm);
            self.keep(&key("mqtt"), old.mqtt == *mqtt);
            self.keep(&key("vz_mqtt"), old.vz_mqtt == *vz_mqtt);
            self.keep(&key("spaces"), old.spaces == *spaces);
            self.keep(&key("place"), old.places == *places);
            let same = old.lanes.len() == lanes.len()
                && old
                    .lanes
                    .iter()
                    .zip(lanes)
                    .all(|(old, new)| same_lane(old, new));
            self.keep(&key("lane"), same);
        }
    }
}

fn same_lane(old: &Lane, new: &Lane) -> bool {
    let Lane {
        name,
        gate,
        direction,
        recognizer,
        exit_recognizer,
        barrier,
        display,
        exit_display,
        trigger_loop,
        safety_loop,
        limit_switch,
        device_url,
        device_key,
    } = new;
    old.name == *name
        && old.gate == *gate
        && old.direction == *direction
        && old.recognizer == *recognizer
        && old.exit_recognizer == *exit_recognizer
        && old.barrier == *barrier
        && old.display == *display
        && old.exit_display == *exit_display
        && old.trigger_loop == *trigger_loop
        && old.safety_loop == *safety_loop
        && old.limit_switch == *limit_switch
        && old.device_url == *device_url
        && same_secret(old.device_key.as_ref(), device_key.as_ref())
}

/// Both are this machine's own, so that it does not matter how long it takes.
fn same_secret(one: Option<&SecretString>, other: Option<&SecretString>) -> bool {
    one.map(|it| it.expose_secret()) == other.map(|it| it.expose_secret())
}

#[cfg(test)]
mod tests {
    use super::super::COMMENTED;
    use super::*;

    fn change(from: &str, to: &str) -> Changed {
        let text = COMMENTED.replacen(from, to, 1);
        assert_ne!(text, COMMENTED, "{from} is not in the file");
        let old = Config::parse(COMMENTED).unwrap();
        old.taken_over_by(&Config::parse(&text).unwrap())
    }

    #[test]
    fn rules_texts_and_secrets_are_applied() {
        for (from, to, key) in [
            ("loop_alarm = \"30s\"", "loop_alarm = \"40s\"", "timing"),
            ("attempts = 5", "attempts = 4", "push"),
            ("check = \"5m\"", "check = \"1m\"", "supervision"),
            ("days = 180", "days = 90", "retention"),
            ("欢迎光临", "欢迎", "lot LOT-1: display"),
            ("log = \"info\"", "log = \"debug\"", "log"),
            (
                "# [abnormal_texts]\n# 1401",
                "[abnormal_texts]\n1401",
                "abnormal_texts",
            ),
            (
                "# previous_secret = \"...\"",
                "previous_secret = \"older\"",
                "platform.secret",
            ),
            (
                "secret_file = \"",
                "secret_file = \"/new",
                "platform.secret",
            ),
        ] {
            let changed = change(from, to);
            assert_eq!(changed.applied, [key], "{to}");
            assert_eq!(changed.restart, [""; 0], "{to}");
            let again = changed.config.taken_over_by(&changed.config);
            assert!(again.applied.is_empty() && again.restart.is_empty());
        }
    }

    #[test]
    fn what_lanes_and_listeners_are_made_of_is_named_and_stays() {
        for (from, to, key) in [
            ("127.0.0.1:8444", "127.0.0.1:8544", "listen"),
            ("./gateway-data\"", "./elsewhere\"", "data"),
            ("https://127.0.0.1:8443", "https://lot", "public_url"),
            ("plain = false", "plain = true", "tls"),
            (
                "https://127.0.0.1:9443",
                "https://other",
                "platform.base_url",
            ),
            ("99848791", "99848792", "platform.app_id"),
            ("window = \"300s\"", "window = \"60s\"", "clock"),
            ("id = \"LOT-1\"", "id = \"LOT-2\"", "lot"),
            ("示例车场", "车场", "lot LOT-1: name"),
            ("BAR-01", "BAR-02", "lot LOT-1: lane"),
            ("change-this-key", "changed-key", "lot LOT-1: lane"),
            ("A-001", "A-002", "lot LOT-1: place"),
            (
                "forbid_empty_plate_open = false",
                "forbid_empty_plate_open = true",
                "lot LOT-1: forbid_empty_plate_open",
            ),
        ] {
            let changed = change(from, to);
            assert_eq!(changed.restart, [key], "{to}");
            assert_eq!(changed.applied, [""; 0], "{to}");
            let shown = format!("{:?}", changed.config);
            let old = format!("{:?}", Config::parse(COMMENTED).unwrap());
            assert_eq!(shown, old, "{to}");
        }
    }
}
