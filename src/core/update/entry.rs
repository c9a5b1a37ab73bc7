//! The entry under the cursor: whole, as JSON, copied; and the lines shown, saved.

use super::{dialogs, say};
use crate::core::{
    dialog::{Act, Detail, Dialog, Menu, Offers, Scroll, Way},
    effect::Effect,
    health::Severity,
    insights,
    lines::{ExportFormat, Hole},
    logline,
    model::Model,
    text::SafeText,
    when,
};

/// The entry under the cursor, all of it, with what CloudWatch knows of it.
pub(super) fn whole_entry(model: &mut Model) -> Vec<Effect> {
    let entry = model.shown_logs().entry();
    let Some(first) = entry.first() else {
        say(model, Severity::Note, "there is no line under the cursor");
        return Vec::new();
    };
    let mut lines = vec![
        format!("time      {}", when::iso(first.at())).into(),
        format!("taken in  {} later", when::span(first.ingested() - first.at())).into(),
        format!("stream    {}", first.stream()).into(),
        "".into(),
    ];
    let pretty = logline::json_in(first.raw()).filter(|_| first.raw().starts_with('{'));
    let pretty = pretty.and_then(|value| serde_json::to_string_pretty(&value).ok());
    if let Some(pretty) = pretty.filter(|_| entry.len() == 1) {
        lines.extend(pretty.lines().map(SafeText::new));
        lines.push("".into());
    }
    lines.extend(
        entry
            .iter()
            .flat_map(|line| line.raw().lines().map(logline::display).collect::<Vec<_>>()),
    );
    dialogs::open(
        model,
        Dialog::Detail(Detail {
            title: "Log entry".into(),
            lines,
            scroll: Scroll::default(),
        }),
    )
}

/// `J`: the entry as JSON. What it holds itself as JSON stands beside it, read.
pub(super) fn json(model: &mut Model) -> Vec<Effect> {
    let entry = model.shown_logs().entry();
    let Some(first) = entry.first() else {
        say(model, Severity::Note, "there is no line under the cursor");
        return Vec::new();
    };
    let mut value = serde_json::json!({
        "@timestamp": when::iso(first.at()),
        "event.ingested": when::iso(first.ingested()),
        "log.level": first.level().to_string(),
        "service.name": first.app().map(|app| app.to_string()),
        "log.stream": first.stream(),
        "message.json": logline::json_in(first.raw()),
        "message": entry.iter().flat_map(|line| line.raw().lines()).collect::<Vec<_>>(),
    });
    if let Some(fields) = value.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    dialogs::open_json(model, "Log entry".into(), value)
}

pub(super) fn copy(model: &mut Model, whole: bool) -> Vec<Effect> {
    let text = if whole {
        model
            .shown_logs()
            .entry()
            .iter()
            .map(|l| logline::display(l.raw()).to_string())
            .collect::<Vec<_>>()
            .join("\n")
    } else {
        model
            .shown_logs()
            .selected()
            .map(|l| logline::display(l.raw()).to_string())
            .unwrap_or_default()
    };
    if text.is_empty() {
        say(model, Severity::Note, "there is no line under the cursor");
        return Vec::new();
    }
    vec![Effect::Copy(super::keys::lines_for_clipboard(&text))]
}

/// Offers to write the lines shown to a file.
pub(super) fn save(model: &mut Model) -> Vec<Effect> {
    let kept = model.shown_logs().to_write();
    if model.shown_logs().is_searching() {
        say(
            model,
            Severity::Note,
            "not all lines have been looked through yet; try again in a moment",
        );
        return Vec::new();
    }
    if kept.is_empty() {
        say(model, Severity::Note, "there are no lines to save");
        return Vec::new();
    }
    let lacks = lacks(model).map_or_else(String::new, |lacks| format!("; {lacks}"));
    let way = |label: &str, format, what: &str| {
        let size = insights::size(kept.bytes(format) as u64);
        Way {
            label: label.into(),
            help: format!("about {size}: {what}{lacks}").into(),
            act: Act::Save(format),
            closed: None,
        }
    };
    let ways = vec![
        way(
            "JSON Lines",
            ExportFormat::JsonLines,
            "one object a line with all that CloudWatch knows of it, byte for byte",
        ),
        way(
            "Text",
            ExportFormat::Text,
            "UTC time, stream and message, what is hidden in it made visible",
        ),
    ];
    let title = format!("Save {}", lines_of(kept.len())).into();
    dialogs::open(
        model,
        Dialog::Menu(Menu {
            title,
            of: Offers::Lines,
            ways,
            selected: 0,
        }),
    )
}

fn lines_of(count: usize) -> String {
    if count == 1 {
        "1 line".to_owned()
    } else {
        format!("{count} lines")
    }
}

/// Writes the lines shown.
pub(super) fn write(model: &mut Model, format: ExportFormat) -> Vec<Effect> {
    let kept = model.shown_logs().to_write();
    say(model, Severity::Note, format!("writing {}…", lines_of(kept.len())));
    let lacks = lacks(model).map(SafeText::from);
    let ending = match format {
        ExportFormat::JsonLines => "jsonl",
        ExportFormat::Text => "txt",
    };
    let path = format!("{}/bic-logs-{}.{ending}", model.settings.save_dir, model.now.wall);
    vec![Effect::SaveLines(path.into(), format, kept, lacks)]
}

/// What is missing between the lines shown: how many, and where.
fn lacks(model: &Model) -> Option<String> {
    let logs = model.shown_logs();
    let (first, last) = logs.ends()?;
    let tail = model.tail.iter().filter(|_| model.insights.is_none());
    // Of what comes after the last line nobody thinks that it is there.
    let gaps = tail.flat_map(|tail| tail.missing(model.now.wall)).filter(|gap| gap.from < last);
    let gaps = gaps.map(|gap| Hole {
        from: gap.from,
        until: gap.until,
        lines: 0,
        is_counted: false,
    });
    let missing = logs.lines().holes().iter().copied().chain(gaps).filter(|hole| hole.until > first);
    let all = missing.reduce(Hole::and)?;
    let shown = |at| when::show(at, model.now.wall, model.times, &model.zone);
    let what = match all.lines {
        0 => "lines".to_owned(),
        lines => format!("{lines} lines or more"),
    };
    Some(format!("{what} from {} to {} missing", shown(all.from), shown(all.until)))
}
