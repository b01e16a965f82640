//! The document of the operators' interface: what every answer in these tests is compared with, and
//! whether what it says of routes, roles and fields is so.

use std::net::SocketAddr;

use reqwest::Method;
use serde_json::{Map, Value, json};
use tokio::sync::OnceCell;

use crate::site::{Platform, Site, client};

const NOBODY: &str = "http://127.0.0.1:1";

/// What the platform says of itself.
pub(crate) struct Document(Value);

/// One route of the document.
pub(crate) struct Route<'a> {
    pub(crate) method: Method,
    pub(crate) path: &'a str,
    pub(crate) said: &'a Value,
}

/// The document, which is the same whichever platform of these tests serves it.
pub(crate) async fn document(at: SocketAddr) -> &'static Document {
    static DOCUMENT: OnceCell<Document> = OnceCell::const_new();
    let fetch = async || {
        let url = format!("http://{at}/api/v1/openapi.json");
        let text = client(None).get(url).send().await.unwrap();
        Document(serde_json::from_str(&text.text().await.unwrap()).unwrap())
    };
    DOCUMENT.get_or_init(fetch).await
}

impl Document {
    pub(crate) fn routes(&self) -> impl Iterator<Item = Route<'_>> {
        let paths = self.0["paths"].as_object().unwrap().iter();
        paths.flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().iter();
            methods.map(move |(method, said)| Route {
                method: method.to_uppercase().parse().unwrap(),
                path,
                said,
            })
        })
    }

    /// Panics unless the document says that this may be answered.
    pub(crate) fn check(
        &self,
        (method, path): (&str, &str),
        status: u16,
        kind: Option<&str>,
        answer: &Value,
    ) {
        let route = self
            .routes()
            .find(|route| route.is_at(path) && route.method == method);
        let Some(route) = route else {
            assert!(
                matches!(status, 401 | 404 | 405),
                "{method} {path} is not described: {status}"
            );
            return;
        };
        let said = &route.said["responses"][status.to_string()];
        assert!(
            said.is_object(),
            "{method} {path} may not answer {status}: {answer}"
        );
        let content = said["content"].as_object().unwrap();
        let kind = kind
            .and_then(|kind| kind.split(';').next())
            .unwrap_or_default();
        let media = content.get(kind);
        let media = media.unwrap_or_else(|| panic!("{method} {path} {status} is {kind:?}"));
        if kind == "application/json" {
            self.compare(
                &media["schema"],
                answer,
                &format!("{method} {path} {status}"),
            );
        }
    }

    fn compare(&self, schema: &Value, answer: &Value, what: &str) {
        let mut whole = self.0.clone();
        let root = whole.as_object_mut().unwrap();
        root.extend(schema.as_object().unwrap().clone());
        let validator = jsonschema::draft202012::new(&whole).unwrap();
        let wrong: Vec<String> = validator
            .iter_errors(answer)
            .map(|error| error.to_string())
            .collect();
        assert!(wrong.is_empty(), "{what}: {wrong:?} in {answer}");
    }
}

