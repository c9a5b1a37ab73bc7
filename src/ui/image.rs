//! The test image: what is asked and what it costs, then each stage as it is judged, then the picture.

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Margin, Rect},
    text::Line,
    widgets::{Block, BorderType, Clear},
};
use strum::IntoEnumIterator;

use super::{
    Side, cut as measure,
    dialog::{self, Parts},
    screen::kit::{Pen, centred, cut, left, right, show, wrap_to},
    theme::Role,
    typed,
};
use crate::{
    cloud::ImageRoute,
    core::{
        catalogue::{self, Kind},
        cause::Reader,
        diagnosis::{self, Diagnosis},
        dialog::{ImageDialog, ImageRun},
        fact::{Picture, ProbeStage, StageReport},
        model::Model,
        text::SafeText,
        when,
    },
};

/// From this width on the words stand beside the picture.
const WIDE: u16 = 110;

/// Draws the dialog over the screen.
pub fn draw(model: &Model, side: &Side<'_>, image: &ImageDialog, area: Rect, frame: &mut Frame<'_>) {
    match &image.run {
        None => draw_question(side, image, frame),
        Some(run) => draw_run(model, side, image, run, area, frame),
    }
}

/// A cleared box with a title; gives the area inside.
fn boxed(side: &Side<'_>, area: Rect, frame: &mut Frame<'_>, title: &str) -> Rect {
    let pen = Pen::of(side);
    frame.render_widget(Clear, area);
    let block = Block::bordered()
        .border_type(BorderType::Thick)
        .border_style(side.theme.style(Role::BorderFocus))
        .title(Line::from(pen.title(format!(" {title} "))));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    inner
}

fn draw_question(side: &Side<'_>, image: &ImageDialog, frame: &mut Frame<'_>) {
    let pen = Pen::of(side);
    let (width, _) = dialog::inside(dialog::WIDTH, frame);
    let mut parts = Parts {
        start: vec![Line::from(pen.dim("Prompt")), prompt(pen, image, width)],
        ..Parts::default()
    };
    parts.middle.push(pen.keys("Way ([↑↓] choose)"));
    for (i, (label, route, _)) in image.routes.iter().enumerate() {
        let is_set = i == image.route;
        let (mark, role) = if is_set { ("(•)", Role::Accent) } else { ("( )", Role::Text) };
        parts.middle.push(Line::from(vec![
            pen.ink(role, format!("{mark} {}", left(label, 20))),
            pen.dim(cut(proves(route), width.saturating_sub(24))),
        ]));
    }
    let pair = |label, value: &str| Line::from(vec![pen.dim(label), pen.ink(Role::Accent, cut(value, width.saturating_sub(7)))]);
    parts.end.push(pair("Model  ", &asked_model(image)));
    parts.end.push(pair("Price  ", &image.price));
    if let Some(warning) = warning(image) {
        parts.end.extend(dialog::wrapped(side, &warning, Role::Warn, width));
    }
    let too_small = dialog::too_small_to_pay(side, "Fires", frame);
    let can_fire = too_small.is_empty();
    parts.end.extend(too_small);
    let on_cancel = !image.on_prompt && !image.on_yes;
    parts.end.push(dialog::buttons(
        side,
        &[("Cancel", on_cancel, true), ("Fire", image.on_yes, can_fire)],
    ));
    dialog::question(side, "Test image", "Tab moves · Enter presses · Esc leaves", parts, frame);
}

/// The model as it is asked for, and the one that stands behind an alias.
fn asked_model(image: &ImageDialog) -> String {
    match image.routes.get(image.route) {
        Some((_, _, asked)) if *asked != image.base => format!("{asked} → {}", image.base),
        _ => image.base.to_string(),
    }
}

/// What crosses the network for everybody to read on the way that is set.
fn warning(image: &ImageDialog) -> Option<String> {
    let host = image.in_clear.as_ref()?;
    let what = match image.routes.get(image.route)?.1 {
        ImageRoute::Litellm { .. } => "the LiteLLM API key crosses",
        ImageRoute::OpenWebui { .. } => "the administrator's e-mail address and password cross",
        ImageRoute::Bedrock => return None,
    };
    Some(format!("! plain HTTP: {what} the network unencrypted to {host}"))
}

