//! Where the code and the tests cite requirements.
//!
//! A citation is a requirement's id in a comment. What stands in a text is none: a device in a
//! test may be called `D-1`.

use std::collections::{BTreeMap, BTreeSet};

use crate::requirements::REQUIREMENTS;

/// A Rust file: its path below the workspace, with `/`, and its text.
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) text: String,
}

/// The files that cite a requirement.
#[derive(Default)]
pub(crate) struct Citing {
    pub(crate) code: BTreeSet<String>,
    pub(crate) tests: BTreeSet<String>,
    /// Files of the conformance kit with cases of it.
    pub(crate) cases: BTreeSet<String>,
}

/// The conformance kit, which judges the requirements and keeps none.
const KIT: &str = "crates/conformance/src/";

/// Where its cases are.
const CASES: &str = "crates/conformance/src/cases";

/// Every citation.
pub(crate) struct Citations {
    /// Each requirement with the files that cite it.
    pub(crate) known: BTreeMap<&'static str, Citing>,
    /// Ids that look like a requirement's and are none, with the files that cite them.
    pub(crate) unknown: BTreeMap<String, BTreeSet<String>>,
}

impl Citations {
    /// Gathers the citations in `sources`.
    pub(crate) fn gather(sources: &[Source]) -> Citations {
        let mut known: BTreeMap<&'static str, Citing> = REQUIREMENTS
            .iter()
            .map(|(id, _)| (*id, Citing::default()))
            .collect();
        let mut unknown: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let test_modules: Vec<String> = sources.iter().flat_map(test_modules).collect();
        for source in sources {
            if source.path.starts_with(KIT) {
                let is_judging = source.path.starts_with(CASES);
                let judged = judged_in(&source.text).filter(|_| is_judging);
                for id in judged {
                    if let Some(citing) = known.get_mut(id) {
                        citing.cases.insert(source.path.clone());
                    }
                }
                continue;
            }
            let is_test = is_test_path(&source.path)
                || test_modules
                    .iter()
                    .any(|module| lies_in(&source.path, module));
            for (line, in_test_module) in source.text.lines().zip(inline_test_lines(&source.text)) {
                for id in cited_in(comment_of(line)) {
                    match known.get_mut(id) {
                        Some(citing) if is_test || in_test_module => {
                            citing.tests.insert(source.path.clone());
                        }
                        Some(citing) => drop(citing.code.insert(source.path.clone())),
                        None => {
                            let citing = unknown.entry(id.to_owned()).or_default();
                            citing.insert(source.path.clone());
                        }
                    }
                }
            }
        }
        Citations { known, unknown }
    }
}

/// Whether a path says that it holds tests: `tests/…`, `tests.rs`, `…_tests.rs`.
fn is_test_path(path: &str) -> bool {
    let names = || {
        path.split('/')
            .map(|name| name.strip_suffix(".rs").unwrap_or(name))
    };
    names().any(|name| name == "tests")
        || names()
            .next_back()
            .is_some_and(|name| name.ends_with("_tests"))
}

/// The modules that a file declares for tests only, in files of their own: their paths without
/// `.rs`.
fn test_modules(source: &Source) -> Vec<String> {
    let folder = ["/mod.rs", "/lib.rs", "/main.rs"]
        .into_iter()
        .find_map(|end| source.path.strip_suffix(end))
        .unwrap_or(source.path.trim_end_matches(".rs"));
    let name = |declaration: Declaration<'_>| match declaration {
        Declaration::Elsewhere(name) => Some(format!("{folder}/{name}")),
        Declaration::Inline | Declaration::None => None,
    };
    declarations(&source.text).filter_map(name).collect()
}

fn lies_in(path: &str, module: &str) -> bool {
    let rest = path.strip_prefix(module);
    rest.is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
}

/// What a line declares for tests only.
enum Declaration<'a> {
    /// `mod name;`
    Elsewhere(&'a str),
    /// `mod name {`
    Inline,
    None,
}

/// For each line, whether it opens a module for tests only.
fn declarations(text: &str) -> impl Iterator<Item = Declaration<'_>> {
    let mut for_tests = false;
    text.lines().map(move |line| {
        if line.starts_with("#[cfg(test)]") {
            for_tests = true;
        } else if !line.starts_with("#[") {
            let was_for_tests = std::mem::take(&mut for_tests);
            let line = line.strip_prefix("pub(crate) ").unwrap_or(line);
            if let Some(rest) = line.strip_prefix("mod ").filter(|_| was_for_tests) {
                return match rest.strip_suffix(';') {
                    Some(name) => Declaration::Elsewhere(name),
                    None => Declaration::Inline,
                };
            }
        }
        Declaration::None
    })
}

/// For each line, whether it lies in a `#[cfg(test)] mod … { … }` that begins and ends at the
/// margin.
fn inline_test_lines(text: &str) -> impl Iterator<Item = bool> {
    let mut inside = false;
    text.lines()
        .zip(declarations(text))
        .map(move |(line, declaration)| {
            inside |= matches!(declaration, Declaration::Inline);
            let here = inside;
            inside &= line != "}";
            here
        })
}

