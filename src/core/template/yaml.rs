//! YAML to JSON, with CloudFormation's short tags (`!Ref`, `!Sub` …) written out in their long form.

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value};

/// Short forms that become `Fn::NAME`.
const FUNCTIONS: [&str; 17] = [
    "Sub",
    "GetAtt",
    "If",
    "Equals",
    "Not",
    "And",
    "Or",
    "FindInMap",
    "Join",
    "Select",
    "Split",
    "GetAZs",
    "Base64",
    "Cidr",
    "ImportValue",
    "Transform",
    "Contains",
];

/// Reads the first document.
pub(super) fn read(text: &str) -> Result<Value, String> {
    let documents = Yaml::load_from_str(text).map_err(|e| format!("The template is not valid YAML: {e}."))?;
    json(documents.first().ok_or("The template is empty.")?)
}

fn json(node: &Yaml) -> Result<Value, String> {
    Ok(match node {
        Yaml::Value(scalar) => scalar_json(scalar),
        Yaml::Representation(text, ..) => Value::String(text.to_string()),
        Yaml::Sequence(items) => Value::Array(items.iter().map(json).collect::<Result<_, _>>()?),
        Yaml::Mapping(entries) => {
            let mut map = Map::with_capacity(entries.len());
            for (key, value) in entries {
                let key = super::resolve::scalar(&json(key)?).ok_or("The template has a key that is not a text.")?;
                map.insert(key, json(value)?);
            }
            Value::Object(map)
        }
        Yaml::Tagged(tag, inner) => long_form(&tag.suffix, json(inner)?)?,
        Yaml::Alias(_) | Yaml::BadValue => return Err("The template has a value that can not be read.".into()),
    })
}

fn scalar_json(scalar: &Scalar) -> Value {
    match scalar {
        Scalar::Null => Value::Null,
        Scalar::Boolean(b) => Value::Bool(*b),
        Scalar::Integer(i) => Value::from(*i),
        Scalar::FloatingPoint(f) => Value::from(f.into_inner()),
        Scalar::String(s) => Value::String(s.to_string()),
    }
}

fn long_form(tag: &str, value: Value) -> Result<Value, String> {
    let (key, value) = match (tag, value) {
        ("Ref" | "Condition", value) => (tag.to_owned(), value),
        ("GetAtt", Value::String(path)) => {
            let (id, attribute) = path
                .split_once('.')
                .ok_or_else(|| format!("The template's !GetAtt {path} names no attribute."))?;
            ("Fn::GetAtt".to_owned(), Value::from(vec![id, attribute]))
        }
        (_, value) if FUNCTIONS.contains(&tag) => (format!("Fn::{tag}"), value),
        _ => return Err(format!("The template has the unknown tag !{tag}.")),
    };
    Ok(Value::Object(Map::from_iter([(key, value)])))
}
