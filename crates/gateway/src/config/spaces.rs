//! Systems that tell which parking spaces are taken.

use std::collections::BTreeMap;
use std::time::Duration;

use boshi_protocol::code::PlaceStatus;
use boshi_protocol::id::{DeviceNo, PlaceNo};
use boshi_service::config::value;
use serde::{Deserialize, Deserializer};

use super::driven::Equipment;
use super::{Topic, UrlKey};

/// A guidance system, or cameras that look at spaces.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spaces {
    /// What people call it.
    pub name: String,
    /// What its reports look like.
    #[serde(default)]
    pub speaks: SpacesDialect,
    /// What it shows in the address that it pushes to: `http://GATEWAY:8444/spaces/KEY`.
    pub key: Option<UrlKey>,
    /// Under which topic it reports to the lot's MQTT broker.
    pub topic: Option<Topic>,
    /// How often each space is reported at least; one that is not for three of these is unusual. None
    /// is, when it is zero.
    #[serde(default, deserialize_with = "value::span_or_zero")]
    pub period: Duration,
    /// Where in a report what stands.
    #[serde(default)]
    pub fields: SpaceFields,
    /// What its words for a state are.
    #[serde(default)]
    pub words: SpaceWords,
    /// Numbers of spaces that it calls otherwise, by what it calls them.
    #[serde(default, deserialize_with = "numbers")]
    pub numbers: BTreeMap<String, PlaceNo>,
}

/// What reports look like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SpacesDialect {
    /// JSON with the fields that are configured.
    #[default]
    Json,
    /// The parking information of 大华.
    Dahua,
    /// The parking-space recognition of 海康.
    Hikvision,
}

/// Where in a report what stands: the name of a field, or a JSON pointer that begins with a slash.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SpaceFields {
    /// The list of spaces, when a report has several; all the others are looked for in each of it.
    pub list: Option<String>,
    /// Which space.
    pub place: String,
    /// Its state.
    pub status: String,
    /// The plate that stands there.
    pub plate: String,
    /// A picture in base64.
    pub image: String,
}

/// The words for each state, as text also when they are numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SpaceWords {
    /// Nobody is there.
    pub vacancy: Vec<String>,
    /// Somebody is.
    pub occupy: Vec<String>,
    /// It cannot be told.
    pub unusual: Vec<String>,
}

impl Spaces {
    /// What a word of its means: what is configured, or else what is documented.
    pub fn status_of(&self, word: &str) -> Option<PlaceStatus> {
        let SpaceWords {
            vacancy,
            occupy,
            unusual,
        } = &self.words;
        if !self.words.is_empty() {
            let is = |words: &[String]| words.iter().any(|it| it.eq_ignore_ascii_case(word));
            let states = [
                (vacancy, PlaceStatus::Vacant),
                (occupy, PlaceStatus::Occupied),
                (unusual, PlaceStatus::Unusual),
            ];
            let mut states = states.into_iter();
            return states.find(|(words, _)| is(words)).map(|(_, state)| state);
        }
        match self.speaks {
            SpacesDialect::Json => PlaceStatus::parse(word),
            SpacesDialect::Hikvision => match word {
                "yes" => Some(PlaceStatus::Occupied),
                "no" => Some(PlaceStatus::Vacant),
                _ => None,
            },
            // What its numbers mean is not known.
            SpacesDialect::Dahua => None,
        }
    }

    /// What a word may be, for people.
    pub fn known_words(&self) -> String {
        let SpaceWords {
            vacancy,
            occupy,
            unusual,
        } = &self.words;
        if !self.words.is_empty() {
            let all: Vec<&str> = [vacancy, occupy, unusual]
                .into_iter()
                .flatten()
                .map(String::as_str)
                .collect();
            return all.join("、");
        }
        let known = match self.speaks {
            SpacesDialect::Json => "vacancy、occupy、unusual",
            SpacesDialect::Hikvision => "yes、no",
            SpacesDialect::Dahua => "",
        };
        known.to_owned()
    }
}

impl Equipment for Spaces {
    fn name(&self) -> &str {
        &self.name
    }

    /// No device of a lane is reached by it.
    fn drives(&self) -> Vec<&DeviceNo> {
        Vec::new()
    }

    fn key(&self) -> Option<&UrlKey> {
        self.key.as_ref()
    }
}

impl SpaceWords {
    /// Whether nothing is configured.
    pub fn is_empty(&self) -> bool {
        self.vacancy.is_empty() && self.occupy.is_empty() && self.unusual.is_empty()
    }
}

impl Default for SpaceFields {
    fn default() -> SpaceFields {
        SpaceFields {
            list: None,
            place: "placeNo".to_owned(),
            status: "status".to_owned(),
            plate: "plate".to_owned(),
            image: "image".to_owned(),
        }
    }
}

fn numbers<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<String, PlaceNo>, D::Error> {
    let texts = BTreeMap::<String, String>::deserialize(from)?;
    let read = |(theirs, ours): (String, String)| {
        let number = PlaceNo::new(&ours);
        let number = number.map_err(|error| serde::de::Error::custom(format!("{ours:?}: {error}")));
        Ok((theirs, number?))
    };
    texts.into_iter().map(read).collect()
}
