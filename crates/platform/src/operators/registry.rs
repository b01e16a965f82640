//! `/suppliers` and `PUT`, `GET`, `DELETE /lots/{lot}`: the registry. Secrets go in and never come
//! out again, but for one that was made here, which is told once (D-7).

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use boshi_protocol::id::{AppId, LotId};
use boshi_service::key;
use schemars::JsonSchema;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use serde_json::Value;

use super::api::{Api, delete, get, put};
use super::caller::Caller;
use super::error::ApiError;
use super::field::{Field, Kind, field};
use super::read::{Body, MAX_WORDS_CHARS, Params, words};
use super::words::Tag;
use super::{Shared, as_a_whole};
use crate::addresses::Addresses;
use crate::lots::{Lot, LotsError, Source};
use crate::registrar::{RegistrarError, Wanted};
use crate::registry::{EntryError, LotEntry, Supplier, lot_id};
use crate::role::Need;

/// A supplier.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Supplier")]
pub(super) struct SupplierView {
    app_id: String,
    name: String,
    source: Source,
    /// Whether the secret before the present one is still valid (D-6).
    rotating: bool,
    /// From where it may call: addresses and prefixes, as `A,B`, or `any`.
    addresses: String,
    /// The secret that was made just now: told once.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

/// All suppliers.
#[derive(Serialize, JsonSchema)]
pub(super) struct Suppliers {
    items: Vec<SupplierView>,
}

/// A lot as it is registered.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Entry")]
pub(super) struct EntryView {
    lot: String,
    source: Source,
    #[serde(flatten)]
    #[schemars(with = "LotEntry")]
    entry: Value,
}

/// What was retired.
#[derive(Serialize, JsonSchema)]
pub(super) struct Retired {
    retired: String,
}

/// A supplier, or what is changed of one.
const SUPPLIER: &[Field] = &[
    field("name", Kind::Words(MAX_WORDS_CHARS)),
    field("secret", Kind::Words(MAX_WORDS_CHARS)).says(
        "appSecret；generate 由平台生成并只显示一次；更换后旧的仍有效，直到 forget_previous",
        "The appSecret; `generate` makes one, told once; the one before stays valid until forget_previous",
    ),
    field("forget_previous", Kind::Truth),
    field("addresses", Kind::Addresses).says(
        "允许请求的来源地址，以逗号分隔的 IP 或网段；any 为任意地址；省略则不变",
        "From where it may call, IP addresses or prefixes as A,B; `any` for any; as before when not given",
    ),
];
const DRY: &[Field] = &[field("dry_run", Kind::Truth)];

pub(super) fn routes(api: Api) -> Api {
    api.with(of_suppliers).with(of_lots)
}

fn of_suppliers(api: Api) -> Api {
    const PATH: &str = "/suppliers/{app_id}";
    let to_list = get("/suppliers")
        .is("list_suppliers", Tag::Registry, "供应商", "The suppliers")
        .json::<Suppliers>();
    let to_put = put(PATH)
        .is(
            "put_supplier",
            Tag::Registry,
            "登记或更改供应商",
            "Register a supplier or change it",
        )
        .needs(Need::Administer)
        .query(DRY.iter().copied())
        .body(SUPPLIER)
        .json::<SupplierView>()
        .errors([StatusCode::CONFLICT]);
    let to_retire = delete(PATH)
        .is(
            "retire_supplier",
            Tag::Registry,
            "停用供应商",
            "Retire a supplier",
        )
        .needs(Need::Administer)
        .json::<Retired>()
        .errors([StatusCode::CONFLICT]);
    api.on(to_list, suppliers)
        .on(to_put, put_supplier)
        .on(to_retire, retire_supplier)
}

fn of_lots(api: Api) -> Api {
    const PATH: &str = "/lots/{lot}";
    let to_show = get(PATH)
        .is(
            "show_lot",
            Tag::Registry,
            "车场的登记信息",
            "A lot as it is registered",
        )
        .json::<EntryView>();
    let to_put = put(PATH)
        .is(
            "put_lot",
            Tag::Registry,
            "登记或更改车场",
            "Register a lot or change it",
        )
        .needs(Need::Administer)
        .query(DRY.iter().copied())
        .entry::<LotEntry>()
        .json::<EntryView>()
        .errors([StatusCode::CONFLICT]);
    let to_retire = delete(PATH)
        .is(
            "retire_lot",
            Tag::Registry,
            "停用车场；记录保留",
            "Retire a lot; its records stay",
        )
        .needs(Need::Administer)
        .json::<Retired>()
        .errors([StatusCode::CONFLICT]);
    api.on(to_show, show_lot)
        .on(to_put, put_lot)
        .on(to_retire, retire_lot)
}

async fn suppliers(State(operators): Shared) -> Json<Suppliers> {
    let known = operators.lots.suppliers().into_iter();
    let items = known.map(|known| SupplierView::of(known.supplier, known.source));
    Json(Suppliers {
        items: items.collect(),
    })
}

impl SupplierView {
    fn of(supplier: Supplier, source: Source) -> SupplierView {
        SupplierView {
            app_id: supplier.app_id.to_string(),
            name: supplier.name,
            source,
            rotating: supplier.previous.is_some(),
            addresses: supplier.addresses.to_string(),
            secret: None,
        }
    }
}

/// Registers a supplier or changes it; what is not given stays as it is.
async fn put_supplier(
    State(operators): Shared,
    Path(app_id): Path<String>,
    parameters: Params,
    caller: Caller,
    body: Body,
) -> Result<Json<SupplierView>, ApiError> {
    let dry = parameters.read(DRY, |fields| fields.optional_truth("dry_run"))? == Some(true);
    let (name, secret, forget, addresses) = body.read(SUPPLIER, |fields| {
        let name = fields.optional_text("name")?;
        let name = name.map(|_| words(fields, "name")).transpose()?;
        let secret = fields.optional_text("secret")?;
        let secret = secret.map(|_| words(fields, "secret")).transpose()?;
        let forget = fields.optional_truth("forget_previous")?;
        let addresses = fields.optional_parsed("addresses", |text| {
            Addresses::parse(text).map_err(|error| error.to_string())
        })?;
        Ok((name, secret, forget == Some(true), addresses))
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
        app_id,
        name,
        secret: made.clone().or(secret.map(SecretString::from)),
        forget_previous: forget,
        addresses,
    };
    let by = caller.acting(None);
    let put = as_a_whole(&operators, |operators| async move {
        Ok(operators.registrar.put_supplier(wanted, by, dry).await?)
    });
    let mut view = SupplierView::of(put.await?, Source::Registry);
    // What was not kept is no secret of anybody.
    view.secret = made
        .filter(|_| !dry)
        .map(|made| made.expose_secret().to_owned());
    Ok(Json(view))
}

async fn retire_supplier(
    State(operators): Shared,
    Path(app_id): Path<String>,
    caller: Caller,
) -> Result<Json<Retired>, ApiError> {
    let retired = supplier_id(&app_id)?;
    let by = caller.acting(None);
    let done = as_a_whole(&operators, |operators| async move {
        Ok(operators.registrar.retire_supplier(retired, by).await?)
    });
    done.await?;
    Ok(Json(Retired { retired: app_id }))
}

async fn show_lot(
    State(operators): Shared,
    Path(lot): Path<String>,
) -> Result<Json<EntryView>, ApiError> {
    Ok(Json(view(&operators.lot(&lot)?)))
}

/// Registers a lot or changes it; with `dry_run=true` only says whether that could be done.
async fn put_lot(
    State(operators): Shared,
    Path(lot): Path<String>,
    parameters: Params,
    caller: Caller,
    body: Body,
) -> Result<Json<EntryView>, ApiError> {
    let dry = parameters.read(DRY, |fields| fields.optional_truth("dry_run"))?;
    let id = id(&lot)?;
    let entry = body.entry::<LotEntry>()?;
    let (dry, by) = (dry == Some(true), caller.acting(None));
    let put = as_a_whole(&operators, |operators| async move {
        Ok(operators.registrar.put_lot(id, entry, by, dry).await?)
    });
    Ok(Json(view(&put.await?)))
}

async fn retire_lot(
    State(operators): Shared,
    Path(lot): Path<String>,
    caller: Caller,
) -> Result<Json<Retired>, ApiError> {
    let (retired, by) = (id(&lot)?, caller.acting(None));
    let done = as_a_whole(&operators, |operators| async move {
        Ok(operators.registrar.retire_lot(retired, by).await?)
    });
    done.await?;
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

pub(super) fn refused(EntryError { field, expected }: EntryError) -> ApiError {
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
