//! Questions before a write: yes or no, a countdown, a desired count.

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use super::{Parts, WIDTH, buttons, inside, question, too_small_to_pay, wrapped};
use crate::{
    core::{
        cost::difference,
        dialog::{Confirm, Countdown, Focus, Scale},
        keymap::Intent,
        model::Model,
        msg::Size,
        sleep,
        text::SafeText,
        update::scale_cost,
    },
    layout::{LOSS, shows_whole},
    ui::{Side, cut, theme::Role, typed},
};

/// Yes or no.
pub(super) fn confirm(side: &Side<'_>, confirm: &Confirm, frame: &mut Frame<'_>) {
    let (width, _) = inside(WIDTH, frame);
    let mut parts = Parts {
        start: wrapped(side, &confirm.title, Role::Title, width),
        ..Parts::default()
    };
    for loss in &confirm.losses {
        parts.middle.extend(wrapped(side, &format!("{LOSS}{loss}"), Role::Bad, width));
    }
    for line in &confirm.lines {
        parts.middle.extend(wrapped(side, line, Role::Text, width));
    }
    let mut hints = "y yes · n no · Tab to the other button · Enter presses";
    if let Some((_, field)) = &confirm.typed {
        hints = "type the name · Tab to the buttons · Esc cancels";
        let has_focus = confirm.focus == Focus::Field;
        for (line, role) in confirm.demands().iter().zip([Role::Warn, Role::Bad]) {
            parts.end.extend(wrapped(side, line, role, width));
        }
        let (room, text) = (width.saturating_sub(2), side.theme.style(Role::Text));
        let mut line = vec![Span::raw(if has_focus { "▸ " } else { "  " })];
        if has_focus {
            line.extend(typed::spans(field, room, (text, text)));
        } else {
            line.push(Span::styled(cut::end(&SafeText::new(field.text()), room).into_owned(), text));
        }
        parts.end.push(Line::from(line));
    }
    let too_small = too_small(side, confirm, frame);
    let yes = (
        confirm.verb.as_str(),
        confirm.focus == Focus::Yes,
        confirm.is_unlocked() && too_small.is_empty(),
    );
    parts.end.extend(too_small);
    parts
        .end
        .push(buttons(side, &[("Cancel", confirm.focus == Focus::Cancel, true), yes]));
    question(side, "Confirm", hints, parts, frame);
}

/// Why yes can not be said to what costs money, on a screen that does not show all of it.
fn too_small(side: &Side<'_>, confirm: &Confirm, frame: &Frame<'_>) -> Vec<Line<'static>> {
    if !confirm.is_paid() {
        return Vec::new();
    }
    let verb = if confirm.spends.is_some() { "Begins" } else { "Buys" };
    let small = too_small_to_pay(side, verb, frame);
    let Rect { width, height, .. } = frame.area();
    if small.is_empty() && !shows_whole(confirm, Size { width, height }) {
        let text = format!("{verb} only where all of this is shown: enlarge the terminal");
        return wrapped(side, &text, Role::Warn, inside(WIDTH, frame).0);
    }
    small
}

/// What happens when nobody stops it.
pub(super) fn countdown(model: &Model, side: &Side<'_>, countdown: &Countdown, frame: &mut Frame<'_>) {
    let (width, room) = inside(WIDTH, frame);
    let seconds = countdown.until.saturating_sub(model.now.mono).div_ceil(1000);
    let mut parts = Parts {
        start: wrapped(side, &countdown.title, Role::Title, width),
        ..Parts::default()
    };
    for line in &countdown.lines {
        parts.middle.extend(wrapped(side, line, Role::Text, width));
    }
    if room >= 14 {
        let style = side.theme.style(Role::Warn);
        parts.end.extend(big(seconds).map(|row| Line::styled(row, style).centered()));
        parts.end.push(Line::default());
    }
    let words = format!("in {seconds} s; any key stops it");
    parts.end.push(Line::styled(words, side.theme.style(Role::Warn)).centered());
    question(side, "", "", parts, frame);
}

/// Rows of the digits, three bits a row, five rows a digit.
const DIGITS: [[u8; 5]; 10] = [
    [7, 5, 5, 5, 7],
    [2, 6, 2, 2, 7],
    [7, 1, 7, 4, 7],
    [7, 1, 7, 1, 7],
    [5, 5, 7, 1, 1],
    [7, 4, 7, 1, 7],
    [7, 4, 7, 5, 7],
    [7, 1, 1, 1, 1],
    [7, 5, 7, 5, 7],
    [7, 5, 7, 1, 7],
];

/// A number, five rows high.
fn big(number: u64) -> [String; 5] {
    let digits: Vec<usize> = number.to_string().bytes().map(|b| usize::from(b - b'0')).collect();
    std::array::from_fn(|row| {
        let glyphs = digits.iter().map(|d| {
            let bits = DIGITS[*d][row];
            [4, 2, 1].map(|bit| if bits & bit == 0 { "  " } else { "██" }).concat()
        });
        glyphs.collect::<Vec<_>>().join("  ")
    })
}

