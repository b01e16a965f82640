//! What an abnormality is called in words: the standard's messages, filled in (ABN-2, D-15).
//!
//! A message is made from a template with the places `{gate}`, `{lane}` and `{device}`. Those of the
//! standard, and ours beside them, are built in; a lot may word any code differently.

use std::collections::BTreeMap;

use crate::code::AbnormalCode;
use crate::id::DeviceNo;

/// Stands where a template names a device and the abnormality has none.
const NO_DEVICE: &str = "未知";

/// A code that nobody has worded: the message is required, so something must be said.
const UNWORDED: &str = "{gate}门{lane}道异常！";

/// The wording of every abnormality.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Texts {
    templates: BTreeMap<AbnormalCode, Template>,
    unworded: Template,
}

/// A template that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// Between braces stands something that is not a place.
    #[error(
        "异常 {code} 的消息模板：不认识的占位符 {{{place}}}，可用 {{gate}}、{{lane}}、{{device}}"
    )]
    UnknownPlace {
        /// The code whose template it is.
        code: AbnormalCode,
        /// What stands between the braces.
        place: String,
    },
    /// A brace is opened and not closed.
    #[error("异常 {code} 的消息模板：花括号没有闭合")]
    Unclosed {
        /// The code whose template it is.
        code: AbnormalCode,
    },
    /// The template has no text; the standard requires a message.
    #[error("异常 {code} 的消息模板：不能为空")]
    Empty {
        /// The code whose template it is.
        code: AbnormalCode,
    },
}

impl Texts {
    /// The standard's wording, and ours for our own codes.
    pub fn standard() -> Texts {
        let template = |code: &AbnormalCode, text| {
            Template::parse(code, text).expect("the templates built in are sound")
        };
        let named = AbnormalCode::NAMED.into_iter();
        Texts {
            templates: named
                .filter_map(|code| Some((code.clone(), template(&code, standard_text(&code)?))))
                .collect(),
            unworded: template(&AbnormalCode::Other(String::new()), UNWORDED),
        }
    }

    /// The standard's wording, but for the codes worded here.
    ///
    /// # Errors
    /// [`TemplateError`] names the code and what is wrong with its template.
    pub fn with(
        overrides: impl IntoIterator<Item = (AbnormalCode, String)>,
    ) -> Result<Texts, TemplateError> {
        let mut texts = Texts::standard();
        for (code, text) in overrides {
            let template = Template::parse(&code, &text)?;
            texts.templates.insert(code, template);
        }
        Ok(texts)
    }

    /// The message of an abnormality at a lane. A gate may be named with or without 门 at its end,
    /// a lane with or without 道.
    pub fn message(
        &self,
        code: &AbnormalCode,
        gate: &str,
        lane: &str,
        device: Option<&DeviceNo>,
    ) -> String {
        let template = self.templates.get(code).unwrap_or(&self.unworded);
        template.fill(
            without_ending(gate, '门'),
            without_ending(lane, '道'),
            device.map_or(NO_DEVICE, DeviceNo::as_str),
        )
    }
}

const fn standard_text(code: &AbnormalCode) -> Option<&'static str> {
    match code {
        AbnormalCode::DisplayLost => Some("{gate}门{lane}道的显示屏【{device}】连接异常！"),
        AbnormalCode::RecognizerLost => Some("{gate}门{lane}道的车牌识别器【{device}】连接异常！"),
        AbnormalCode::BarrierLost => Some("{gate}门{lane}道的栏杆机【{device}】连接异常！"),
        AbnormalCode::BarrierNotDown => Some("{gate}门{lane}道的栏杆机【{device}】未落下！"),
        AbnormalCode::LoopPressed => Some("{gate}门{lane}道车辆压线圈过长！"),
        AbnormalCode::CrossedUnrecognized => Some("{gate}门{lane}道车辆未识别过闸！"),
        AbnormalCode::Tailgated => Some("{gate}门{lane}道车辆跟车过闸！"),
        AbnormalCode::Other(_) => None,
    }
}

