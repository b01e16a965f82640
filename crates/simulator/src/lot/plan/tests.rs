use super::*;

const PLAN: &str = r#"
    speed = 5
    heartbeat = "2s"
    [[lane]]
    name = "01"
    direction = "entry"
    recognizer = "CAM-01"
    barrier = "BAR-01"
    display = "LED-01"
    key = "shown-to-nobody"
    sharpness = { repeats = false, misreads = 0.1 }
    timing = { travel = "1500ms" }
    [[place]]
    number = "A-001"
"#;

#[test]
fn a_plan_is_read_from_toml_with_its_defaults() {
    let plan = LotPlan::from_toml(PLAN).unwrap();
    assert_eq!((plan.speed, plan.heartbeat.as_secs()), (5.0, 2));
    let lane = &plan.lanes[0];
    assert!(lane.trigger_loop && !lane.sharpness.repeats);
    assert_eq!(lane.timing.travel.as_millis(), 1_500);
    assert_eq!(lane.timing.auto_close, Timing::default().auto_close);
    assert_eq!(plan.places[0].as_str(), "A-001");
}

#[test]
fn the_same_plan_is_read_from_json() {
    let text = r#"{"lane":[{"name":"01","direction":"mixed","recognizer":"CAM-01",
        "exit_recognizer":"CAM-02","barrier":"BAR-01","key":"k"}]}"#;
    let plan = LotPlan::from_json(text).unwrap();
    let lane = &plan.lanes[0];
    assert_eq!(lane.recognizer(Heading::Out).as_str(), "CAM-02");
    assert_eq!(lane.devices().count(), 3);
}

#[test]
fn a_wrong_plan_is_refused_with_the_key_that_is_wrong() {
    let table = [
        ("speed = 5", "speed = 0", "speed"),
        ("\"2s\"", "\"soon\"", "heartbeat"),
        ("key =", "kee =", "kee"),
        ("\"BAR-01\"", "\"CAM-01\"", "device"),
        ("\"entry\"", "\"mixed\"", "exit_recognizer"),
        ("key =", "speaks = \"vz\"\n    key =", "lane.speaks"),
        (
            "direction = \"entry\"",
            "direction = \"mixed\"\nexit_recognizer = \"CAM-9\"\nwiring = \"module\"",
            "lane.wiring",
        ),
        ("display = \"LED-01\"", "speaks = \"dahua\"", "lane.wiring"),
        (
            "display = \"LED-01\"",
            "speaks = \"dahua-stream\"",
            "lane.wiring",
        ),
        (
            "key =",
            "display_speaks = \"olm-camera\"\n    key =",
            "lane.display_speaks",
        ),
        (
            "[[place]]",
            "[detectors]\nspeaks = \"json\"\n[[place]]",
            "detectors.key",
        ),
        (
            "[[place]]",
            "[detectors]\nspeaks = \"mqtt\"\nkey = \"k\"\n[[place]]",
            "detectors.lot",
        ),
        ("key =", "faults = [\"gbk\"]\n    key =", "lane.faults"),
        ("key =", "faults = [\"rain\"]\n    key =", "faults"),
        ("key =", "fault_share = 1.5\n    key =", "lane.fault_share"),
    ];
    for (right, wrong, named) in table {
        let error = LotPlan::from_toml(&PLAN.replace(right, wrong)).unwrap_err();
        assert!(error.to_string().contains(named), "{error}");
    }
}

#[test]
fn the_key_is_not_in_what_a_plan_prints() {
    let plan = LotPlan::from_toml(PLAN).unwrap();
    assert!(!format!("{plan:?}").contains("shown-to-nobody"));
}

#[test]
fn the_commented_plan_says_the_defaults() {
    let plan = LotPlan::from_toml(COMMENTED).unwrap();
    let lane = &plan.lanes[0];
    assert_eq!(lane.timing, Timing::default());
    assert_eq!((lane.faults.len(), lane.fault_share), (0, every_third()));
    assert_eq!((plan.speed, plan.heartbeat), (1.0, usual_heartbeat()));
    assert!(lane.trigger_loop && lane.safety_loop && lane.limit_switch && plan.pictures);
    let ways = plan.ways();
    assert_eq!((ways.entries, ways.exits), (vec!["01".to_owned()], vec![]));
}
