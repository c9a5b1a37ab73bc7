//! Reads the shipped CloudFormation template: its parameters for the form, its resources, conditions
//! and dependencies for the simulator, the progress view and the cost model.

mod resolve;
mod yaml;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use self::resolve::{Scope, references};
use super::text::SafeText;

/// The template that this program deploys.
pub const TEMPLATE: &str = include_str!("../../assets/bedrock-image-chat-stack.yaml");

/// One template parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct ParameterDef {
    /// Its name.
    pub name: SafeText,
    /// Its label from `AWS::CloudFormation::Interface`, or its name.
    pub label: SafeText,
    /// Its group from `AWS::CloudFormation::Interface`; may be empty.
    pub group: SafeText,
    /// Its description.
    pub description: SafeText,
    /// Its type, such as `String` or `Number`.
    pub kind: SafeText,
    /// Its default; `None` when a value must be given.
    pub default: Option<SafeText>,
    /// Values allowed; empty when any is.
    pub allowed: Vec<SafeText>,
    /// `AllowedPattern`.
    pub pattern: Option<SafeText>,
    /// `ConstraintDescription`; may be empty.
    pub constraint: SafeText,
    /// `MinValue`, `MaxValue` of a number.
    pub range: (Option<f64>, Option<f64>),
    /// `MinLength`, `MaxLength` of a string.
    pub length: (Option<usize>, Option<usize>),
}

impl ParameterDef {
    /// What is wrong with `value`: one sentence that names the parameter, the value and what is allowed.
    ///
    /// # Errors
    /// That sentence.
    pub fn check(&self, value: &str) -> Result<(), String> {
        let parts: Vec<&str> = if self.is_list() {
            value.split(',').map(str::trim).collect()
        } else {
            vec![value]
        };
        match parts.into_iter().find_map(|part| self.complaint(part)) {
            Some(allowed) => Err(format!("{} can not be \"{}\": {allowed}.", self.name, SafeText::new(value))),
            None => Ok(()),
        }
    }

    /// Its value is a comma-separated list, which a `Ref` gives as an array.
    pub fn is_list(&self) -> bool {
        *self.kind == *"CommaDelimitedList" || self.kind.starts_with("List<")
    }

    /// What is allowed, when `value` is not.
    fn complaint(&self, value: &str) -> Option<String> {
        if !self.allowed.is_empty() && !self.allowed.iter().any(|a| *a == *value) {
            let list: Vec<&str> = self.allowed.iter().map(SafeText::as_str).collect();
            return Some(format!("choose one of {}", quoted(&list)));
        }
        self.number_complaint(value)
            .or_else(|| self.length_complaint(value.chars().count()))
            .or_else(|| self.pattern_complaint(value))
    }

    fn number_complaint(&self, value: &str) -> Option<String> {
        if *self.kind != *"Number" && *self.kind != *"List<Number>" {
            return None;
        }
        let Some(number) = value.trim().parse::<f64>().ok().filter(|n| n.is_finite()) else {
            return Some("it must be a number".into());
        };
        match self.range {
            (Some(min), _) if number < min => Some(format!("it must be at least {min}")),
            (_, Some(max)) if number > max => Some(format!("it must be at most {max}")),
            _ => None,
        }
    }

    fn length_complaint(&self, length: usize) -> Option<String> {
        match self.length {
            (Some(min), _) if length < min => Some(format!("it must have at least {min} characters")),
            (_, Some(max)) if length > max => Some(format!("it must have at most {max} characters")),
            _ => None,
        }
    }

    /// CloudFormation matches the whole value. A pattern that our engine can not read is left to AWS.
    fn pattern_complaint(&self, value: &str) -> Option<String> {
        let pattern = self.pattern.as_ref()?;
        let whole = regex::Regex::new(&format!(r"\A(?:{pattern})\z")).ok()?;
        if whole.is_match(value) {
            None
        } else if self.constraint.is_empty() {
            Some(format!("it must match {pattern}"))
        } else {
            Some(format!("it must be {}", lower_first(self.constraint.trim_end_matches('.'))))
        }
    }
}