impl Route<'_> {
    fn is_at(&self, path: &str) -> bool {
        let said: Vec<&str> = self.path.split('/').collect();
        let asked: Vec<&str> = path.split('/').collect();
        let fits = |(said, asked): (&&str, &&str)| said.starts_with('{') || said == asked;
        let is_exact = !said.iter().zip(&asked).any(|(said, asked)| {
            // `/lots/{lot}` is not what `/permits/import` is: words go before braces.
            said.starts_with('{') && *asked == "import"
        });
        said.len() == asked.len() && is_exact && said.iter().zip(&asked).all(fits)
    }

    /// The path with something in each brace: the one lot of these tests, and what is nowhere.
    pub(crate) fn filled(&self) -> String {
        let part = |part: &str| match part {
            "{lot}" => "L1".to_owned(),
            part if part.starts_with('{') => "nobody".to_owned(),
            part => part.to_owned(),
        };
        self.path.split('/').map(part).collect::<Vec<_>>().join("/")
    }

    pub(crate) fn needs(&self) -> Option<&str> {
        self.said["x-needs"].as_str()
    }

    /// The schema of the body, when it is an object.
    pub(crate) fn body(&self) -> Option<&Value> {
        let content = &self.said["requestBody"]["content"]["application/json"];
        content.get("schema")
    }

    /// A body as the document wants it, made of its examples.
    pub(crate) fn example(&self) -> Option<Map<String, Value>> {
        let properties = self.body()?["properties"].as_object()?;
        let entry = |(name, schema): (&String, &Value)| {
            Some((name.clone(), schema.get("examples")?[0].clone()))
        };
        properties.iter().map(entry).collect()
    }

    fn parameters(&self, place: &str) -> impl Iterator<Item = &Value> {
        let parameters = self.said["parameters"].as_array().unwrap().iter();
        parameters.filter(move |parameter| parameter["in"] == place)
    }

    /// The path with every parameter that has to be there, but for `left_out`.
    pub(crate) fn address(&self, left_out: &str) -> String {
        let needed = self
            .parameters("query")
            .filter(|parameter| parameter["required"] == true && parameter["name"] != left_out);
        let pairs = needed.map(|parameter| {
            let (name, value) = (parameter["name"].as_str().unwrap(), &parameter["example"]);
            format!("{name}={}", value.as_str().unwrap())
        });
        let pairs: Vec<String> = pairs.collect();
        format!("{}?{}", self.filled(), pairs.join("&"))
    }
}

async fn ask(
    platform: &Platform,
    key: Option<&str>,
    route: &Route<'_>,
    address: &str,
    body: Option<Value>,
) -> (u16, Value) {
    let body = body.map(|body| body.to_string());
    platform
        .with_key(key, route.method.clone(), address, body)
        .await
}

#[tokio::test]
async fn every_route_of_the_document_is_served_and_by_no_other_method() {
    let platform = Site::new(NOBODY).start().await;
    let document = document(platform.running.operators).await;
    assert!(document.routes().count() > 60);
    for route in document.routes() {
        let address = route.filled();
        let (status, error) = ask(&platform, Some(&platform.key), &route, &address, None).await;
        assert_ne!(
            (status, error["field"].as_str()),
            (404, Some("path")),
            "{} {address}",
            route.method
        );
        assert_ne!(status, 405, "{} {address}", route.method);
        let url = format!("http://{}{address}", platform.running.operators);
        let request = client(None).patch(url).bearer_auth(&platform.key);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 405, "{address}");
        let allowed = response.headers()["allow"].to_str().unwrap();
        assert!(
            allowed.contains(route.method.as_str()),
            "{address}: {allowed}"
        );
    }
}

/// A key for each role; the one that is bound is to another lot than that of these tests, too.
async fn keys(platform: &Platform) -> Vec<(&'static str, String)> {
    let mut keys = Vec::new();
    for (name, role, lots) in [
        ("v", "viewer", None),
        ("o", "operator", None),
        ("b", "lot-bound", Some("L1")),
        ("e", "lot-bound", Some("L9")),
        ("a", "administrator", None),
    ] {
        let key = crate::users::key(platform, name, role, lots).await;
        keys.push((name, key));
    }
    keys
}

