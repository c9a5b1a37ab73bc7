//! The parameter form: what is typed into it, what a file gives it, and that nothing typed is lost.

use super::{complain, deploying, dialogs, looking, say};
use crate::{
    core::{
        dialog::{Checks, Confirm, Detail, Dialog, Prompt, Purpose, Scroll},
        effect::Effect,
        fact::Stack,
        fault::Fault,
        field::TextField,
        health::Severity,
        key::{Code, Key},
        keymap::Intent,
        model::Model,
        plan, preflight,
        screen::{
            ScreenId,
            deploy::{Form, Stage, Taken},
        },
        text::SafeText,
    },
    layout,
};

/// The key of an intent where every other key is text: the first with Ctrl; empty when it has none.
pub fn key(model: &Model, intent: Intent) -> String {
    let with_ctrl = model.keymap.keys(intent).iter().find(|key| key.ctrl);
    with_ctrl.map_or_else(String::new, |key| key.label())
}

/// A clause that names the key of an intent in the form; none where it has no key there.
fn by_key(model: &Model, intent: Intent, words: &str) -> String {
    let key = key(model, intent);
    if key.is_empty() { key } else { format!("; {key} {words}") }
}

/// Opens the form as it was left, unless the stack is another since.
pub(super) fn open(model: &mut Model, stack: Option<&Stack>) -> Vec<Effect> {
    let fresh = Form::new(&model.template, stack);
    let anew = by_key(model, Intent::Anew, "begins it anew");
    let form = match model.kept_form.take() {
        Some(kept) if kept.has_same_ground(&fresh) => {
            say(model, Severity::Note, format!("the form is as you left it{anew}"));
            kept
        }
        kept => {
            // What was typed may be what the stack now is.
            if kept.is_some_and(|kept| kept.values() != fresh.values()) {
                let words = "the stack has changed since you left the form: it begins anew";
                say(model, Severity::Warning, words);
            }
            fresh
        }
    };
    model.deploy = Stage::Form(form);
    looking::look(model)
}

/// Opens the form as it was left, with some values over it; the cursor stands on the first of them.
pub(super) fn start_with(model: &mut Model, values: &[(&str, SafeText)]) -> Vec<Effect> {
    let effects = deploying::start(model);
    let Stage::Form(form) = &mut model.deploy else { return effects };
    for (name, value) in values.iter().rev() {
        if let Some(i) = form.fields.iter().position(|f| f.def.name == **name) {
            form.fields[i].value = TextField::with(value);
            form.selected = i;
        }
    }
    effects
}

/// Remembers what was typed into a form that is closed.
pub(super) fn keep(model: &mut Model, mut form: Form) {
    if form.is_touched() {
        form.error = None;
        // What was overridden was so for that plan.
        form.overrides.clear();
        model.kept_form = Some(form);
    }
}

/// Closes the form; what was typed is there when it is opened again.
pub(super) fn put_away(model: &mut Model) {
    if let Stage::Form(form) = std::mem::take(&mut model.deploy) {
        keep(model, form);
    }
}

/// Closes the form, and says what becomes of what was typed.
fn leave(model: &mut Model) -> Vec<Effect> {
    let is_touched = model.deploy.form().is_some_and(Form::is_touched);
    put_away(model);
    let deploy = model.keymap.label(Intent::Deploy);
    let words = if is_touched {
        format!("left the form; nothing was deployed; {deploy} opens it as you left it")
    } else {
        "left the form; nothing was deployed".to_owned()
    };
    say(model, Severity::Note, words);
    Vec::new()
}

/// Ctrl-C in a form that holds something: the first one only leaves it.
pub(super) fn leave_first(model: &mut Model) -> bool {
    let is_held = matches!(&model.deploy, Stage::Form(form) if form.is_touched());
    if is_held {
        put_away(model);
        say(model, Severity::Note, "left the form; Ctrl-C again leaves the console");
    }
    is_held
}

