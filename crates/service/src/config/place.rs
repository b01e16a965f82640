//! Where in the file a value stands.

use toml::de::{DeTable, DeValue};

use super::ConfigError;

/// The error with the line of its field, when that is in the file.
pub(super) fn locate(error: ConfigError, text: &str) -> ConfigError {
    match error {
        ConfigError::Value {
            field,
            value,
            expected,
            line: None,
        } => ConfigError::Value {
            line: line(&field, text),
            field,
            value,
            expected,
        },
        other => other,
    }
}

/// What an error begins with.
pub(super) fn shown(line: Option<usize>) -> String {
    line.map(|line| format!("line {line}: "))
        .unwrap_or_default()
}

/// The line of `field`, or of the nearest table around it.
fn line(field: &str, text: &str) -> Option<usize> {
    let table = DeTable::parse(text).ok()?;
    let mut start = None;
    let mut here = &DeValue::Table(table.into_inner());
    for step in field.split(['.', '[']) {
        let next = match step.strip_suffix(']') {
            Some(place) => here.get(place.parse::<usize>().ok()?),
            None => here.get(step),
        };
        let Some(next) = next else { break };
        start = Some(next.span().start);
        here = next.get_ref();
    }
    let before = text.get(..start?)?;
    Some(before.matches('\n').count() + 1)
}
