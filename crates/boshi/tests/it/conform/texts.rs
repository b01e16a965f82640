//! What is written for a run: the configurations of the judged side and of the kit.

use super::stage::Stage;

/// A JPEG, as far as it matters: one pixel.
pub(super) const PICTURE: &str = "/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////////////wgALCAABAAEBAREA/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAAgBAQABPxA=";

impl Stage {
    /// The gateway, with times as short as a busy machine allows.
    pub(super) fn gateway_text(&self) -> String {
        let [own, devices, local, kit] = self.ports;
        format!(
            r#"data = '{data}'
public_url = "{scheme}://{own}"
[listen]
standard = "{own}"
devices = "{devices}"
local = "{local}"
[tls]
plain = {plain}
[platform]
base_url = "{scheme}://{kit}"
app_id = "99848791"
secret = "eV7spoA0rr7EyjGuJxQFOa3Vs5wvcRUo"
{ca}
[push]
budget = "2500ms"
probe = "500ms"
[timing]
refused_poll = "500ms"
debounce = "20ms"
read_grace = "1s"
approach_window = "1s"
travel = "100ms"
leave_grace = "100ms"
passage = "10s"
loop_alarm = "6s"
barrier_down = "2s"
far_side = "1s"
crosstalk = "100ms"
act = "1s"
[supervision]
check = "1s"
silence = "1s"
[[lot]]
id = "LOT-1"
name = "测试车场"
[[lot.lane]]
name = "01"
gate = "东二"
direction = "entry"
recognizer = "CAM-01"
barrier = "BAR-01"
display = "LED-01"
trigger_loop = true
safety_loop = true
limit_switch = true
{lane}
[[lot.place]]
number = "A-001"
[[lot.place]]
number = "A-002"
[[lot.place]]
number = "A-003"
"#,
            data = self.path("judged").display(),
            scheme = self.word(),
            plain = self.is_plain(),
            ca = self.trusting("ca_file", "kit/ca.pem"),
            lane = self.lane_text(),
        )
    }

    /// What the lane's devices are: a controller, or equipment that the gateway speaks to itself.
    fn lane_text(&self) -> String {
        match &self.equipment {
            Some(equipment) => equipment.text(),
            None => format!(
                "device_url = \"http://{}/device\"\ndevice_key = \"device-key\"",
                self.hands
            ),
        }
    }

    /// The platform, with two suppliers.
    pub(super) fn platform_text(&self) -> String {
        let [own, operators, _, kit] = self.ports;
        format!(
            r#"data = '{data}'
[listen]
standard = "{own}"
operators = "{operators}"
[tls]
plain = {plain}
[heartbeat]
interval = "1s"
timeout = "500ms"
misses = 2
[reconcile]
interval = "5s"
[command]
deadline = "3s"
[[supplier]]
app_id = "99848791"
secret = "eV7spoA0rr7EyjGuJxQFOa3Vs5wvcRUo"
[[supplier]]
app_id = "99848792"
secret = "another-secret"
[[lot]]
id = "LOT-1"
supplier = "99848791"
base_url = "{scheme}://{kit}"
{ca}
entry = "refuse"
exit = "refuse"
[[lot.lane]]
recognizer = "CAM-01"
direction = "entry"
[[lot]]
id = "LOT-2"
supplier = "99848792"
base_url = "http://127.0.0.1:1"
entry = "refuse"
exit = "refuse"
"#,
            data = self.path("judged").display(),
            plain = self.is_plain(),
            scheme = self.word(),
            ca = self.trusting("ca_file", "kit/ca.pem"),
        )
    }

    /// What both sides' configurations of the kit have.
    pub(super) fn kit(&self) -> String {
        let [own, _, _, kit] = self.ports;
        format!(
            r#"lot = "LOT-1"
app_id = "99848791"
secret = "eV7spoA0rr7EyjGuJxQFOa3Vs5wvcRUo"
[peer]
base_url = "{scheme}://{own}"
{ca}
[listen]
address = "{kit}"
plain = {plain}
authority = '{authority}'
names = ["127.0.0.1"]
[other]
lot = "LOT-2"
app_id = "99848792"
secret = "another-secret"
[devices]
recognizer = "CAM-0{lane}"
barrier = "BAR-0{lane}"
display = "LED-0{lane}"
places = ["A-001", "A-002", "A-003"]
[plates]
allowed = "粤B12345"
refused = "粤B54321"
[timing]
poll = "500ms"
tolerance = "1500ms"
settle = "300ms"
quiet = "1500ms"
push = "5s"
attempt = "2s"
release = "2500ms"
device_check = "{check}"
loop_alarm = "6s"
recovery = "10s"
heartbeat = "2s"
outage = "5s"
reconcile = "30s"
"#,
            lane = self.lane.0,
            scheme = self.word(),
            plain = self.is_plain(),
            ca = self.trusting("ca_file", "judged/tls/ca.pem"),
            authority = self.path("kit").display(),
            // A board is asked every five seconds, and lost after eight.
            check = if self.equipment.is_some() {
                "10s"
            } else {
                "3s"
            },
        )
    }

    pub(super) fn platform_acts(&self) -> String {
        let config = self.path("judged.toml");
        let command = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
            let program = env!("CARGO_BIN_EXE_boshi");
            format!(
                "[{{ command = ['{program}', 'platform', {}, '--config', '{}'] }}]",
                words.join(", "),
                config.display()
            )
        };
        let open = |more: &[&str]| {
            let order = ["open", "LOT-1", "CAM-01", "--by", "kit", "--reason", "test"];
            command(&[&order[..], more].concat())
        };
        format!(
            "[acts]\npermit-plate = {}\nwithdraw-permit = {}\noperator-opens = {}\n\
             operator-holds = {}\noperator-restores = {}\noperator-forces = {}\noperator-shows = {}\n",
            command(&["permit", "add", "{plate}", "--days", "1"]),
            command(&["permit", "remove", "{plate}"]),
            open(&["--plate", "{plate}"]),
            open(&["--mode", "hold"]),
            open(&["--mode", "restore"]),
            open(&["--mode", "forced"]),
            command(&["show", "LOT-1", "LED-01", "欢迎 光临"]),
        )
    }
}