fn quoted(list: &[&str]) -> String {
    let shown: Vec<&str> = list.iter().map(|v| if v.is_empty() { "\"\"" } else { *v }).collect();
    shown.join(", ")
}

/// `A model id` → `a model id`, but `ARN …` stays.
fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    let Some(first) = chars.next() else { return String::new() };
    let rest = chars.as_str();
    let is_word = rest.chars().next().is_none_or(|c| !c.is_uppercase());
    if is_word {
        first.to_lowercase().chain(rest.chars()).collect()
    } else {
        text.to_owned()
    }
}

/// Pseudo parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pseudo {
    /// `AWS::Region`.
    pub region: String,
    /// `AWS::AccountId`.
    pub account: String,
    /// `AWS::StackName`.
    pub stack_name: String,
}

/// One resource, its intrinsic functions resolved as far as the parameters decide them. A reference to
/// another resource stays: alone as `{"Ref": …}` or `{"Fn::GetAtt": […]}`, inside a text (`Fn::Sub`,
/// `Fn::Join`) always as the one-argument `{"Fn::Sub": "… ${Logical} … ${Logical.Attribute}"}`.
#[derive(Debug, Clone, PartialEq)]
pub struct Resource {
    /// Logical id.
    pub logical_id: SafeText,
    /// Type.
    pub kind: SafeText,
    /// Properties.
    pub properties: Value,
    /// Logical ids it waits for: `DependsOn`, `Ref`, `GetAtt` and `Sub`, sorted, without those that do not exist.
    pub depends_on: Vec<SafeText>,
    /// `DeletionPolicy`, `Delete` by default.
    pub deletion_policy: SafeText,
    /// `UpdateReplacePolicy`, `Delete` by default: what happens to the old one on a replacement.
    pub replace_policy: SafeText,
}

/// The resources that something works on, each waiting for those of them that it needs, be it through others that stay as
/// they are: CloudFormation waits for them all the same. `all` are in dependency order. Only services keep properties.
pub fn worked_on(all: &[Resource], is_worked_on: impl Fn(&Resource) -> bool) -> Vec<Resource> {
    let mut needs: BTreeMap<&SafeText, BTreeSet<&SafeText>> = BTreeMap::new();
    let mut out = Vec::new();
    for it in all {
        let before = it.depends_on.iter().filter_map(|id| needs.get(id));
        let own: BTreeSet<&SafeText> = before.flatten().copied().collect();
        let ends = is_worked_on(it);
        if ends {
            out.push(Resource {
                properties: if it.kind == "AWS::ECS::Service" {
                    it.properties.clone()
                } else {
                    Value::Null
                },
                depends_on: own.iter().map(|id| (*id).clone()).collect(),
                logical_id: it.logical_id.clone(),
                kind: it.kind.clone(),
                deletion_policy: it.deletion_policy.clone(),
                replace_policy: it.replace_policy.clone(),
            });
        }
        needs.insert(&it.logical_id, if ends { BTreeSet::from([&it.logical_id]) } else { own });
    }
    out
}

/// A parsed template.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    /// Parameters in the order of the interface block, then of the template.
    pub parameters: Vec<ParameterDef>,
    body: Value,
}

