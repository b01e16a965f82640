//! CONFORMANCE.md, and the check that every requirement is kept and shown.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::citations::{Citations, Source};
use crate::judged;
use crate::requirements::{NOT_VISIBLE, NOT_YET, REQUIREMENTS};

/// Writes CONFORMANCE.md.
///
/// # Errors
/// When a file cannot be read or written.
pub(crate) fn write(root: &Path) -> anyhow::Result<()> {
    let document = document(root, &Citations::gather(&sources(root)?))?;
    fs::write(root.join("CONFORMANCE.md"), document).context("cannot write CONFORMANCE.md")
}

/// Checks that every requirement is cited by code and by a test, that nothing else is cited as
/// one, and that CONFORMANCE.md says so.
///
/// # Errors
/// All that is wrong.
pub(crate) fn check(root: &Path) -> anyhow::Result<()> {
    let citations = Citations::gather(&sources(root)?);
    let mut wrong = faults(&citations, NOT_YET);
    let written = fs::read_to_string(root.join("CONFORMANCE.md")).unwrap_or_default();
    if written != document(root, &citations)? {
        wrong.push("CONFORMANCE.md is out of date: run `cargo xtask conformance`".to_owned());
    }
    if !wrong.is_empty() {
        bail!("{}", wrong.join("\n"));
    }
    Ok(())
}

fn document(root: &Path, citations: &Citations) -> anyhow::Result<String> {
    let results = judged::results(root)?;
    Ok(render(citations) + &judged::render(&results))
}

