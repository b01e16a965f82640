//! The three files of a report: JUnit XML, JSON, and one HTML page.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, context};

use super::Report;

/// What is written into the folder of a report.
pub const FILES: [&str; 3] = ["report.html", "report.json", "junit.xml"];

/// A report that cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A file cannot be written.
    #[error("{path:?}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A page cannot be made.
    #[error("报告无法生成")]
    Page(#[from] minijinja::Error),
    /// The JSON cannot be made.
    #[error("报告无法生成")]
    Json(#[from] serde_json::Error),
}

/// Writes the report into `folder`, which is made if need be.
///
/// # Errors
/// When a file cannot be written.
pub fn write(report: &Report, folder: &Path) -> Result<(), ReportError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| ReportError::File { path, source }
    };
    fs::create_dir_all(folder).map_err(failed(folder))?;
    for (name, text) in FILES
        .into_iter()
        .zip([html(report)?, json(report)?, junit(report)?])
    {
        let path = folder.join(name);
        fs::write(&path, text).map_err(failed(&path))?;
    }
    Ok(())
}

/// One self-contained page, in Chinese and in English.
///
/// # Errors
/// When it cannot be made.
pub fn html(report: &Report) -> Result<String, ReportError> {
    Ok(rendered(
        include_str!("../../templates/report.html"),
        report,
    )?)
}

/// The whole report as JSON.
///
/// # Errors
/// When it cannot be made.
pub fn json(report: &Report) -> Result<String, ReportError> {
    Ok(serde_json::to_string_pretty(report)?)
}

/// JUnit XML: a suite a requirement, a test case a case. Remarks are no failures.
///
/// # Errors
/// When it cannot be made.
pub fn junit(report: &Report) -> Result<String, ReportError> {
    let text = rendered(include_str!("../../templates/junit.xml"), report)?;
    // What XML cannot hold at all is a peer's noise.
    let is_xml = |c: &char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..);
    Ok(text.chars().filter(is_xml).collect())
}

fn rendered(template: &str, report: &Report) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    let mut syntax = SyntaxConfig::builder();
    environment.set_syntax(syntax.trim_blocks(true).lstrip_blocks(true).build()?);
    environment.render_str(template, context! { report => Serde(report) })
}
