//! Deploy and update: form → plan → confirmation → what the stack says.

use super::{complain, dialogs, form, leaving, overriding, polling, say, ticket, ways};
use crate::{
    cloud::{Change, Done, Query},
    core::{
        dialog::{Confirm, Dialog},
        drift,
        effect::Effect,
        fact::{Fact, Stack},
        fault::{Fault, FaultKind},
        health::Severity,
        keymap::Intent,
        model::{Model, Operation},
        msg::Asked,
        plan,
        polls::Poll,
        preflight::{self, Check, Outcome},
        screen::{
            Panel, ScreenId,
            deploy::{Form, Plan, Planning, Stage},
        },
        tags,
        text::SafeText,
    },
};

/// How often a change set that is being worked out is asked for, in milliseconds.
const PLAN_EVERY: u64 = 2_000;

/// What is said of a plan that is left.
const DROPPED: &str = "the plan is dropped; the form keeps your values";

/// `D`: opens the form, or says why it can not.
pub(super) fn start(model: &mut Model) -> Vec<Effect> {
    model.screen = ScreenId::Deploy;
    if !matches!(model.deploy, Stage::Rest) {
        return Vec::new();
    }
    if let Some(why) = model.guard.refusal(model.now) {
        say(model, Severity::Warning, why);
        return Vec::new();
    }
    if model.feeds.stack.get().is_none() {
        match model.feeds.stack.fault.as_ref().or(model.credentials_fault()) {
            Some(fault) => {
                let text = format!("not known whether the stack exists: {}. {}", fault.sentence(), model.advice(fault));
                say(model, Severity::Warning, text);
            }
            None => say(
                model,
                Severity::Note,
                "not yet known whether the stack exists; try again in a moment",
            ),
        }
        return Vec::new();
    }
    match model.live_stack().cloned() {
        Some(stack) if stack.status.is_in_progress() => {
            say(
                model,
                Severity::Warning,
                format!("{} is {}: wait for it, or press R for the ways out", stack.name, stack.status.0),
            );
            Vec::new()
        }
        Some(stack) if stack.status.is_dead() => offer_deletion(model, &stack),
        Some(stack) if !stack.status.can_update() => {
            let text = format!(
                "{} is {}: it takes no update before that is resolved; press R for the ways out",
                stack.name, stack.status.0
            );
            say(model, Severity::Warning, text);
            Vec::new()
        }
        stack => form::open(model, stack.as_ref()),
    }
}

/// A failed first creation can only be deleted.
fn offer_deletion(model: &mut Model, stack: &Stack) -> Vec<Effect> {
    let mut confirm = leaving::destroy_dialog(model, stack);
    confirm.title = format!("{} is {}: it can only be deleted before a new deploy", stack.name, stack.status.0).into();
    polling::hurry(model, &[Poll::Resources]);
    dialogs::open(model, Dialog::Confirm(confirm))
}

/// The button of the form: checks the values, then has CloudFormation work out a plan.
pub(super) fn ask_plan(model: &mut Model) -> Vec<Effect> {
    let pseudo = model.pseudo();
    let Stage::Form(form) = &mut model.deploy else { return Vec::new() };
    form.settle();
    if let Some((row, why)) = form.wrong() {
        (form.selected, form.error) = (row, Some(why.into()));
        return Vec::new();
    }
    let wish = form.wish();
    let stack = model
        .feeds
        .stack
        .get()
        .and_then(Option::as_ref)
        .filter(|s| !s.status.is_deleted() && !s.status.is_in_review());
    let draft = match plan::draft(&model.template, stack, &wish, &pseudo) {
        Ok(draft) => draft,
        Err(why) => {
            form.error = Some(why.into());
            return Vec::new();
        }
    };
    let (mut request, values) = (draft.request, draft.values);
    let form = form.clone();
    let checks = preflight::of_form(model, &form);
    if let Some(why) = preflight::obstacles(&checks) {
        let error = Some(why.into());
        model.deploy = Stage::Form(Form { error, ..form });
        return overriding::offer(model, &checks);
    }
    request.overridden = overriding::waived(&form, &checks);
    let notes = draft.notes.into_iter().map(SafeText::from).collect();
    match model.guard.plan(vec![Change::CreateChangeSet(request.clone())], model.now) {
        Ok(approved) => {
            let since = model.now.mono;
            model.deploy = Stage::Planning(Planning {
                request,
                values,
                notes,
                form,
                change_set: None,
                since,
                due: u64::MAX,
                awaiting: None,
                fault: None,
            });
            model.writes += 1;
            vec![Effect::Change(approved)]
        }
        Err(fault) => {
            complain(model, fault);
            Vec::new()
        }
    }
}

