//! Routes together with what the document says of them.
//!
//! A route is described where it is made: [`get`], [`post`], [`put`] or [`delete`] with its name, what
//! it needs, reads and answers, given to [`Api::on`] with its handler. Bodies and parameters are read
//! by the same table of [`Field`]s that describes them; answers are types with a
//! [`JsonSchema`]. One that is not described is served to nobody, since who may call it is
//! part of the description. Words for the names of its fields stand in `words.rs`; a test names those
//! that are missing, and every answer in `tests/it` is compared with the document.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request};
use axum::handler::Handler;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodFilter, MethodRouter, on};
use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::error::ApiError;
use super::field::Field;
use super::words::{Tag, Text};
use super::{Operators, PREFIX};
use crate::role::Need;

/// Makes the schema of a type, and those that it refers to.
pub(super) type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// What the document says of a route.
#[derive(Clone, Debug)]
pub(super) struct Operation {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) id: String,
    pub(super) tag: Tag,
    /// None when anybody may call it.
    pub(super) need: Option<Need>,
    pub(super) summary: Text,
    pub(super) parameters: Vec<Field>,
    pub(super) body: Payload,
    pub(super) status: StatusCode,
    pub(super) answer: Answer,
    /// Errors beside those that follow from all the rest.
    pub(super) errors: Vec<StatusCode>,
    most_bytes: Option<usize>,
}

