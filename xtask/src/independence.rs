//! Who may not depend on whom: what must stay independent for the whole to be what it says.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, bail};

/// A crate, and the beginnings of the names that none of its dependencies may have, also not those
/// of its tests.
const FORBIDDEN: &[(&str, &[&str])] = &[
    // It judges anybody's implementation: what it shared with ours it would misread as ours does.
    ("conformance", &["boshi"]),
    // They meet on the wire.
    ("gateway", &["boshi-platform", "boshi-conformance"]),
    ("platform", &["boshi-gateway", "boshi-conformance"]),
    // No I/O and no clock.
    (
        "protocol",
        &["boshi", "tokio", "axum", "hyper", "reqwest", "rusqlite"],
    ),
];

/// Checks that nobody depends on what it must be independent of.
///
/// # Errors
/// Every dependency that must not be.
pub(crate) fn check(root: &Path) -> anyhow::Result<()> {
    let mut wrong = Vec::new();
    for (name, forbidden) in FORBIDDEN {
        let path = root.join("crates").join(name).join("Cargo.toml");
        let manifest =
            fs::read_to_string(&path).with_context(|| format!("cannot read {path:?}"))?;
        for dependency in dependencies(&manifest) {
            if forbidden.iter().any(|begin| dependency.starts_with(begin)) {
                wrong.push(format!("crates/{name} must not depend on {dependency}"));
            }
        }
    }
    if !wrong.is_empty() {
        bail!("{}", wrong.join("\n"));
    }
    Ok(())
}

/// The names of all dependencies in a manifest, of whatever kind.
fn dependencies(manifest: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut listed = false;
    for line in manifest.lines().map(str::trim) {
        if let Some(table) = line.strip_prefix('[') {
            let table = table.trim_end_matches(']');
            // `[dependencies.name]` is a table of its own.
            let (kind, name) = match table.rsplit_once("dependencies.") {
                Some((kind, name)) => (kind, Some(name)),
                None => (table, None),
            };
            listed = name.is_none() && kind.ends_with("dependencies");
            names.extend(name);
        } else if listed && !line.starts_with('#') {
            let name = line.split(['.', '=', ' ']).next().unwrap_or_default();
            names.extend(Some(name).filter(|name| !name.is_empty()));
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependencies_of_every_kind_are_found_and_nothing_else() {
        let manifest = "[package]\nname = \"boshi-a\"\n[dependencies]\n# boshi-no\nbytes.workspace = true\n\
                        serde = { version = \"1\" }\n\n[dev-dependencies]\nboshi-b = \"1\"\n\
                        [target.'cfg(unix)'.dependencies]\nlibc = \"0\"\n[dependencies.boshi-c]\npath = \"x\"\n\
                        [features]\ntls = []\n";
        assert_eq!(
            dependencies(manifest),
            ["bytes", "serde", "boshi-b", "libc", "boshi-c"]
        );
    }
}