/// AWS took the request for a plan, or not.
pub(super) fn on_planned(model: &mut Model, answer: Result<Done, Fault>) -> Vec<Effect> {
    let now = model.now.mono;
    let Stage::Planning(planning) = &mut model.deploy else {
        return Vec::new();
    };
    match answer {
        Ok(Done::ChangeSet { id, stack_id }) => {
            planning.change_set = Some((stack_id, id));
            planning.due = now;
            Vec::new()
        }
        Ok(_) => Vec::new(),
        Err(fault) => {
            let mut form = planning.form.clone();
            let other = plan::in_the_way(&fault, &model.settings.stack);
            form.error = Some(other.clone().unwrap_or_else(|| fault.sentence()).into());
            model.deploy = Stage::Form(form);
            if let Some(other) = other {
                say(model, Severity::Warning, other);
                return Vec::new();
            }
            if fault.kind == FaultKind::NoChange {
                Vec::new()
            } else {
                with_complaint(model, fault)
            }
        }
    }
}

fn with_complaint(model: &mut Model, fault: Fault) -> Vec<Effect> {
    complain(model, fault);
    Vec::new()
}

/// Asks for the change set again while it is being worked out.
pub(super) fn on_tick(model: &mut Model) -> Vec<Effect> {
    let now = model.now.mono;
    let Stage::Planning(planning) = &model.deploy else {
        return Vec::new();
    };
    model.is_dirty = true;
    let Some((stack, change_set)) = planning
        .change_set
        .clone()
        .filter(|_| planning.awaiting.is_none() && planning.due <= now)
    else {
        return Vec::new();
    };
    let ticket = ticket(model, Asked::Plan);
    if let Stage::Planning(planning) = &mut model.deploy {
        planning.awaiting = Some(ticket.seq);
    }
    vec![Effect::Ask(ticket, Query::ChangeSet { stack, change_set })]
}

/// The change set as it stands.
pub(super) fn on_change_set(model: &mut Model, seq: u64, answer: Result<Fact, Fault>) -> Vec<Effect> {
    let now = model.now.mono;
    let Stage::Planning(planning) = &mut model.deploy else {
        return Vec::new();
    };
    if planning.awaiting != Some(seq) {
        return Vec::new();
    }
    planning.awaiting = None;
    planning.due = now + PLAN_EVERY;
    let set = match answer {
        Ok(Fact::ChangeSet(set)) => set,
        Ok(_) => return Vec::new(),
        Err(fault) => {
            planning.fault = Some(fault);
            return Vec::new();
        }
    };
    planning.fault = None;
    if set.is_pending() {
        return Vec::new();
    }
    let (form, values, is_create) = (planning.form.clone(), planning.values.clone(), planning.request.is_create);
    let (notes, wanted) = (planning.notes.clone(), planning.request.tags.clone());
    if set.is_ready() {
        model.deploy = Stage::Plan(Plan {
            form,
            values,
            notes,
            change_set: set,
            selected: 0,
            is_create,
        });
        model.cursors.insert(Panel::Deploy, 0);
        return Vec::new();
    }
    let drop = Change::DeleteChangeSet {
        stack: set.stack_id.clone(),
        change_set: set.id.clone(),
    };
    if set.is_no_change() {
        model.deploy = Stage::Rest;
        match model.stack().and_then(|stack| tags::unmet(wanted.as_deref(), stack)) {
            Some(why) => say(
                model,
                Severity::Warning,
                format!("CloudFormation sees nothing to change, and {why}"),
            ),
            None => say(model, Severity::Note, "no changes: the stack already is as the form says"),
        }
    } else {
        model.deploy = Stage::Form(Form {
            error: Some(format!("CloudFormation refused the plan: {}", set.reason).into()),
            ..form
        });
    }
    drop_plan(model, drop, is_create)
}

/// Removes a change set nobody will run, and the empty stack that a first one leaves.
fn drop_plan(model: &mut Model, drop: Change, is_create: bool) -> Vec<Effect> {
    let mut changes = vec![drop.clone()];
    if let (Change::DeleteChangeSet { stack, change_set }, true) = (drop, is_create) {
        changes.push(Change::DropEmptyStack { stack, change_set });
    }
    match model.guard.plan(changes, model.now) {
        Ok(approved) => {
            model.writes += approved.changes().len();
            vec![Effect::Change(approved)]
        }
        Err(fault) => with_complaint(model, fault),
    }
}