/// What a request carries.
#[derive(Clone, Debug)]
pub(super) enum Payload {
    Nothing,
    /// An object of these fields.
    Fields(&'static [Field]),
    /// An object that this describes.
    Entry(SchemaOf),
    /// A table (CSV) with these columns.
    Table(&'static [Field]),
}

/// What is answered.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    Json(SchemaOf),
    /// A text of this kind.
    Text(&'static str),
}

/// The route that asks for `path`, to look.
pub(super) fn get(path: impl AsRef<str>) -> Operation {
    operation(Method::GET, path.as_ref(), Need::Look)
}

/// The route that posts to `path`, to act.
pub(super) fn post(path: impl AsRef<str>) -> Operation {
    operation(Method::POST, path.as_ref(), Need::Act)
}

/// The route that puts to `path`, to act.
pub(super) fn put(path: impl AsRef<str>) -> Operation {
    operation(Method::PUT, path.as_ref(), Need::Act)
}

/// The route that deletes `path`, to act.
pub(super) fn delete(path: impl AsRef<str>) -> Operation {
    operation(Method::DELETE, path.as_ref(), Need::Act)
}

fn operation(method: Method, path: &str, need: Need) -> Operation {
    Operation {
        method,
        path: format!("{PREFIX}{path}"),
        id: String::new(),
        tag: Tag::Interface,
        need: Some(need),
        summary: Text { zh: "", en: "" },
        parameters: Vec::new(),
        body: Payload::Nothing,
        status: StatusCode::OK,
        answer: Answer::Text("text/plain"),
        errors: Vec::new(),
        most_bytes: None,
    }
}

impl Operation {
    /// Its name for programs, and what it does, in Chinese and in English.
    pub(super) fn is(
        mut self,
        id: impl Into<String>,
        tag: Tag,
        zh: &'static str,
        en: &'static str,
    ) -> Operation {
        self.id = id.into();
        self.tag = tag;
        self.summary = Text { zh, en };
        self
    }

    /// It is not under the prefix but here.
    pub(super) fn at(mut self, path: &str) -> Operation {
        self.path = path.to_owned();
        self
    }

    /// Only who may do that may call it.
    pub(super) fn needs(mut self, need: Need) -> Operation {
        self.need = Some(need);
        self
    }

    /// Anybody may call it, without a key.
    pub(super) fn public(mut self) -> Operation {
        self.need = None;
        self
    }

    /// What stands after the `?`.
    pub(super) fn query(mut self, parameters: impl IntoIterator<Item = Field>) -> Operation {
        self.parameters.extend(parameters);
        self
    }

    /// The body is an object of these fields.
    pub(super) fn body(mut self, fields: &'static [Field]) -> Operation {
        self.body = Payload::Fields(fields);
        self
    }

    /// The body is a `T`.
    pub(super) fn entry<T: JsonSchema>(mut self) -> Operation {
        self.body = Payload::Entry(T::json_schema);
        self
    }

    /// The body is a table with these columns, of so many bytes at most.
    pub(super) fn table(mut self, columns: &'static [Field], most_bytes: usize) -> Operation {
        self.body = Payload::Table(columns);
        self.most_bytes = Some(most_bytes);
        self
    }

    /// Answers with a `T`.
    pub(super) fn json<T: JsonSchema>(mut self) -> Operation {
        self.answer = Answer::Json(|generator| generator.subschema_for::<T>());
        self
    }

    /// Answers with a text of this kind.
    pub(super) fn text(mut self, kind: &'static str) -> Operation {
        self.answer = Answer::Text(kind);
        self
    }

    /// Answers 201 when all is well.
    pub(super) fn creates(mut self) -> Operation {
        self.status = StatusCode::CREATED;
        self
    }

    /// May also answer with these errors.
    pub(super) fn errors(mut self, statuses: impl IntoIterator<Item = StatusCode>) -> Operation {
        self.errors.extend(statuses);
        self
    }
}

/// Routes that are being put together.
#[derive(Default)]
pub(super) struct Api {
    router: Router<Arc<Operators>>,
    operations: Vec<Operation>,
}

/// Which routes there are and what each is, to look up by the path that matched.
#[derive(Clone, Debug, Default)]
pub(super) struct Described(BTreeMap<String, Vec<(Method, Option<Need>)>>);

impl Api {
    /// Adds a route: `handler` serves what `operation` describes.
    pub(super) fn on<H, T>(mut self, operation: Operation, handler: H) -> Api
    where
        H: Handler<T, Arc<Operators>>,
        T: 'static,
    {
        let filter = MethodFilter::try_from(operation.method.clone());
        let filter = filter.expect("a method of the standard library of methods");
        let mut route: MethodRouter<Arc<Operators>> = on(filter, handler);
        if let Some(most) = operation.most_bytes {
            route = route.layer(DefaultBodyLimit::max(most));
        }
        self.router = self.router.route(&operation.path, route);
        self.operations.push(operation);
        self
    }

    /// Adds what `routes` adds.
    pub(super) fn with(self, routes: impl FnOnce(Api) -> Api) -> Api {
        routes(self)
    }

    /// The routes, and what the document says of each.
    pub(super) fn finish(self) -> (Router<Arc<Operators>>, Vec<Operation>) {
        (self.router, self.operations)
    }
}

impl Described {
    pub(super) fn of(operations: &[Operation]) -> Described {
        let mut described = Described::default();
        for operation in operations {
            let methods = described.0.entry(operation.path.clone()).or_default();
            methods.push((operation.method.clone(), operation.need));
        }
        described
    }

    /// What a request needs by its method and the path that matched: none when anybody may.
    ///
    /// # Errors
    /// When no such route is described.
    pub(super) fn need(&self, method: &Method, path: &str) -> Result<Option<Need>, Undescribed> {
        let methods = self.0.get(path).ok_or(Undescribed::Path)?;
        let method = match *method {
            // Served as GET is, without the body.
            Method::HEAD => &Method::GET,
            _ => method,
        };
        let found = methods.iter().find(|(known, _)| known == method);
        found.map(|(_, need)| *need).ok_or(Undescribed::Method)
    }

    /// Whether nothing at the path needs a key.
    pub(super) fn is_public(&self, path: &str) -> bool {
        let methods = self.0.get(path);
        methods.is_some_and(|methods| methods.iter().all(|(_, need)| need.is_none()))
    }

    /// 405, with what may be asked instead.
    pub(super) fn not_allowed(&self, request: &Request) -> Response {
        let (method, asked) = (request.method(), request.uri().path());
        let error = ApiError::not_allowed(format!("没有此接口：{method} {asked}"));
        let mut response = error.into_response();
        let path = request.extensions().get::<MatchedPath>();
        let methods = path.and_then(|path| self.0.get(path.as_str()));
        let names: Vec<&str> = methods
            .into_iter()
            .flatten()
            .map(|(known, _)| known.as_str())
            .collect();
        if let Ok(allowed) = HeaderValue::from_str(&names.join(", ")) {
            response.headers_mut().insert(header::ALLOW, allowed);
        }
        response
    }
}

/// A request that no description fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Undescribed {
    /// Nothing is said of the path.
    Path,
    /// Something is said of the path, by another method.
    Method,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_described_needs_more_than_anybody_has() {
        let described = Described::of(&[
            get("/a"),
            post("/a").needs(Need::Administer),
            get("/b").public(),
        ]);
        let need = |method, path: &str| described.need(&method, &format!("{PREFIX}{path}"));
        assert_eq!(need(Method::GET, "/a"), Ok(Some(Need::Look)));
        assert_eq!(need(Method::HEAD, "/a"), Ok(Some(Need::Look)));
        assert_eq!(need(Method::POST, "/a"), Ok(Some(Need::Administer)));
        assert_eq!(need(Method::GET, "/b"), Ok(None));
        assert_eq!(need(Method::DELETE, "/a"), Err(Undescribed::Method));
        assert_eq!(need(Method::GET, "/c"), Err(Undescribed::Path));
    }
}
