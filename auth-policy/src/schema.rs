//! The JSON Schema of the policy, for editors. In: the table of the language. Out: a schema of
//! draft 2020-12 as text.
//!
//! It knows the form of a policy and not what its names mean: whatever it refuses, `check` refuses
//! too, but not the other way round.

use serde_json::{Map as Object, Value, json};

use crate::language::{self, Form, Key, Map, Need};

/// Where the schema is published, which is its identifier too.
const ID: &str =
    "https://raw.githubusercontent.com/auth-engine/auth-engine/main/policies/schema.json";
/// What may be a name: see `name`.
const NAME: &str = "^[a-z0-9][a-z0-9_.:/-]{0,63}$";
const TIME: &str = "^[0-9]+[smhd]$";
const REFERENCE: &str = "^(\\$\\{[A-Za-z_][A-Za-z0-9_]*\\}|file:.*\\S.*)$";

/// The JSON Schema (draft 2020-12) of a policy, as indented JSON with a line break at its end.
///
/// # Example
///
/// ```
/// let schema: serde_json::Value = serde_json::from_str(&auth_policy::schema())?;
/// assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
/// assert_eq!(schema["properties"]["version"]["const"], 1);
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn schema() -> String {
    let mut whole = language::map("").map(object).unwrap_or_default();
    whole.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
    whole.insert("$id".to_owned(), json!(ID));
    whole.insert("title".to_owned(), json!("Access policy"));
    whole.insert("description".to_owned(), json!("The access policy of a service."));
    whole.insert(
        "anyOf".to_owned(),
        json!([{ "required": ["schemes"] }, { "required": ["issuers"] }]),
    );
    format!("{:#}\n", Value::Object(whole))
}

/// A map whose keys are fixed.
fn object(map: &Map) -> Object<String, Value> {
    let properties: Object<_, _> =
        map.keys.iter().map(|key| (key.name.to_owned(), property(key))).collect();
    let required = map.keys.iter().filter(|key| key.need == Need::Required);
    let required: Vec<_> = required.map(|key| key.name).collect();
    let mut object = Object::new();
    object.insert("type".to_owned(), json!("object"));
    object.insert("properties".to_owned(), Value::Object(properties));
    object.insert("additionalProperties".to_owned(), json!(false));
    if !required.is_empty() {
        object.insert("required".to_owned(), json!(required));
    }
    if map.path == "providers.*" {
        let own = ["identity", "authorization_endpoint", "token_endpoint", "userinfo_endpoint"];
        let kinds = json!([{ "required": ["issuer"] }, { "required": own }]);
        object.insert("anyOf".to_owned(), kinds);
    }
    object
}

fn property(key: &Key) -> Value {
    let mut property = form(&key.form);
    property.insert("title".to_owned(), json!(key.name));
    property.insert("description".to_owned(), json!(key.meaning));
    if let Need::Default(text) = key.need {
        // A default that were no JSON is found by a test of the table.
        let value = serde_json::from_str(text).unwrap_or_default();
        property.insert("default".to_owned(), value);
    }
    Value::Object(property)
}

fn form(form: &Form) -> Object<String, Value> {
    let value = match form {
        Form::Version => json!({ "const": 1 }),
        Form::Boolean => json!({ "type": "boolean" }),
        Form::Number(least, most) => {
            json!({ "type": "integer", "minimum": least, "maximum": most })
        }
        Form::Text => json!({ "type": "string", "pattern": "\\S" }),
        Form::Pattern(pattern) => json!({ "type": "string", "pattern": pattern }),
        Form::Name => json!({ "type": "string", "pattern": NAME }),
        Form::Time => json!({ "type": "string", "pattern": TIME }),
        Form::Reference => json!({ "type": "string", "pattern": REFERENCE }),
        Form::Choice(words) => json!({ "type": "string", "enum": words }),
        Form::List(of) => json!({ "type": "array", "items": self::form(of) }),
        Form::Some(of) => json!({ "type": "array", "items": self::form(of), "minItems": 1 }),
        Form::OneOrMore(of) => either([self::form(of), self::form(&Form::List(of))]),
        Form::Either(forms) => either(forms.iter().map(self::form)),
        Form::Map(path) => return language::map(path).map(object).unwrap_or_default(),
        Form::Names(of) => names(of, &json!({ "pattern": NAME })),
        Form::ForeignNames(of) => names(of, &json!({ "pattern": "^[ -~]{1,256}$" })),
    };
    match value {
        Value::Object(object) => object,
        _ => Object::new(),
    }
}

fn either(forms: impl IntoIterator<Item = Object<String, Value>>) -> Value {
    json!({ "anyOf": forms.into_iter().collect::<Vec<_>>() })
}

fn names(of: &Form, names: &Value) -> Value {
    json!({ "type": "object", "propertyNames": names, "additionalProperties": form(of) })
}
