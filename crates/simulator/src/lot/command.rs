//! What the gateway tells a controller: `POST {device_url}` of docs/DEVICES.md.

use boshi_protocol::code::Alignment;
use boshi_protocol::id::DeviceNo;
use serde::{Deserialize, Deserializer};

use super::happening::Line;

/// A command and its number, unique for ever.
#[derive(Debug, Deserialize)]
pub(super) struct Command {
    pub(super) id: String,
    #[serde(flatten)]
    pub(super) task: Task,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "command", rename_all = "lowercase")]
pub(super) enum Task {
    Open {
        #[serde(deserialize_with = "device")]
        device: DeviceNo,
    },
    Hold {
        #[serde(deserialize_with = "device")]
        device: DeviceNo,
    },
    Restore {
        #[serde(deserialize_with = "device")]
        device: DeviceNo,
    },
    Show {
        #[serde(deserialize_with = "device")]
        device: DeviceNo,
        #[serde(deserialize_with = "lines")]
        lines: Vec<Line>,
    },
    Check {
        devices: Vec<String>,
    },
}

fn device<'de, D: Deserializer<'de>>(from: D) -> Result<DeviceNo, D::Error> {
    let text = String::deserialize(from)?;
    DeviceNo::new(&text).map_err(serde::de::Error::custom)
}

fn lines<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Line>, D::Error> {
    #[derive(Deserialize)]
    struct Written {
        text: String,
        alignment: Option<String>,
    }
    let lines = Vec::<Written>::deserialize(from)?.into_iter();
    lines
        .map(|line| {
            let alignment = match &line.alignment {
                None => Alignment::default(),
                Some(word) => Alignment::parse(word)
                    .ok_or_else(|| serde::de::Error::custom("alignment: left, center, right"))?,
            };
            let text = line.text;
            Ok(Line { text, alignment })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read_as_the_document_writes_them() {
        let open = r#"{"command":"open","id":"7","device":"BAR-01"}"#;
        let open: Command = serde_json::from_str(open).unwrap();
        assert_eq!(open.id, "7");
        let device = DeviceNo::new("BAR-01").unwrap();
        assert_eq!(open.task, Task::Open { device });

        let show = r#"{"id":"8","command":"show","device":"LED-01",
            "lines":[{"text":" 您好","alignment":"center"},{"text":"b"}]}"#;
        let show: Command = serde_json::from_str(show).unwrap();
        let Task::Show { lines, .. } = show.task else {
            panic!("{show:?}");
        };
        assert_eq!(lines[0].text, " 您好");
        let alignments = [lines[0].alignment, lines[1].alignment];
        assert_eq!(alignments, [Alignment::Center, Alignment::Left]);
    }

    #[test]
    fn what_the_document_does_not_know_is_refused() {
        for text in [
            r#"{"command":"explode","id":"7"}"#,
            r#"{"command":"open","device":"BAR-01"}"#,
            r#"{"command":"open","id":"7","device":""}"#,
            r#"{"command":"show","id":"7","device":"L","lines":[{"text":"a","alignment":"up"}]}"#,
        ] {
            assert!(serde_json::from_str::<Command>(text).is_err(), "{text}");
        }
    }
}