/// Plans of an earlier console that was ended in the middle. A console that may not write leaves them.
pub(super) fn drop_abandoned(model: &mut Model) -> Vec<Effect> {
    let plans = std::mem::take(&mut model.abandoned);
    let approved: Vec<_> = plans
        .into_iter()
        .filter_map(|changes| model.guard.plan(changes, model.now).ok())
        .collect();
    model.writes += approved.iter().map(|a| a.changes().len()).sum::<usize>();
    approved.into_iter().map(Effect::Change).collect()
}

/// A change set came that nobody waits for any more.
pub(super) fn on_unwanted(model: &mut Model, change: &Change, stack: SafeText, change_set: SafeText) -> Vec<Effect> {
    let is_create = matches!(change, Change::CreateChangeSet(request) if request.is_create);
    drop_plan(model, Change::DeleteChangeSet { stack, change_set }, is_create)
}

/// What is said where somebody wants to leave a plan before AWS has answered whether it runs.
pub(super) const UNANSWERED: &str = "AWS has not answered yet whether the plan runs";

/// Leaves the plan: back to the form, the change set removed.
pub(super) fn abandon(model: &mut Model) -> Vec<Effect> {
    match std::mem::take(&mut model.deploy) {
        Stage::Plan(plan) => {
            let drop = Change::DeleteChangeSet {
                stack: plan.change_set.stack_id.clone(),
                change_set: plan.change_set.id.clone(),
            };
            model.deploy = Stage::Form(plan.form);
            say(model, Severity::Note, DROPPED);
            // One that somebody else has made meanwhile is not empty.
            drop_plan(model, drop, plan.is_create && model.live_stack().is_none())
        }
        Stage::Planning(planning) => {
            let drop = planning
                .change_set
                .map(|(stack, change_set)| Change::DeleteChangeSet { stack, change_set });
            model.deploy = Stage::Form(planning.form);
            say(model, Severity::Note, DROPPED);
            drop.map_or_else(Vec::new, |d| drop_plan(model, d, planning.request.is_create))
        }
        other => {
            model.deploy = other;
            Vec::new()
        }
    }
}

/// Enter on the plan: the dialog that executes it.
pub(super) fn confirm_plan(model: &mut Model) -> Vec<Effect> {
    if model.writes > 0 {
        say(model, Severity::Note, "AWS has not answered the last request yet");
        return Vec::new();
    }
    let Stage::Plan(plan) = &model.deploy else { return Vec::new() };
    if let Some(why) = void(model, plan) {
        return given_up(model, &why);
    }
    // Some answers come later than the plan.
    let checks = preflight::of_form(model, &plan.form);
    if let Some(why) = preflight::obstacles(&checks) {
        say(model, Severity::Bad, why);
        return Vec::new();
    }
    let confirm = question(model, plan, &checks);
    dialogs::open(model, Dialog::Confirm(confirm))
}

/// The open question whether the plan on the screen shall run, as its stack is now. The checks are asked again when yes is
/// said: they are too many for each message.
pub(super) fn renewed(model: &Model, old: &Confirm) -> Option<Confirm> {
    let Stage::Plan(plan) = &model.deploy else { return None };
    let losses = match void(model, plan) {
        Some(why) => vec![why.into()],
        None => plan.losses().map(SafeText::from).collect(),
    };
    Some(Confirm { losses, ..old.clone() })
}

fn question(model: &Model, plan: &Plan, checks: &[Check]) -> Confirm {
    let set = &plan.change_set;
    let losses: Vec<SafeText> = plan.losses().map(SafeText::from).collect();
    let verb = if plan.is_create { "Create" } else { "Update" };
    let mut confirm = Confirm::new(
        format!("{verb} stack {} in {}?", model.settings.stack, model.about.region),
        vec![plan::counts(&set.changes)],
        verb,
        vec![Change::ExecuteChangeSet {
            stack: set.stack_id.clone(),
            change_set: set.id.clone(),
        }],
    );
    confirm.lines.extend(to_be_known(model, &plan.form, checks));
    let drifts = drift::of_plan(model, plan);
    let set = drifts.iter().filter(|it| it.set.is_some());
    confirm.lines.extend(set.map(|it| SafeText::from(format!("! {}", it.sentence()))));
    if !losses.is_empty() {
        confirm.losses = losses;
        confirm.must_type(model.settings.stack.clone());
    }
    confirm
}

