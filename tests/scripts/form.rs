//! The parameter form: files, tags, checks, and that nothing typed is lost.

use super::*;
use bic_tui::core::{screen::deploy::Form, text::SafeText};

fn form(model: &Model) -> &Form {
    match &model.deploy {
        Stage::Form(form) => form,
        other => panic!("the form is open: {other:?}"),
    }
}

fn opened() -> Model {
    let mut model = fresh(Settings::default());
    let now = model.now;
    model.feeds.stack.set(None, now);
    press(&mut model, "D");
    model
}

fn go_to(model: &mut Model, name: &str) {
    let Stage::Form(form) = &mut model.deploy else {
        panic!("the form is open")
    };
    form.selected = form.fields.iter().position(|f| f.def.name == name).expect("a parameter");
}

fn said(model: &Model) -> &str {
    model.notice.as_ref().map_or("", |n| &n.text)
}

#[test]
fn parameters_are_loaded_from_a_file_that_is_asked_for() {
    let mut model = opened();
    go_to(&mut model, "AdminEmail");
    press(&mut model, "ctrl-u");
    type_text(&mut model, "me@b.example");
    press(&mut model, "ctrl-o");
    assert!(matches!(&model.dialog, Some(Dialog::Prompt(p)) if p.field.text() == "./parameters.json"));
    let effects = press(&mut model, "enter");
    let [Effect::Load(path)] = &effects[..] else {
        panic!("{effects:?}")
    };
    let text = r#"[{"ParameterKey":"LogRetentionDays","ParameterValue":"60"},{"ParameterKey":"DeploymentSize","ParameterValue":"small"}]"#;
    update(&mut model, Msg::Loaded(path.clone(), Ok(text.into())));
    assert_eq!(said(&model), "1 value taken from ./parameters.json; 1 were so already");
    let values = form(&model).values();
    assert_eq!(
        (values["LogRetentionDays"].as_str(), values["AdminEmail"].as_str()),
        ("60", "me@b.example")
    );
    // What is wrong with it is said line by line.
    let text = r#"[{"ParameterKey":"LogRetentionDay","ParameterValue":"7"},{"ParameterKey":"AllowedCIDR","ParameterValue":"all"}]"#;
    update(&mut model, Msg::Loaded(path.clone(), Ok(text.into())));
    let Some(Dialog::Detail(detail)) = &model.dialog else {
        panic!("{:?}", model.dialog)
    };
    let lines = detail.lines.iter().map(SafeText::as_str).collect::<Vec<_>>().join("\n");
    for part in ["2 not taken", "did you mean \"LogRetentionDays\"?", "✗ AllowedCIDR"] {
        assert!(lines.contains(part), "no {part}:\n{lines}");
    }
    assert_eq!(form(&model).values(), values);
}

#[test]
fn a_path_that_leads_nowhere_can_be_mended_and_an_answer_that_comes_too_late_is_not_taken() {
    let mut model = opened();
    press(&mut model, "ctrl-o ctrl-u");
    type_text(&mut model, "/dev/zero");
    press(&mut model, "enter");
    let fault = Fault::new(FaultKind::Internal, "", "", "/dev/zero can not be read: it is no regular file");
    update(&mut model, Msg::Loaded("/dev/zero".into(), Err(fault)));
    let Some(Dialog::Prompt(prompt)) = &model.dialog else {
        panic!("{:?}", model.dialog)
    };
    assert_eq!(prompt.field.text(), "/dev/zero");
    assert!(prompt.error.as_ref().is_some_and(|e| e.contains("no regular file")), "{prompt:?}");
    press(&mut model, "esc");
    update(&mut model, Msg::Loaded("x".into(), Ok("{}".into())));
    assert!(matches!(&model.dialog, Some(Dialog::Prompt(p)) if p.error.as_ref().is_some_and(|e| e.starts_with("x: it is no list"))));
    press(&mut model, "esc esc");
    update(&mut model, Msg::Loaded("x".into(), Ok("[]".into())));
    assert!(said(&model).contains("nothing was taken from x"), "{}", said(&model));
}

