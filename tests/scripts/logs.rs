//! The Logs screen by keys: errors by shape, the lines of a request, entries as JSON, and the way back.

use bic_tui::core::{
    fact::{LogEvent, LogPage},
    msg::{Asked, Ticket},
    polls::Poll,
    screen::Panel,
    text::RawText,
};

use super::*;

const DENIED: &str = "19:40:58 - LiteLLM Proxy:ERROR: a.py:1 - litellm_call_id=0af3b1c2-77aa - litellm.PermissionDeniedError: \
                      BedrockException - {\"message\": \"You don't have access to the model with the specified model ID.\"}";

fn event(at: i64, n: u64, app: &str, message: &str) -> LogEvent {
    LogEvent {
        id: Some(format!("37{n:054}").into()),
        at,
        ingested: at + 300,
        stream: format!("{app}/{app}/1").into(),
        message: RawText::new(message),
    }
}

/// The ticket of the log page that is asked for.
fn page_ticket(effects: &[Effect]) -> Option<Ticket> {
    effects.iter().find_map(|effect| match effect {
        Effect::Ask(ticket @ Ticket { asked: Asked::Poll(Poll::Logs), .. }, Query::LogPage(_)) => Some(*ticket),
        _ => None,
    })
}

/// On the Logs screen with two refused images, each with its traceback, between lines that are well.
fn with_errors() -> Model {
    let mut model = loaded(Settings::default(), "CREATE_COMPLETE");
    let mut effects = press(&mut model, "4");
    effects.extend(wait(&mut model, 1_000));
    let ticket = page_ticket(&effects).expect("a page is asked for");
    let from = model.now.wall - 60_000;
    let mut events = Vec::new();
    for (n, message) in ["INFO: fine", DENIED, "Traceback (most recent call last):", "  File \"x.py\", line 1", "x.BadError: no"]
        .iter()
        .cycle()
        .take(10)
        .enumerate()
    {
        let id = n as u64;
        events.push(event(from + i64::try_from(n / 5).unwrap_or_default() * 10_000 + n as i64, id, "litellm", message));
    }
    events.push(event(from + 30_000, 30, "openwebui", "INFO: {\"level\": \"info\", \"user\": 7}"));
    update(&mut model, Msg::Told(ticket, Ok(Fact::LogPage(LogPage { events, next: None }))));
    update(&mut model, Msg::Drawn);
    assert_eq!(model.logs.lines().len(), 11);
    model
}

fn shown(model: &Model) -> usize {
    model.logs.window(100, 200).total
}

#[test]
fn errors_by_shape_lead_to_their_lines_and_esc_leads_back() {
    let mut model = with_errors();
    let text = model.findings().first().map(|finding| finding.text.to_string());
    assert!(text.is_some_and(|text| text.contains("no access to the model")), "the strip says it");
    press(&mut model, "#");
    assert_eq!(model.dialog, Some(Dialog::Shapes(None)));
    press(&mut model, "j k enter");
    assert_eq!((model.dialog.clone(), shown(&model)), (None, 8), "both errors with their tracebacks");
    press(&mut model, "z");
    assert_eq!(shown(&model), 2, "folded to their first lines");
    press(&mut model, "esc");
    assert_eq!((shown(&model), model.screen, model.logs.is_following()), (11, ScreenId::Logs, true));
}

#[test]
fn a_request_is_told_from_the_rest_and_left_with_the_same_key() {
    let mut model = with_errors();
    press(&mut model, "E *");
    assert_eq!((shown(&model), model.logs.filter().request.is_some()), (8, true));
    press(&mut model, "*");
    assert_eq!((shown(&model), model.logs.filter().is_all()), (11, true));
    press(&mut model, "G *");
    assert!(model.logs.filter().is_all() && model.notice.is_some(), "that line names none");
}

#[test]
fn an_entry_is_json_with_what_it_holds_read() {
    let mut model = with_errors();
    press(&mut model, "J");
    let Some(Dialog::Json(json)) = &model.dialog else { panic!("no dialog") };
    assert_eq!(json.value["message.json"]["user"], 7);
    assert_eq!(json.value["service.name"], "openwebui");
}

#[test]
fn a_task_and_an_event_lead_to_their_lines_and_esc_back_to_the_row() {
    let mut model = with_errors();
    press(&mut model, "3 tab");
    assert_eq!(model.panel(), Panel::Tasks);
    press(&mut model, "j enter");
    assert_eq!((model.screen, model.logs.filter().stream.is_some()), (ScreenId::Logs, true));
    press(&mut model, "esc");
    assert!(model.logs.filter().is_all());
    press(&mut model, "esc");
    assert_eq!((model.screen, model.panel(), model.cursor(Panel::Tasks)), (ScreenId::Services, Panel::Tasks, 1));
    press(&mut model, "1 L");
    assert_eq!((model.screen, model.logs.is_following()), (ScreenId::Logs, false), "at the time of the event");
    press(&mut model, "esc esc");
    assert_eq!((model.screen, model.panel()), (ScreenId::Overview, Panel::Events));
}
