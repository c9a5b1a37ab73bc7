//! Lines 1 and 2: which console on which stack, where, under which warnings, at what time; the tabs.

use ratatui::{
    Frame,
    layout::{Alignment, Rect},
    text::{Line, Span},
    widgets::Paragraph,
};
use strum::IntoEnumIterator;

use super::{
    Side, cut,
    theme::{self, Role},
};
use crate::{
    core::{
        eta,
        keymap::Intent,
        live::Live,
        model::{Model, Times},
        screen::ScreenId,
        update::live_price,
        when,
    },
    layout::Areas,
};

/// Widest endpoint that the header shows.
const ENDPOINT: usize = 34;

/// Below this width the header has no room for what can be left out.
const NARROW: usize = 100;

/// Fewest cells to which the names of the profile and of the stack are cut for the clock.
const NARROWED: [(u8, usize); 2] = [(PROFILE, 12), (STACK, 16)];

/// A word of the header. A lower `worth` is left out first where room is short.
#[derive(Clone)]
struct Word {
    worth: u8,
    text: String,
    /// Says the same in fewer cells.
    short: Option<String>,
    role: Role,
    is_badge: bool,
}

/// Draws both lines.
pub(super) fn draw(model: &Model, side: &Side<'_>, areas: &Areas, frame: &mut Frame<'_>) {
    identity_line(model, side, areas.header, frame);
    tab_line(model, side, areas.tabs, frame);
}

fn identity_line(model: &Model, side: &Side<'_>, area: Rect, frame: &mut Frame<'_>) {
    let room = usize::from(area.width);
    let mut words = names(model);
    words.extend(badges(model, room));
    let mut clock = clock(model);
    // What is being looked at, and in whose account, is worth more than the time, the endpoint and the badge of a demo;
    // the middle of a long name is worth less.
    let beside = room.saturating_sub(clock.len() + 2);
    while taken(&words) > beside && words.iter().any(|w| w.worth < CLOCK) && leave_out(&mut words) {}
    match narrowed(&words, beside) {
        Some(narrower) => words = narrower,
        None => clock.clear(),
    }
    while taken(&words) > room && leave_out(&mut words) {}
    let mut spans = vec![Span::raw(" ")];
    for word in &words {
        spans.push(Span::styled(word.text.as_str(), side.theme.style(word.role)));
        spans.push(Span::raw(if word.is_badge { " " } else { "  " }));
    }
    frame.render_widget(Paragraph::new(Line::from(spans)), area);
    if !clock.is_empty() {
        let clock = Span::styled(format!("{clock} "), side.theme.style(Role::Dim));
        let [_, right] = split_right(area, clock.width());
        frame.render_widget(Paragraph::new(clock), right);
    }
}

/// The left rest and the right part of a line.
fn split_right(area: Rect, width: usize) -> [Rect; 2] {
    use ratatui::layout::{Constraint, Layout};
    Layout::horizontal([Constraint::Fill(1), Constraint::Length(u16::try_from(width).unwrap_or(u16::MAX))]).areas(area)
}

fn taken(words: &[Word]) -> usize {
    let gap = |w: &Word| if w.is_badge { 1 } else { 2 };
    1 + words.iter().map(|w| cut::width(&w.text) + gap(w)).sum::<usize>()
}

/// Takes away what is worth least: first what can be left out, then the profile and the middle of the stack's name,
/// then words of badges and the region. The account stays, and that it is production: which stack a key would change
/// is known by them. False when nothing is left to give.
fn leave_out(words: &mut Vec<Word>) -> bool {
    remove_below(words, PROFILE)
        || shorten(words, STACK, 20)
        || shorten(words, PROFILE, 12)
        || remove_below(words, REGION)
        || shorten(words, STACK, 12)
        || abbreviate(words)
        || remove_below(words, STACK)
        || shorten(words, STACK, 4)
        || remove_below(words, PRODUCTION)
}

/// Removes the word that is worth least, where that is less than `most`; false where there is none. The stack's name and
/// the account are never removed.
fn remove_below(words: &mut Vec<Word>, most: u8) -> bool {
    let may_go = |w: &Word| w.worth < most && w.worth != STACK && w.worth != ACCOUNT;
    let least = words.iter().enumerate().filter(|(_, w)| may_go(w)).min_by_key(|(_, w)| w.worth);
    let Some((place, _)) = least else { return false };
    words.remove(place);
    true
}

/// Says a badge in fewer cells, that which is worth least first; false where there is none to be said so.
fn abbreviate(words: &mut [Word]) -> bool {
    let long = words.iter_mut().filter(|w| w.short.is_some()).min_by_key(|w| w.worth);
    long.is_some_and(|w| {
        w.text = w.short.take().unwrap_or_default();
        true
    })
}