/// A key in the form; `None` when the form has no use for it.
pub(super) fn on_key(model: &mut Model, key: Key) -> Option<Vec<Effect>> {
    let Stage::Form(form) = &mut model.deploy else { return None };
    if key.ctrl {
        match model.keymap.resolve(ScreenId::Deploy, key) {
            Some(Intent::Save) => return Some(save(model)),
            Some(intent @ (Intent::Load | Intent::Anew | Intent::Checks)) => return obey(model, intent),
            Some(Intent::Interrupt | Intent::Suspend | Intent::Repaint | Intent::Refresh) => return None,
            _ => {}
        }
    }
    // First to the end of what stands there, then on.
    if matches!(key.code, Code::Home | Code::End) && form.text_mut().is_some_and(|text| moves(text, key)) {
        return Some(Vec::new());
    }
    let has_moved = matches!(
        key.code,
        Code::Up | Code::Down | Code::Tab | Code::BackTab | Code::Enter | Code::PageUp | Code::PageDown | Code::Home | Code::End
    );
    if has_moved {
        form.settle();
    }
    let last = form.button();
    match key.code {
        Code::Up | Code::BackTab => form.selected = form.selected.saturating_sub(1),
        Code::Down | Code::Tab => form.selected = (form.selected + 1).min(last),
        Code::PageDown | Code::End => form.selected = last,
        Code::PageUp | Code::Home => form.selected = 0,
        Code::Enter if form.is_on_button() => return Some(deploying::ask_plan(model)),
        Code::Enter => form.selected += 1,
        Code::Esc => return Some(leave(model)),
        Code::Left | Code::Right if form.text_mut().is_none() => {
            if let Some(field) = form.field_mut() {
                field.cycle(if key.code == Code::Left { -1 } else { 1 });
            }
        }
        _ => type_into(form, key),
    }
    // What a value wants to know is asked once its field is left, not at each letter.
    Some(if has_moved { looking::look_again(model) } else { Vec::new() })
}

/// Whether a key moves the cursor of a text.
fn moves(text: &mut TextField, key: Key) -> bool {
    let before = text.clone();
    text.key(key);
    *text != before
}

fn type_into(form: &mut Form, key: Key) {
    form.error = None;
    if let Some(text) = form.text_mut() {
        text.key(key);
    } else if let (Some(field), Some(c)) = (form.field_mut(), key.typed()) {
        // A letter picks the next allowed value that begins with it.
        let after = field
            .def
            .allowed
            .iter()
            .position(|v| **v == *field.value.text())
            .map_or(0, |i| i + 1);
        let n = field.def.allowed.len();
        let next = (0..n)
            .map(|i| &field.def.allowed[(after + i) % n])
            .find(|v| c == ' ' || v.starts_with(c));
        if let Some(value) = next {
            field.value = TextField::with(value);
        }
    }
}

/// What the form can be told to do from the palette too.
pub(super) fn obey(model: &mut Model, intent: Intent) -> Option<Vec<Effect>> {
    match intent {
        Intent::Load => Some(ask_file(model)),
        Intent::Anew => Some(anew(model)),
        Intent::Checks => Some(show_checks(model)),
        _ => None,
    }
}

/// The form of a stage in which it can be changed; at rest it is opened first.
fn opened(model: &mut Model) -> (bool, Vec<Effect>) {
    let mut effects = Vec::new();
    match model.deploy {
        Stage::Rest => effects = deploying::start(model),
        Stage::Planning(_) | Stage::Plan(_) => {
            let back = model.keymap.label(Intent::Back);
            say(
                model,
                Severity::Note,
                format!("a plan stands on the form: {back} goes back to it first"),
            );
        }
        Stage::Form(_) => {}
    }
    (matches!(model.deploy, Stage::Form(_)), effects)
}

/// Begins the form anew; again: brings back what it held.
fn anew(model: &mut Model) -> Vec<Effect> {
    let (is_open, mut effects) = opened(model);
    let fresh = Form::new(&model.template, model.live_stack());
    let (back, again) = ["brings back what it held", "begins it anew"]
        .map(|it| by_key(model, Intent::Anew, it))
        .into();
    let Stage::Form(form) = &mut model.deploy else { return effects };
    if !is_open {
        return effects;
    }
    let (words, next) = if form.is_touched() {
        let held = std::mem::replace(form, fresh.clone());
        model.kept_form = Some(held);
        (format!("the form begins anew{back}"), fresh)
    } else {
        match model.kept_form.take().filter(|kept| kept.has_same_ground(&fresh)) {
            Some(kept) => (format!("the form is as you left it{again}"), kept),
            None => ("nothing has been changed in the form".to_owned(), fresh),
        }
    };
    model.deploy = Stage::Form(next);
    say(model, Severity::Note, words);
    effects.extend(looking::look_again(model));
    effects
}

/// Saves the values as a file of parameters; a file that is there is not touched.
fn save(model: &mut Model) -> Vec<Effect> {
    let path = default_file(model);
    let Stage::Form(form) = &mut model.deploy else { return Vec::new() };
    if let Some((row, why)) = form.wrong() {
        (form.selected, form.error) = (row, Some(format!("not saved: {why}").into()));
        return Vec::new();
    }
    vec![Effect::Save(path, form.to_json().into_bytes().into())]
}

fn default_file(model: &Model) -> SafeText {
    format!("{}/parameters.json", model.settings.save_dir).into()
}

