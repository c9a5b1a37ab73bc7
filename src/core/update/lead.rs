//! From a row of another screen to its lines in the log, and back.

use super::{insights, keys, logs::scans, older};
use crate::core::{
    effect::Effect,
    fact::Millis,
    lines::Filter,
    model::{Door, Model},
    names::App,
    screen::{Panel, ScreenId},
    sources::stream_of,
    text::SafeText,
};

/// What `L` leads to.
enum Lead {
    /// The lines of one task, about a time when it has stopped.
    Task(SafeText, Option<Millis>),
    /// The lines of one application.
    App(App),
    /// Both services about a time.
    At(Millis),
    /// The newest lines.
    All,
}

/// `L`, or Enter on a task or an event: its lines. Esc leads back to where one was.
pub(super) fn open_for_row(model: &mut Model) -> Vec<Effect> {
    let lead = lead(model);
    let from = model.screen;
    let mut effects = insights::leave(model);
    effects.extend(keys::show(model, ScreenId::Logs));
    let is_visit = !matches!(lead, Lead::All);
    let logs = &mut model.logs;
    let place = match lead {
        Lead::Task(stream, stopped) => {
            logs.visit_stream(stream);
            stopped
        }
        Lead::App(app) => {
            logs.visit(Filter {
                app: Some(app),
                ..Filter::default()
            });
            None
        }
        Lead::At(at) => {
            logs.visit(Filter::default());
            Some(at)
        }
        Lead::All => {
            logs.clear_filter();
            None
        }
    };
    if from != ScreenId::Logs {
        model.came_from = Some(Door {
            screen: from,
            is_visit,
            depth: model.logs.depth(),
            filter: model.logs.filter().clone(),
        });
    }
    let older = if let Some(at) = place {
        older::lead_to(model, at)
    } else {
        model.logs.follow_on();
        Vec::new()
    };
    effects.into_iter().chain(older).chain(scans(model)).collect()
}

fn lead(model: &Model) -> Lead {
    let names = model.names();
    let row = model.cursor(model.panel());
    match model.panel() {
        Panel::Tasks => {
            let tasks = model.shown_tasks();
            let task = tasks.get(row).and_then(|task| Some((task, names.app(&task.service)?)));
            task.map_or(Lead::All, |(task, app)| Lead::Task(stream_of(app, task.id()), task.stopped))
        }
        Panel::Services | Panel::ServiceList => {
            let app = model.selected_service().and_then(|service| names.app(&service.name));
            app.map_or(Lead::All, Lead::App)
        }
        Panel::Events => model.shown_events().get(row).map_or(Lead::All, |event| Lead::At(event.at)),
        Panel::ServiceEvents => model
            .shown_service_events()
            .get(row)
            .map_or(Lead::All, |(_, event)| Lead::At(event.at)),
        _ => Lead::All,
    }
}

/// The lines stand as the row led to them: nothing has been asked for since.
pub(super) fn is_at_door(model: &Model) -> bool {
    model.insights.is_none()
        && model.logs.searched().is_none()
        && model
            .came_from
            .as_ref()
            .is_some_and(|door| door.depth == model.logs.depth() && door.filter == *model.logs.filter())
}

/// Esc where nothing is left to take back on this screen: to the row that led here.
pub(super) fn leave(model: &mut Model) -> Option<Vec<Effect>> {
    let is_at_door = is_at_door(model);
    let door = model.came_from.take()?;
    if door.is_visit && is_at_door {
        model.logs.go_back();
    }
    let mut effects = keys::show(model, door.screen);
    effects.extend(scans(model));
    Some(effects)
}