/// The words in so many cells, names cut for it; `None` where that does not do.
fn narrowed(words: &[Word], room: usize) -> Option<Vec<Word>> {
    let mut words = words.to_vec();
    for (worth, least) in NARROWED {
        while taken(&words) > room && shorten(&mut words, worth, least) {}
    }
    (taken(&words) <= room).then_some(words)
}

/// Takes one cell from a name; false where it has no more than `least`.
fn shorten(words: &mut [Word], worth: u8, least: usize) -> bool {
    let name = words.iter_mut().find(|w| w.worth == worth && cut::width(&w.text) > least);
    name.is_some_and(|w| {
        w.text = cut::middle(&w.text, cut::width(&w.text) - 1).into_owned();
        true
    })
}

/// Fewest cells in which a status can be told.
const STATUS: usize = 12;

/// Worth of the clock: words of less go before it, the others after it.
const CLOCK: u8 = 3;
const ENDPOINT_GIVEN: u8 = 3;
const WORLD: u8 = 4;
const PROFILE: u8 = 5;
const REGION: u8 = 6;
const STACK: u8 = 7;
const ACCOUNT: u8 = 8;
const BADGE: u8 = 9;
const LIVE: u8 = 10;
const READ_ONLY: u8 = 11;
const PRODUCTION: u8 = 12;

fn names(model: &Model) -> Vec<Word> {
    let word = |worth, text: &str, role| Word {
        worth,
        text: text.to_owned(),
        short: None,
        role,
        is_badge: false,
    };
    let mut words = vec![
        word(2, "bic-tui", Role::Dim),
        word(STACK, &cut::middle(&model.settings.stack, 40), Role::Title),
    ];
    if let Some(identity) = model.feeds.identity.get() {
        words.push(word(ACCOUNT, &identity.account, Role::Text));
        words.extend(role(&identity.arn).map(|r| word(1, &cut::middle(r, 24), Role::Dim)));
    }
    words.push(word(REGION, &model.about.region, Role::Text));
    words.push(word(PROFILE, &cut::middle(&model.about.profile, 24), Role::Text));
    words
}

/// The role or user inside a caller's ARN: `…:assumed-role/ROLE/SESSION`, `…:user/NAME`.
fn role(arn: &str) -> Option<&str> {
    let mut parts = arn.rsplit(':').next()?.split('/');
    matches!(parts.next()?, "assumed-role" | "user").then(|| parts.next())?
}

fn badges(model: &Model, room: usize) -> Vec<Word> {
    let mut words = Vec::new();
    let mut badge = |worth, text: String, short: Option<String>, role| {
        words.push(Word {
            worth,
            text: format!(" {text} "),
            short: short.map(|text| format!(" {text} ")),
            role,
            is_badge: true,
        });
    };
    if let Some(name) = &model.about.badge {
        let state = match model.span {
            Some(span) if model.now.wall >= span.end => " ended".to_owned(),
            Some(_) if model.is_held => " paused".to_owned(),
            _ if model.about.speed > 1 => format!(" ×{}", model.about.speed),
            _ => String::new(),
        };
        let worth = if model.span.is_some() { BADGE } else { WORLD };
        badge(worth, format!("{name}{state}"), None, Role::Badge);
    }
    if let Some(url) = &model.about.endpoint {
        // Nobody asked for the one that is inherited.
        let (worth, role) = if model.about.is_endpoint_inherited {
            (BADGE, Role::BadgeBad)
        } else {
            (ENDPOINT_GIVEN, Role::Badge)
        };
        // On a narrow screen the account and the profile are worth more than the scheme.
        let host = url.split_once("://").map_or(url.as_str(), |(_, host)| host);
        let url = if room < NARROW { host } else { url };
        let text = format!("endpoint {}", cut::middle(url, ENDPOINT));
        badge(worth, text, Some("endpoint".into()), role);
    }
    // The Logs screen says it itself.
    if model.live.as_ref().is_some_and(Live::is_on) && model.screen != ScreenId::Logs {
        let price = live_price(model).replace(" a minute", "/min").replace(" (unverified)", "");
        // On a narrow screen the account is worth more than how much it is.
        let price = if room < NARROW { "$" } else { &price };
        badge(LIVE, format!("Live Tail {price}"), Some("Live $".into()), Role::Badge);
    }
    if model.guard.read_only {
        badge(READ_ONLY, "READ-ONLY".into(), Some("RO".into()), Role::Badge);
    }
    if model.guard.production {
        // Where nothing can be written it is all one.
        let armed = model.guard.is_armed(model.now) && !model.guard.read_only;
        match model.guard.armed_until.filter(|_| armed) {
            Some(until) => {
                let left = when::short((until - model.now.mono) as i64);
                let short = format!("PROD armed {left}");
                badge(PRODUCTION, format!("PRODUCTION armed {left}"), Some(short), Role::BadgeBad);
            }
            None => badge(PRODUCTION, "PRODUCTION".into(), Some("PROD".into()), Role::BadgeWarn),
        }
    }
    words
}