/// Asks for the path of a file of parameters.
fn ask_file(model: &mut Model) -> Vec<Effect> {
    let (is_open, effects) = opened(model);
    if is_open {
        let path = model.parameters_file.clone().unwrap_or_else(|| default_file(model));
        dialogs::prompt(model, Purpose::Parameters, &path);
    }
    effects
}

/// The path was typed: the file is read, and nothing waits for it.
pub(super) fn read_file(path: &str) -> Vec<Effect> {
    if path.trim().is_empty() {
        return Vec::new();
    }
    vec![Effect::Load(path.trim().into())]
}

/// What a file of parameters holds.
pub(super) fn on_loaded(model: &mut Model, path: &SafeText, answer: Result<String, Fault>) -> Vec<Effect> {
    let Stage::Form(form) = &mut model.deploy else {
        say(
            model,
            Severity::Warning,
            format!("the form was left: nothing was taken from {path}"),
        );
        return Vec::new();
    };
    let given = match answer {
        Ok(text) => plan::read_parameters(&text).map_err(|why| format!("{path}: {why}")),
        Err(fault) if model.dialog.is_some() => {
            complain(model, fault);
            return Vec::new();
        }
        Err(fault) => Err(fault.sentence()),
    };
    match given {
        Ok(given) => {
            let taken = form.take(&given);
            form.error = None;
            model.parameters_file = Some(path.clone());
            tell_taken(model, path, taken);
            looking::look_again(model)
        }
        // The path can be mended where it was typed.
        Err(why) => {
            let field = TextField::with(path);
            let (purpose, error, back) = (Purpose::Parameters, Some(why.into()), 0);
            dialogs::open(
                model,
                Dialog::Prompt(Prompt {
                    purpose,
                    field,
                    error,
                    back,
                }),
            )
        }
    }
}

/// What was taken from a file, and what was not.
fn tell_taken(model: &mut Model, path: &SafeText, taken: Taken) {
    let Taken { changed, same, wrong } = taken;
    let values = if changed == 1 { "value" } else { "values" };
    let same = if same == 0 {
        String::new()
    } else {
        format!("; {same} were so already")
    };
    let words = format!("{changed} {values} taken from {path}{same}");
    if wrong.is_empty() {
        say(model, Severity::Note, words);
        return;
    }
    let mut lines = vec![format!("{words}.").into(), format!("{} not taken:", wrong.len()).into()];
    lines.extend(wrong.iter().map(|why| SafeText::from(format!("✗ {why}"))));
    let detail = Detail {
        title: format!("Parameters of {path}").into(),
        lines,
        scroll: Scroll::default(),
    };
    dialogs::open(model, Dialog::Detail(detail));
}

/// Shows every check whole.
fn show_checks(model: &mut Model) -> Vec<Effect> {
    if model.deploy.form().is_none() {
        let deploy = model.keymap.label(Intent::Deploy);
        say(
            model,
            Severity::Note,
            format!("checks are of the values of the form: {deploy} opens it"),
        );
        return Vec::new();
    }
    dialogs::open(model, Dialog::Checks(Checks::default()))
}

/// Shows them over the question whether a plan shall run; the question comes back afterwards.
pub(super) fn show_checks_over(model: &mut Model, confirm: Confirm) -> Vec<Effect> {
    let (scroll, over) = (Scroll::default(), Some(Box::new(confirm)));
    dialogs::open(model, Dialog::Checks(Checks { scroll, over }))
}

/// A key over the list of checks.
pub(super) fn on_checks_key(model: &mut Model, mut checks: Checks, key: Key) -> Vec<Effect> {
    let Some(form) = model.deploy.form() else {
        return dialogs::close(model);
    };
    let list = preflight::of_form(model, form);
    if matches!(model.keymap.resolve(model.screen, key), Some(Intent::Copy | Intent::CopyArn)) {
        let text = list.iter().map(|c| format!("{} {}", c.outcome, c.sentence())).collect::<Vec<_>>();
        model.dialog = Some(Dialog::Checks(checks));
        return vec![Effect::Copy(SafeText::of_lines(&text.join("\n")))];
    }
    if !dialogs::scrolled(model, key, &mut checks.scroll) {
        return match checks.over {
            // The plan may have gone meanwhile.
            Some(confirm) if matches!(model.deploy, Stage::Plan(_)) || !deploying::is_of_plan(&confirm) => {
                dialogs::open(model, Dialog::Confirm(*confirm))
            }
            _ => dialogs::close(model),
        };
    }
    checks.scroll.top = checks.scroll.top.min(layout::checks_overhang(&list, model.size));
    model.dialog = Some(Dialog::Checks(checks));
    Vec::new()
}