impl Template {
    /// Parses YAML or JSON with CloudFormation's short tags.
    ///
    /// # Errors
    /// One sentence that names what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let body = yaml::read(text)?;
        let resources = section(&body, "Resources").ok_or("The template has no Resources section.")?;
        for (id, resource) in resources {
            if resource["Type"].as_str().is_none() {
                return Err(format!("The template's resource {} has no Type.", SafeText::new(id)));
            }
        }
        Ok(Self {
            parameters: parameters(&body),
            body,
        })
    }

    /// The shipped template. It is checked by a test, so it parses.
    pub fn shipped() -> Self {
        Self::parse(TEMPLATE).unwrap_or_else(|_| Self {
            parameters: Vec::new(),
            body: Value::Null,
        })
    }

    /// What the template is called: its description up to the colon.
    pub fn title(&self) -> SafeText {
        text(&self.body["Description"]).split(':').next().unwrap_or_default().trim().into()
    }

    /// The definition of a parameter.
    pub fn parameter(&self, name: &str) -> Option<&ParameterDef> {
        self.parameters.iter().find(|p| *p.name == *name)
    }

    /// Values of all parameters: those given, else the defaults. A parameter with neither is left out.
    pub fn values(&self, given: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let value = |p: &ParameterDef| {
            given
                .get(p.name.as_str())
                .cloned()
                .or_else(|| p.default.as_ref().map(SafeText::to_string))
        };
        self.parameters
            .iter()
            .filter_map(|p| Some((p.name.to_string(), value(p)?)))
            .collect()
    }

    /// The resources that exist for these values, in dependency order; the template's own order decides
    /// between those that could come at the same time.
    pub fn resources(&self, values: &BTreeMap<String, String>, pseudo: &Pseudo) -> Vec<Resource> {
        let scope = self.scope(values, pseudo);
        let existing: Vec<(&String, &Value)> = section(&self.body, "Resources")
            .into_iter()
            .flatten()
            .filter(|(_, r)| scope.exists(r))
            .collect();
        let names: BTreeSet<&str> = existing.iter().map(|(id, _)| id.as_str()).collect();
        in_dependency_order(existing.iter().map(|(id, body)| resource(&scope, id, body, &names)).collect())
    }

    /// Outputs that exist for these values: key, description, value with references left as for resources.
    pub fn outputs(&self, values: &BTreeMap<String, String>, pseudo: &Pseudo) -> Vec<(SafeText, SafeText, Value)> {
        let scope = self.scope(values, pseudo);
        section(&self.body, "Outputs")
            .into_iter()
            .flatten()
            .filter(|(_, output)| scope.exists(output))
            .map(|(key, output)| (key.as_str().into(), text(&output["Description"]), scope.resolved(&output["Value"])))
            .collect()
    }

    /// Sentences of the `Rules` assertions that these values break.
    pub fn broken_rules(&self, values: &BTreeMap<String, String>, pseudo: &Pseudo) -> Vec<SafeText> {
        let scope = self.scope(values, pseudo);
        let holds = |condition: Option<&Value>| condition.is_none_or(|c| scope.condition(c));
        section(&self.body, "Rules")
            .into_iter()
            .flatten()
            .filter(|(_, rule)| holds(rule.get("RuleCondition")))
            .flat_map(|(_, rule)| rule["Assertions"].as_array().into_iter().flatten())
            .filter(|assertion| !holds(assertion.get("Assert")))
            .map(|assertion| text(&assertion["AssertDescription"]))
            .collect()
    }

    /// Capabilities that CloudFormation wants acknowledged for this template.
    pub fn capabilities(&self) -> Vec<SafeText> {
        let iam: Vec<&Value> = section(&self.body, "Resources")
            .into_iter()
            .flatten()
            .map(|(_, r)| r)
            .filter(|r| r["Type"].as_str().is_some_and(|t| t.starts_with("AWS::IAM::")))
            .collect();
        let named = [
            "RoleName",
            "UserName",
            "GroupName",
            "PolicyName",
            "ManagedPolicyName",
            "InstanceProfileName",
        ];
        if iam.iter().any(|r| named.iter().any(|n| r["Properties"].get(n).is_some())) {
            vec!["CAPABILITY_NAMED_IAM".into()]
        } else if iam.is_empty() {
            Vec::new()
        } else {
            vec!["CAPABILITY_IAM".into()]
        }
    }

    fn scope<'a>(&'a self, values: &'a BTreeMap<String, String>, pseudo: &'a Pseudo) -> Scope<'a> {
        Scope {
            body: &self.body,
            parameters: &self.parameters,
            values,
            pseudo,
        }
    }
}