/// The requirements of which a text of the conformance kit has cases: their ids begin with the
/// requirement's, or are made of it.
fn judged_in(text: &str) -> impl Iterator<Item = &str> {
    let quoted = text.split('"').skip(1).step_by(2);
    quoted.filter_map(|quoted| quoted.split('.').next())
}

/// The comment of a line; empty if it has none.
fn comment_of(line: &str) -> &str {
    let line = line.trim_start();
    if line.starts_with("//") {
        return line;
    }
    line.split_once(" // ").map_or("", |(_, comment)| comment)
}

/// What looks like a requirement's id: a family of requirements, a hyphen, digits.
fn cited_in(comment: &str) -> impl Iterator<Item = &str> {
    let is_word = |c: char| !c.is_ascii_alphanumeric() && c != '-';
    comment.split(is_word).filter(|word| {
        let Some((family, number)) = word.split_once('-') else {
            return false;
        };
        let is_family = |id: &str| id.split_once('-').is_some_and(|(other, _)| other == family);
        let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        is_number && REQUIREMENTS.iter().any(|(id, _)| is_family(id))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &str, text: &str) -> Source {
        Source {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    /// Whether the code, and whether the tests, of `sources` cite D-1.
    fn where_cited(sources: &[Source]) -> (bool, bool) {
        let citations = Citations::gather(sources);
        let citing = &citations.known["D-1"];
        (!citing.code.is_empty(), !citing.tests.is_empty())
    }

    #[test]
    fn an_id_is_cited_by_itself_and_not_by_a_longer_one() {
        let cited = |comment| cited_in(comment).collect::<Vec<_>>();
        assert_eq!(
            cited("/// D-1, D-12 (OPEN-3): PUSH-4."),
            ["D-1", "D-12", "OPEN-3", "PUSH-4"]
        );
        assert_eq!(
            cited("XD-1, UTF-8, D-n, D-, GA 36-2018, D-1-2"),
            Vec::<&str>::new()
        );
    }

    #[test]
    fn only_comments_cite() {
        assert_eq!(
            where_cited(&[source("a/src/b.rs", "let device = \"D-1\";")]),
            (false, false)
        );
        assert_eq!(
            where_cited(&[source("a/src/b.rs", "let a = 1; // D-1")]),
            (true, false)
        );
        assert_eq!(
            where_cited(&[source("a/src/b.rs", "let url = \"http://D-1\";")]),
            (false, false)
        );
    }

    #[test]
    fn the_conformance_kit_judges_and_keeps_nothing() {
        let cases = source(
            "crates/conformance/src/cases/gate.rs",
            "/// D-2\nCase::new(\"D-1.method\", Remark)",
        );
        let citations = Citations::gather(&[cases]);
        assert!(citations.known["D-2"].code.is_empty());
        assert_eq!(citations.known["D-1"].cases.len(), 1);
        assert!(citations.known["D-2"].cases.is_empty());
    }

    #[test]
    fn an_id_that_is_no_requirements_is_told_with_its_file() {
        let citations = Citations::gather(&[source("a/src/b.rs", "/// PUSH-9")]);
        assert_eq!(
            citations.unknown["PUSH-9"].iter().collect::<Vec<_>>(),
            ["a/src/b.rs"]
        );
    }

    #[test]
    fn files_and_folders_of_tests_are_tests() {
        for path in [
            "crates/a/tests/it/lane.rs",
            "crates/a/src/lane/tests/asking.rs",
            "crates/a/src/lane/tests.rs",
            "crates/a/src/fields_tests.rs",
        ] {
            assert_eq!(
                where_cited(&[source(path, "/// D-1")]),
                (false, true),
                "{path}"
            );
        }
        for path in ["crates/a/src/latests.rs", "crates/contests/src/lib.rs"] {
            assert_eq!(
                where_cited(&[source(path, "/// D-1")]),
                (true, false),
                "{path}"
            );
        }
    }

    #[test]
    fn a_module_declared_for_tests_is_tests_wherever_its_file_lies() {
        let declaring = source(
            "a/src/lane.rs",
            "#[cfg(test)]\n#[rustfmt::skip]\nmod model;\nmod real;\n",
        );
        let of = |path| {
            [
                source("a/src/lane.rs", &declaring.text),
                source(path, "/// D-1"),
            ]
        };
        assert_eq!(where_cited(&of("a/src/lane/model.rs")), (false, true));
        assert_eq!(where_cited(&of("a/src/lane/model/part.rs")), (false, true));
        assert_eq!(where_cited(&of("a/src/lane/real.rs")), (true, false));
        assert_eq!(where_cited(&of("a/src/lane/models.rs")), (true, false));
    }

    #[test]
    fn an_inline_module_of_tests_ends_with_its_brace() {
        let inside = "#[cfg(test)]\nmod tests {\n    /// D-1\n    fn it() {\n    }\n}\n";
        assert_eq!(where_cited(&[source("a/src/b.rs", inside)]), (false, true));
        let behind = format!("{}/// D-1\nfn after() {{}}\n", inside.replace("D-1", "D-2"));
        assert_eq!(where_cited(&[source("a/src/b.rs", &behind)]), (true, false));
    }
}
