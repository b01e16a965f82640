//! The document of the operators' interface (OpenAPI 3.1), made from the routes' own descriptions
//! and the types that they answer with: in Chinese, and in English for `?lang=en`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::{Map, Value, json};

use super::api::{Answer, Api, Operation, Payload, get};
use super::error::{ApiError, ErrorBody};
use super::field::{Field, Kind, field};
use super::read::Params;
use super::words::{self, Lang, Tag};
use crate::role::Need;

/// The parameters of the document.
const PARAMETERS: &[Field] = &[field("lang", Kind::OneOf(&["zh", "en"]))];

/// The document in every language, as text.
#[derive(Debug)]
pub(super) struct Document {
    zh: String,
    en: String,
}

/// The route of the document itself. It says nothing of any lot, so it needs no key.
pub(super) fn routes(api: Api) -> Api {
    let operation = get("/openapi.json")
        .is(
            "openapi",
            Tag::Interface,
            "本文档（OpenAPI 3.1）",
            "This document (OpenAPI 3.1)",
        )
        .query(PARAMETERS.iter().copied())
        .json::<Map<String, Value>>()
        .public();
    api.on(operation, show)
}

async fn show(
    axum::Extension(document): axum::Extension<Arc<Document>>,
    parameters: Params,
) -> Result<Response, ApiError> {
    let lang = parameters.read(PARAMETERS, |fields| {
        fields.optional_parsed("lang", |text| match text {
            "zh" => Ok(Lang::Zh),
            "en" => Ok(Lang::En),
            _ => Err("应为 zh 或 en".to_owned()),
        })
    })?;
    let text = match lang {
        None | Some(Lang::Zh) => document.zh.clone(),
        Some(Lang::En) => document.en.clone(),
    };
    Ok(([(header::CONTENT_TYPE, "application/json")], text).into_response())
}

impl Document {
    /// Describes `operations`.
    pub(super) fn of(operations: &[Operation]) -> Document {
        let text = |lang| document(operations, lang).to_string();
        Document {
            zh: text(Lang::Zh),
            en: text(Lang::En),
        }
    }
}

/// The document in one language.
pub(super) fn document(operations: &[Operation], lang: Lang) -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut answers = settings.clone().for_serialize().into_generator();
    let entries = settings.with(|settings| settings.inline_subschemas = true);
    let mut entries = entries.for_deserialize().into_generator();
    let mut paths = BTreeMap::<&str, Map<String, Value>>::new();
    for operation in operations {
        let described = describe(operation, &mut answers, &mut entries, lang);
        let path = paths.entry(&operation.path).or_default();
        path.insert(operation.method.as_str().to_lowercase(), described);
    }
    answers.subschema_for::<ErrorBody>();
    let mut schemas = Value::Object(answers.take_definitions(true));
    words::put_into(&mut schemas, lang);
    let tags = Tag::ALL.map(|tag| json!({"name": tag.text().of(lang)}));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": words::TITLE.of(lang),
            "description": words::INTRODUCTION.of(lang),
            "version": env!("CARGO_PKG_VERSION"),
        },
        "servers": [{"url": "/"}],
        "security": [{"key": []}],
        "tags": tags,
        "paths": paths,
        "components": {
            "securitySchemes": {"key": {
                "type": "http", "scheme": "bearer", "description": words::KEY.of(lang),
            }},
            "schemas": schemas,
        },
    })
}

fn describe(
    operation: &Operation,
    answers: &mut SchemaGenerator,
    entries: &mut SchemaGenerator,
    lang: Lang,
) -> Value {
    let mut parameters: Vec<Value> = in_path(&operation.path)
        .map(|name| {
            let field = super::field::required(name, Kind::Id);
            parameter(&field, "path", lang)
        })
        .collect();
    parameters.extend(
        operation
            .parameters
            .iter()
            .map(|field| parameter(field, "query", lang)),
    );
    let summary = match operation.answer {
        Answer::Text("text/csv") => words::as_table(operation.summary, lang),
        Answer::Text(_) | Answer::Json(_) => operation.summary.of(lang).to_owned(),
    };
    let mut out = json!({
        "operationId": operation.id,
        "tags": [operation.tag.text().of(lang)],
        "summary": summary,
        "parameters": parameters,
    });
    match operation.need {
        None => out["security"] = json!([]),
        Some(need) => {
            out["description"] = words::needed(need).of(lang).into();
            out["x-needs"] = word(need).into();
        }
    }
    if let Some(body) = body(&operation.body, entries, lang) {
        out["requestBody"] = body;
    }
    out["responses"] = responses(operation, answers, lang);
    out
}

/// The word of the document for what a route needs.
fn word(need: Need) -> &'static str {
    match need {
        Need::Look => "look",
        Need::Act => "act",
        Need::Administer => "administer",
    }
}

/// The names in braces.
fn in_path(path: &str) -> impl Iterator<Item = &'static str> {
    let names = path.split('/').filter_map(|part| {
        let name = part.strip_prefix('{')?.strip_suffix('}')?;
        let mut known = words::fields().map(|(known, _)| known);
        known.find(|known| *known == name)
    });
    names.collect::<Vec<_>>().into_iter()
}

