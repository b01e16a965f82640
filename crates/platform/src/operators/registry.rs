//! `/suppliers` and `PUT`, `GET`, `DELETE /lots/{lot}`: the registry. Secrets go in and never come
//! out again, but for one that was made here, which is told once (D-7).

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use boshi_protocol::id::{AppId, LotId};
use boshi_service::key;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use serde_json::Value;

use super::Shared;
use super::caller::Caller;
use super::error::ApiError;
use super::read::{Body, Params, words};
use crate::lots::{Lot, LotsError, Source};
use crate::registrar::{RegistrarError, Wanted};
use crate::registry::{EntryError, LotEntry, lot_id};

/// A supplier.
#[derive(Serialize)]
pub(super) struct SupplierView {
    app_id: String,
    name: String,
    source: Source,
    /// Whether the secret before the present one is still valid (D-6).
    rotating: bool,
    /// The secret that was made just now: told once.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

/// All suppliers.
#[derive(Serialize)]
pub(super) struct Suppliers {
    items: Vec<SupplierView>,
}

/// A lot as it is registered.
#[derive(Serialize)]
pub(super) struct EntryView {
    lot: String,
    source: Source,
    #[serde(flatten)]
    entry: Value,
}

/// What was retired.
#[derive(Serialize)]
pub(super) struct Retired {
    retired: String,
}

pub(super) async fn suppliers(State(operators): Shared) -> Json<Suppliers> {
    let known = operators.lots.suppliers().into_iter();
    let items = known.map(|known| SupplierView {
        app_id: known.supplier.app_id.to_string(),
        name: known.supplier.name,
        source: known.source,
        rotating: known.supplier.previous.is_some(),
        secret: None,
    });
    Json(Suppliers {
        items: items.collect(),
    })
}

/// Registers a supplier or changes it: `name`, `secret` (`generate` makes one), `forget_previous`.
pub(super) async fn put_supplier(
    State(operators): Shared,
    Path(app_id): Path<String>,
    caller: Caller,
    body: Body,
) -> Result<Json<SupplierView>, ApiError> {
    let (name, secret, forget) = body.read(|fields| {
        let name = fields.optional_text("name")?;
        let name = name.map(|_| words(fields, "name")).transpose()?;
        let secret = fields.optional_text("secret")?;
        let secret = secret.map(|_| words(fields, "secret")).transpose()?;
        let forget = fields.optional_parsed("forget_previous", |text| {
            text.parse::<bool>()
                .map_err(|_| "应为 true 或 false".to_owned())
        })?;
        Ok((name, secret, forget == Some(true)))
    })?;
    let app_id = supplier_id(&app_id)?;
    let made = match secret.as_deref() {
        Some("generate") => Some(key::random().map_err(|_| ApiError::unavailable("无法生成密钥"))?),
        Some(_) | None => None,
    };
    let name = name.unwrap_or_else(|| {
        let known = operators.lots.supplier(&app_id);
        known.map(|known| known.supplier.name).unwrap_or_default()
    });
    let wanted = Wanted {
        app_id: app_id.clone(),
        name: name.clone(),
        secret: made.clone().or(secret.map(SecretString::from)),
        forget_previous: forget,
    };
    let registrar = &operators.registrar;
    registrar.put_supplier(wanted, caller.acting(None)).await?;
    let known = operators.lots.supplier(&app_id);
    Ok(Json(SupplierView {
        app_id: app_id.to_string(),
        name,
        source: Source::Registry,
        rotating: known.is_some_and(|known| known.supplier.previous.is_some()),
        secret: made.map(|made| made.expose_secret().to_owned()),
    }))
}

pub(super) async fn retire_supplier(
    State(operators): Shared,
    Path(app_id): Path<String>,
    caller: Caller,
) -> Result<Json<Retired>, ApiError> {
    let retired = supplier_id(&app_id)?;
    let registrar = &operators.registrar;
    registrar
        .retire_supplier(retired, caller.acting(None))
        .await?;
    Ok(Json(Retired { retired: app_id }))
}

pub(super) async fn show_lot(
    State(operators): Shared,
    Path(lot): Path<String>,
) -> Result<Json<EntryView>, ApiError> {
    Ok(Json(view(&operators.lot(&lot)?)))
}

/// Registers a lot or changes it; with `dry_run=true` only says whether that could be done.
pub(super) async fn put_lot(
    State(operators): Shared,
    Path(lot): Path<String>,
    parameters: Params,
    caller: Caller,
    body: Body,
) -> Result<Json<EntryView>, ApiError> {
    let dry = parameters.read(&["dry_run"], |fields| {
        fields.optional_parsed("dry_run", |text| {
            text.parse::<bool>()
                .map_err(|_| "应为 true 或 false".to_owned())
        })
    })?;
    let id = id(&lot)?;
    let entry = body.entry::<LotEntry>()?;
    let registrar = &operators.registrar;
    let put = registrar.put_lot(id, entry, caller.acting(None), dry == Some(true));
    Ok(Json(view(&put.await?)))
}

pub(super) async fn retire_lot(
    State(operators): Shared,
    Path(lot): Path<String>,
    caller: Caller,
) -> Result<Json<Retired>, ApiError> {
    let registrar = &operators.registrar;
    registrar.retire_lot(id(&lot)?, caller.acting(None)).await?;
    Ok(Json(Retired { retired: lot }))
}

fn view(lot: &Arc<Lot>) -> EntryView {
    let mut entry = serde_json::to_value(&lot.entry).unwrap_or_default();
    if let Some(external) = entry.get_mut("external").and_then(Value::as_object_mut) {
        external.remove("secret");
    }
    EntryView {
        lot: lot.id.to_string(),
        source: lot.source,
        entry,
    }
}

fn id(lot: &str) -> Result<LotId, ApiError> {
    lot_id(lot).map_err(refused)
}

fn supplier_id(app_id: &str) -> Result<AppId, ApiError> {
    AppId::new(app_id).map_err(|error| ApiError::field("app_id", error.to_string()))
}

fn refused(EntryError { field, expected }: EntryError) -> ApiError {
    ApiError::field(field.clone(), format!("{field}：{expected}"))
}

impl From<RegistrarError> for ApiError {
    fn from(error: RegistrarError) -> ApiError {
        let told = error.to_string();
        match error {
            RegistrarError::Configured | RegistrarError::InUse(_) => ApiError::refused(told),
            RegistrarError::Unknown => ApiError::not_found("id", told),
            RegistrarError::NoSecret => ApiError::field("secret", told),
            RegistrarError::Lot(LotsError::Entry { reason, .. }) => refused(reason),
            RegistrarError::Lot(_) => ApiError::field("base_url", told),
            RegistrarError::Store(error) => error.into(),
        }
    }
}
