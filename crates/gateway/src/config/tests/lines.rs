//! Who may speak on a line.

use super::*;

#[test]
fn a_serial_port_has_modules_or_boards() {
    let module = MODULE.replace("192.168.1.254:502", "/dev/ttyS0");
    Config::parse(&format!("{COMMENTED}{module}")).unwrap();
    let framing = module.replace("\"waveshare\"", "\"waveshare\"\nframing = \"tcp\"");
    let error = Config::parse(&format!("{COMMENTED}{framing}")).unwrap_err();
    assert!(error.to_string().contains("modbus[0].framing"), "{error}");
    let board = BOARD.replace("192.168.1.200:4001", "/dev/ttyS0");
    let error = Config::parse(&format!("{COMMENTED}{module}{board}")).unwrap_err();
    assert!(error.to_string().contains("modbus[0].address"), "{error}");
    assert!(
        error.to_string().contains("only modules of one lot"),
        "{error}"
    );
    let other = BOARD.replace("192.168.1.200:4001", "/dev/ttyS1");
    Config::parse(&format!("{COMMENTED}{module}{other}")).unwrap();
}

/// A second module at the same address, of which this is said beside it.
fn another(said: &str) -> String {
    let head = MODULE.split("[[lot.modbus.barrier]]").next().unwrap();
    head.replace("IO-01", "IO-02") + said + "\n"
}

fn refused(text: &str, words: &[&str]) {
    let error = Config::parse(&format!("{COMMENTED}{text}")).unwrap_err();
    let error = error.to_string();
    for words in words {
        assert!(error.contains(words), "{words} is not in {error}");
    }
}

/// Whoever answers for another, or speaks otherwise, is understood by nobody.
#[test]
fn modules_of_a_lot_share_a_line_when_they_can_be_told_apart_and_speak_alike() {
    let parse = |text: &str| Config::parse(&format!("{COMMENTED}{text}"));
    let server = MODULE.replace("\"waveshare\"", "\"waveshare\"\nframing = \"rtu\"");
    let second = |said: &str| format!("{server}{}", another(said));
    parse(&second("unit = 2\nframing = \"rtu\"\nanswer = \"1s\"")).unwrap();
    for (said, words) in [
        ("framing = \"rtu\"", "lot[0].modbus[1].unit"),
        ("unit = 254\nframing = \"rtu\"", "and not 254 on either"),
        ("unit = 2", "as lot[0].modbus[0], which is on the same line"),
        (
            "unit = 2\nframing = \"rtu\"\nbaud = 19200",
            "lot[0].modbus[1]: baud",
        ),
        (
            "unit = 2\nframing = \"rtu\"\nanswer = \"2s\"",
            "lot[0].modbus[1].answer",
        ),
    ] {
        refused(&second(said), &[words]);
    }
    let port = |text: &str| text.replace("192.168.1.254:502", "/dev/ttyS0");
    parse(&port(&format!("{MODULE}{}", another("unit = 2")))).unwrap();
    let written = another("unit = 1").replace(".254:502", ".254:0502");
    refused(&format!("{MODULE}{written}"), &["with unit 1"]);
}

/// Two connections to one serial server would interleave on its line.
#[test]
fn boards_and_modules_do_not_share_a_line() {
    let serial = MODULE.replace("\"waveshare\"", "\"waveshare\"\nframing = \"rtu\"");
    let board = BOARD.replace("192.168.1.200:4001", "192.168.1.254:502");
    for module in [MODULE, &serial] {
        let words = ["lot[0].olm[0].address", "lot[0].modbus[0].address has"];
        refused(&format!("{module}{board}"), &words);
    }
    Config::parse(&format!("{COMMENTED}{serial}{BOARD}")).unwrap();
}

/// Who speaks Modbus TCP to several modules tells them apart by their units.
#[test]
fn modules_behind_one_address_of_modbus_tcp_have_units_of_their_own() {
    let parse = |said: &str| Config::parse(&format!("{COMMENTED}{MODULE}{}", another(said)));
    parse("unit = 2").unwrap();
    for unit in ["unit = 1", "", "unit = 254"] {
        let error = parse(unit).unwrap_err().to_string();
        assert!(error.contains("lot[0].modbus[1].unit"), "{error}");
        assert!(error.contains("with unit 1"), "{error}");
    }
}