/// Why the plan on the screen can not be executed as things are: a clause.
pub(super) fn closed(model: &Model) -> Option<String> {
    let Stage::Plan(plan) = &model.deploy else {
        return Some("the plan is gone".into());
    };
    void(model, plan).or_else(|| preflight::obstacles(&preflight::of_form(model, &plan.form)))
}

/// Why CloudFormation would execute a plan no more: its stack is not as it was when the plan was made. A clause.
fn void(model: &Model, plan: &Plan) -> Option<String> {
    match model.live_stack() {
        Some(stack) if stack.status.is_in_progress() => Some(format!("somebody else has begun an operation ({})", stack.status.0)),
        Some(_) if plan.is_create => Some("somebody else has made the stack".into()),
        Some(stack) if stack.id != plan.change_set.stack_id => Some("its stack is gone, and another one has the name".into()),
        None if !plan.is_create => Some("there is no stack any more".into()),
        _ => None,
    }
}

/// What was confirmed can not be sent any more; a plan that is void goes with its question.
pub(super) fn refuse(model: &mut Model, confirm: &Confirm, why: &str) -> Vec<Effect> {
    let void = match &model.deploy {
        Stage::Plan(plan) if is_of_plan(confirm) => void(model, plan),
        _ => None,
    };
    match void {
        Some(why) => {
            let mut effects = dialogs::close(model);
            effects.extend(given_up(model, &why));
            effects
        }
        None => ways::refuse(model, why),
    }
}

/// What the operator goes on in spite of, and what else the checks warn of: a line each.
fn to_be_known(model: &Model, form: &Form, checks: &[Check]) -> Vec<SafeText> {
    let waived = overriding::waived(form, checks);
    let is_waived = |c: &Check| waived.contains(&preflight::override_name(c).into());
    let warned: Vec<&str> = checks
        .iter()
        .filter(|c| c.outcome == Outcome::Warning && !is_waived(c))
        .map(|c| c.name)
        .collect();
    let mut lines = Vec::new();
    if !waived.is_empty() {
        let names: Vec<&str> = waived.iter().map(SafeText::as_str).collect();
        lines.push(format!("overridden: {}", names.join(", ")).into());
    }
    if !warned.is_empty() {
        let (n, key) = (warned.len(), form::key(model, Intent::Checks));
        let words = if n == 1 { "warning" } else { "warnings" };
        let shows = if key.is_empty() { key } else { format!(" ({key} shows them)") };
        lines.push(format!("{n} {words}{shows}: {}", warned.join(", ")).into());
    }
    lines
}

/// The plan did not begin. A clear no leaves it of no use; after anything else it may have begun after all,
/// and the stack tells.
pub(super) fn on_not_executed(model: &mut Model, change: &Change, fault: Fault) -> Vec<Effect> {
    let may_have_begun = fault.kind.may_have_begun();
    let is_stale = plan::is_void(&fault) || plan::in_the_way(&fault, &model.settings.stack).is_some();
    let why = why_not(&fault, change, &model.settings.stack);
    let is_overtaken = model.is_busy() || plan::in_the_way(&fault, &model.settings.stack).is_some();
    complain(model, fault);
    if may_have_begun && let Change::ExecuteChangeSet { stack, .. } = change {
        begun(model, stack);
    }
    if !is_stale {
        return Vec::new();
    }
    let effects = abandon(model);
    form::put_away(model);
    let deploy = model.keymap.label(Intent::Deploy);
    let way = if is_overtaken {
        format!("somebody else's operation is shown here; when it is done, {deploy} makes a new one")
    } else {
        format!("{deploy} makes a new one")
    };
    say(model, Severity::Bad, format!("{why}; {way}"));
    effects
}

/// Why a plan did not begin that is of no use any more: AWS's reason without the plan's long name, for one line.
fn why_not(fault: &Fault, change: &Change, stack: &SafeText) -> String {
    let name = change.executed().map(|id| format!("ChangeSet [{id}]")).unwrap_or_default();
    let short = Fault {
        detail: fault.detail.replace(&name, "the plan").into(),
        ..fault.clone()
    };
    match plan::awss_reason(&short, stack).trim().trim_end_matches('.') {
        "" => "the plan is void: the stack has changed since".to_owned(),
        why => why.to_owned(),
    }
}

/// It asks whether a plan shall run.
pub(super) fn is_of_plan(confirm: &Confirm) -> bool {
    matches!(confirm.changes.as_slice(), [Change::ExecuteChangeSet { .. }])
}

