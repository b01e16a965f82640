//! `POST /queryPlaceStatus`: parking spaces (PLACE-1, PLACE-2).

use super::{Endpoint, Message, Side, plate_text};
use crate::code::PlaceStatus;
use crate::fields::{FieldError, Fields, Writer};
use crate::id::PlaceNo;
use crate::page::{Page, PageRequest};
use crate::plate::Plate;

/// `POST /queryPlaceStatus`: parking spaces (PLACE-1, PLACE-2).
pub enum QueryPlaceStatus {}

impl Endpoint for QueryPlaceStatus {
    const PATH: &'static str = "/queryPlaceStatus";
    const SERVED_BY: Side = Side::Supplier;
    const CLAUSE: &'static str = "查询车位状态信息";
    type Request = PlaceQuery;
    type Response = Page<Place>;
}

/// Which spaces are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlaceQuery {
    /// Which page (PAGE-1).
    pub page: PageRequest,
    /// Only spaces in this state (PLACE-1).
    pub status: Option<PlaceStatus>,
    /// Only this space (PLACE-1).
    pub place: Option<PlaceNo>,
}

/// A parking space as last seen (PLACE-2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its number.
    pub place: PlaceNo,
    /// Its state.
    pub status: PlaceStatus,
    /// A JPEG in base64; empty when there is none.
    pub image: String,
    /// The plate that stands there.
    pub plate: Option<Plate>,
}

fn status(text: &str) -> Result<PlaceStatus, String> {
    PlaceStatus::parse(text).ok_or_else(|| "应为 vacancy、occupy 或 unusual".to_owned())
}

impl Message for PlaceQuery {
    fn read(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(PlaceQuery {
            page: PageRequest::read(fields)?,
            status: fields.optional_parsed("placeStatus", status)?,
            place: fields.optional_id("placeNo")?,
        })
    }

    fn write(&self, out: &mut Writer) {
        self.page.write(out);
        out.optional_text("placeStatus", self.status.map(PlaceStatus::as_str));
        out.optional_text("placeNo", self.place.as_ref().map(PlaceNo::as_str));
    }
}

impl Message for Place {
    fn read(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let status = fields.optional_parsed("placeStatus", status)?;
        Ok(Place {
            place: fields.id("placeNo")?,
            status: status.ok_or_else(|| fields.refuse("placeStatus", "应为车位状态"))?,
            image: fields
                .optional_text("image")?
                .unwrap_or_default()
                .into_owned(),
            plate: fields.optional_plate("plateNumber")?,
        })
    }

    fn write(&self, out: &mut Writer) {
        out.text("placeNo", self.place.as_str());
        out.text("placeStatus", self.status.as_str());
        out.text("image", &self.image);
        out.text("plateNumber", plate_text(&self.plate));
    }
}
