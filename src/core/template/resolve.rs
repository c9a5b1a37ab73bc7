//! Evaluates intrinsic functions as far as parameters, mappings and conditions decide them.
//! What only a running stack knows (`Ref` and `GetAtt` of a resource) stays in place.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use serde_json::{Map, Value, json};

use super::{ParameterDef, Pseudo};

/// Deepest nesting of named conditions; a template that refers in a circle ends here as false.
const MAX_DEPTH: u8 = 32;

/// All that decides the value of a function.
pub(super) struct Scope<'a> {
    pub(super) body: &'a Value,
    pub(super) parameters: &'a [ParameterDef],
    pub(super) values: &'a BTreeMap<String, String>,
    pub(super) pseudo: &'a Pseudo,
}

/// A scalar as text; `None` for lists, objects and null.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(s) => Some(s.clone()),
        Value::Number(n) => Some(n.to_string()),
        Value::Bool(b) => Some(b.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Logical ids that a resolved value refers to.
pub(super) fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|v| references(v, found)),
        Value::Object(map) => {
            match function(map) {
                Some(("Ref", Value::String(id))) => drop(found.insert(id.clone())),
                Some(("Fn::GetAtt", Value::Array(path))) => found.extend(path.first().and_then(scalar)),
                Some(("Fn::Sub", Value::String(text))) => found.extend(placeholders(text).map(|(_, name)| logical(name).to_owned())),
                _ => {}
            }
            map.values().for_each(|v| references(v, found));
        }
        _ => {}
    }
}

/// The id in `Logical` or `Logical.Attribute`.
fn logical(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}

/// `${name}` in a `Fn::Sub` text, without literals such as `${!name}`: the range and the name.
fn placeholders(text: &str) -> impl Iterator<Item = (std::ops::Range<usize>, &str)> {
    text.match_indices("${").filter_map(|(start, _)| {
        let end = start + text[start..].find('}')?;
        let name = &text[start + 2..end];
        (!name.starts_with('!')).then(|| (start..end + 1, name.trim()))
    })
}

/// The only key of an object and its value, which is how a function is written.
fn function(map: &Map<String, Value>) -> Option<(&str, &Value)> {
    let (key, value) = map.iter().next()?;
    (map.len() == 1).then_some((key.as_str(), value))
}