/// The plan was made for a stack that somebody else has updated since.
pub(super) fn outdated(model: &mut Model) -> Vec<Effect> {
    // The question about it is void as well, also where the checks stand over it.
    let question = match &model.dialog {
        Some(Dialog::Confirm(confirm)) => Some(confirm),
        Some(Dialog::Checks(checks)) => checks.over.as_deref(),
        _ => None,
    };
    if question.is_some_and(is_of_plan) {
        dialogs::close(model);
    }
    if let Stage::Plan(plan) = &model.deploy
        && let Some(why) = void(model, plan)
    {
        return given_up(model, &why);
    }
    let effects = abandon(model);
    say(
        model,
        Severity::Warning,
        "somebody else has updated the stack since the plan was made: it is dropped; the form keeps your values",
    );
    effects
}

/// The plan is void: it is dropped, and what its stack comes to is followed instead.
fn given_up(model: &mut Model, why: &str) -> Vec<Effect> {
    let effects = abandon(model);
    form::put_away(model);
    say(
        model,
        Severity::Warning,
        format!("nothing was executed: {why}; your plan is dropped"),
    );
    effects
}

/// The plan on the screen runs, or may run: from now on the stack tells. What it does, in a word.
fn begun(model: &mut Model, stack: &SafeText) -> Option<&'static str> {
    let plan = match std::mem::take(&mut model.deploy) {
        Stage::Plan(plan) => plan,
        other => {
            model.deploy = other;
            return None;
        }
    };
    form::keep(model, plan.form);
    let verb = if plan.is_create { "create" } else { "update" };
    model.operation = Some(Operation {
        stack: stack.clone(),
        verb,
        change_set: plan.change_set.id.clone(),
        resources: plan.change_set.changes.iter().map(|c| c.logical_id.clone()).collect(),
    });
    model.stack_id = Some(stack.clone());
    Some(verb)
}

/// What is said of a deletion that AWS took.
pub(super) const DELETING: &str = "deletion has begun";

/// AWS took a change of the stack.
pub(super) fn on_accepted(model: &mut Model, change: &Change) {
    match change {
        Change::ExecuteChangeSet { stack, .. } => {
            if let Some(verb) = begun(model, stack) {
                let text = format!("{verb} has begun; the console follows it, and may be left and opened again");
                say(model, Severity::Note, text);
            }
        }
        Change::DeleteStack { .. } | Change::DeleteRetaining { .. } => {
            model.operation = None;
            model.screen = ScreenId::Deploy;
            say(model, Severity::Note, DELETING);
        }
        Change::CancelUpdate { .. } => {
            model.cancelled = Some(model.now.wall);
            say(model, Severity::Note, "the update is being cancelled: CloudFormation rolls back");
        }
        Change::RollbackStack { .. } => say(model, Severity::Note, "CloudFormation rolls back what had failed"),
        Change::ContinueRollback { .. } => say(model, Severity::Note, "CloudFormation goes on with the rollback"),
        // Why it was is more than that it was.
        Change::DropEmptyStack { .. } if model.notice.as_ref().is_some_and(|it| it.severity == Severity::Bad) => {}
        Change::DropEmptyStack { .. } => {
            say(model, Severity::Note, "the plan was removed again; nothing was deployed");
        }
        Change::Protect { on, .. } => {
            let state = if *on { "on" } else { "off" };
            say(model, Severity::Note, format!("termination protection is {state}"));
        }
        Change::Scale { service, from, to, .. } => say(model, Severity::Note, format!("{service}: desired count {from} → {to}")),
        Change::Restart { service, .. } => say(model, Severity::Note, format!("{service}: a new deployment has begun")),
        Change::StopTask { .. } => say(model, Severity::Note, "the task is being stopped; the service starts another"),
        Change::CreateChangeSet(_)
        | Change::DeleteChangeSet { .. }
        | Change::TagService { .. }
        | Change::DeleteRecoveryPoint { .. }
        | Change::DeleteSnapshot { .. }
        | Change::DeleteLogGroup { .. }
        | Change::DeleteSecret { .. }
        | Change::DeleteResource { .. }
        | Change::RequestCertificate { .. }
        | Change::ChangeRecords { .. }
        | Change::BuyThroughput(_)
        | Change::DeleteThroughput { .. }
        | Change::TestImage { .. } => {}
    }
    polling::hurry(model, &[Poll::Stack, Poll::Resources]);
}
