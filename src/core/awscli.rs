//! The `aws` command line that does the same as a change: for the confirmation, the audit log and a
//! colleague without this program. It never holds a secret.

mod reach;

use serde_json::{Value, json};

pub use self::reach::{Reach, account, place};

use super::{fact::DnsRecord, text::SafeText};
use crate::cloud::{Change, Commitment, ImageRoute, PlanRequest, Purchase};

/// The command that does what `change` does, quoted for a POSIX shell.
pub fn command(change: &Change, region: &str) -> String {
    let words = words(change);
    let mut line: Vec<String> = words.iter().map(|word| quote(word)).collect();
    if line.first().is_some_and(|word| word == "aws") {
        line.extend(["--region".into(), quote(region)]);
    }
    line.join(" ")
}

fn words(change: &Change) -> Vec<String> {
    match change {
        Change::CreateChangeSet(plan) => create_change_set(plan),
        Change::ExecuteChangeSet { stack, change_set } => {
            cloudformation("execute-change-set", &[("--stack-name", stack), ("--change-set-name", change_set)])
        }
        Change::DeleteChangeSet { stack, change_set } => {
            cloudformation("delete-change-set", &[("--stack-name", stack), ("--change-set-name", change_set)])
        }
        Change::DeleteStack { stack } | Change::DropEmptyStack { stack, .. } => cloudformation("delete-stack", &[("--stack-name", stack)]),
        Change::DeleteRetaining { stack, retain } => with_list(
            cloudformation("delete-stack", &[("--stack-name", stack)]),
            "--retain-resources",
            retain,
        ),
        Change::CancelUpdate { stack } => cloudformation("cancel-update-stack", &[("--stack-name", stack)]),
        Change::RollbackStack { stack } => cloudformation("rollback-stack", &[("--stack-name", stack)]),
        Change::ContinueRollback { stack, skip } => {
            let words = cloudformation("continue-update-rollback", &[("--stack-name", stack)]);
            with_list(words, "--resources-to-skip", skip)
        }
        Change::Protect { stack, on } => {
            let mut words = cloudformation("update-termination-protection", &[("--stack-name", stack)]);
            let flag = if *on {
                "--enable-termination-protection"
            } else {
                "--no-enable-termination-protection"
            };
            words.push(flag.into());
            words
        }
        Change::Scale { cluster, service, to, .. } => ecs(
            "update-service",
            &[("--cluster", cluster), ("--service", service), ("--desired-count", &to.to_string())],
        ),
        Change::Restart { cluster, service } => {
            let mut words = ecs("update-service", &[("--cluster", cluster), ("--service", service)]);
            words.push("--force-new-deployment".into());
            words
        }
        Change::StopTask { cluster, task } => ecs("stop-task", &[("--cluster", cluster), ("--task", task)]),
        Change::TagService {
            service,
            key,
            value: Some(value),
        } => tag_service(service, key, value),
        Change::TagService { service, key, value: None } => ecs("untag-resource", &[("--resource-arn", service), ("--tag-keys", key)]),
        Change::DeleteRecoveryPoint { .. }
        | Change::DeleteSnapshot { .. }
        | Change::DeleteLogGroup { .. }
        | Change::DeleteSecret { .. }
        | Change::DeleteResource { .. } => removal(change),
        Change::RequestCertificate { domain, names } => request_certificate(domain, names),
        Change::ChangeRecords { zone, removes, upserts } => change_records(zone, removes, upserts),
        Change::BuyThroughput(wanted) => buy_throughput(wanted),
        Change::DeleteThroughput { arn } => aws("bedrock", "delete-provisioned-model-throughput", &[("--provisioned-model-id", arn)]),
        Change::TestImage { route, model, prompt } => test_image(route, model, prompt),
    }
}

/// The words with an option and its values; without values the option is left out.
fn with_list(mut words: Vec<String>, option: &str, values: &[SafeText]) -> Vec<String> {
    if !values.is_empty() {
        words.push(option.into());
        words.extend(values.iter().map(ToString::to_string));
    }
    words
}

fn tag_service(service: &SafeText, key: &SafeText, value: &SafeText) -> Vec<String> {
    let tags = json!([{"key": key, "value": value}]).to_string();
    ecs("tag-resource", &[("--resource-arn", service), ("--tags", &tags)])
}

/// The removal of something that is left of a stack.
fn removal(change: &Change) -> Vec<String> {
    match change {
        Change::DeleteRecoveryPoint { vault, recovery_point } => aws(
            "backup",
            "delete-recovery-point",
            &[("--backup-vault-name", vault), ("--recovery-point-arn", recovery_point)],
        ),
        Change::DeleteSnapshot { snapshot } => aws("rds", "delete-db-snapshot", &[("--db-snapshot-identifier", snapshot)]),
        Change::DeleteLogGroup { group } => aws("logs", "delete-log-group", &[("--log-group-name", group)]),
        Change::DeleteSecret { secret } => {
            let mut words = aws("secretsmanager", "delete-secret", &[("--secret-id", secret)]);
            words.push("--force-delete-without-recovery".into());
            words
        }
        Change::DeleteResource { resource_type, id } => aws(
            "cloudcontrol",
            "delete-resource",
            &[("--type-name", resource_type), ("--identifier", id)],
        ),
        _ => Vec::new(),
    }
}

