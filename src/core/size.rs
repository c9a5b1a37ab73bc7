//! The three sizes side by side, read from the template: what each gives, and what it costs.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::{
    cost::{CostModel, services},
    template::{Pseudo, Template},
};

/// How many people a size is meant for: the deployment guide's own figures.
const USERS: &[(&str, &str)] = &[("small", "under 10"), ("medium", "10 to 30"), ("large", "30 to 100")];

/// One size.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SizeRow {
    /// `small`, `medium`, `large`.
    pub name: String,
    /// vCPU of each Open WebUI task.
    pub vcpu: f64,
    /// GB of memory of each Open WebUI task.
    pub gb: f64,
    /// Open WebUI tasks.
    pub tasks: u32,
    /// Users it is meant for.
    pub users: &'static str,
    /// US dollars for 730 hours, everything in, model calls not.
    pub usd_month: f64,
}

/// The sizes that the template allows, with the other parameters as given.
pub fn sizes(model: &CostModel, template: &Template, values: &BTreeMap<String, String>, pseudo: &Pseudo) -> Vec<SizeRow> {
    let allowed = template.parameter("DeploymentSize").map(|p| p.allowed.clone()).unwrap_or_default();
    allowed
        .iter()
        .filter_map(|name| size(model, template, values, pseudo, name))
        .collect()
}

fn size(model: &CostModel, template: &Template, values: &BTreeMap<String, String>, pseudo: &Pseudo, name: &str) -> Option<SizeRow> {
    let mut values = values.clone();
    values.insert("DeploymentSize".into(), name.into());
    let resources = template.resources(&values, pseudo);
    let service = services(&resources).find(|s| named(&s.properties, "ServiceName").is_some_and(|n| n.ends_with("-openwebui")))?;
    let definition = service.properties.pointer("/TaskDefinition/Ref").and_then(Value::as_str)?;
    let definition = resources.iter().find(|r| r.logical_id == definition)?;
    let number = |value: &Value, key: &str| named(value, key).and_then(|n| n.parse::<f64>().ok());
    Some(SizeRow {
        name: name.to_owned(),
        vcpu: number(&definition.properties, "Cpu")? / 1024.0,
        gb: number(&definition.properties, "Memory")? / 1024.0,
        tasks: number(&service.properties, "DesiredCount")? as u32,
        users: USERS.iter().find(|(size, _)| *size == name).map_or("", |(_, users)| users),
        usd_month: model.plan_estimate(&resources).usd_month(),
    })
}

/// A scalar property as text, whether the template wrote it as number or numeral.
fn named(properties: &Value, key: &str) -> Option<String> {
    match properties.get(key)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guides_sizes() {
        let template = Template::shipped();
        let pseudo = Pseudo {
            region: "us-west-2".into(),
            account: "123456789012".into(),
            stack_name: "s".into(),
        };
        let rows = sizes(
            &CostModel::shipped("us-west-2"),
            &template,
            &template.values(&BTreeMap::new()),
            &pseudo,
        );
        let shape: Vec<_> = rows
            .iter()
            .map(|r| (r.name.as_str(), r.vcpu as u32, r.gb as u32, r.tasks, r.users))
            .collect();
        assert_eq!(
            shape,
            [
                ("small", 1, 2, 1, "under 10"),
                ("medium", 2, 4, 2, "10 to 30"),
                ("large", 4, 8, 3, "30 to 100")
            ]
        );
        assert!(rows.windows(2).all(|w| w[0].usd_month < w[1].usd_month));
    }
}
