//! What a camera writes.

use jiff::Timestamp;
use jiff::tz::Offset;

use super::HikPlate;

/// The namespace of a camera's documents, which differs from firmware to firmware.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HikNamespace {
    /// `http://www.isapi.org/ver20/XMLSchema`.
    #[default]
    Isapi,
    /// `http://www.hikvision.com/ver20/XMLSchema`.
    Hikvision,
    /// `http://www.std-cgi.com/ver10/XMLSchema`.
    StdCgi,
    /// A prefix before every name.
    Prefixed,
}

impl HikNamespace {
    /// A document of `root` with these elements.
    fn document(self, root: &str, elements: &str) -> String {
        let space = match self {
            HikNamespace::Isapi => "http://www.isapi.org/ver20/XMLSchema",
            HikNamespace::Hikvision | HikNamespace::Prefixed => {
                "http://www.hikvision.com/ver20/XMLSchema"
            }
            HikNamespace::StdCgi => "http://www.std-cgi.com/ver10/XMLSchema",
        };
        let head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n";
        if self == HikNamespace::Prefixed {
            let elements = elements.replace("</", "\u{0}").replace('<', "<hik:");
            let elements = elements.replace('\u{0}', "</hik:");
            return format!("{head}<hik:{root} xmlns:hik=\"{space}\">{elements}</hik:{root}>\r\n");
        }
        format!("{head}<{root} version=\"2.0\" xmlns=\"{space}\">\r\n{elements}\r\n</{root}>\r\n")
    }
}

fn alert(namespace: HikNamespace, time: &str, kind: &str, state: &str, more: &str) -> String {
    let elements = format!(
        "<ipAddress>192.168.1.131</ipAddress><portNo>80</portNo><protocol>HTTP</protocol>\
         <macAddress>98:df:82:00:12:34</macAddress><channelID>1</channelID>\
         <dateTime>{time}</dateTime><activePostCount>1</activePostCount>\
         <eventType>{kind}</eventType><eventState>{state}</eventState>\
         <eventDescription>{kind} alarm</eventDescription>{more}"
    );
    namespace.document("EventNotificationAlert", &elements)
}

/// A reading.
pub(super) fn anpr(plate: &HikPlate, namespace: HikNamespace) -> String {
    let HikPlate {
        license,
        color,
        confidence,
        ..
    } = plate;
    let replay = u8::from(plate.is_replay);
    let more = format!(
        "<ANPR><licensePlate>{license}</licensePlate><line>1</line><direction>forward</direction>\
         <confidenceLevel>{confidence}</confidenceLevel><plateType>92TypeCivil</plateType>\
         <plateColor>{color}</plateColor><vehicleType>vehicle</vehicleType>\
         <originalLicensePlate>{license}</originalLicensePlate><alarmDataType>{replay}</alarmDataType>\
         </ANPR>"
    );
    alert(namespace, &wall(plate.at), "ANPR", "active", &more)
}

/// An input that has changed, from 1.
pub(super) fn input(number: usize, level: bool, namespace: HikNamespace) -> String {
    let state = if level { "active" } else { "inactive" };
    let more = format!("<inputIOPortID>{number}</inputIOPortID>");
    alert(namespace, &now(), "IO", state, &more)
}

/// Nothing happens.
pub(super) fn heartbeat(namespace: HikNamespace) -> String {
    alert(namespace, &now(), "videoloss", "inactive", "")
}

fn now() -> String {
    wall(Timestamp::now())
}

/// China's wall clock, with its offset.
fn wall(at: Timestamp) -> String {
    let wall = Offset::constant(8).to_datetime(at);
    format!("{}+08:00", wall.strftime("%Y-%m-%dT%H:%M:%S"))
}

/// A part of the alert stream.
pub(super) fn part(document: &str) -> String {
    let length = document.len();
    format!(
        "--boundary\r\nContent-Type: application/xml; charset=\"UTF-8\"\r\n\
         Content-Length: {length}\r\n\r\n{document}\r\n"
    )
}

