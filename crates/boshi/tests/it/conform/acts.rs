//! What the kit does at a lane, and sees there.

use super::stage::Stage;
use super::texts::PICTURE;

/// Each thing that happens to the lane's devices, as a step of the kit.
struct Steps {
    trigger: fn(&Stage, bool) -> String,
    safety: fn(&Stage, bool) -> String,
    arm: fn(&Stage, &str) -> String,
    plate: fn(&Stage) -> String,
}

/// A controller tells events.
const TOLD: Steps = Steps {
    trigger: |stage, pressed| {
        stage.told(&format!(
            r#"{{"event":"trigger_loop","device":"CAM-01","pressed":{pressed}}}"#
        ))
    },
    safety: |stage, pressed| {
        stage.told(&format!(
            r#"{{"event":"safety_loop","device":"BAR-01","pressed":{pressed}}}"#
        ))
    },
    arm: |stage, position| {
        stage.told(&format!(
            r#"{{"event":"arm","device":"BAR-01","position":"{position}"}}"#
        ))
    },
    plate: |stage| {
        stage.told(&format!(
            r#"{{"event":"plate","device":"CAM-01","plate":"{{plate}}","id":"{{number}}","color":"blue","reliability":96,"image":"{PICTURE}"}}"#
        ))
    },
};

/// Equipment is touched.
const TOUCHED: Steps = Steps {
    trigger: |stage, pressed| stage.touched(&format!("trigger/{pressed}")),
    safety: |stage, pressed| stage.touched(&format!("safety/{pressed}")),
    arm: |stage, position| stage.touched(&format!("arm/{position}")),
    plate: |stage| {
        let address = stage.hands;
        format!(r#"{{ post = "http://{address}/reads", body = '{{plate}}' }}"#)
    },
};

impl Stage {
    /// An event of a controller.
    fn told(&self, event: &str) -> String {
        let events = format!("http://{}/v1/events", self.ports[1]);
        format!(r#"{{ post = "{events}", bearer = "device-key", body = '{event}' }}"#)
    }

    /// Something is done to equipment.
    fn touched(&self, word: &str) -> String {
        format!(r#"{{ post = "http://{}/{word}" }}"#, self.hands)
    }

    pub(super) fn supplier_acts(&self) -> String {
        let steps = if self.equipment.is_some() {
            &TOUCHED
        } else {
            &TOLD
        };
        let wait = format!(r#"{{ wait = "{}" }}"#, self.lane.1);
        let device = |word: &str| format!("[{}]", self.touched(word));
        let see = |word: &str| format!(r#"{{ get = "http://{}/{word}" }}"#, self.hands);
        format!(
            r#"[acts]
vehicle-arrives = [{on}, {wait}, {plate}]
vehicle-leaves = [{off}, {down}, {{ wait = "300ms" }}]
vehicle-crosses = [{press}, {wait}, {off}, {wait}, {release}, {down}, {wait}]
vehicle-tailgates = [{press}, {wait}, {release}, {wait}]
vehicle-stays = [{{ wait = "6500ms" }}]
display-lost = {lose_display}
display-back = {find_display}
recognizer-lost = {lose_recognizer}
recognizer-back = {find_recognizer}
barrier-lost = {lose_barrier}
barrier-back = {find_barrier}
arm-stays-up = [{up}]
arm-comes-down = [{down}]
[sights]
lifts = {lifts}
arm = {seen}
display = {shown}
"#,
            plate = (steps.plate)(self),
            on = (steps.trigger)(self, true),
            off = (steps.trigger)(self, false),
            press = (steps.safety)(self, true),
            release = (steps.safety)(self, false),
            up = (steps.arm)(self, "up"),
            down = (steps.arm)(self, "down"),
            lose_display = device("lose/led-01"),
            find_display = device("find/led-01"),
            lose_recognizer = device("lose/cam-01"),
            find_recognizer = device("find/cam-01"),
            lose_barrier = device("lose/bar-01"),
            find_barrier = device("find/bar-01"),
            lifts = see("lifts"),
            seen = see("arm"),
            shown = see("display"),
        )
    }
}
