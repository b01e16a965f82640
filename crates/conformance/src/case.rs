//! A case: one thing that can be seen from outside, and how it is seen.

use std::fmt;

use serde::Serialize;

use crate::bench::Bench;
use crate::hands::{Act, Sight};
use crate::net::Later;
use crate::requirement::requirement;
use crate::text::Text;

/// Which side is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// 供应商.
    Supplier,
    /// 平台.
    Platform,
}

/// How much depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The standard says so.
    Must,
    /// The standard means so, or it is needed to work together.
    Should,
    /// A decision of this project where the standard is silent: never somebody else's failure.
    Remark,
}

/// Something of the configuration without which a case cannot run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// `devices.display`
    Display,
    /// `devices.places`, three at least
    Places,
    /// `plates.refused`
    RefusedPlate,
    /// `[other]`
    OtherLot,
}

/// What a case cannot do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Something that a person, a command or a URL does.
    Act(Act),
    /// Something that a person, a command or a URL sees.
    Sight(Sight),
    /// Something that the configuration says.
    Given(Given),
}

/// Why a case did not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It is not as expected: what was seen instead.
    Unmet(Text),
    /// It could not be tried: why.
    Skipped(Text),
}

/// What a case found.
pub type Checked = Result<(), Stop>;

/// How a case is run.
pub type Run = Box<dyn for<'a> Fn(&'a Bench) -> Later<'a, Checked> + Send + Sync>;

/// One thing to see.
pub struct Case {
    /// `OPEN-3.other-plate`: the requirement and a name of its own.
    pub id: String,
    /// The requirement's id.
    pub requirement: &'static str,
    /// How much depends on it.
    pub severity: Severity,
    /// What it cannot do without.
    pub needs: Vec<Need>,
    /// What is expected, as a sentence.
    pub title: Text,
    /// How it is seen.
    pub run: Run,
}

impl Case {
    /// A case of `requirement`, which its id begins with.
    ///
    /// # Panics
    /// When the id is no requirement's with a name behind a dot, which is a mistake of the kit's own.
    pub fn new(
        id: impl Into<String>,
        severity: Severity,
        title: impl Into<Text>,
        run: impl for<'a> Fn(&'a Bench) -> Later<'a, Checked> + Send + Sync + 'static,
    ) -> Case {
        let id = id.into();
        let (about, _) = id.split_once('.').expect("a case has a name of its own");
        let about = requirement(about).expect("a case is about a requirement");
        Case {
            id,
            requirement: about.id,
            severity,
            needs: Vec::new(),
            title: title.into(),
            run: Box::new(run),
        }
    }

    /// The same, which cannot do without `needs`.
    #[must_use]
    pub fn needing(mut self, needs: &[Need]) -> Case {
        self.needs.extend_from_slice(needs);
        self
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Case({})", self.id)
    }
}

impl Stop {
    /// Not as expected.
    pub fn unmet(zh: impl Into<String>, en: impl Into<String>) -> Stop {
        Stop::Unmet(Text::new(zh.into(), en.into()))
    }

    /// Not tried.
    pub fn skipped(zh: impl Into<String>, en: impl Into<String>) -> Stop {
        Stop::Skipped(Text::new(zh.into(), en.into()))
    }
}

/// Passes when `met`; otherwise what was seen is told.
pub fn check(met: bool, seen: impl FnOnce() -> (String, String)) -> Checked {
    if met {
        return Ok(());
    }
    let (zh, en) = seen();
    Err(Stop::unmet(zh, en))
}