impl Scope<'_> {
    /// Whether the `Condition` of a resource or output holds.
    pub(super) fn exists(&self, body: &Value) -> bool {
        body.get("Condition")
            .is_none_or(|name| self.condition(&json!({ "Condition": name })))
    }

    /// The value, with null in place of `AWS::NoValue`.
    pub(super) fn resolved(&self, value: &Value) -> Value {
        self.resolve(value).unwrap_or(Value::Null)
    }

    /// `None` stands for `AWS::NoValue`: the property or list item does not exist.
    fn resolve(&self, value: &Value) -> Option<Value> {
        match value {
            Value::Array(items) => Some(items.iter().filter_map(|v| self.resolve(v)).collect()),
            Value::Object(map) => match function(map) {
                Some((name, argument)) if name == "Ref" || name.starts_with("Fn::") => self.call(name, argument),
                _ => Some(Value::Object(
                    map.iter().filter_map(|(k, v)| Some((k.clone(), self.resolve(v)?))).collect(),
                )),
            },
            _ => Some(value.clone()),
        }
    }

    fn call(&self, name: &str, argument: &Value) -> Option<Value> {
        let kept = || Some(Value::Object(Map::from_iter([(name.to_owned(), self.resolved(argument))])));
        match name {
            "Ref" => match self.reference(argument.as_str()?) {
                Some(Value::Null) => None,
                Some(value) => Some(value),
                None => kept(),
            },
            "Fn::If" => {
                let is_true = self.condition(&json!({ "Condition": argument.get(0)? }));
                self.resolve(argument.get(if is_true { 1 } else { 2 })?)
            }
            "Fn::Sub" => self.sub(argument),
            "Fn::Join" => self.join(argument).or_else(kept),
            "Fn::FindInMap" => self.find_in_map(argument).or_else(kept),
            "Fn::Select" => self.select(argument).or_else(kept),
            "Fn::Split" => self.split(argument).or_else(kept),
            "Fn::GetAZs" => Some(self.zones(argument)),
            "Fn::Base64" => match self.resolve(argument)? {
                Value::String(text) => Some(base64::engine::general_purpose::STANDARD.encode(text).into()),
                _ => kept(),
            },
            "Fn::Equals" | "Fn::Not" | "Fn::And" | "Fn::Or" | "Fn::Contains" => Some(
                self.condition(&Value::Object(Map::from_iter([(name.to_owned(), argument.clone())])))
                    .into(),
            ),
            _ => kept(),
        }
    }

    /// The value of a parameter or pseudo parameter: null is `AWS::NoValue`, `None` a resource.
    fn reference(&self, name: &str) -> Option<Value> {
        let value = match name {
            "AWS::NoValue" => return Some(Value::Null),
            "AWS::Region" => self.pseudo.region.clone(),
            "AWS::AccountId" => self.pseudo.account.clone(),
            "AWS::StackName" => self.pseudo.stack_name.clone(),
            "AWS::Partition" => "aws".to_owned(),
            "AWS::URLSuffix" => "amazonaws.com".to_owned(),
            _ => self.values.get(name)?.clone(),
        };
        if self.parameters.iter().any(|p| *p.name == *name && p.is_list()) {
            return Some(value.split(',').map(|v| Value::from(v.trim())).collect());
        }
        Some(value.into())
    }

    fn sub(&self, argument: &Value) -> Option<Value> {
        let (text, variables) = match argument {
            Value::String(text) => (text.as_str(), None),
            Value::Array(parts) => (parts.first()?.as_str()?, parts.get(1)?.as_object()),
            _ => return None,
        };
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        for (range, name) in placeholders(text) {
            out.push_str(&text[at..range.start]);
            at = range.end;
            let value = match variables.and_then(|v| v.get(name)) {
                Some(variable) => self.resolve(variable),
                None => self.reference(name),
            };
            match value.as_ref().and_then(in_text) {
                Some(piece) => out.push_str(&piece),
                None => out.push_str(&format!("${{{name}}}")),
            }
        }
        out.push_str(&text[at..]);
        Some(with_references(out))
    }

    fn join(&self, argument: &Value) -> Option<Value> {
        let separator = argument.get(0)?.as_str()?;
        let Value::Array(items) = self.resolve(argument.get(1)?)? else {
            return None;
        };
        let pieces: Option<Vec<String>> = items.iter().map(in_text).collect();
        Some(with_references(pieces?.join(separator)))
    }

    fn find_in_map(&self, argument: &Value) -> Option<Value> {
        let keys: Vec<String> = argument
            .as_array()?
            .iter()
            .filter_map(|k| self.resolve(k).as_ref().and_then(scalar))
            .collect();
        let [map, first, second] = keys.as_slice() else { return None };
        self.body["Mappings"].get(map)?.get(first)?.get(second).cloned()
    }

    fn select(&self, argument: &Value) -> Option<Value> {
        let index: usize = scalar(&self.resolve(argument.get(0)?)?)?.parse().ok()?;
        self.resolve(argument.get(1)?)?.as_array()?.get(index).cloned()
    }

    fn split(&self, argument: &Value) -> Option<Value> {
        let separator = argument.get(0)?.as_str()?;
        let text = self.resolve(argument.get(1)?)?;
        Some(text.as_str()?.split(separator).map(Value::from).collect())
    }

    /// Every region has at least three zones, named by letters; which ones an account sees is not known here.
    fn zones(&self, argument: &Value) -> Value {
        let region = self.resolve(argument).as_ref().and_then(scalar).filter(|r| !r.is_empty());
        let region = region.as_deref().unwrap_or(&self.pseudo.region);
        ["a", "b", "c"].iter().map(|zone| Value::from(format!("{region}{zone}"))).collect()
    }

    /// Whether a condition function holds.
    pub(super) fn condition(&self, value: &Value) -> bool {
        self.holds(value, MAX_DEPTH)
    }

    fn holds(&self, value: &Value, depth: u8) -> bool {
        let Some((name, argument)) = value.as_object().and_then(function) else {
            return value == &Value::Bool(true);
        };
        let Some(depth) = depth.checked_sub(1) else { return false };
        let parts = argument.as_array().map_or(&[][..], Vec::as_slice);
        let resolved = |i: usize| parts.get(i).and_then(|v| self.resolve(v));
        match name {
            "Condition" => argument.as_str().is_some_and(|n| self.holds(&self.body["Conditions"][n], depth)),
            "Fn::Equals" => equal(resolved(0).as_ref(), resolved(1).as_ref()),
            "Fn::Not" => !parts.first().is_some_and(|p| self.holds(p, depth)),
            "Fn::And" => parts.iter().all(|p| self.holds(p, depth)),
            "Fn::Or" => parts.iter().any(|p| self.holds(p, depth)),
            "Fn::Contains" => resolved(0)
                .as_ref()
                .and_then(Value::as_array)
                .is_some_and(|list| list.iter().any(|v| equal(Some(v), resolved(1).as_ref()))),
            _ => false,
        }
    }
}

/// CloudFormation compares text: `1` equals `"1"`.
fn equal(a: Option<&Value>, b: Option<&Value>) -> bool {
    match (a.and_then(scalar), b.and_then(scalar)) {
        (Some(a), Some(b)) => a == b,
        _ => a == b,
    }
}

/// A value as a piece of a `Fn::Sub` text; a reference to a resource becomes its placeholder.
fn in_text(value: &Value) -> Option<String> {
    if let Some(text) = scalar(value) {
        return Some(text);
    }
    match function(value.as_object()?)? {
        ("Ref", id) => Some(format!("${{{}}}", id.as_str()?)),
        ("Fn::GetAtt", path) => {
            let path: Option<Vec<String>> = path.as_array()?.iter().map(scalar).collect();
            Some(format!("${{{}}}", path?.join(".")))
        }
        ("Fn::Sub", text) => scalar(text),
        _ => None,
    }
}

/// A plain text when nothing is left to fill in, else a one-argument `Fn::Sub`.
fn with_references(text: String) -> Value {
    if placeholders(&text).next().is_some() {
        json!({ "Fn::Sub": text })
    } else {
        text.replace("${!", "${").into()
    }
}
