//! A validator of JSON Schema 2020-12, as far as the schema of a policy goes. In: a schema and a
//! value. Out: what does not fit. A keyword it does not know fails the test that meets it.

use regex_automata::nfa::thompson::pikevm::PikeVM;
use serde_json::Value;

/// Each fault with the path of the value it is in.
pub(crate) fn faults(schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    judge(schema, value, "", &mut found);
    found
}

fn judge(schema: &Value, value: &Value, path: &str, found: &mut Vec<String>) {
    for (keyword, says) in schema.as_object().unwrap() {
        let fits = match keyword.as_str() {
            "$schema" | "$id" | "title" | "description" | "default" => true,
            "type" => is_of(says.as_str().unwrap(), value),
            "const" => says == value,
            "enum" => says.as_array().unwrap().contains(value),
            "pattern" => value.as_str().is_none_or(|text| matches(says.as_str().unwrap(), text)),
            "minimum" => value.as_i64().is_none_or(|number| number >= says.as_i64().unwrap()),
            "maximum" => value.as_i64().is_none_or(|number| number <= says.as_i64().unwrap()),
            "minItems" => value.as_array().is_none_or(|items| {
                items.len() >= usize::try_from(says.as_u64().unwrap()).unwrap()
            }),
            "anyOf" => says.as_array().unwrap().iter().any(|one| faults(one, value).is_empty()),
            "required" => value.as_object().is_none_or(|object| {
                says.as_array()
                    .unwrap()
                    .iter()
                    .all(|key| object.contains_key(key.as_str().unwrap()))
            }),
            "items" => {
                for item in value.as_array().into_iter().flatten() {
                    judge(says, item, &format!("{path}[]"), found);
                }
                true
            }
            "propertyNames" => value.as_object().is_none_or(|object| {
                object.keys().all(|key| faults(says, &Value::String(key.clone())).is_empty())
            }),
            "properties" => true,
            "additionalProperties" => {
                members(schema, says, value, path, found);
                true
            }
            other => panic!("the schema says `{other}`, which this validator does not know"),
        };
        if !fits {
            found.push(format!("{path}: {keyword} {says}, not {value}"));
        }
    }
}

fn members(schema: &Value, others: &Value, value: &Value, path: &str, found: &mut Vec<String>) {
    for (name, member) in value.as_object().into_iter().flatten() {
        let path = format!("{path}.{name}");
        match (schema["properties"].get(name), others) {
            (Some(property), _) => judge(property, member, &path, found),
            (None, Value::Bool(false)) => found.push(format!("{path}: unknown")),
            (None, others) => judge(others, member, &path, found),
        }
    }
}

fn is_of(kind: &str, value: &Value) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        other => panic!("no type `{other}`"),
    }
}

fn matches(pattern: &str, text: &str) -> bool {
    let pattern = PikeVM::new(pattern).unwrap();
    pattern.is_match(&mut pattern.create_cache(), text)
}
