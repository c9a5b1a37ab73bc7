//! The row under the cursor in words, and as JSON: for the detail view and the clipboard.

use serde::Serialize;
use serde_json::{Value, json};

use super::{
    access,
    catalogue::{self, StackModel},
    health,
    model::Model,
    progress::Row,
    screen::{Panel, deploy::Stage},
    text::SafeText,
};

/// One row, whole.
#[derive(Debug, Clone, PartialEq)]
pub struct RowText {
    /// What it is.
    pub title: SafeText,
    /// All of it, one line each.
    pub lines: Vec<SafeText>,
    /// One line for the clipboard.
    pub line: SafeText,
    /// Its ARN or physical id.
    pub arn: SafeText,
}

fn row_text(title: &str, arn: &SafeText, pairs: &[(&str, String)]) -> RowText {
    let lines: Vec<SafeText> = pairs
        .iter()
        .filter(|(_, v)| !v.is_empty())
        .map(|(k, v)| format!("{k:<16} {v}").into())
        .collect();
    let line = pairs
        .iter()
        .filter(|(_, v)| !v.is_empty())
        .map(|(_, v)| v.as_str())
        .collect::<Vec<_>>()
        .join("  ");
    RowText {
        title: title.into(),
        lines,
        line: line.into(),
        arn: arn.clone(),
    }
}

/// The row under the cursor of the focused panel.
pub fn row(model: &Model) -> Option<RowText> {
    let panel = model.panel();
    let at = model.cursor(panel);
    match panel {
        Panel::Events => model.shown_events().get(at).map(|e| {
            let pairs = [
                ("time", iso(e.at)),
                ("logical id", e.logical_id.to_string()),
                ("status", e.status.0.to_string()),
                ("type", e.resource_type.to_string()),
                ("physical id", e.physical_id.to_string()),
                ("reason", e.reason.to_string()),
                ("token", e.token.as_deref().unwrap_or_default().to_owned()),
            ];
            row_text("Stack event", &e.physical_id, &pairs)
        }),
        Panel::Services | Panel::ServiceList => model.shown_services().get(at).map(|s| service(s)),
        Panel::Tasks => model.shown_tasks().get(at).map(|t| task(t)),
        Panel::Targets => model.shown_targets().get(at).map(|(group, i)| {
            let target = i.map(|i| &group.targets[i]);
            let pairs = [
                ("target group", group.name().to_owned()),
                ("target", target.map(|t| t.id.to_string()).unwrap_or_default()),
                ("state", target.map(|t| t.state.to_string()).unwrap_or_default()),
                ("reason", target.map(|t| t.reason.to_string()).unwrap_or_default()),
                ("description", target.map(|t| t.description.to_string()).unwrap_or_default()),
                ("zone", target.map(|t| t.zone.to_string()).unwrap_or_default()),
            ];
            row_text("Target", &group.arn, &pairs)
        }),
        Panel::ServiceEvents => model
            .shown_service_events()
            .get(at)
            .map(|(s, e)| row_text("ECS event", &s.arn, &[("time", iso(e.at)), ("message", e.message.to_string())])),
        Panel::Outputs => model.stack().and_then(|s| s.outputs.get(at)).map(|o| {
            let mut row = row_text(
                &o.key,
                &o.value,
                &[
                    ("output", o.key.to_string()),
                    ("value", o.value.to_string()),
                    ("", o.description.to_string()),
                ],
            );
            row.line = o.value.clone();
            row
        }),
        Panel::Secrets => model
            .secrets()
            .get(at)
            .map(|s| row_text("Secret", &s.secret, &[("secret", s.secret.to_string())])),
        Panel::Models => catalogue::of_stack(model).get(at).map(model_row),
        Panel::Address => access::rows(model).get(at).map(address),
        Panel::Throughput => model.access.throughputs().get(at).map(throughput),
        Panel::Deploy => deploy_row(model, at),
        Panel::LogTail | Panel::CostNow | Panel::Logs | Panel::Cost => None,
    }
}

fn address(r: &access::AddressRow) -> RowText {
    let pairs = [("what", r.what.to_owned()), ("value", r.value.clone()), ("state", r.state.clone())];
    RowText {
        line: if r.what == "proof" {
            r.arn.clone()
        } else {
            r.value.as_str().into()
        },
        ..row_text("Name and certificate", &r.arn, &pairs)
    }
}

fn throughput(it: &super::fact::Throughput) -> RowText {
    let bound = it.commitment_end.map(|end| format!("{} until {}", it.commitment, iso(end)));
    let pairs = [
        ("name", it.name.to_string()),
        ("status", it.status.to_string()),
        ("units", it.units.to_string()),
        ("model", it.model.to_string()),
        ("made from", it.base_id().to_owned()),
        ("commitment", bound.unwrap_or_else(|| "none".into())),
        ("bought", it.created.map(iso).unwrap_or_default()),
        ("failure", it.failure.to_string()),
        ("arn", it.arn.to_string()),
    ];
    row_text("Provisioned throughput", &it.arn, &pairs)
}

fn model_row(m: &StackModel) -> RowText {
    let price = m.price.as_ref().map(|p| format!("{}, {}, {}", p.words(), p.date, p.source));
    let pairs = [
        ("alias", m.role.alias.to_owned()),
        ("model", m.id.to_string()),
        ("state", m.verdict.life.to_string()),
        ("access", m.verdict.access.to_string()),
        ("seen", m.verdict.evidence.clone()),
        ("next", m.verdict.next.clone()),
        ("price", price.unwrap_or_default()),
    ];
    row_text("Model", &m.id, &pairs)
}

