//! IAM: what a user or role may do, as its policy simulator has it.

use aws_sdk_iam::{
    Client,
    types::{ContextEntry, ContextKeyTypeEnum, EvaluationResult, PolicyEvaluationDecisionType},
};
use futures::future::try_join_all;

use super::{
    fault,
    pages::{self, missing},
    text,
};
use crate::core::{
    fact::{Decision, Right},
    fault::{Fault, FaultKind},
    rights::{Principal, Wanted},
    text::SafeText,
};

const SIMULATE: &str = "iam:SimulatePrincipalPolicy";
const GET_ROLE: &str = "iam:GetRole";

/// The decisions on all that is wanted.
pub(super) async fn rights(client: &Client, region: &str, principal: Principal, wanted: &[Wanted]) -> Result<Vec<Right>, Fault> {
    let (source, without_path) = match principal {
        Principal::User(arn) => (arn, None),
        Principal::Role(name, bare) => match role(client, &name).await {
            Ok(arn) => (arn, None),
            // Most roles have no path, so the ARN may be right all the same.
            Err(fault) if fault.kind == FaultKind::Denied => (bare, Some(fault)),
            Err(fault) => return Err(fault),
        },
    };
    let asked = wanted.iter().map(|wanted| simulate(client, region, &source, wanted));
    match (try_join_all(asked).await, without_path) {
        (Ok(all), _) => Ok(all.into_iter().flatten().collect()),
        // Its ARN has a path, which only this permission tells.
        (Err(fault), Some(denied)) if fault.kind == FaultKind::NotFound => Err(denied),
        (Err(fault), _) => Err(fault),
    }
}

/// The ARN of a role with its path.
async fn role(client: &Client, name: &SafeText) -> Result<SafeText, Fault> {
    let output = client.get_role().role_name(name.as_str()).send().await;
    let role = output.map_err(fault::on(GET_ROLE, name))?.role;
    // The SDK makes up an empty one where AWS left it out.
    let arn = role.map(|role| role.arn).filter(|arn| !arn.is_empty());
    arn.map(SafeText::from).ok_or_else(|| missing(GET_ROLE, name, "role"))
}

async fn simulate(client: &Client, region: &str, source: &SafeText, wanted: &Wanted) -> Result<Vec<Right>, Fault> {
    let contexts = contexts(region, wanted.is_forwarded);
    let page = |marker: Option<String>| {
        let request = client
            .simulate_principal_policy()
            .policy_source_arn(source.as_str())
            .set_action_names(Some(wanted.actions.iter().map(ToString::to_string).collect()))
            .resource_arns(wanted.resource.as_str())
            .set_context_entries(Some(contexts.clone()))
            .set_marker(marker);
        async move {
            let output = request.send().await.map_err(|error| {
                let fault = fault::on(SIMULATE, source)(error);
                let is_unknown = fault.code.as_deref() == Some("NoSuchEntity");
                let kind = if is_unknown { FaultKind::NotFound } else { fault.kind };
                Fault { kind, ..fault }
            })?;
            let results = output.evaluation_results.ok_or_else(|| missing(SIMULATE, source, "results"))?;
            Ok((results, output.marker.filter(|_| output.is_truncated)))
        }
    };
    let results = pages::all(SIMULATE, source, page).await?;
    let rights: Vec<Right> = results.into_iter().map(|result| right(result, wanted)).collect();
    let is_told = |action: &SafeText| rights.iter().any(|r| r.action == *action);
    match wanted.actions.iter().find(|action| !is_told(action)) {
        Some(action) => Err(missing(SIMULATE, source, &format!("decision on {action}"))),
        None => Ok(rights),
    }
}

fn right(result: EvaluationResult, wanted: &Wanted) -> Right {
    let resource = text(result.eval_resource_name);
    Right {
        action: result.eval_action_name.into(),
        resource: if resource.is_empty() { wanted.resource.clone() } else { resource },
        decision: match result.eval_decision {
            PolicyEvaluationDecisionType::Allowed => Decision::Allowed,
            PolicyEvaluationDecisionType::ExplicitDeny => Decision::Denied,
            // A word that is new is no permission.
            _ => Decision::NotAllowed,
        },
        is_bounded: result
            .permissions_boundary_decision_detail
            .is_some_and(|detail| !detail.allowed_by_permissions_boundary),
        is_barred: result
            .organizations_decision_detail
            .is_some_and(|detail| !detail.allowed_by_organizations),
    }
}

/// What many policies ask of a request: its region, that CloudFormation sends it on, and to whom a role is handed.
fn contexts(region: &str, is_forwarded: bool) -> Vec<ContextEntry> {
    let entry = |name: &str, kind: ContextKeyTypeEnum, value: &str| {
        ContextEntry::builder()
            .context_key_name(name)
            .context_key_type(kind)
            .context_key_values(value)
            .build()
    };
    let mut all = vec![entry("aws:RequestedRegion", ContextKeyTypeEnum::String, region)];
    if is_forwarded {
        let by = "cloudformation.amazonaws.com";
        all.extend([
            entry("aws:CalledVia", ContextKeyTypeEnum::StringList, by),
            entry("aws:CalledViaFirst", ContextKeyTypeEnum::String, by),
            entry("aws:CalledViaLast", ContextKeyTypeEnum::String, by),
            entry("iam:PassedToService", ContextKeyTypeEnum::String, "ecs-tasks.amazonaws.com"),
        ]);
    }
    all
}
