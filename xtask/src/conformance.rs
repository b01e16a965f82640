//! CONFORMANCE.md: where the code keeps each requirement, and which tests show it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::requirements::REQUIREMENTS;

/// Where requirements are cited: file by file, apart for code and tests.
#[derive(Default)]
struct Citations {
    code: BTreeSet<String>,
    tests: BTreeSet<String>,
}

/// Writes CONFORMANCE.md, or checks that it is what would be written.
///
/// # Errors
/// When a file cannot be read, or `check` finds the document out of date.
pub(crate) fn write(root: &Path, check: bool) -> anyhow::Result<()> {
    let citations = gather(root)?;
    let document = render(&citations);
    let path = root.join("CONFORMANCE.md");
    if !check {
        return fs::write(&path, document).context("cannot write CONFORMANCE.md");
    }
    if fs::read_to_string(&path).unwrap_or_default() != document {
        bail!("CONFORMANCE.md is out of date: run `cargo xtask conformance`");
    }
    Ok(())
}

fn gather(root: &Path) -> anyhow::Result<BTreeMap<&'static str, Citations>> {
    let mut files = Vec::new();
    rust_files(&root.join("crates"), &mut files)?;
    files.sort();
    let mut all: BTreeMap<&'static str, Citations> = BTreeMap::new();
    for file in files {
        let text = fs::read_to_string(&file)?;
        let name = file
            .strip_prefix(root)?
            .to_string_lossy()
            .replace('\\', "/");
        let is_test = name.contains("/tests") || name.contains("_tests");
        let (code, tests) = match text.find("#[cfg(test)]\nmod tests {") {
            _ if is_test => ("", text.as_str()),
            Some(start) => text.split_at(start),
            None => (text.as_str(), ""),
        };
        for (id, _) in REQUIREMENTS {
            let citations = all.entry(id).or_default();
            if cites(code, id) {
                citations.code.insert(name.clone());
            }
            if cites(tests, id) {
                citations.tests.insert(name.clone());
            }
        }
    }
    Ok(all)
}

/// Whether `text` names `id` itself and not a longer one that begins with it.
fn cites(text: &str, id: &str) -> bool {
    text.match_indices(id).any(|(start, found)| {
        let before = text[..start].chars().next_back();
        let after = text[start + found.len()..].chars().next();
        !before.is_some_and(|c| c.is_ascii_alphanumeric() || c == '-')
            && !after.is_some_and(|c| c.is_ascii_digit())
    })
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

fn render(citations: &BTreeMap<&'static str, Citations>) -> String {
    let mut out = String::from(
        "# Conformance\n\nWhich requirement of the standard (and which decision, `D-n`, where the \
         standard is silent)\nis kept where, and which tests show it. Written by `cargo xtask \
         conformance` from the citations\nin the code; `cargo xtask test` fails when it is out of \
         date. A dash is a gap, stated rather than hidden.\n\n| id | about | kept in | shown by \
         |\n|---|---|---|---|\n",
    );
    for (id, about) in REQUIREMENTS {
        let found = &citations[id];
        let _ = writeln!(
            out,
            "| {id} | {about} | {} | {} |",
            list(&found.code),
            list(&found.tests)
        );
    }
    let gap = |pick: fn(&Citations) -> &BTreeSet<String>| {
        let missing: Vec<&str> = REQUIREMENTS
            .iter()
            .filter(|(id, _)| pick(&citations[id]).is_empty())
            .map(|(id, _)| *id)
            .collect();
        if missing.is_empty() {
            "none".to_owned()
        } else {
            missing.join(", ")
        }
    };
    let _ = writeln!(
        out,
        "\nNot kept anywhere yet: {}.",
        gap(|found| &found.code)
    );
    let _ = writeln!(
        out,
        "Not shown by a test yet: {}.",
        gap(|found| &found.tests)
    );
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

    #[test]
    fn an_id_is_cited_by_itself_and_not_by_a_longer_one() {
        assert!(cites("/// D-1, D-12", "D-1"));
        assert!(cites("(D-12)", "D-12"));
        assert!(!cites("D-12 and XD-1", "D-1"));
    }
}
