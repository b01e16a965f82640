//! With which result both of this project's sides pass their judge.
//!
//! The tests that run the conformance kit against the real gateway and platform compare what came of
//! it with what is committed beside them: one file a part of a run, `supplier-gate-http.txt`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, bail};

/// Where the tests keep what came of them.
const RESULTS: &str = "crates/boshi/tests/it/conform/results";

/// What is counted, in order.
const COUNTS: [&str; 5] = ["passed", "failed", "weak", "remarks", "skipped"];

/// How many cases have which verdict, for a side and the scheme over which it was judged.
pub(crate) type Results = BTreeMap<(String, String), [usize; 5]>;

/// Reads the results.
///
/// # Errors
/// When a file cannot be read, or says something else.
pub(crate) fn results(root: &Path) -> anyhow::Result<Results> {
    let folder = root.join(RESULTS);
    let mut results = Results::new();
    let files = fs::read_dir(&folder).with_context(|| format!("cannot read {folder:?}"))?;
    for file in files {
        let path = file?.path();
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {path:?}"))?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        add(&mut results, &name, &text).with_context(|| format!("{path:?}"))?;
    }
    Ok(results)
}

/// Adds what a file of that name says.
fn add(results: &mut Results, name: &str, text: &str) -> anyhow::Result<()> {
    let words: Vec<&str> = name.split('-').collect();
    let [side, _, scheme] = words[..] else {
        bail!("the name has a side, a part and a scheme");
    };
    let counts = results
        .entry((side.to_owned(), scheme.to_owned()))
        .or_default();
    let told: Vec<&str> = text.split_whitespace().collect();
    if told.len() != 2 * COUNTS.len() {
        bail!("it has {} words", told.len());
    }
    for ((pair, name), count) in told.chunks(2).zip(COUNTS).zip(counts) {
        if pair[0] != name {
            bail!("{} stands where {name} should", pair[0]);
        }
        *count += pair[1].parse::<usize>().context(name)?;
    }
    Ok(())
}

/// The table of CONFORMANCE.md.
pub(crate) fn render(results: &Results) -> String {
    let mut out = String::from(
        "\n## Both sides before their judge\n\nWhat `boshi conform` finds of the real gateway and \
         platform, as processes of their own: the tests\nin `boshi/tests/it/conform` run every case \
         over HTTP and over HTTPS, and fail when anything\nelse comes of it.\n\n\
         | side | over | passed | failed | weak | remarks | skipped |\n\
         |---|---|---|---|---|---|---|\n",
    );
    for ((side, scheme), counts) in results {
        let own = match side.as_str() {
            "supplier" => "gateway (supplier)",
            other => other,
        };
        let counts = counts.map(|count| count.to_string()).join(" | ");
        let _ = writeln!(out, "| {own} | {} | {counts} |", scheme.to_uppercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_side_are_added_up_and_another_scheme_is_another_line() {
        let mut results = Results::new();
        let one = "passed 2\nfailed 0\nweak 0\nremarks 1\nskipped 0\n";
        for name in [
            "supplier-gate-http",
            "supplier-devices-http",
            "supplier-gate-https",
        ] {
            add(&mut results, name, one).unwrap();
        }
        let told = render(&results);
        assert!(
            told.contains("| gateway (supplier) | HTTP | 4 | 0 | 0 | 2 | 0 |"),
            "{told}"
        );
        assert!(
            told.contains("| gateway (supplier) | HTTPS | 2 | 0 | 0 | 1 | 0 |"),
            "{told}"
        );
    }

    #[test]
    fn a_file_that_says_something_else_is_an_error() {
        let mut results = Results::new();
        assert!(add(&mut results, "supplier-http", "").is_err());
        assert!(add(&mut results, "supplier-gate-http", "passed many").is_err());
    }
}
