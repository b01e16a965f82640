//! The period that a query asks about, both bounds included.

use crate::fields::{FieldError, Fields, Writer};
use crate::time::WireTime;

/// Reads `beginTime` and, if given, `endTime`.
///
/// # Errors
/// When either is malformed, the first is missing, or the end is before the beginning (D-11).
pub(super) fn read(fields: &Fields<'_>) -> Result<(WireTime, Option<WireTime>), FieldError> {
    let begin = fields.time("beginTime")?;
    let end = fields.optional_time("endTime")?;
    if end.is_some_and(|end| end < begin) {
        return Err(fields.refuse("endTime", "不应早于 beginTime"));
    }
    Ok((begin, end))
}

/// Writes `beginTime` and, if given, `endTime`.
pub(super) fn write(out: &mut Writer, begin: WireTime, end: Option<WireTime>) {
    out.text("beginTime", &begin.to_string());
    out.optional_text("endTime", end.map(|end| end.to_string()).as_deref());
}