#[tokio::test]
async fn every_route_is_open_to_the_roles_that_the_document_says_and_to_nobody_else() {
    let platform = Site::new(NOBODY).start().await;
    let document = document(platform.running.operators).await;
    let keys = keys(&platform).await;
    for route in document.routes() {
        let address = route.filled();
        let (status, _) = ask(&platform, None, &route, &address, None).await;
        let Some(needs) = route.needs() else {
            assert_ne!(status, 403, "{address}");
            assert!(route.said["security"] == json!([]), "{address}");
            continue;
        };
        assert_eq!(status, 401, "{} {address}", route.method);
        for (name, key) in &keys {
            let may = match (needs, *name) {
                (_, "a") | ("look", "v" | "o" | "b") | ("act", "o" | "b") => true,
                ("look" | "act", "e") => !route.path.contains("{lot}"),
                ("act", "v") | ("administer", _) => false,
                strange => panic!("{strange:?}"),
            };
            let acts_without_a_word = needs != "look" && route.said.get("requestBody").is_none();
            if may && acts_without_a_word {
                continue;
            }
            // Of every lot: not for who is bound to some.
            let may = may && !(address.ends_with("/blocks/import") && matches!(*name, "b" | "e"));
            // A body that nobody can read comes after the question who asks, and does nothing.
            let (status, error) =
                ask(&platform, Some(key), &route, &address, Some(json!([]))).await;
            assert_eq!(
                status != 403,
                may,
                "{} {address} {name}: {error}",
                route.method
            );
        }
    }
}

/// Nothing that was said is ignored, and nothing that is needed goes without saying.
#[tokio::test]
async fn a_body_holds_the_fields_of_the_document_and_nothing_else() {
    let platform = Site::new(NOBODY).start().await;
    let document = document(platform.running.operators).await;
    let mut bodies = 0;
    for route in document.routes() {
        let Some(example) = route.example() else {
            continue;
        };
        bodies += 1;
        let send = async |body: &Map<String, Value>| {
            let body = Some(Value::Object(body.clone()));
            ask(
                &platform,
                Some(&platform.key),
                &route,
                &route.filled(),
                body,
            )
            .await
        };
        let is_named = async |body: &Map<String, Value>, name: &str| {
            let (status, error) = send(body).await;
            let field = error["field"].as_str().unwrap_or_default();
            assert_eq!(
                (status, field),
                (400, name),
                "{} {}: {error}",
                route.method,
                route.path
            );
        };
        let mut strange = example.clone();
        strange.insert("stranger".to_owned(), json!("x"));
        is_named(&strange, "stranger").await;
        let schema = route.body().unwrap();
        for name in schema["required"].as_array().unwrap() {
            let mut body = example.clone();
            body.remove(name.as_str().unwrap());
            is_named(&body, name.as_str().unwrap()).await;
        }
        for name in example.keys() {
            let mut body = example.clone();
            body.insert(name.clone(), json!({"no": "value"}));
            is_named(&body, name).await;
        }
    }
    assert!(bodies > 10);
}

#[tokio::test]
async fn an_address_holds_the_parameters_of_the_document_and_nothing_else() {
    let platform = Site::new(NOBODY).start().await;
    let document = document(platform.running.operators).await;
    let mut parameters = 0;
    for route in document.routes() {
        let key = Some(&*platform.key);
        let is_named = async |address: String, name: &str| {
            let body = route.said.get("requestBody").map(|_| json!({}));
            let (status, error) = ask(&platform, key, &route, &address, body).await;
            let field = error["field"].as_str().unwrap_or_default();
            assert_eq!(
                (status, field),
                (400, name),
                "{} {address}: {error}",
                route.method
            );
        };
        for parameter in route.parameters("query") {
            parameters += 1;
            let name = parameter["name"].as_str().unwrap();
            if parameter["required"] == true {
                is_named(route.address(name), name).await;
            }
            let schema = &parameter["schema"];
            let is_free = schema["type"] == "string" && schema.get("enum").is_none();
            // A control character is in no id, plate or word of a list.
            let nonsense = if is_free { "%00" } else { "x" };
            is_named(format!("{}&{name}={nonsense}", route.address(name)), name).await;
            if schema["type"] != "string" {
                is_named(format!("{}&{name}=", route.address(name)), name).await;
            }
        }
        if route.parameters("query").next().is_some() {
            is_named(format!("{}&stranger=x", route.address("")), "stranger").await;
        }
    }
    assert!(parameters > 50);
}