#[test]
fn what_was_typed_is_there_when_the_form_is_opened_again() {
    let mut model = opened();
    go_to(&mut model, "AdminEmail");
    press(&mut model, "ctrl-u");
    type_text(&mut model, "me@b.example");
    press(&mut model, "esc");
    assert!(
        matches!(model.deploy, Stage::Rest) && said(&model).contains("D opens it as you left it"),
        "{}",
        said(&model)
    );
    press(&mut model, "D");
    let email = |model: &Model| form(model).values()["AdminEmail"].clone();
    assert_eq!(email(&model), "me@b.example");
    assert!(said(&model).contains("as you left it; ^N begins it anew"), "{}", said(&model));
    press(&mut model, "ctrl-n");
    assert!(
        !form(&model).is_touched() && said(&model).contains("^N brings back"),
        "{}",
        said(&model)
    );
    press(&mut model, "ctrl-n");
    assert_eq!(email(&model), "me@b.example");
    // The first Ctrl-C leaves the form, and no more.
    assert_eq!(press(&mut model, "ctrl-c"), []);
    press(&mut model, "D");
    assert_eq!(email(&model), "me@b.example");
    assert_eq!(press(&mut model, "ctrl-n ctrl-c"), [Effect::Quit], "nothing is in it");
}

#[test]
fn a_key_that_does_nothing_in_the_form_is_not_named() {
    let settings = Settings {
        keys: vec![("anew".into(), vec!["N".into()])],
        ..Settings::default()
    };
    let mut model = fresh(settings);
    let now = model.now;
    model.feeds.stack.set(None, now);
    press(&mut model, "D");
    go_to(&mut model, "AdminEmail");
    type_text(&mut model, "x");
    press(&mut model, "esc D");
    assert_eq!(said(&model), "the form is as you left it");
}

#[test]
fn what_was_typed_for_another_stack_is_not_put_on_this_one() {
    let mut model = opened();
    go_to(&mut model, "AdminEmail");
    type_text(&mut model, "x");
    press(&mut model, "esc");
    let stack = loaded(Settings::default(), "CREATE_COMPLETE").feeds.stack;
    model.feeds.stack = stack;
    press(&mut model, "D");
    assert!(form(&model).is_update && !form(&model).is_touched());
    assert!(said(&model).contains("has changed since you left the form"), "{}", said(&model));
}

#[test]
fn tags_go_into_the_plan_as_they_were_typed() {
    let mut model = opened();
    let first = form(&model).fields.len();
    let Stage::Form(open) = &mut model.deploy else { panic!() };
    open.selected = first;
    press(&mut model, "ctrl-u");
    type_text(&mut model, "Pictures");
    press(&mut model, "down ctrl-u down down");
    type_text(&mut model, "Team=art");
    press(&mut model, "enter");
    assert_eq!(form(&model).selected, form(&model).another_row(), "for one more");
    update(&mut model, Msg::Paste("Owner=a@b.example".into()));
    press(&mut model, "end");
    assert!(form(&model).is_on_button());
    let changes = sent(&press(&mut model, "enter"));
    let [Change::CreateChangeSet(request)] = &changes[..] else {
        panic!("{:?}", form(&model).error)
    };
    let tags: Vec<String> = request.tags.iter().flatten().map(|(k, v)| format!("{k}={v}")).collect();
    assert_eq!(
        tags,
        ["Project=Pictures", "ManagedBy=CloudFormation", "Team=art", "Owner=a@b.example"]
    );
    // One that AWS would refuse is said before anything is sent.
    let mut model = opened();
    let row = form(&model).another_row();
    let Stage::Form(open) = &mut model.deploy else { panic!() };
    open.selected = row;
    type_text(&mut model, "aws:x=1");
    assert_eq!(sent(&press(&mut model, "end enter")), []);
    let error = form(&model).error.clone().unwrap_or_default();
    assert!(
        error.contains("AWS keeps aws: to itself") && form(&model).selected == row,
        "{error}"
    );
}

#[test]
fn an_update_that_touches_no_tag_keeps_them() {
    let mut model = loaded(Settings::default(), "CREATE_COMPLETE");
    press(&mut model, "D");
    go_to(&mut model, "LogRetentionDays");
    let changes = sent(&press(&mut model, "right end enter"));
    let [Change::CreateChangeSet(request)] = &changes[..] else {
        panic!("{changes:?}")
    };
    assert_eq!(request.tags, None);
}

#[test]
fn while_the_plan_is_made_that_is_said() {
    let mut model = opened();
    press(&mut model, "end enter");
    assert!(matches!(model.deploy, Stage::Planning(_)));
    press(&mut model, "enter");
    assert!(said(&model).starts_with("the plan is being made"), "{}", said(&model));
}
