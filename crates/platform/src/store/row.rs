//! What operators are shown of the records, a row each.

mod office;
mod vehicle;

pub(crate) use self::office::{
    AbnormalityRow, AuditRow, BlockRow, CommandRow, OutageRow, PermitRow,
};
pub(crate) use self::vehicle::{CorrectionRow, CrossingRow, DecisionRow, RecognitionRow, StayRow};