fn sources(root: &Path) -> anyhow::Result<Vec<Source>> {
    let mut files = Vec::new();
    rust_files(&root.join("crates"), &mut files)?;
    files.sort();
    let source = |file: PathBuf| {
        let text = fs::read_to_string(&file).with_context(|| format!("cannot read {file:?}"))?;
        let path = file
            .strip_prefix(root)?
            .to_string_lossy()
            .replace('\\', "/");
        Ok(Source { path, text })
    };
    files.into_iter().map(source).collect()
}

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {folder:?}"))? {
        let path = entry?.path();
        if path.is_dir() {
            rust_files(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}

/// What is wrong with the citations, when the requirements in `open` may have gaps.
fn faults(citations: &Citations, open: &[(&str, &str)]) -> Vec<String> {
    let mut faults = Vec::new();
    for (id, files) in &citations.unknown {
        let files = files
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(", ");
        faults.push(format!("{id} is no requirement, but is cited in {files}"));
    }
    for (id, citing) in &citations.known {
        let is_judged = !citing.cases.is_empty();
        match (NOT_VISIBLE.contains(id), is_judged) {
            (true, true) => faults.push(format!("{id} has a case: take it out of NOT_VISIBLE")),
            (true, false) | (false, true) => {}
            (false, false) => faults.push(format!("{id} has no case in the conformance kit")),
        }
        let is_open = open.iter().any(|(other, _)| other == id);
        let (kept, shown) = (!citing.code.is_empty(), !citing.tests.is_empty());
        match (is_open, kept && shown) {
            (true, true) => faults.push(format!("{id} is kept and shown: take it out of NOT_YET")),
            (true, false) | (false, true) => {}
            (false, false) if !kept => faults.push(format!("{id} is kept nowhere")),
            (false, false) => faults.push(format!("{id} is shown by no test")),
        }
    }
    faults
}

fn render(citations: &Citations) -> String {
    let mut out = String::from(
        "# Conformance\n\nWhich requirement of the standard (and which decision, `D-n`, where the \
         standard is silent)\nis kept where, and which tests show it. Written by `cargo xtask \
         conformance` from the citations\nin the code; `cargo xtask test` fails when it is out of \
         date, and when a requirement is kept\nnowhere, shown by no test, or judged by no case of the \
         conformance kit ([docs/CONFORM.md](docs/CONFORM.md));\n`–` under *judged by*: it cannot be \
         seen from outside.\n\n\
         | id | about | kept in | shown by | judged by |\n|---|---|---|---|---|\n",
    );
    for (id, about) in REQUIREMENTS {
        let citing = &citations.known[id];
        let (code, tests) = (list(&citing.code), list(&citing.tests));
        let cases = list(&citing.cases);
        let _ = writeln!(out, "| {id} | {about} | {code} | {tests} | {cases} |");
    }
    if !NOT_YET.is_empty() {
        out.push_str("\n## Not yet\n\n");
    }
    for (id, reason) in NOT_YET {
        let _ = writeln!(out, "- {id}: {reason}");
    }
    out
}

fn list(files: &BTreeSet<String>) -> String {
    if files.is_empty() {
        return "–".to_owned();
    }
    let short = |name: &String| {
        let name = name
            .strip_prefix("crates/")
            .unwrap_or(name)
            .replacen("/src/", "/", 1);
        format!("`{}`", name.trim_end_matches(".rs"))
    };
    files.iter().map(short).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Citations of every requirement by code and by a test, but for what `change` makes of them.
    fn citations(change: impl FnOnce(&mut Vec<(&'static str, bool, bool)>)) -> Citations {
        let mut cited = REQUIREMENTS
            .iter()
            .map(|(id, _)| (*id, true, true))
            .collect();
        change(&mut cited);
        let text = |pick: fn(&(&str, bool, bool)) -> bool| {
            let lines = cited.iter().filter(|cited| pick(cited));
            lines.map(|(id, ..)| format!("/// {id}\n")).collect()
        };
        let code = Source {
            path: "crates/a/src/b.rs".to_owned(),
            text: text(|(_, kept, _)| *kept),
        };
        let tests = Source {
            path: "crates/a/tests/it.rs".to_owned(),
            text: text(|(.., shown)| *shown),
        };
        let judged = REQUIREMENTS
            .iter()
            .filter(|(id, _)| !NOT_VISIBLE.contains(id));
        let cases = Source {
            path: "crates/conformance/src/cases.rs".to_owned(),
            text: judged.map(|(id, _)| format!("\"{id}.case\"\n")).collect(),
        };
        Citations::gather(&[code, tests, cases])
    }

    #[test]
    fn nothing_is_wrong_when_everything_is_kept_and_shown() {
        assert_eq!(faults(&citations(|_| {}), &[]), Vec::<String>::new());
    }

    #[test]
    fn a_gap_is_a_fault_unless_it_is_known_to_be_open() {
        let unkept = || citations(|cited| cited[0].1 = false);
        assert_eq!(faults(&unkept(), &[]), ["T-1 is kept nowhere"]);
        assert_eq!(
            faults(&unkept(), &[("T-1", "in the making")]),
            Vec::<String>::new()
        );
        let unshown = citations(|cited| cited[0].2 = false);
        assert_eq!(faults(&unshown, &[]), ["T-1 is shown by no test"]);
    }

    #[test]
    fn what_is_no_longer_open_is_a_fault() {
        let open = [("T-1", "in the making")];
        let wrong = faults(&citations(|_| {}), &open);
        assert_eq!(wrong, ["T-1 is kept and shown: take it out of NOT_YET"]);
    }

    #[test]
    fn a_citation_of_nothing_is_a_fault() {
        let wrong = faults(&citations(|cited| cited.push(("PUSH-9", true, false))), &[]);
        assert_eq!(
            wrong,
            ["PUSH-9 is no requirement, but is cited in crates/a/src/b.rs"]
        );
    }

    #[test]
    fn the_document_names_files_shortly() {
        let document = render(&citations(|_| {}));
        assert!(
            document.contains("| T-6 | the token | `a/b` | `a/tests/it` | `conformance/cases` |"),
            "{document}"
        );
    }

    #[test]
    fn what_is_not_yet_done_is_a_requirement_once_and_has_a_reason() {
        for (place, (id, reason)) in NOT_YET.iter().enumerate() {
            assert!(REQUIREMENTS.iter().any(|(known, _)| known == id), "{id}");
            assert!(
                NOT_YET[..place].iter().all(|(other, _)| other != id),
                "{id} twice"
            );
            assert!(!reason.is_empty(), "{id}");
        }
    }
}
