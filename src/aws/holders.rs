//! Which stack has a thing: `DescribeStackResources` tells it of any stack by physical id.

use std::collections::BTreeMap;

use aws_sdk_cloudformation::{Client, types};
use futures::{StreamExt, TryStreamExt, stream};

use super::{
    cloudformation, fault,
    pages::{self, missing},
    text,
};
use crate::core::{
    fact::StackResource,
    fault::{Fault, FaultKind},
    text::SafeText,
};

const BY_PHYSICAL_ID: &str = "cloudformation:DescribeStackResources";
const STACKS: &str = "cloudformation:DescribeStacks";
/// Ids that are asked for at the same time.
const AT_ONCE: usize = 4;

/// What CloudFormation says of one id.
enum Told {
    /// Nobody has it.
    Free,
    /// The stack of this id has it.
    Held(SafeText),
    /// An answer that is not about this id: a cloud that does not look by physical id.
    Nothing,
}

/// Those of these ids that a living stack has, as a resource or in a parameter, with the id of the stack.
pub(super) async fn of(client: &Client, ids: &[SafeText]) -> Result<Vec<(SafeText, SafeText)>, Fault> {
    let asked = ids.iter().cloned().map(|id| async move {
        let told = told(client, &id).await?;
        Ok::<_, Fault>((id, told))
    });
    let answers: Vec<(SafeText, Told)> = stream::iter(asked).buffered(AT_ONCE).try_collect().await?;
    let is_silent = answers.iter().any(|(_, told)| matches!(told, Told::Nothing));
    // No resource is made of throughput: a stack only names it.
    let is_named = |id: &SafeText| id.contains(":provisioned-model/");
    let mut held: BTreeMap<SafeText, SafeText> = BTreeMap::new();
    if is_silent || ids.iter().any(is_named) {
        for stack in living(client).await? {
            let mut has: Vec<SafeText> = stack.values;
            if is_silent {
                has.extend(resources(client, &stack.id).await?);
            }
            let ours = ids.iter().filter(|id| has.contains(id));
            held.extend(ours.map(|id| (id.clone(), stack.id.clone())));
        }
    }
    for (id, told) in answers {
        if let Told::Held(stack) = told {
            held.insert(id, stack);
        }
    }
    Ok(held.into_iter().collect())
}

async fn told(client: &Client, id: &SafeText) -> Result<Told, Fault> {
    let request = client.describe_stack_resources().physical_resource_id(id.as_str());
    let output = match request.send().await.map_err(fault::on(BY_PHYSICAL_ID, id)) {
        Ok(output) => output,
        // "Stack for fs-0123 does not exist".
        Err(fault) if fault.kind == FaultKind::NotFound && fault.detail.contains(id.as_str()) => return Ok(Told::Free),
        Err(fault) if fault.kind == FaultKind::NotFound => return Ok(Told::Nothing),
        Err(fault) => return Err(fault),
    };
    let all = output.stack_resources.ok_or_else(|| missing(BY_PHYSICAL_ID, id, "resources"))?;
    if all.is_empty() {
        return Ok(Told::Nothing);
    }
    // Of a large stack only a hundred resources are told: any of them that lives speaks for it.
    let (it, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|r| r.physical_resource_id.as_deref() == Some(id));
    let one = if it.is_empty() { others } else { it }.into_iter().find(has);
    Ok(one.map_or(Told::Free, |r| Told::Held(text(r.stack_id))))
}

/// The stack has this resource: it was neither deleted nor let go of.
fn has(it: &types::StackResource) -> bool {
    !matches!(
        it.resource_status,
        Some(types::ResourceStatus::DeleteComplete | types::ResourceStatus::DeleteSkipped)
    )
}

/// A living stack, and the values of its parameters.
struct Living {
    id: SafeText,
    values: Vec<SafeText>,
}

async fn living(client: &Client) -> Result<Vec<Living>, Fault> {
    let all = pages::all(STACKS, "", |token| {
        let request = client.describe_stacks().set_next_token(token);
        async move {
            let output = request.send().await.map_err(fault::on(STACKS, ""))?;
            let page = output.stacks.ok_or_else(|| missing(STACKS, "", "stacks"))?;
            Ok((page, output.next_token))
        }
    });
    let lives = |it: &types::Stack| it.stack_status != Some(types::StackStatus::DeleteComplete);
    let value = |it: types::Parameter| text(it.resolved_value.or(it.parameter_value));
    let one = |it: types::Stack| Living {
        id: text(it.stack_id),
        values: it.parameters.unwrap_or_default().into_iter().map(value).collect(),
    };
    Ok(all.await?.into_iter().filter(lives).map(one).collect())
}

/// Physical ids of what a stack has. One that went meanwhile has nothing.
async fn resources(client: &Client, stack: &SafeText) -> Result<Vec<SafeText>, Fault> {
    let all = match cloudformation::resources(client, stack).await {
        Err(fault) if fault.kind == FaultKind::NotFound => return Ok(Vec::new()),
        other => other?,
    };
    Ok(all.into_iter().filter(StackResource::is_held).map(|r| r.physical_id).collect())
}