fn parameter(field: &Field, place: &str, lang: Lang) -> Value {
    json!({
        "name": field.name,
        "in": place,
        "required": field.is_required,
        "description": field.text().of(lang),
        "schema": field.schema(),
        "example": field.example(),
    })
}

fn body(payload: &Payload, entries: &mut SchemaGenerator, lang: Lang) -> Option<Value> {
    let (kind, schema) = match payload {
        Payload::Nothing => return None,
        Payload::Fields(fields) => ("application/json", object(fields, lang)),
        Payload::Entry(schema_of) => {
            let mut schema = schema_of(entries).to_value();
            words::put_into_one(&mut schema, "LotEntry", lang);
            ("application/json", schema)
        }
        Payload::Table(columns) => {
            let said = columns.iter().map(|column| {
                let mark = if column.is_required { "*" } else { "" };
                format!("`{}`{mark} {}", column.name, column.text().of(lang))
            });
            let said: Vec<String> = said.collect();
            let description = format!("{}{}", words::TABLE.of(lang), said.join("；"));
            (
                "text/csv",
                json!({"type": "string", "description": description}),
            )
        }
    };
    Some(json!({"required": true, "content": {kind: {"schema": schema}}}))
}

fn object(fields: &[Field], lang: Lang) -> Value {
    let mut properties = Map::new();
    for field in fields {
        let mut schema = field.property();
        words::put_into_one(&mut schema, field.name, lang);
        schema["description"] = field.text().of(lang).into();
        schema["examples"] = json!([field.example()]);
        properties.insert(field.name.to_owned(), schema);
    }
    let required = fields.iter().filter(|field| field.is_required);
    let required: Vec<&str> = required.map(|field| field.name).collect();
    json!({
        "type": "object",
        "required": required,
        "properties": properties,
        "additionalProperties": false,
    })
}

fn responses(operation: &Operation, answers: &mut SchemaGenerator, lang: Lang) -> Value {
    let mut responses = Map::new();
    let (kind, schema) = match operation.answer {
        Answer::Json(schema_of) => ("application/json", schema_of(answers).to_value()),
        Answer::Text(kind) => (kind, json!({"type": "string"})),
    };
    let done = json!({
        "description": words::DONE.of(lang),
        "content": {kind: {"schema": schema}},
    });
    responses.insert(operation.status.as_str().to_owned(), done);
    for status in errors(operation) {
        let error = json!({
            "description": words::error(status).of(lang),
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
        });
        responses.insert(status.as_str().to_owned(), error);
    }
    Value::Object(responses)
}

/// The errors that a route may answer with: most follow from what it needs and reads.
pub(super) fn errors(operation: &Operation) -> BTreeSet<StatusCode> {
    let has_path = operation.path.contains('{');
    let has_body = !matches!(operation.body, Payload::Nothing);
    let may_err = [
        (StatusCode::UNAUTHORIZED, operation.need.is_some()),
        (StatusCode::FORBIDDEN, operation.need.is_some()),
        (StatusCode::SERVICE_UNAVAILABLE, operation.need.is_some()),
        (
            StatusCode::BAD_REQUEST,
            has_path || has_body || !operation.parameters.is_empty(),
        ),
        (StatusCode::NOT_FOUND, has_path),
        (StatusCode::PAYLOAD_TOO_LARGE, has_body),
    ];
    let following = may_err.into_iter().filter(|(_, may)| *may);
    let following = following.map(|(status, _)| status);
    following.chain(operation.errors.iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operators::described;

    /// Every place in which `document` says what something is for.
    fn texts(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(object) => {
                for (name, value) in object {
                    match (name.as_str(), value) {
                        ("description" | "summary", Value::String(text)) => {
                            found.push(text.clone())
                        }
                        _ => texts(value, found),
                    }
                }
            }
            Value::Array(values) => values.iter().for_each(|value| texts(value, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    #[test]
    fn whatever_is_said_is_said_in_chinese_and_in_english() {
        let operations = described();
        let is_chinese = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
        for lang in [Lang::Zh, Lang::En] {
            let mut found = Vec::new();
            texts(&document(&operations, lang), &mut found);
            assert!(found.len() > 100);
            for text in found {
                assert!(!text.is_empty());
                assert_eq!(is_chinese(&text), lang == Lang::Zh, "{text}");
            }
        }
    }

    #[test]
    fn each_property_of_an_answer_and_of_an_entry_says_what_it_is_for() {
        let document = document(&described(), Lang::Zh);
        let mut silent = Vec::new();
        words::each_property(&document, &mut |name, schema| {
            if schema["description"].as_str().is_none_or(str::is_empty) {
                silent.push(name.to_owned());
            }
        });
        silent.sort_unstable();
        silent.dedup();
        assert_eq!(silent, Vec::<String>::new(), "give them words in words.rs");
    }

    #[test]
    fn operations_are_told_apart_by_their_ids() {
        let operations = described();
        let ids: BTreeSet<&str> = operations
            .iter()
            .map(|operation| operation.id.as_str())
            .collect();
        assert_eq!(ids.len(), operations.len());
        assert!(!ids.contains(""));
    }

    #[test]
    fn what_a_path_holds_is_among_the_parameters() {
        for operation in described() {
            let braces = operation.path.matches('{').count();
            assert_eq!(
                in_path(&operation.path).count(),
                braces,
                "{}",
                operation.path
            );
        }
    }
}