/// What a success on this way shows.
fn proves(route: &ImageRoute) -> &'static str {
    match route {
        ImageRoute::Litellm { .. } => "judges balancer, LiteLLM and Bedrock",
        ImageRoute::OpenWebui { .. } => "the way that users take",
        ImageRoute::Bedrock => "judges the model alone",
    }
}

fn prompt(pen: Pen<'_>, image: &ImageDialog, width: usize) -> Line<'static> {
    let room = width.saturating_sub(2);
    if image.on_prompt {
        let typed = typed::spans(&image.prompt, room, (pen.style(Role::Text), pen.style(Role::Accent)));
        std::iter::once(pen.ink(Role::Accent, "▸ ")).chain(typed).collect()
    } else {
        let text = SafeText::new(image.prompt.text());
        Line::from(vec![pen.text("  "), pen.text(cut(&text, room))])
    }
}

fn draw_run(model: &Model, side: &Side<'_>, image: &ImageDialog, run: &ImageRun, area: Rect, frame: &mut Frame<'_>) {
    let picture = run.end.as_ref().and_then(|e| e.as_ref().ok());
    let Some(picture) = picture else {
        let lines = run_lines(model, side, image, run, usize::from(area.width.min(96)).saturating_sub(4));
        let inner = inset(boxed(side, centred(area, 96, lines.len() as u16 + 2), frame, "Test image"));
        return show(lines, inner, frame);
    };
    let inner = inset(boxed(side, area, frame, "Test image"));
    if area.width >= WIDE {
        let column = 44.min(inner.width / 3);
        let [text, shown] = Layout::horizontal([Constraint::Length(column), Constraint::Fill(1)])
            .spacing(2)
            .areas(inner);
        show(run_lines(model, side, image, run, usize::from(column)), text, frame);
        draw_picture(side, picture, shown, frame);
    } else {
        let lines = short_lines(side, image, run, picture, usize::from(inner.width));
        let [text, shown] = Layout::vertical([Constraint::Length(lines.len() as u16), Constraint::Fill(1)]).areas(inner);
        show(lines, text, frame);
        draw_picture(side, picture, shown, frame);
    }
}

/// One cell free on the left and on the right.
fn inset(area: Rect) -> Rect {
    area.inner(Margin::new(1, 0))
}

/// All in few lines, so that the picture has the rest.
fn short_lines(side: &Side<'_>, image: &ImageDialog, run: &ImageRun, picture: &Picture, width: usize) -> Vec<Line<'static>> {
    let pen = Pen::of(side);
    let mut stages = Vec::new();
    for stage in stages_of(image) {
        let (mark, role, report) = judged(stage, run);
        let took = report
            .filter(|r| r.is_well.is_some())
            .map(|r| format!(" {}", millis(r.took)))
            .unwrap_or_default();
        stages.extend([pen.ink(role, mark), pen.text(format!(" {}{took}  ", brief(stage)))]);
    }
    stages.extend([pen.ink(Role::Good, "✓"), pen.text(format!(" Image {}", millis(picture.took)))]);
    let about = format!("{}  {} × {} {}  ", picture.model, picture.width, picture.height, picture.format);
    let mut lines = vec![
        Line::from(pen.title(SafeText::new(image.prompt.text()).to_string())),
        Line::from(stages),
    ];
    let mut words = saved(run, width.saturating_sub(measure::width(&about)), width);
    let beside = if words.len() == 1 { words.pop() } else { None };
    let beside = beside.map(|(text, role)| pen.ink(role, text));
    lines.push(std::iter::once(pen.text(about)).chain(beside).collect());
    lines.extend(words.into_iter().map(|(text, role)| Line::from(pen.ink(role, text))));
    lines.extend([pen.keys("[Esc] close · [I] another"), pen.keys("[Ctrl-S] save again")]);
    lines
}

/// Where the picture lies, or that it lies nowhere yet and why: one line where it fits `first`, else some of `width`.
fn saved(run: &ImageRun, first: usize, width: usize) -> Vec<(String, Role)> {
    let (text, role) = match &run.saved {
        None => ("saving…".to_owned(), Role::Dim),
        Some(Ok(path)) => (format!("saved {path}"), Role::Dim),
        Some(Err(why)) => (format!("NOT SAVED, Ctrl-S tries again, Esc loses it: {why}"), Role::Bad),
    };
    let width = if measure::width(&text) <= first { first } else { width };
    wrap_to(&text, width, 3).into_iter().map(|line| (line, role)).collect()
}

/// The picture as large as fits; a cell is taken to be twice as high as it is wide.
fn draw_picture(side: &Side<'_>, picture: &Picture, area: Rect, frame: &mut Frame<'_>) {
    let (width, height) = fit(picture.width, picture.height, area.width, area.height);
    let place = centred(area, width, height);
    if !(side.picture)(picture, place, frame) {
        let pen = Pen::of(side);
        let text = "The picture can not be drawn here; the file is whole.";
        show(vec![Line::from(pen.dim(text))], area, frame);
    }
}

/// Cells for a picture of these pixels within these cells.
fn fit(width: u32, height: u32, columns: u16, rows: u16) -> (u16, u16) {
    if width == 0 || height == 0 {
        return (columns, rows);
    }
    let (w, h, c, r) = (f64::from(width), f64::from(height) / 2.0, f64::from(columns), f64::from(rows));
    let scale = (c / w).min(r / h);
    (
        ((w * scale).round() as u16).clamp(1, columns.max(1)),
        ((h * scale).round() as u16).clamp(1, rows.max(1)),
    )
}

fn run_lines(model: &Model, side: &Side<'_>, image: &ImageDialog, run: &ImageRun, width: usize) -> Vec<Line<'static>> {
    let pen = Pen::of(side);
    let route = image.routes.get(image.route);
    let label = route.map(|(label, ..)| label.to_string()).unwrap_or_default();
    let mut lines = vec![Line::from(vec![
        pen.title(format!("{label}  ")),
        pen.dim(cut(
            &SafeText::new(image.prompt.text()),
            width.saturating_sub(label.chars().count() + 2),
        )),
    ])];
    let asked = wrap_to(&format!("Model {}", asked_model(image)), width, 2).into_iter();
    lines.extend(asked.map(|line| Line::from(pen.dim(line))));
    lines.extend(stages_of(image).into_iter().flat_map(|stage| stage_lines(pen, stage, run, width)));
    lines.extend(last_stage(model, pen, run, width));
    lines.push(Line::default());
    match &run.end {
        None => lines.push(pen.keys("[Esc] closes this; the image is saved when it comes")),
        Some(Ok(picture)) => lines.extend(success(model, side, picture, run, width)),
        Some(Err(fault)) => {
            let models = catalogue::of_stack(model);
            let mut why = diagnosis::diagnose(&diagnosis::Clues {
                route: route.map(|r| &r.1),
                fault,
                stages: &run.stages,
                told: diagnosis::since(model.logs.lines(), run.fired),
                model: models.iter().find(|m| m.role.kind == Kind::Image).map(|m| &m.verdict),
                reader: Reader::Console,
            });
            why.now = model.reach().placed(&why.now);
            lines.extend(failure(pen, why, width));
        }
    }
    lines
}

/// The same in few letters.
fn brief(stage: ProbeStage) -> &'static str {
    match stage {
        ProbeStage::LoadBalancer => "ALB",
        other => other.title(),
    }
}

/// Stages before the image on the way that was taken; none straight to Bedrock.
fn stages_of(image: &ImageDialog) -> Vec<ProbeStage> {
    match image.routes.get(image.route) {
        Some((_, ImageRoute::Bedrock, _)) => Vec::new(),
        _ => ProbeStage::iter().collect(),
    }
}

/// Mark and colour of a stage, and its report where it has come.
fn judged(stage: ProbeStage, run: &ImageRun) -> (&'static str, Role, Option<&StageReport>) {
    let report = run.stages.iter().find(|r| r.stage == stage);
    let (mark, role) = match report.map(|r| r.is_well) {
        Some(Some(true)) => ("✓", Role::Good),
        Some(Some(false)) => ("✗", Role::Bad),
        Some(None) => ("?", Role::Warn),
        None => ("…", Role::Dim),
    };
    (mark, role, report)
}

/// Mark, name and time of a stage, and what was seen, beside it or below it.
fn stage_lines(pen: Pen<'_>, stage: ProbeStage, run: &ImageRun, width: usize) -> Vec<Line<'static>> {
    let (mark, role, report) = judged(stage, run);
    let took = report.filter(|r| r.is_well.is_some()).map(|r| millis(r.took)).unwrap_or_default();
    let evidence = report.map(|r| r.evidence.to_string()).unwrap_or_default();
    judgement(pen, (mark, role), (stage.title(), &took, &evidence), width)
}

/// Mark, name and time, and what was seen beside them, or below where there is no room.
fn judgement(pen: Pen<'_>, (mark, role): (&str, Role), (name, took, seen): (&str, &str, &str), width: usize) -> Vec<Line<'static>> {
    let mut head = vec![pen.ink(role, format!("{mark} {}", left(name, 14))), pen.text(right(took, 8))];
    if measure::width(seen) <= width.saturating_sub(26) {
        head.push(pen.dim(format!("  {seen}")));
        return vec![Line::from(head)];
    }
    let below = wrap_to(seen, width.saturating_sub(2), 3).into_iter();
    let below = below.map(|line| Line::from(pen.dim(format!("  {line}"))));
    std::iter::once(Line::from(head)).chain(below).collect()
}

/// The image itself: seconds while it is made, the time when it came.
fn last_stage(model: &Model, pen: Pen<'_>, run: &ImageRun, width: usize) -> Vec<Line<'static>> {
    let (mark, role, took, words) = match &run.end {
        None => {
            let waited = model.now.mono.saturating_sub(run.since) / 1000;
            ("…", Role::Warn, format!("{waited} s"), "being made; usually 5 to 20 s".to_owned())
        }
        Some(Ok(p)) => ("✓", Role::Good, millis(p.took), format!("{} × {} {}", p.width, p.height, p.format)),
        Some(Err(_)) => ("✗", Role::Bad, String::new(), "none came".to_owned()),
    };
    judgement(pen, (mark, role), ("Image", &took, &words), width)
}

/// `41 ms`, `8.2 s`.
fn millis(ms: u64) -> String {
    if ms < 1000 {
        format!("{ms} ms")
    } else {
        format!("{:.1} s", ms as f64 / 1000.0)
    }
}

fn success(model: &Model, side: &Side<'_>, picture: &Picture, run: &ImageRun, width: usize) -> Vec<Line<'static>> {
    let pen = Pen::of(side);
    let at = when::show(picture.at, model.now.wall, model.times, &model.zone);
    let pair = |label: &str, value: &str| Line::from(vec![pen.dim(left(label, 8)), pen.text(cut(value, width.saturating_sub(8)))]);
    let mut lines = vec![
        pair("model", &picture.model),
        pair("size", &format!("{} KB", picture.bytes.len().div_ceil(1024))),
        pair("at", &at),
    ];
    let words = saved(run, width, width).into_iter();
    lines.extend(words.map(|(text, role)| Line::from(pen.ink(role, text))));
    lines.extend([
        pair("drawn as", &format!(" {}", side.picture_protocol)),
        pen.keys("[Esc] close · [I] another"),
        pen.keys("[Ctrl-S] save again"),
    ]);
    lines
}

/// Why no image came: at which layer, and what to do.
fn failure(pen: Pen<'_>, why: Diagnosis, width: usize) -> Vec<Line<'static>> {
    let mut out = Vec::new();
    let mut push =
        |text: &str, role: Role, rows: usize| out.extend(wrap_to(text, width, rows).into_iter().map(|l| Line::from(pen.ink(role, l))));
    push(&format!("✗ {}.", why.at), Role::Bad, 2);
    push(&format!("{}.", why.said), Role::Text, 4);
    if let Some(line) = &why.log {
        push(&format!("Log: {line}"), Role::Dim, 3);
    }
    if let Some(so) = &why.so {
        push(&format!("So: {so}."), Role::Text, 2);
    }
    push(&why.now, Role::Accent, 2);
    out.push(pen.keys("[y] copies it · [I] tries again · [4] logs · [Esc] closes"));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        core::{
            dialog::Dialog,
            effect::Effect,
            key::{Code, Key},
            msg::{Msg, Size},
            update::update,
        },
        ui::screen::fixture::{self, frame},
    };

    #[test]
    fn what_is_not_wholly_shown_can_not_be_paid_for() {
        let mut fired = 0;
        let running = fixture::running();
        for way in 0..3 {
            for (width, height) in [20, 40, 59, 60, 72, 80, 120].into_iter().flat_map(|w| (5..30).map(move |h| (w, h))) {
                let mut model = running.clone();
                model.size = Size { width, height };
                let mut keys = vec![Key::char('I')];
                keys.extend(vec![Key::plain(Code::Down); way]);
                keys.extend([Key::plain(Code::Tab), Key::plain(Code::Tab)]);
                for key in keys {
                    update(&mut model, Msg::Key(key));
                    update(&mut model, Msg::Drawn);
                }
                let Some(Dialog::Image(image)) = model.dialog.clone() else {
                    continue;
                };
                let screen = frame(&model, (width, height), |model, side, area, f| draw(model, side, &image, area, f));
                let effects = update(&mut model, Msg::Key(Key::plain(Code::Enter)));
                if !effects.iter().any(|effect| matches!(effect, Effect::Change(..))) {
                    continue;
                }
                fired += 1;
                let warned = if warning(&image).is_some() { "unencrypted" } else { "" };
                let price = format!("Price  {}", image.price);
                for part in [
                    "Prompt",
                    "straight to Bedrock",
                    "Model ",
                    &price,
                    warned,
                    " [ Cancel ]",
                    "▸[ Fire ]",
                ] {
                    assert!(screen.contains(part), "{width}x{height} lacks {part}:\n{screen}");
                }
                assert!(!screen.contains("enlarge"), "{screen}");
            }
        }
        assert!(fired > 50, "{fired}");
    }

    #[test]
    fn where_a_picture_lies_or_why_it_does_not_is_on_the_screen() {
        let why = "/mnt/pictures/bic-image-20261122T194058123Z.png can not be written: No space left on device";
        let elsewhere = format!("/home/ops/.local/state/bic-tui/saved/bic-image-20261122T194058123Z.png ({why})");
        for (saved, want) in [
            (None, "saving…"),
            (Some(Err(why.into())), "NOT SAVED, Ctrl-S"),
            (Some(Ok(elsewhere.into())), "/home/ops/.local"),
        ] {
            for size in [(80, 24), (120, 40)] {
                let mut model = fixture::running();
                update(&mut model, Msg::Key(Key::char('I')));
                let Some(Dialog::Image(mut image)) = model.dialog.clone() else {
                    panic!("opened")
                };
                let picture = Picture {
                    bytes: vec![0; 4].into(),
                    format: crate::core::fact::PictureFormat::Png,
                    width: 1024,
                    height: 1024,
                    model: "nova-canvas".into(),
                    prompt: "p".into(),
                    took: 8_000,
                    at: fixture::NOW,
                };
                image.run = Some(ImageRun {
                    fired: 0,
                    since: 0,
                    stages: Vec::new(),
                    end: Some(Ok(picture)),
                    saved: saved.clone(),
                });
                let screen = frame(&model, size, |model, side, area, f| draw(model, side, &image, area, f));
                assert!(screen.contains(want), "{want}: {screen}");
            }
        }
    }

    #[test]
    fn pictures_keep_their_shape() {
        // A square takes twice as many columns as rows.
        assert_eq!(fit(1024, 1024, 100, 30), (60, 30));
        assert_eq!(fit(1024, 1024, 40, 30), (40, 20));
        assert_eq!(fit(1024, 512, 80, 40), (80, 20));
        assert_eq!(fit(0, 0, 80, 40), (80, 40));
        assert_eq!(fit(5000, 1, 10, 10), (10, 1));
    }
}
