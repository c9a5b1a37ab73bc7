//! Text fields by keys: the cursor moves in each of them, what moves between fields still does, and of pasted lines none
//! is lost without a word.

use super::{logs::with_errors, *};

/// What stands in the field of the dialog: before the cursor, and from it on.
fn typed(model: &Model) -> String {
    let field = match &model.dialog {
        Some(Dialog::Prompt(it)) => &it.field,
        Some(Dialog::Palette(it)) => &it.field,
        Some(Dialog::Sources(it)) => &it.field,
        Some(Dialog::Places(it)) => &it.field,
        Some(Dialog::Insights(it)) => &it.window,
        Some(Dialog::Image(it)) => &it.prompt,
        Some(Dialog::Confirm(it)) => &it.typed.as_ref().expect("a field").1,
        other => panic!("{other:?}"),
    };
    let (before, under, after) = field.parts();
    format!("{before}|{under}{after}")
}

fn notice(model: &Model) -> String {
    model.notice.as_ref().map(|it| it.text.to_string()).unwrap_or_default()
}

#[test]
fn the_cursor_moves_in_every_field_and_what_else_its_keys_mean_there_stays() {
    for open in ["/", "&", "@", ":", "u /", "P"] {
        let mut model = with_errors();
        press(&mut model, open);
        type_text(&mut model, "bd");
        press(&mut model, "left");
        type_text(&mut model, "c");
        assert_eq!(typed(&model), "bc|d", "{open}");
        press(&mut model, "ctrl-a");
        type_text(&mut model, "a");
        press(&mut model, "ctrl-e");
        assert_eq!(typed(&model), "abcd|", "{open}");
        if open != "P" {
            press(&mut model, "home delete end");
            assert_eq!(typed(&model), "bcd|", "{open}");
        }
        press(&mut model, "ctrl-left ctrl-k");
        assert_eq!(typed(&model), "|", "{open}");
    }
    // The list of profiles: with nothing typed the arrows turn to regions and stacks.
    let mut model = with_errors();
    press(&mut model, "P");
    let aspect = |model: &Model| match &model.dialog {
        Some(Dialog::Places(it)) => it.aspect,
        other => panic!("{other:?}"),
    };
    let first = aspect(&model);
    press(&mut model, "right");
    assert_ne!(aspect(&model), first);
    type_text(&mut model, "us");
    press(&mut model, "left tab");
    assert_eq!((aspect(&model) == first, typed(&model).as_str()), (false, "|"));
    // A name that must be typed; with nothing typed the arrows go to the buttons.
    let mut model = with_errors();
    press(&mut model, ":");
    type_text(&mut model, "destroy");
    press(&mut model, "enter");
    type_text(&mut model, "bc");
    press(&mut model, "home");
    type_text(&mut model, "a");
    assert_eq!(typed(&model), "a|bc");
    press(&mut model, "ctrl-u left");
    assert!(matches!(&model.dialog, Some(Dialog::Confirm(it)) if it.focus != Focus::Field));
}

#[test]
fn a_move_in_the_palette_leaves_its_row_and_one_in_the_form_its_field() {
    let mut model = with_errors();
    press(&mut model, ":");
    type_text(&mut model, "log");
    press(&mut model, "down left");
    assert!(matches!(&model.dialog, Some(Dialog::Palette(it)) if it.selected == 1));
    let mut model = loaded(Settings::default(), "CREATE_COMPLETE");
    press(&mut model, "D");
    let Stage::Form(form) = &mut model.deploy else { panic!("no form") };
    form.selected = form.another_row();
    let row = form.selected;
    type_text(&mut model, "Tem=art");
    press(&mut model, "ctrl-left ctrl-left right right");
    type_text(&mut model, "a");
    let Stage::Form(form) = &model.deploy else { panic!("no form") };
    assert_eq!((form.selected, form.another.text()), (row, "Team=art"));
    press(&mut model, "ctrl-e");
    assert!(matches!(model.dialog, Some(Dialog::Checks(_))), "the checks have this key there");
    press(&mut model, "esc");
    // Home and End go to the ends of the text first, then to those of the form.
    let at = |model: &Model| {
        let form = model.deploy.form().expect("a form");
        (form.selected, form.another.parts().0.to_owned())
    };
    for (key, want) in [("end", (row, "Team=art")), ("home", (row, ""))] {
        press(&mut model, key);
        assert_eq!(at(&model), (want.0, want.1.to_owned()), "{key}");
    }
    press(&mut model, "home");
    assert_eq!(at(&model).0, 0);
    press(&mut model, "home end end");
    let form = model.deploy.form().expect("a form");
    assert!(form.is_on_button());
}

#[test]
fn what_is_pasted_on_another_screen_does_not_reach_the_form() {
    let mut model = loaded(Settings::default(), "CREATE_COMPLETE");
    press(&mut model, "D");
    let values = |model: &Model| model.deploy.form().expect("a form").values();
    let before = values(&model);
    model.screen = ScreenId::Logs;
    update(&mut model, Msg::Paste("a line of a log".into()));
    assert_eq!(values(&model), before);
    model.screen = ScreenId::Deploy;
    update(&mut model, Msg::Paste("x".into()));
    assert_ne!(values(&model), before);
}

#[test]
fn of_pasted_lines_the_first_is_taken_and_how_many_were_not_is_said() {
    for open in [":", "u /", "P", "Q tab tab"] {
        let mut model = with_errors();
        press(&mut model, open);
        press(&mut model, "ctrl-u");
        update(&mut model, Msg::Paste("one\rtwo\n\nthree\n".into()));
        assert_eq!(typed(&model), "one|", "{open}");
        assert_eq!(notice(&model), "only the first line was pasted; 2 further lines left out", "{open}");
        press(&mut model, "ctrl-u");
        update(&mut model, Msg::Paste("one\n".into()));
        assert_eq!((typed(&model).as_str(), notice(&model).as_str()), ("one|", ""), "{open}");
    }
    let mut model = loaded(Settings::default(), "CREATE_COMPLETE");
    press(&mut model, "D");
    let Stage::Form(form) = &mut model.deploy else { panic!("no form") };
    form.selected = form.another_row();
    update(&mut model, Msg::Paste("Team=art\r\nOwner=a".into()));
    assert_eq!(notice(&model), "only the first line was pasted; 1 further line left out");
    // A prompt says it above its own line.
    let mut model = with_errors();
    press(&mut model, "@");
    update(&mut model, Msg::Paste("-15m\n-30m".into()));
    let Some(Dialog::Prompt(prompt)) = &model.dialog else {
        panic!("no prompt")
    };
    let why = prompt.error.as_ref().map(ToString::to_string).unwrap_or_default();
    assert_eq!(
        (prompt.field.text(), why.ends_with("1 further line left out")),
        ("-15m", true),
        "{why}"
    );
}