/// The cloud's time; an age of it would say nothing, so ages leave it local.
fn clock(model: &Model) -> String {
    let times = if model.times == Times::Utc { Times::Utc } else { Times::Local };
    let zone = if times == Times::Utc { "Z" } else { "" };
    if model.now.wall == 0 {
        return String::new();
    }
    format!("{}{zone}", when::show(model.now.wall, model.now.wall, times, &model.zone))
}

fn tab_line(model: &Model, side: &Side<'_>, area: Rect, frame: &mut Frame<'_>) {
    let room = usize::from(area.width);
    let mut tabs: Vec<_> = ScreenId::iter().map(|s| tab(model, side, s, true)).collect();
    let width = |tabs: &[Span<'_>]| tabs.iter().map(Span::width).sum::<usize>();
    if width(&tabs) > room {
        tabs = ScreenId::iter().map(|s| tab(model, side, s, s == model.screen)).collect();
    }
    let left = width(&tabs);
    frame.render_widget(Paragraph::new(Line::from(tabs)), area);
    let status = status(model, side, room.saturating_sub(left + 1));
    let [_, right] = split_right(area, room.saturating_sub(left));
    frame.render_widget(Paragraph::new(status).alignment(Alignment::Right), right);
}

/// A tab; the active one stands in brackets, so that it is clear without colour too.
fn tab(model: &Model, side: &Side<'_>, screen: ScreenId, with_name: bool) -> Span<'static> {
    let key = model.keymap.label(intent(screen));
    let name = if with_name { format!("{key} {screen}") } else { key };
    if screen == model.screen {
        Span::styled(format!("[{}]", name.trim()), side.theme.style(Role::Key))
    } else {
        Span::styled(format!(" {} ", name.trim()), side.theme.style(Role::Dim))
    }
}

fn intent(screen: ScreenId) -> Intent {
    match screen {
        ScreenId::Overview => Intent::ShowOverview,
        ScreenId::Deploy => Intent::ShowDeploy,
        ScreenId::Services => Intent::ShowServices,
        ScreenId::Logs => Intent::ShowLogs,
        ScreenId::Cost => Intent::ShowCost,
        ScreenId::Access => Intent::ShowAccess,
    }
}

/// Where the stack stands; while an operation runs, how far it is.
fn status(model: &Model, side: &Side<'_>, room: usize) -> Line<'static> {
    let (text, role) = match model.stack().filter(|_| room >= STATUS) {
        Some(stack) => {
            let name = &stack.status.0;
            // The same count as on Deploy.
            let outlook = eta::outlook(model).filter(|it| model.is_busy() && it.total > 0 && model.progress.is_told);
            let far = outlook.map_or_else(String::new, |it| format!(" {}/{}", it.done, it.total));
            (
                format!("{}{far}", cut::end(name, room.saturating_sub(far.len()))),
                theme::of_status(name),
            )
        }
        None if model.is_without_stack() => ("no stack".to_owned(), Role::Dim),
        None => (String::new(), Role::Dim),
    };
    let text = cut::end(&text, room).into_owned();
    Line::from(vec![Span::styled(text, side.theme.style(role)), Span::raw(" ")])
}

#[cfg(test)]
mod tests {
    use super::role;
    use crate::{
        core::{fact::LiveFrame, live::Live, model::Model, screen::ScreenId},
        ui::{screen::fixture, view},
    };

    #[test]
    fn in_whose_account_it_is_goes_last() {
        for endpoint in [None, Some("http://127.0.0.1:18723")] {
            let mut model = fixture::nothing();
            model.guard.production = true;
            model.about.badge = Some("DEMO".into());
            model.about.speed = 30;
            model.about.endpoint = endpoint.map(Into::into);
            let shown = fixture::frame(&model, (80, 24), |model, side, _, frame| view(model, side, frame));
            let header = shown.lines().next().unwrap_or_default();
            for word in ["bedrock-image-chat", "111122223333", "us-west-2", "dana", "PRODUCTION"] {
                assert!(header.contains(word), "{word} in {header}");
            }
        }
        // One that nobody asked for stays in sight.
        let mut model = fixture::nothing();
        (model.guard.production, model.about.is_endpoint_inherited) = (true, true);
        model.about.endpoint = Some("http://127.0.0.1:18723".into());
        let shown = fixture::frame(&model, (80, 24), |model, side, _, frame| view(model, side, frame));
        assert!(shown.contains("endpoint 127.0.0.1:18723"), "{shown}");
    }

    #[test]
    fn live_tail_is_in_sight_where_the_logs_are_not() {
        for (width, screen, price) in [
            (80, ScreenId::Overview, "$"),
            (120, ScreenId::Cost, "$0.01/min"),
            (200, ScreenId::Services, "$0.01/min"),
        ] {
            let mut model = fixture::nothing();
            model.guard.production = true;
            model.screen = screen;
            let header = |model: &Model| {
                let shown = fixture::frame(model, (width, 24), |model, side, _, frame| view(model, side, frame));
                shown.lines().next().unwrap_or_default().to_owned()
            };
            assert!(!header(&model).contains("Live Tail"));
            let mut live = Live::new(0, 0);
            let session = live.due(0).expect("a session");
            live.on_frame(session, &LiveFrame::Start, 0);
            model.live = Some(live);
            for word in ["Live Tail", price, "PRODUCTION", "111122223333"] {
                assert!(header(&model).contains(word), "{word} in {}", header(&model));
            }
        }
    }

    #[test]
    fn the_account_stays_beside_all_badges() {
        for width in [40, 60, 80, 120] {
            for bits in 0..32_u8 {
                let has = |bit: u8| bits & (1 << bit) != 0;
                let mut model = fixture::nothing();
                model.screen = ScreenId::Overview;
                model.guard.production = true;
                model.guard.armed_until = has(0).then_some(model.now.mono + 4 * 60_000);
                model.guard.read_only = has(1);
                if has(2) {
                    let mut live = Live::new(0, 0);
                    let session = live.due(0).expect("a session");
                    live.on_frame(session, &LiveFrame::Start, 0);
                    model.live = Some(live);
                }
                if has(3) {
                    model.about.endpoint = Some("https://vpce-0a1b2c3d.monitoring.us-west-2.vpce.amazonaws.com".into());
                    model.about.is_endpoint_inherited = true;
                }
                if has(4) {
                    model.settings.stack = "a-stack-with-a-very-long-name-of-its-own".into();
                    model.about.profile = "an-administrator-of-production".into();
                }
                let shown = fixture::frame(&model, (width, 24), |model, side, _, frame| view(model, side, frame));
                let header = shown.lines().next().unwrap_or_default();
                let stack = if has(4) { " a" } else { " b" };
                let case = format!("{width} {bits:05b}: {header}");
                for word in ["111122223333", "PROD", stack] {
                    assert!(header.contains(word), "{word} in {case}");
                }
                assert_eq!(header.contains("armed"), has(0) && !has(1), "{case}");
                // On the smallest screens not all of it has room at once.
                if width >= 60 {
                    assert_eq!(header.contains("READ-ONLY") || header.contains(" RO "), has(1), "{case}");
                    assert_eq!(header.contains("Live"), has(2), "{case}");
                    assert_eq!(header.contains("endpoint"), has(3), "{case}");
                }
                assert!(width < 80 || header.contains("us-west-2"), "{case}");
            }
        }
    }

    #[test]
    fn long_names_give_way_to_the_clock() {
        for (width, stack, profile) in [
            (80, "bedrock-image-chat", "health-check-fails"),
            (80, "a-stack-with-a-very-long-name-of-its-own", "tasks-not-starting"),
            (100, "bedrock-image-chat", "an-administrator-of-production"),
        ] {
            let mut model = fixture::nothing();
            model.about.badge = Some("DEMO".into());
            model.about.speed = 30;
            model.about.profile = profile.into();
            model.settings.stack = stack.into();
            let shown = fixture::frame(&model, (width, 24), |model, side, _, frame| view(model, side, frame));
            let header = shown.lines().next().unwrap_or_default();
            let clock = super::clock(&model);
            assert!(header.contains(&clock), "{clock} in {header}");
            for word in [&stack[..6], "111122223333", "us-west-2", &profile[..5], "DEMO ×30", "…"] {
                assert!(header.contains(word), "{word} in {header}");
            }
        }
    }

    #[test]
    fn the_role_is_read_from_the_arn() {
        for (arn, want) in [
            ("arn:aws:sts::1:assumed-role/Admin/dana", Some("Admin")),
            ("arn:aws:iam::1:user/omar", Some("omar")),
            ("arn:aws:iam::1:root", None),
            ("", None),
        ] {
            assert_eq!(role(arn), want, "{arn}");
        }
    }
}
