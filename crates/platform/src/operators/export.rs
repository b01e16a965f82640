//! `GET /{list}/export`: a list as a table (CSV), newest first, streamed page by page, so that years
//! of records take no more memory than one page.

use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use schemars::JsonSchema;
use serde::Serialize;

use super::Shared;
use super::caller::Caller;
use super::error::ApiError;
use super::field::Field;
use super::lists::{self, searched};
use super::read::Params;
use crate::store::newest::{Listed, MAX_LIMIT, Search, newest};
use crate::store::{Store, StoreError};
use crate::table;

/// The parameters of a table: those of the list, but for what says which page.
pub(super) fn known<T: Listed>() -> Vec<Field> {
    let mut fields = lists::known::<T>();
    fields.retain(|field| !matches!(field.name, "limit" | "before"));
    fields
}

/// Where a stream goes on.
struct Rest {
    store: Store,
    search: Search,
    is_first: bool,
}

/// The table of the rows that the parameters of the list choose.
pub(super) async fn export<T: Listed + Serialize + JsonSchema + Send + 'static>(
    State(operators): Shared,
    caller: Caller,
    parameters: Params,
) -> Result<Response, ApiError> {
    let mut search = searched::<T>(&caller, &parameters, &known::<T>())?;
    search.limit = MAX_LIMIT;
    let rest = Rest {
        store: operators.store.clone(),
        search,
        is_first: true,
    };
    let pages = stream::try_unfold(Some(rest), |rest| async {
        match rest {
            Some(rest) => rest.page::<T>().await.map(Some),
            None => Ok::<_, StoreError>(None),
        }
    });
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"export.csv\"",
        ),
    ];
    Ok((headers, Body::from_stream(pages)).into_response())
}

impl Rest {
    async fn page<T: Listed + Serialize + JsonSchema + Send + 'static>(
        mut self,
    ) -> Result<(String, Option<Rest>), StoreError> {
        let search = self.search.clone();
        let found = self.store.read(move |db| newest::<T>(db, &search)).await?;
        let mut text = match std::mem::take(&mut self.is_first) {
            true => table::heading::<T>(),
            false => String::new(),
        };
        for item in &found.items {
            text.push_str(&table::line(item)?);
        }
        let rest = found.next.map(|next| {
            self.search.before = Some(next);
            self
        });
        Ok((text, rest))
    }
}