/// The templates write the ending themselves.
fn without_ending(name: &str, ending: char) -> &str {
    let name = name.trim();
    name.strip_suffix(ending).unwrap_or(name)
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Template {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Gate,
    Lane,
    Device,
}

impl Template {
    fn parse(code: &AbnormalCode, text: &str) -> Result<Template, TemplateError> {
        if text.trim().is_empty() {
            return Err(TemplateError::Empty { code: code.clone() });
        }
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (place, behind) = after
                .split_once('}')
                .ok_or_else(|| TemplateError::Unclosed { code: code.clone() })?;
            pieces.push(Piece::Text(before.to_owned()));
            pieces.push(match place {
                "gate" => Piece::Gate,
                "lane" => Piece::Lane,
                "device" => Piece::Device,
                _ => {
                    return Err(TemplateError::UnknownPlace {
                        code: code.clone(),
                        place: place.to_owned(),
                    });
                }
            });
            rest = behind;
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Ok(Template { pieces })
    }

    fn fill(&self, gate: &str, lane: &str, device: &str) -> String {
        let pieces = self.pieces.iter().map(|piece| match piece {
            Piece::Text(text) => text,
            Piece::Gate => gate,
            Piece::Lane => lane,
            Piece::Device => device,
        });
        pieces.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device() -> DeviceNo {
        DeviceNo::new("DWWE10232").unwrap()
    }

    /// ABN-2
    #[test]
    fn the_standards_own_example_comes_out_to_the_letter() {
        let message =
            Texts::standard().message(&AbnormalCode::DisplayLost, "东二", "01", Some(&device()));
        assert_eq!(message, "东二门01道的显示屏【DWWE10232】连接异常！");
    }

    /// ABN-1, ABN-2, ABN-4, D-15
    #[test]
    fn every_named_code_has_its_message() {
        for (code, message) in [
            ("1101", "东二门01道的显示屏【DWWE10232】连接异常！"),
            ("1201", "东二门01道的车牌识别器【DWWE10232】连接异常！"),
            ("1301", "东二门01道的栏杆机【DWWE10232】连接异常！"),
            ("1302", "东二门01道的栏杆机【DWWE10232】未落下！"),
            ("1401", "东二门01道车辆压线圈过长！"),
            ("1501", "东二门01道车辆未识别过闸！"),
            ("1502", "东二门01道车辆跟车过闸！"),
        ] {
            let code = AbnormalCode::read(code);
            let made = Texts::standard().message(&code, "东二", "01", Some(&device()));
            assert_eq!(made, message);
        }
    }

    /// ABN-2
    #[test]
    fn a_name_that_brings_its_ending_is_not_given_a_second_one() {
        let texts = Texts::standard();
        for (gate, lane) in [("东二门", "01"), ("东二", "01道"), (" 东二门 ", "01道")] {
            let message = texts.message(&AbnormalCode::LoopPressed, gate, lane, None);
            assert_eq!(message, "东二门01道车辆压线圈过长！");
        }
    }

    /// D-15
    #[test]
    fn a_lot_words_a_code_as_it_likes_and_leaves_the_others_alone() {
        let ours = AbnormalCode::Other("1402".to_owned());
        let texts = Texts::with([
            (AbnormalCode::LoopPressed, "{lane}：线圈{device}".to_owned()),
            (ours.clone(), "{gate}门停电".to_owned()),
        ])
        .unwrap();
        let message = |code: &AbnormalCode| texts.message(code, "东二", "01", Some(&device()));
        assert_eq!(message(&AbnormalCode::LoopPressed), "01：线圈DWWE10232");
        assert_eq!(message(&ours), "东二门停电");
        assert_eq!(
            message(&AbnormalCode::Tailgated),
            "东二门01道车辆跟车过闸！"
        );
    }

    /// ABN-2, D-15
    #[test]
    fn neither_an_unworded_code_nor_a_missing_device_leaves_the_message_empty() {
        let texts = Texts::standard();
        let unworded = AbnormalCode::Other("9999".to_owned());
        assert_eq!(
            texts.message(&unworded, "东二", "01", None),
            "东二门01道异常！"
        );
        assert_eq!(
            texts.message(&AbnormalCode::BarrierLost, "东二", "01", None),
            "东二门01道的栏杆机【未知】连接异常！"
        );
    }

    /// ABN-2
    #[test]
    fn what_a_name_holds_is_never_taken_for_a_place() {
        let message = Texts::standard().message(&AbnormalCode::LoopPressed, "{lane}", "01", None);
        assert_eq!(message, "{lane}门01道车辆压线圈过长！");
    }

    /// D-15
    #[test]
    fn a_template_that_cannot_be_filled_is_refused_by_its_code() {
        let refused = |text: &str| {
            let code = AbnormalCode::LoopPressed;
            Texts::with([(code, text.to_owned())]).unwrap_err()
        };
        let code = AbnormalCode::LoopPressed;
        assert_eq!(
            refused("{gate}门{plate}"),
            TemplateError::UnknownPlace {
                code: code.clone(),
                place: "plate".to_owned()
            }
        );
        assert_eq!(
            refused("{gate}门{lane"),
            TemplateError::Unclosed { code: code.clone() }
        );
        assert_eq!(refused(" "), TemplateError::Empty { code });
        assert!(refused("{plate}").to_string().contains("1401"));
        assert!(refused("{plate}").to_string().contains("{plate}"));
    }
}