/// A desired count.
pub(super) fn scale(model: &Model, side: &Side<'_>, scale: &Scale, frame: &mut Frame<'_>) {
    let (width, _) = inside(WIDTH, frame);
    let refusal = sleep::scale_refusal(scale.app, scale.to, &model.parameters());
    let can_go = refusal.is_none() && scale.to != scale.from;
    let name = format!("How many tasks shall {} have?", scale.app.title());
    let mut parts = Parts {
        start: wrapped(side, &name, Role::Title, width),
        ..Parts::default()
    };
    let (key, text) = (side.theme.style(Role::Key), side.theme.style(Role::Title));
    parts.middle.push(Line::from(vec![
        Span::styled("  −  ", key),
        Span::styled(format!(" {} ", scale.to), text),
        Span::styled("  +  ", key),
        Span::styled(format!("  now {}  ({})", scale.from, scale.service), side.theme.style(Role::Dim)),
    ]));
    parts.middle.push(Line::default());
    let is_refused = refusal.is_some();
    parts.middle.extend(match refusal {
        Some(why) => wrapped(side, &why, Role::Warn, width),
        None => wrapped(side, &note(model, scale), Role::Dim, width),
    });
    let verb = format!("Scale to {}", scale.to);
    let all = [("Cancel", !scale.on_yes, true), (verb.as_str(), scale.on_yes, can_go)];
    // What is refused is not offered.
    let (offered, hints) = if is_refused {
        (&all[..1], "+ − count · Enter or n cancels")
    } else {
        (&all[..], "+ − count · Tab to the other button · Enter presses · y yes · n no")
    };
    parts.end.push(buttons(side, offered));
    question(side, &format!("Scale {}", scale.app.title()), hints, parts, frame);
}

fn note(model: &Model, scale: &Scale) -> String {
    if scale.to == scale.from {
        "That is its count already.".to_owned()
    } else if scale.to == 0 {
        let sleep = model.keymap.label(Intent::Sleep);
        format!("No task runs then, and users are cut off. {sleep} puts both services to sleep and remembers their counts.")
    } else {
        format!(
            "That is {}. CloudFormation does not know of a count set here (drift): an update that touches the service sets the \
             template's count again.",
            difference(scale_cost(model, scale))
        )
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        cloud::{Change, Commitment, Purchase},
        core::{
            dialog::{Confirm, Dialog, Focus},
            effect::Effect,
            field::TextField,
            key::{Code, Key},
            model::Model,
            msg::{Msg, Size},
            purchase::{Offer, meaning},
            update::update,
        },
        ui::screen::fixture::{self, frame},
    };

    /// The question of a purchase, its name typed already.
    fn purchase(model: &Model, base: &str, name: &str) -> Confirm {
        let offer = Offer {
            model: base.into(),
            name: format!("{name} of the arts department").into(),
            base: base.into(),
            refusal: None,
            warning: (base != "amazon.nova-canvas-v1:0").then(|| "what it was made from ends soon, and serves nobody afterwards".into()),
        };
        let wanted = Purchase {
            name: name.into(),
            model: base.into(),
            units: 2,
            commitment: Commitment::SixMonths,
        };
        let lines = meaning(&wanted, &offer, model.cost.prices.model(base));
        let change = Change::BuyThroughput(wanted);
        let mut confirm = Confirm::new(format!("Buy provisioned throughput {name}?"), lines, "Buy", vec![change]);
        confirm.must_type(name.into());
        confirm.typed.as_mut().unwrap().1 = TextField::with(name);
        confirm.focus = Focus::Yes;
        confirm
    }

    #[test]
    fn a_purchase_that_is_not_wholly_shown_is_not_made() {
        let running = fixture::running();
        let long = "images-of-the-arts-department-in-the-second-half-of-this-year";
        let mut bought = Vec::new();
        for (base, name) in [("amazon.nova-canvas-v1:0", "images-1"), ("amazon.titan-image-generator-v2:0", long)] {
            let confirm = purchase(&running, base, name);
            let sizes = [40, 59, 60, 80, 120].into_iter().flat_map(|w| (12..30).map(move |h| (w, h)));
            for (width, height) in sizes {
                let mut model = running.clone();
                model.size = Size { width, height };
                model.dialog = Some(Dialog::Confirm(confirm.clone()));
                update(&mut model, Msg::Drawn);
                let screen = frame(&model, (width, height), |model, side, _, f| super::super::draw(model, side, f));
                let effects = update(&mut model, Msg::Key(Key::plain(Code::Enter)));
                let is_bought = effects.iter().any(|effect| matches!(effect, Effect::Change(..)));
                let bare = |text: &str| text.replace(|c: char| c.is_whitespace() || c == '┃', "");
                let shown = bare(&screen);
                let lacks = confirm
                    .lines
                    .iter()
                    .chain([&confirm.title])
                    .find(|line| !shown.contains(&bare(line)));
                assert_eq!(is_bought, !screen.contains("enlarge the"), "{width}x{height}:\n{screen}");
                if is_bought {
                    assert_eq!(lacks, None, "{width}x{height}:\n{screen}");
                    assert!(screen.contains("▸[ Buy ]") && shown.contains("togoon:"), "{screen}");
                    bought.push((name.len(), width, height));
                } else {
                    assert!(model.dialog.is_some(), "{width}x{height}: it can still be enlarged");
                }
            }
        }
        let is_bought = |name: &str, width, height| bought.contains(&(name.len(), width, height));
        assert!(!is_bought("images-1", 40, 12) && !is_bought("images-1", 40, 29));
        assert!(is_bought("images-1", 60, 16) && is_bought("images-1", 80, 24) && is_bought(long, 80, 24));
        assert!(!is_bought(long, 60, 16), "more than it has room for");
    }
}