fn create_change_set(plan: &PlanRequest) -> Vec<String> {
    let parameters: Vec<Value> = plan
        .parameters
        .iter()
        .map(|(name, value)| match value {
            Some(value) => json!({"ParameterKey": name, "ParameterValue": value}),
            None => json!({"ParameterKey": name, "UsePreviousValue": true}),
        })
        .collect();
    let tag = |(key, value): &(SafeText, SafeText)| json!({"Key": key, "Value": value});
    let kind = if plan.is_create { "CREATE" } else { "UPDATE" };
    let mut words = cloudformation(
        "create-change-set",
        &[
            ("--stack-name", &plan.stack),
            ("--change-set-name", "bic-tui"),
            ("--change-set-type", kind),
            ("--template-body", "file://bedrock-image-chat-stack.yaml"),
            ("--capabilities", "CAPABILITY_NAMED_IAM"),
            ("--parameters", &Value::from(parameters).to_string()),
        ],
    );
    if let Some(tags) = &plan.tags {
        words.extend(["--tags".into(), tags.iter().map(tag).collect::<Value>().to_string()]);
    }
    words
}

fn request_certificate(domain: &str, names: &[SafeText]) -> Vec<String> {
    let mut words = aws(
        "acm",
        "request-certificate",
        &[("--domain-name", domain), ("--validation-method", "DNS")],
    );
    if !names.is_empty() {
        words.push("--subject-alternative-names".into());
        words.extend(names.iter().map(ToString::to_string));
    }
    words
}

fn change_records(zone: &str, removes: &[DnsRecord], upserts: &[DnsRecord]) -> Vec<String> {
    let set = |action: &str, it: &DnsRecord| {
        let mut set = json!({ "Name": it.name, "Type": it.kind });
        if let Some(alias) = &it.alias {
            set["AliasTarget"] =
                json!({ "HostedZoneId": alias.zone, "DNSName": alias.name, "EvaluateTargetHealth": alias.evaluates_health });
        } else {
            set["TTL"] = json!(it.ttl);
            set["ResourceRecords"] = it.values.iter().map(|value| json!({ "Value": value })).collect();
        }
        json!({ "Action": action, "ResourceRecordSet": set })
    };
    let removes = removes.iter().map(|it| set("DELETE", it));
    let changes: Vec<Value> = removes.chain(upserts.iter().map(|it| set("UPSERT", it))).collect();
    let batch = json!({ "Changes": changes }).to_string();
    aws(
        "route53",
        "change-resource-record-sets",
        &[("--hosted-zone-id", zone), ("--change-batch", &batch)],
    )
}

fn buy_throughput(wanted: &Purchase) -> Vec<String> {
    let mut words = aws(
        "bedrock",
        "create-provisioned-model-throughput",
        &[
            ("--provisioned-model-name", &wanted.name),
            ("--model-id", &wanted.model),
            ("--model-units", &wanted.units.to_string()),
        ],
    );
    let duration = match wanted.commitment {
        Commitment::None => None,
        Commitment::OneMonth => Some("OneMonth"),
        Commitment::SixMonths => Some("SixMonths"),
    };
    words.extend(
        duration
            .into_iter()
            .flat_map(|it| ["--commitment-duration".to_owned(), it.to_owned()]),
    );
    words
}

/// Through the stack there is no `aws` command; `curl` does it, with keys taken from the environment.
fn test_image(route: &ImageRoute, model: &str, prompt: &str) -> Vec<String> {
    let owned = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect();
    match route {
        ImageRoute::Bedrock => {
            let body = if model.starts_with("stability.") {
                json!({"prompt": prompt})
            } else {
                json!({"taskType": "TEXT_IMAGE", "textToImageParams": {"text": prompt}, "imageGenerationConfig": {"numberOfImages": 1}})
            };
            owned(&[
                "aws",
                "bedrock-runtime",
                "invoke-model",
                "--model-id",
                model,
                "--cli-binary-format",
                "raw-in-base64-out",
                "--body",
                &body.to_string(),
                "image.json",
            ])
        }
        ImageRoute::Litellm { app_url, .. } => {
            let body = json!({"model": model, "prompt": prompt, "n": 1, "response_format": "b64_json"});
            let url = format!("{app_url}/v1/images/generations");
            let data = body.to_string();
            owned(&[
                "curl",
                &url,
                "--variable",
                "%LITELLM_API_KEY",
                "--expand-oauth2-bearer",
                "{{LITELLM_API_KEY}}",
                "--json",
                &data,
            ])
        }
        ImageRoute::OpenWebui { app_url, .. } => {
            let url = format!("{app_url}/api/v1/images/generations");
            let data = json!({"prompt": prompt}).to_string();
            owned(&[
                "curl",
                &url,
                "--variable",
                "%OPENWEBUI_TOKEN",
                "--expand-oauth2-bearer",
                "{{OPENWEBUI_TOKEN}}",
                "--json",
                &data,
            ])
        }
    }
}

fn cloudformation(operation: &str, options: &[(&str, &str)]) -> Vec<String> {
    aws("cloudformation", operation, options)
}

fn ecs(operation: &str, options: &[(&str, &str)]) -> Vec<String> {
    aws("ecs", operation, options)
}

fn aws(service: &str, operation: &str, options: &[(&str, &str)]) -> Vec<String> {
    let mut words: Vec<String> = ["aws", service, operation].map(str::to_owned).to_vec();
    words.extend(options.iter().flat_map(|(name, value)| [(*name).to_owned(), (*value).to_owned()]));
    words
}

/// Flags with their values, quoted for a shell; those without a value are left out.
pub fn flags(pairs: &[(&str, Option<&str>)]) -> String {
    let given = pairs
        .iter()
        .filter_map(|(flag, value)| Some(format!("{flag} {}", quote((*value)?))));
    given.collect::<Vec<_>>().join(" ")
}

/// A word as a POSIX shell takes it: bare where it is harmless, else in single quotes.
pub fn quote(word: &str) -> String {
    let is_harmless = !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:=@,+".contains(c));
    if is_harmless {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests;
