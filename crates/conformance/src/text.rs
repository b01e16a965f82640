//! What people read, in Chinese and in English.

use std::borrow::Cow;

use serde::Serialize;

/// A language of the reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Chinese.
    Zh,
    /// English.
    En,
}

/// The same words in both languages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Text {
    /// In Chinese.
    pub zh: Cow<'static, str>,
    /// In English.
    pub en: Cow<'static, str>,
}

impl Text {
    /// Both.
    pub fn new(zh: impl Into<Cow<'static, str>>, en: impl Into<Cow<'static, str>>) -> Text {
        Text {
            zh: zh.into(),
            en: en.into(),
        }
    }

    /// The same in either language: what came over the wire.
    pub fn same(words: impl Into<String>) -> Text {
        let words = words.into();
        Text {
            zh: words.clone().into(),
            en: words.into(),
        }
    }

    /// The words in `language`.
    pub fn read(&self, language: Language) -> &str {
        match language {
            Language::Zh => &self.zh,
            Language::En => &self.en,
        }
    }
}

impl<Words: Into<Cow<'static, str>>> From<(Words, Words)> for Text {
    fn from((zh, en): (Words, Words)) -> Text {
        Text::new(zh, en)
    }
}