/// A fact as JSON; all of them can be put so.
fn of<T: Serialize>(fact: &T) -> Value {
    serde_json::to_value(fact).unwrap_or_default()
}

/// The facts that the console holds of the row under the cursor: title and JSON. Of a secret only the name.
pub fn json(model: &Model) -> Option<(SafeText, Value)> {
    let panel = model.panel();
    let at = model.cursor(panel);
    let value = match panel {
        Panel::Events => of(*model.shown_events().get(at)?),
        Panel::Services | Panel::ServiceList => of(*model.shown_services().get(at)?),
        Panel::Tasks => of(*model.shown_tasks().get(at)?),
        Panel::Targets => {
            let (group, i) = *model.shown_targets().get(at)?;
            json!({ "target_group": group.arn, "logical_id": group.logical_id, "target": i.map(|i| &group.targets[i]) })
        }
        Panel::ServiceEvents => {
            let (service, event) = *model.shown_service_events().get(at)?;
            json!({ "service": service.name, "event": event })
        }
        Panel::Outputs => of(model.stack()?.outputs.get(at)?),
        Panel::Secrets => of(model.secrets().get(at)?),
        Panel::Models => {
            let models = catalogue::of_stack(model);
            let m = models.get(at)?;
            json!({ "alias": m.role.alias, "id": m.id, "verdict": m.verdict, "price": m.price })
        }
        Panel::Address => match access::rows(model).get(at)? {
            row if matches!(row.what, "certificate" | "proof") => of(model.access.certificate()?),
            row => of(row),
        },
        Panel::Throughput => of(model.access.throughputs().get(at)?),
        Panel::Deploy => {
            if let Stage::Plan(plan) = &model.deploy {
                of(plan.change_set.changes.get(at)?)
            } else {
                let r = shown_progress(model).get(at)?;
                json!({
                    "logical_id": r.logical_id, "resource_type": r.kind, "status": r.status, "reason": r.reason,
                    "started": r.started, "ended": r.ended,
                })
            }
        }
        Panel::LogTail | Panel::CostNow | Panel::Logs | Panel::Cost => return None,
    };
    Some((row(model)?.title, value))
}

/// The resources of the operation, where they are on the screen: not while a plan is being made.
fn shown_progress(model: &Model) -> &[Row] {
    let is_making = matches!(model.deploy, Stage::Planning(_));
    if is_making { &[] } else { &model.progress.rows }
}

fn deploy_row(model: &Model, at: usize) -> Option<RowText> {
    if let Stage::Plan(plan) = &model.deploy {
        return plan.change_set.changes.get(at).map(|c| {
            let mut pairs = vec![
                ("action", c.action.to_string()),
                ("logical id", c.logical_id.to_string()),
                ("type", c.resource_type.to_string()),
                ("replacement", c.replacement.to_string()),
                ("physical id", c.physical_id.to_string()),
            ];
            for p in &c.properties {
                let side = |v: &Option<SafeText>| v.as_deref().unwrap_or("?").to_owned();
                pairs.push(("changes", format!("{}: {} → {}", p.path, side(&p.before), side(&p.after))));
            }
            row_text("Change", &c.physical_id, &pairs)
        });
    }
    shown_progress(model).get(at).map(|r| {
        let pairs = [
            ("logical id", r.logical_id.to_string()),
            ("type", r.kind.to_string()),
            ("status", r.status.0.to_string()),
            ("reason", r.reason.to_string()),
            ("began", iso(r.started)),
            ("ended", r.ended.map(iso).unwrap_or_default()),
        ];
        // `Y` copies the whole block: on this screen the cause card, while there is one.
        let block = super::cause::find(model).map_or_else(|| r.logical_id.clone(), |cause| cause.card());
        row_text("Resource", &block, &pairs)
    })
}

fn service(s: &super::fact::Service) -> RowText {
    let mut pairs = vec![
        ("service", s.name.to_string()),
        ("status", s.status.to_string()),
        (
            "tasks",
            format!("{} running, {} desired, {} pending", s.running, s.desired, s.pending),
        ),
        ("task definition", s.task_definition.to_string()),
        ("arn", s.arn.to_string()),
    ];
    for d in &s.deployments {
        pairs.push((
            "deployment",
            format!(
                "{} {} {}: {}/{} running, {} failed {}",
                d.status, d.rollout, d.task_definition, d.running, d.desired, d.failed, d.reason
            ),
        ));
    }
    for (k, v) in &s.tags {
        pairs.push(("tag", format!("{k} = {v}")));
    }
    row_text("Service", &s.arn, &pairs)
}

fn task(t: &super::fact::Task) -> RowText {
    let mut pairs = vec![
        ("task", t.id().to_owned()),
        ("service", t.service.to_string()),
        ("status", format!("{} (desired {}), health {}", t.status, t.desired, t.health)),
        ("task definition", t.task_definition.to_string()),
        ("address", format!("{} {}", t.address, t.zone)),
        ("created", t.created.map(iso).unwrap_or_default()),
        ("started", t.started.map(iso).unwrap_or_default()),
        ("stopped", t.stopped.map(iso).unwrap_or_default()),
        ("stop code", t.stop_code.to_string()),
        ("stopped reason", t.stopped_reason.to_string()),
        ("why", if t.is_stopped() { health::stop_words(t) } else { String::new() }),
    ];
    for c in &t.containers {
        let exit = c.exit_code.map(|code| format!(" exit {code}")).unwrap_or_default();
        pairs.push(("container", format!("{} {}{exit} {} {}", c.name, c.status, c.image, c.reason)));
    }
    row_text("Task", &t.arn, &pairs)
}

fn iso(at: super::fact::Millis) -> String {
    super::when::iso(at)
}