/// What is pushed: a reading, a picture of its plate that is empty, as it often is, and the scene.
pub(super) fn form(document: &str, scene: &[u8]) -> Vec<u8> {
    let mut body = Vec::with_capacity(document.len() + scene.len() + 1024);
    for (name, kind, content) in [
        (
            "anpr.xml",
            "text/xml; charset=\"UTF-8\"",
            document.as_bytes(),
        ),
        ("licensePlatePicture.jpg", "image/pjpeg", &[]),
        ("detectionPicture.jpg", "image/pjpeg", scene),
    ] {
        let length = content.len();
        let head = format!(
            "--boundary\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{name}\"\r\n\
             Content-Type: {kind}\r\nContent-Length: {length}\r\n\r\n"
        );
        body.extend(head.as_bytes());
        body.extend(content);
        body.extend(b"\r\n");
    }
    body.extend(b"--boundary--\r\n");
    body
}

/// What a camera answers to a command.
pub(super) fn response(code: u8, words: &str, more: &str, namespace: HikNamespace) -> String {
    let elements = format!(
        "<requestURL></requestURL><statusCode>{code}</statusCode><statusString>{words}</statusString>\
         <subStatusCode>{more}</subStatusCode>"
    );
    namespace.document("ResponseStatus", &elements)
}

/// What it says about itself.
pub(super) fn device_info(serial: &str, namespace: HikNamespace) -> String {
    let elements = format!(
        "<deviceName>SIMULATED</deviceName><deviceID>1</deviceID><model>DS-TCG000-SIM</model>\
         <serialNumber>{serial}</serialNumber><firmwareVersion>V0.0.0</firmwareVersion>"
    );
    namespace.document("DeviceInfo", &elements)
}

/// How it is.
pub(super) fn device_status(up: u64, namespace: HikNamespace) -> String {
    let elements = format!(
        "<currentDeviceTime>{}</currentDeviceTime><deviceUpTime>{up}</deviceUpTime>",
        now()
    );
    namespace.document("DeviceStatus", &elements)
}

/// What its clock says.
pub(super) fn time(namespace: HikNamespace) -> String {
    let elements = format!(
        "<timeMode>NTP</timeMode><localTime>{}</localTime><timeZone>CST-8:00:00</timeZone>",
        now()
    );
    namespace.document("Time", &elements)
}

/// The events that its alert stream has: one for each input.
pub(super) fn triggers(inputs: usize, namespace: HikNamespace) -> String {
    let trigger = |number: usize| {
        format!(
            "<EventTrigger><id>IO-{number}</id><eventType>IO</eventType>\
             <inputIOPortID>{number}</inputIOPortID><EventTriggerNotificationList>\
             <EventTriggerNotification><id>center</id><notificationMethod>center</notificationMethod>\
             </EventTriggerNotification></EventTriggerNotificationList></EventTrigger>"
        )
    };
    let triggers: String = (1..=inputs).map(trigger).collect();
    let elements = format!("<EventTriggerList version=\"2.0\">{triggers}</EventTriggerList>");
    namespace.document("EventNotification", &elements)
}

/// How an input is, from 1.
pub(super) fn input_status(number: u16, level: bool, namespace: HikNamespace) -> String {
    let state = if level { "active" } else { "inactive" };
    let elements =
        format!("<ioPortNo>{number}</ioPortNo><ioType>input</ioType><ioState>{state}</ioState>");
    namespace.document("IOPortStatus", &elements)
}

/// Where the barrier is: 0 no signal, 1 down, 2 up.
pub(super) fn gate_status(code: u8, namespace: HikNamespace) -> String {
    let elements = format!("<barrierGateStatus>{code}</barrierGateStatus>");
    namespace.document("BarrierGateStatus", &elements)
}

/// The text of an element of a document; whatever its prefix.
pub(super) fn text<'a>(document: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = document.split_once(&format!("{name}>"))?;
    Some(rest.split_once("</")?.0.trim())
}
