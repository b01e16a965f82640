//! Reading and writing the fields of a JSON object.
//!
//! Suppliers' stacks differ: one writes numbers as strings, the next strings as numbers, a third
//! sends fields of its own. [`Fields`] forgives that unless it is told to be strict (D-3), and when
//! it cannot forgive it names the field, what came and what was expected. [`Writer`] only ever
//! writes the documented types.

mod error;
mod money;
#[cfg(test)]
mod tests;
mod writer;

use std::borrow::Cow;
use std::cell::RefCell;

pub use self::error::FieldError;
pub use self::writer::Writer;
use crate::id::Id;
use crate::json::{Json, Object};
use crate::plate::{Plate, PlateColor};
use crate::time::WireTime;

/// How much is forgiven (D-3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tolerance {
    /// Numbers may be strings, strings numbers; unknown fields are ignored.
    #[default]
    Tolerant,
    /// Exactly the documented types and fields: for conformance work.
    Strict,
}

/// A JSON object that is being read.
pub struct Fields<'a> {
    object: &'a Object<'a>,
    /// Fields that are none of these: of an envelope around them.
    foreign: &'a [&'static str],
    path: String,
    tolerance: Tolerance,
    known: RefCell<Vec<&'static str>>,
}

impl<'a> Fields<'a> {
    /// The fields of a whole message.
    pub fn new(object: &'a Object<'a>, tolerance: Tolerance) -> Fields<'a> {
        Fields::without(&[], object, tolerance)
    }

    /// The fields of a message but those called as in `foreign`, which belong to what is around it.
    pub fn without(
        foreign: &'a [&'static str],
        object: &'a Object<'a>,
        tolerance: Tolerance,
    ) -> Fields<'a> {
        Fields {
            object,
            foreign,
            path: String::new(),
            tolerance,
            known: RefCell::new(Vec::new()),
        }
    }

    /// How much is forgiven.
    pub fn tolerance(&self) -> Tolerance {
        self.tolerance
    }

    /// A text; absent, `null` and empty are all `None`.
    ///
    /// # Errors
    /// When it is neither a text nor, unless strict, a number or a truth value.
    pub fn optional_text(&self, name: &'static str) -> Result<Option<Cow<'a, str>>, FieldError> {
        match self.present(name) {
            None => Ok(None),
            Some(value) => {
                let text = self.as_text(name, value)?;
                Ok(Some(text).filter(|text| !text.is_empty()))
            }
        }
    }

    /// A text that has to be there, but may be empty.
    ///
    /// # Errors
    /// As [`Fields::optional_text`], and when it is absent or `null`.
    pub fn text(&self, name: &'static str) -> Result<Cow<'a, str>, FieldError> {
        match self.present(name) {
            None => Err(self.missing(name, "应为文本")),
            Some(value) => self.as_text(name, value),
        }
    }

    /// A whole number, if given.
    ///
    /// # Errors
    /// When it is not a whole number within `bounds`.
    pub fn optional_integer(
        &self,
        name: &'static str,
        bounds: std::ops::RangeInclusive<i64>,
    ) -> Result<Option<i64>, FieldError> {
        let Some(value) = self.present(name) else {
            return Ok(None);
        };
        let number = match value {
            Json::Number(number) => number.as_i64().or_else(|| self.whole(number.as_f64())),
            Json::Text(text) if text.trim().is_empty() => return Ok(None),
            Json::Text(text) if self.tolerance == Tolerance::Tolerant => text.trim().parse().ok(),
            Json::Text(_) | Json::Bool(_) | Json::Null => None,
            Json::List(_) | Json::Object(_) => None,
        };
        number
            .filter(|number| bounds.contains(number))
            .map(Some)
            .ok_or_else(|| {
                let (low, high) = (bounds.start(), bounds.end());
                self.bad(name, value, format!("应为 {low} 到 {high} 的整数"))
            })
    }

    /// An id that has to be there.
    ///
    /// # Errors
    /// When it is absent, empty, too long or unprintable.
    pub fn id<K>(&self, name: &'static str) -> Result<Id<K>, FieldError> {
        self.optional_id(name)?
            .ok_or_else(|| match self.present(name) {
                None => self.missing(name, "应为 1 到 128 个可见字符"),
                Some(value) => self.bad(name, value, "应为 1 到 128 个可见字符"),
            })
    }

    /// An id, if given and not empty.
    ///
    /// # Errors
    /// When it is too long or unprintable.
    pub fn optional_id<K>(&self, name: &'static str) -> Result<Option<Id<K>>, FieldError> {
        self.optional_parsed(name, |text| {
            Id::new(text).map_err(|error| error.to_string())
        })
    }

    /// A time of the wire that has to be there (T-5).
    ///
    /// # Errors
    /// When it is absent or has another form.
    pub fn time(&self, name: &'static str) -> Result<WireTime, FieldError> {
        const EXPECTED: &str = "应为北京时间 yyyyMMdd HH:mm:ss";
        self.optional_time(name)?
            .ok_or_else(|| match self.present(name) {
                None => self.missing(name, EXPECTED),
                Some(value) => self.bad(name, value, EXPECTED),
            })
    }

    /// A time of the wire, if given and not empty (T-5).
    ///
    /// # Errors
    /// When it has another form.
    pub fn optional_time(&self, name: &'static str) -> Result<Option<WireTime>, FieldError> {
        self.optional_parsed(name, |text| {
            WireTime::parse(text).map_err(|error| error.to_string())
        })
    }

    /// A plate that has to be there; empty, and the words that mean it, are `None`.
    ///
    /// # Errors
    /// When the field is absent or cannot be a plate.
    pub fn plate(&self, name: &'static str) -> Result<Option<Plate>, FieldError> {
        let text = self.text(name)?;
        self.read_plate(name, &text)
    }

    /// A plate that may be left out; absent is as empty.
    ///
    /// # Errors
    /// When the text cannot be a plate.
    pub fn optional_plate(&self, name: &'static str) -> Result<Option<Plate>, FieldError> {
        let text = self.optional_text(name)?.unwrap_or_default();
        self.read_plate(name, &text)
    }

    /// The colour of a plate; case is forgiven unless strict.
    ///
    /// # Errors
    /// When it is absent or none of the six.
    pub fn color(&self, name: &'static str) -> Result<PlateColor, FieldError> {
        let text = self.text(name)?;
        let word = match self.tolerance {
            Tolerance::Tolerant => text.trim().to_ascii_lowercase(),
            Tolerance::Strict => text.into_owned(),
        };
        PlateColor::parse(&word).ok_or_else(|| {
            self.bad_text(
                name,
                &word,
                "应为 blue、yellow、black、white、green 或 other",
            )
        })
    }

    /// A text that `parse` understands, if given and not empty.
    ///
    /// # Errors
    /// What `parse` says was expected.
    pub fn optional_parsed<T>(
        &self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<Option<T>, FieldError> {
        let Some(text) = self.optional_text(name)? else {
            return Ok(None);
        };
        parse(&text)
            .map(Some)
            .map_err(|expected| self.bad_text(name, &text, expected))
    }

    /// A truth value, if given and not empty: unless strict it may also be a text (D-3).
    ///
    /// # Errors
    /// When it is neither `true` nor `false`.
    pub fn optional_truth(&self, name: &'static str) -> Result<Option<bool>, FieldError> {
        let Some(value) = self.present(name) else {
            return Ok(None);
        };
        let truth = match (value, self.tolerance) {
            (Json::Bool(truth), _) => Some(*truth),
            (Json::Text(text), Tolerance::Tolerant) => match text.trim() {
                "" => return Ok(None),
                "true" => Some(true),
                "false" => Some(false),
                _ => None,
            },
            _ => None,
        };
        let truth = truth.ok_or_else(|| self.bad(name, value, "应为 true 或 false"))?;
        Ok(Some(truth))
    }

    /// A list of objects that has to be there, each read by `read`; unless strict it may also be a
    /// text that holds the list (D-3).
    ///
    /// # Errors
    /// When it is absent, no list of objects, longer than `most`, or an entry cannot be read.
    pub fn list<T>(
        &self,
        name: &'static str,
        most: usize,
        read: impl Fn(&Fields<'_>) -> Result<T, FieldError>,
    ) -> Result<Vec<T>, FieldError> {
        match (self.present(name), self.tolerance) {
            (Some(value), Tolerance::Strict) => self.entries(name, value, most, read),
            (_, Tolerance::Tolerant) | (None, _) => self.list_or_text(name, most, read),
        }
    }

    /// As [`Fields::list`], for a list that the standard itself calls a text (D-9).
    ///
    /// # Errors
    /// As [`Fields::list`].
    pub fn list_or_text<T>(
        &self,
        name: &'static str,
        most: usize,
        read: impl Fn(&Fields<'_>) -> Result<T, FieldError>,
    ) -> Result<Vec<T>, FieldError> {
        match self.present(name) {
            Some(value @ Json::Text(text)) => {
                let held = Json::read(text.as_bytes());
                let held = held.map_err(|_| self.bad(name, value, "应为 JSON 数组"))?;
                self.entries(name, &held, most, read)
            }
            Some(value) => self.entries(name, value, most, read),
            None => Err(self.missing(name, "应为 JSON 数组")),
        }
    }

    fn entries<T>(
        &self,
        name: &str,
        value: &Json<'_>,
        most: usize,
        read: impl Fn(&Fields<'_>) -> Result<T, FieldError>,
    ) -> Result<Vec<T>, FieldError> {
        let Json::List(list) = value else {
            return Err(self.bad(name, value, "应为 JSON 数组"));
        };
        if list.len() > most {
            return Err(self.bad(name, value, format!("应不超过 {most} 项")));
        }
        let entry = |(place, entry): (usize, &Json<'_>)| {
            let path = format!("{}{name}[{place}]", self.path);
            let Json::Object(object) = entry else {
                return Err(FieldError::bad(path, entry, "应为 JSON 对象"));
            };
            let fields = Fields {
                object,
                foreign: &[],
                path: path + ".",
                tolerance: self.tolerance,
                known: RefCell::new(Vec::new()),
            };
            let read = read(&fields)?;
            fields.finish()?;
            Ok(read)
        };
        list.iter().enumerate().map(entry).collect()
    }

    /// To be called when everything known was read: refuses what is left, when strict (D-3).
    ///
    /// # Errors
    /// The first field that nobody asked for.
    pub fn finish(&self) -> Result<(), FieldError> {
        if self.tolerance == Tolerance::Tolerant {
            return Ok(());
        }
        let known = self.known.borrow();
        let stranger = self
            .object
            .iter()
            .find(|(name, _)| !known.contains(name) && !self.foreign.contains(name));
        stranger.map_or(Ok(()), |(name, value)| {
            Err(self.bad(name, value, "标准中没有此字段"))
        })
    }

    /// The error of a field whose value is understood but not acceptable.
    pub fn refuse(&self, name: &str, expected: impl Into<Cow<'static, str>>) -> FieldError {
        match self.own(name) {
            None => self.missing(name, expected),
            Some(value) => self.bad(name, value, expected),
        }
    }

    fn own(&self, name: &str) -> Option<&'a Json<'a>> {
        let is_own = !self.foreign.contains(&name);
        is_own.then(|| self.object.get(name)).flatten()
    }

    fn present(&self, name: &'static str) -> Option<&'a Json<'a>> {
        if self.tolerance == Tolerance::Strict {
            self.known.borrow_mut().push(name);
        }
        self.own(name).filter(|value| **value != Json::Null)
    }

    fn as_text(&self, name: &str, value: &'a Json<'a>) -> Result<Cow<'a, str>, FieldError> {
        match (value, self.tolerance) {
            (Json::Text(text), _) => Ok(Cow::Borrowed(text)),
            (Json::Number(number), Tolerance::Tolerant) => Ok(Cow::Owned(number.to_string())),
            (Json::Bool(truth), Tolerance::Tolerant) => Ok(Cow::Owned(truth.to_string())),
            _ => Err(self.bad(name, value, "应为文本")),
        }
    }

    fn whole(&self, number: Option<f64>) -> Option<i64> {
        /// Largest magnitude up to which every whole number has a double of its own.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        let number = number.filter(|_| self.tolerance == Tolerance::Tolerant)?;
        let exact = number.fract() == 0.0 && number.abs() <= EXACT;
        exact.then(|| format!("{number:.0}").parse().ok()).flatten()
    }

    fn read_plate(&self, name: &'static str, text: &str) -> Result<Option<Plate>, FieldError> {
        Plate::read(text).map_err(|error| self.bad_text(name, text, error.to_string()))
    }

    fn missing(&self, name: &str, expected: impl Into<Cow<'static, str>>) -> FieldError {
        FieldError::missing(format!("{}{name}", self.path), expected)
    }

    fn bad(
        &self,
        name: &str,
        value: &Json<'_>,
        expected: impl Into<Cow<'static, str>>,
    ) -> FieldError {
        FieldError::bad(format!("{}{name}", self.path), value, expected)
    }

    fn bad_text(
        &self,
        name: &str,
        text: &str,
        expected: impl Into<Cow<'static, str>>,
    ) -> FieldError {
        self.bad(name, &Json::Text(Cow::Borrowed(text)), expected)
    }
}