fn section<'a>(body: &'a Value, name: &str) -> Option<&'a Map<String, Value>> {
    body.get(name)?.as_object()
}

/// A scalar as CloudFormation takes it: numbers and booleans are text to it.
fn text(value: &Value) -> SafeText {
    resolve::scalar(value).unwrap_or_default().into()
}

fn resource(scope: &Scope, id: &str, body: &Value, names: &BTreeSet<&str>) -> Resource {
    let properties = scope.resolved(&body["Properties"]);
    let mut found = BTreeSet::new();
    references(&properties, &mut found);
    // Metadata counts: the template's `Ready` handle waits through it for whatever the conditions left.
    references(&scope.resolved(&body["Metadata"]), &mut found);
    match &body["DependsOn"] {
        Value::String(one) => drop(found.insert(one.clone())),
        Value::Array(many) => found.extend(many.iter().filter_map(Value::as_str).map(str::to_owned)),
        _ => {}
    }
    let policy = |name: &str| body.get(name).map_or_else(|| "Delete".into(), text);
    Resource {
        logical_id: id.into(),
        kind: text(&body["Type"]),
        properties,
        depends_on: found
            .into_iter()
            .filter(|d| d != id && names.contains(d.as_str()))
            .map(SafeText::from)
            .collect(),
        deletion_policy: policy("DeletionPolicy"),
        replace_policy: policy("UpdateReplacePolicy"),
    }
}

/// Repeatedly takes the first one whose dependencies are all taken. What is left of a cycle, which AWS
/// would refuse, comes last in its own order.
fn in_dependency_order(mut waiting: Vec<Resource>) -> Vec<Resource> {
    let mut taken: BTreeSet<SafeText> = BTreeSet::new();
    let mut out = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let next = waiting
            .iter()
            .position(|r| r.depends_on.iter().all(|d| taken.contains(d)))
            .unwrap_or(0);
        let resource = waiting.remove(next);
        taken.insert(resource.logical_id.clone());
        out.push(resource);
    }
    out
}

fn parameters(body: &Value) -> Vec<ParameterDef> {
    let Some(defined) = section(body, "Parameters") else {
        return Vec::new();
    };
    let interface = &body["Metadata"]["AWS::CloudFormation::Interface"];
    let labels = &interface["ParameterLabels"];
    let mut out: Vec<ParameterDef> = Vec::with_capacity(defined.len());
    for group in interface["ParameterGroups"].as_array().into_iter().flatten() {
        let title = text(&group["Label"]["default"]);
        let names = group["Parameters"].as_array().into_iter().flatten().filter_map(Value::as_str);
        out.extend(names.filter_map(|name| Some(parameter(name, defined.get(name)?, &title, labels))));
    }
    for (name, body) in defined {
        if !out.iter().any(|p| *p.name == **name) {
            out.push(parameter(name, body, &SafeText::default(), labels));
        }
    }
    out
}

fn parameter(name: &str, body: &Value, group: &SafeText, labels: &Value) -> ParameterDef {
    let label = &labels[name]["default"];
    let number = |key: &str| resolve::scalar(&body[key]).and_then(|t| t.parse::<f64>().ok());
    let length = |key: &str| resolve::scalar(&body[key]).and_then(|t| t.parse::<usize>().ok());
    ParameterDef {
        name: name.into(),
        label: if label.is_null() { name.into() } else { text(label) },
        group: group.clone(),
        description: text(&body["Description"]),
        kind: text(&body["Type"]),
        default: body.get("Default").map(text),
        allowed: body["AllowedValues"].as_array().into_iter().flatten().map(text).collect(),
        pattern: body.get("AllowedPattern").map(text),
        constraint: text(&body["ConstraintDescription"]),
        range: (number("MinValue"), number("MaxValue")),
        length: (length("MinLength"), length("MaxLength")),
    }
}

#[cfg(test)]
mod tests;
