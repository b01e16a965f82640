//! The two queries again, with rows that may be unreadable: one record that a supplier writes
//! wrongly must not hold up all that come after it.

use boshi_protocol::endpoint::{
    Endpoint, Message, QueryUnPushCrossInfo, QueryUnPushRecognitionInfo, Side, UnPushedCrossing,
    UnPushedQuery, UnPushedRecognition,
};
use boshi_protocol::fields::{FieldError, Fields, Writer};
use boshi_protocol::page::Page;

/// [`QueryUnPushRecognitionInfo`], row by row.
pub(super) enum Recognitions {}

/// [`QueryUnPushCrossInfo`], row by row.
pub(super) enum Crossings {}

/// A row, or what is wrong with it.
pub(super) struct Row<T>(pub(super) Result<T, FieldError>);

impl Endpoint for Recognitions {
    const PATH: &'static str = QueryUnPushRecognitionInfo::PATH;
    const SERVED_BY: Side = QueryUnPushRecognitionInfo::SERVED_BY;
    const CLAUSE: &'static str = QueryUnPushRecognitionInfo::CLAUSE;
    type Request = UnPushedQuery;
    type Response = Page<Row<UnPushedRecognition>>;
}

impl Endpoint for Crossings {
    const PATH: &'static str = QueryUnPushCrossInfo::PATH;
    const SERVED_BY: Side = QueryUnPushCrossInfo::SERVED_BY;
    const CLAUSE: &'static str = QueryUnPushCrossInfo::CLAUSE;
    type Request = UnPushedQuery;
    type Response = Page<Row<UnPushedCrossing>>;
}

impl<T: Message> Message for Row<T> {
    fn read(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(Row(T::read(fields)))
    }

    fn write(&self, out: &mut Writer) {
        if let Ok(row) = &self.0 {
            row.write(out);
        }
    }
}
