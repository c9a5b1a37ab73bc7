//! THE table of intents: name, keys, where it works, footer word, help, and whether it writes.
//! Dispatch, footer, help, palette, `config.toml`, `bic-tui keys` and the README are made from it.

mod rules;

pub use self::rules::NEVER;
use super::{
    key::Key,
    screen::ScreenId::{self, Access, Deploy, Logs, Overview, Services},
    settings::Settings,
    text::SafeText,
};

/// What an intent does to the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::Display)]
#[strum(serialize_all = "lowercase")]
pub enum Kind {
    /// Changes the view only.
    View,
    /// Reads from AWS.
    Read,
    /// Writes, after a dialog.
    Write,
    /// Costs money, after a dialog that says how much.
    Money,
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Binding {
    /// The intent.
    pub intent: Intent,
    /// Screens it works on; empty for all.
    pub screens: &'static [ScreenId],
    /// Default keys as the config writes them; none for what only the palette offers.
    pub keys: &'static [&'static str],
    /// Word in the footer; empty to leave it out.
    pub footer: &'static str,
    /// One sentence for help, palette, config and README.
    pub help: &'static str,
    /// What it does to the world.
    pub kind: Kind,
}

impl Binding {
    /// Whether it works on a screen.
    pub fn is_on(&self, screen: ScreenId) -> bool {
        self.screens.is_empty() || self.screens.contains(&screen)
    }
}

macro_rules! keymap {
    ($($intent:ident $kind:ident in [$($screen:ident),*] [$($key:literal),*] $footer:literal $help:literal;)*) => {
        /// What the operator wants; context-free, so that one key means one thing.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, strum::Display, strum::EnumString, strum::EnumIter)]
        #[strum(serialize_all = "kebab-case")]
        pub enum Intent {
            $(#[doc = $help] $intent,)*
        }

        /// All intents, in the order in which the footer shows and cuts them.
        pub const KEYMAP: &[Binding] = &[
            $(Binding { intent: Intent::$intent, screens: &[$($screen),*], keys: &[$($key),*], footer: $footer, help: $help, kind: Kind::$kind },)*
        ];
    };
}

keymap! {
    // screens and the program
    ShowOverview View in [] ["1"] "" "Go to the Overview: the five panels";
    ShowDeploy View in [] ["2"] "" "Go to Deploy: form, plan, progress, outputs";
    ShowServices View in [] ["3"] "" "Go to Services: services, deployments, tasks, events";
    ShowLogs View in [] ["4"] "" "Go to Logs: the tail of both services";
    ShowCost View in [] ["6"] "" "Go to Cost: now, this month, the guide's table";
    ShowAccess View in [] ["8"] "" "Go to Access: outputs, secrets, models, name and certificate, provisioned throughput";
    // acting
    Deploy Write in [] ["D"] "deploy" "Deploy or update the stack: form, checks, plan";
    Scale Write in [Overview, Services] ["s"] "scale" "Scale the service under the cursor";
    Sleep Write in [] ["Z"] "sleep/wake" "Put the stack to sleep or wake it: a 3 s countdown that any key stops";
    Image Money in [] ["I"] "image" "Fire a test image: price, prompt and model first";
    LogsOf Read in [] ["L"] "logs" "Show the logs of the row under the cursor, else of both services";
    // logs
    Search View in [] ["/"] "search" "Lists: keep rows that match; Logs: search, all lines stay";
    Filter View in [Logs] ["&"] "filter" "Filter; a pattern that begins with ! keeps what does not match";
    Follow View in [Logs] ["F"] "follow" "Follow the newest lines; any upward move stops it";
    NextMatch View in [Logs] ["n"] "" "Go to the next match";
    PreviousMatch View in [Logs] ["N"] "" "Go to the previous match";
    Source View in [Logs] ["u"] "source" "Choose whose lines are shown: both services, one of them, one task or stream";
    Level View in [Logs] ["v"] "level" "Raise or reset the lowest level shown";
    ErrorShapes View in [Logs] ["#"] "errors" "Errors by shape with their counts; Enter shows those of one";
    Request View in [Logs] ["*"] "request" "All lines of the request under the cursor, from both services; again: back";
    Fold View in [Logs] ["z"] "fold" "Fold each entry to its first line, or open it";
    Wrap View in [Logs] ["w"] "wrap" "Wrap long lines";
    Histogram View in [Logs] ["i"] "" "Show or hide the histogram of the window";
    Mark View in [Logs] ["m"] "" "Mark the line";
    NextMark View in [Logs] ["'"] "" "Go to the next mark";
    GotoTime View in [Logs, Deploy] ["@"] "" "Go to a time: -15m, 03:12, ISO (Deploy: of a replay)";
    Earlier Read in [Logs] ["("] "" "The window of the time axis one half earlier";
    Later Read in [Logs] [")"] "" "The window of the time axis one half later";
    Narrower Read in [Logs] ["<"] "" "The window of the time axis half as wide";
    Wider Read in [Logs] [">"] "" "The window of the time axis twice as wide";
    Pause View in [Logs, Deploy] ["p"] "pause" "Pause, or go on (Logs: the intake of lines; Deploy: a replay)";
    LiveTail Money in [Logs] ["T"] "live tail" "Live Tail on, off: the price a minute first, and the sampled flag while it runs";
    Insights Money in [Logs] ["Q"] "insights" "The same filter in Logs Insights, over any window: query and price of the scan first; again: back";
    // more acting
    ScaleUp Write in [Overview, Services] ["+"] "" "The scale dialog with the count one up";
    ScaleDown Write in [Overview, Services] ["-"] "" "The scale dialog with the count one down";
    Restart Write in [Overview, Services] ["r"] "restart" "Force a new deployment of the service under the cursor";
    StopTask Write in [Services] ["X"] "stop task" "Stop the task under the cursor";
    WaysOut Write in [Overview, Deploy, Services] ["R"] "ways out" "Ways out of an operation: detach, cancel the update, roll back, continue a rollback, desired 0, delete a failed first create";
    Hidden Read in [Services, Logs, Access] ["x"] "hidden" "Show what is hidden: stopped tasks, lines round the matches, the secret for 30 s";
    CopySecret Read in [Access] ["K"] "copy secret" "Copy the secret without showing it; the clipboard is cleared after 45 s";
    // reading
    Enter Read in [] ["enter"] "open" "Go in: panel to screen, task to its lines, line to the whole entry, plan to its dialog";
    NextError View in [] ["e"] "" "Go to the next error, bad row or failed event";
    PreviousError View in [] ["E"] "" "Go to the previous error, bad row or failed event";
    Attention View in [] ["a"] "" "Show only what needs attention (Logs: warnings and worse)";
    Describe Read in [] ["d"] "describe" "Describe the row under the cursor";
    Json View in [] ["J"] "" "JSON of the row under the cursor: pretty, or on one line";
    Copy View in [] ["y", "c"] "copy" "Copy the row, line or card";
    CopyArn View in [] ["Y"] "" "Copy the ARN, or the whole block";
    Open View in [] ["o"] "browser" "Open the application, or the row, in the browser";
    Save View in [] ["ctrl-s"] "" "Save what is shown (Logs: export; Deploy: parameters; image: the picture)";
    Load View in [Deploy] ["ctrl-o"] "load" "Load the parameters of the form from a file; what it does not name stays as it is";
    Anew View in [Deploy] ["ctrl-n"] "anew" "Begin the form anew; again: bring back what it held";
    Checks Read in [Deploy] ["ctrl-e"] "checks" "Show every check before the plan: evidence and next step";
    Zoom View in [] ["f"] "zoom" "Show this panel on the full screen, and back";
    Times View in [] ["t"] "times" "Show times as local, UTC or age";
    NextPanel View in [] ["tab"] "" "Go to the next panel of the screen";
    PreviousPanel View in [] ["shift-tab"] "" "Go to the previous panel of the screen";
    NextScreen View in [] ["]"] "" "Go to the next screen";
    PreviousScreen View in [] ["["] "" "Go to the previous screen";
    Down View in [] ["j", "down"] "" "Go down one row";
    Up View in [] ["k", "up"] "" "Go up one row";
    Top View in [] ["g", "home"] "" "Go to the top";
    Bottom View in [] ["G", "end"] "" "Go to the bottom (Logs: follow again)";
    PageDown View in [] ["pgdn", "ctrl-f"] "" "Go down a page";
    PageUp View in [] ["pgup", "ctrl-b"] "" "Go up a page";
    LogPageDown View in [Logs] ["space"] "" "Go down a page";
    LogPageUp View in [Logs] ["b"] "" "Go up a page";
    HalfDown View in [] ["ctrl-d"] "" "Go down half a page";
    HalfUp View in [] ["ctrl-u"] "" "Go up half a page";
    Right View in [] ["l", "right"] "" "Lists: in; Logs: half a page to the right";
    Left View in [] ["h", "left"] "" "Lists: out; Logs: half a page to the left";
    // the console
    Places Read in [] ["P"] "" "Go to another profile, region or stack";
    Refresh Read in [] ["ctrl-r"] "refresh" "Ask AWS again for the panel that has the focus";
    Repaint View in [] ["ctrl-l"] "" "Paint the screen again";
    Errors View in [] ["!"] "" "All that is wrong, whole, and the requests that failed";
    Arm View in [] ["A"] "" "Arm a production profile for 5 minutes, or disarm it (typed profile name)";
    Mouse View in [] ["M"] "" "Mouse on, off";
    Suspend View in [] ["ctrl-z"] "" "Suspend the console";
    Destroy Write in [] [] "" "Destroy the stack: inventory of what goes and stays, then the typed stack name";
    Leftovers Read in [] [] "" "Leftovers: what the stack left behind, what it costs, and the removal of each thing";
    Dashboard View in [] [] "" "Open the dashboard: CloudWatch's own page with the charts of the stack";
    RequestCertificate Write in [] [] "" "Request a certificate for the application's name, to be proven by DNS";
    ProveCertificate Write in [] [] "" "Put the records that prove the certificate into their Route 53 zone";
    UseCertificate Write in [] [] "" "Open the form with the certificate put into the stack";
    PointName Write in [] [] "" "Point a name at the load balancer: zone, CNAME or alias, what stands there";
    BuyThroughput Money in [] [] "" "Buy provisioned throughput: price and commitment in words, then the typed name";
    UseThroughput Write in [] [] "" "Open the form with the provisioned throughput put into the stack";
    DeleteThroughput Write in [] [] "" "Delete the provisioned throughput under the cursor: the typed name";
    Palette View in [] [":"] "all keys" "The palette: every action and its key, those without one too";
    Help View in [] ["?"] "help" "Help for this screen";
    Back View in [] ["esc", "q"] "back" "Peel one layer; q at the root leaves on the second press";
    Interrupt View in [] ["ctrl-c"] "" "Leave; while an operation of ours runs: the ways out first";
}

/// The live keymap: the table with the operator's overrides.
#[derive(Debug, Clone, PartialEq)]
pub struct Keymap {
    keys: Vec<(Intent, Vec<Key>)>,
}

impl Keymap {
    /// The table with the overrides of `settings`.
    ///
    /// # Errors
    /// A sentence that names the unknown intent (with the nearest name), the bad key or the clash.
    pub fn new(settings: &Settings) -> Result<Self, String> {
        let mut keys: Vec<(Intent, Vec<Key>)> = KEYMAP
            .iter()
            .map(|b| (b.intent, b.keys.iter().filter_map(|k| k.parse().ok()).collect()))
            .collect();
        for (name, list) in &settings.keys {
            let intent = named(name)?;
            let parsed = bound(intent, list)?;
            if let Some(row) = keys.iter_mut().find(|(i, _)| *i == intent) {
                row.1 = parsed;
            }
        }
        let map = Self { keys };
        match map.clash() {
            Some((key, a, b)) => Err(format!(
                "the key `{key}` is bound to both `{a}` and `{b}`; give one of them another key"
            )),
            None => Ok(map),
        }
    }

    /// Two intents that share a key on some screen.
    fn clash(&self) -> Option<(Key, Intent, Intent)> {
        for (i, a) in KEYMAP.iter().enumerate() {
            for b in &KEYMAP[i + 1..] {
                let meet = a.screens.is_empty() || b.screens.is_empty() || a.screens.iter().any(|s| b.screens.contains(s));
                let shared = self.keys(a.intent).iter().find(|k| self.keys(b.intent).contains(k));
                if let (true, Some(key)) = (meet, shared) {
                    return Some((*key, a.intent, b.intent));
                }
            }
        }
        None
    }

    /// Keys of an intent.
    pub fn keys(&self, intent: Intent) -> &[Key] {
        self.keys.iter().find(|(i, _)| *i == intent).map_or(&[], |(_, keys)| keys)
    }

    /// The first key of an intent as the footer shows it; empty when it has none.
    pub fn label(&self, intent: Intent) -> String {
        self.keys(intent).first().map_or_else(String::new, |k| k.label())
    }

    /// What a key means on a screen.
    pub fn resolve(&self, screen: ScreenId, key: Key) -> Option<Intent> {
        KEYMAP
            .iter()
            .find(|b| b.is_on(screen) && self.keys(b.intent).contains(&key))
            .map(|b| b.intent)
    }

    /// Rows that work on a screen, in table order.
    pub fn available(&self, screen: ScreenId) -> impl Iterator<Item = &'static Binding> {
        KEYMAP.iter().filter(move |b| b.is_on(screen))
    }
}

impl Intent {
    /// Its row in the table.
    pub fn binding(self) -> &'static Binding {
        // The macro makes one row for each intent, in the same order.
        &KEYMAP[self as usize]
    }
}

/// The intent of this name.
///
/// # Errors
/// A sentence with the nearest name.
pub fn named(name: &SafeText) -> Result<Intent, String> {
    name.parse().map_err(|_| unknown(name))
}

/// The keys that the operator gives an intent.
///
/// # Errors
/// A sentence that names the bad key, or the one that may not be bound.
pub fn bound(intent: Intent, keys: &[SafeText]) -> Result<Vec<Key>, String> {
    let keys = keys.iter().map(|k| k.parse()).collect::<Result<Vec<Key>, _>>()?;
    rules::permitted(intent, &keys).map(|()| keys)
}

fn unknown(name: &SafeText) -> String {
    use strum::IntoEnumIterator;
    let nearest = Intent::iter()
        .map(|i| i.to_string())
        .min_by_key(|known| distance(known, name))
        .unwrap_or_default();
    format!("there is no action `{name}`; the nearest is `{nearest}`")
}

/// Edit distance, for "did you mean".
pub fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let next = (diagonal + usize::from(ca != *cb)).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = std::mem::replace(&mut row[j + 1], next);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator;

    use super::*;
    use crate::core::key::Code;

    #[test]
    fn every_default_key_parses_and_is_unique_where_it_works() {
        let count: usize = KEYMAP.iter().map(|b| b.keys.len()).sum();
        let map = Keymap::new(&Settings::default()).unwrap();
        assert_eq!(count, Intent::iter().map(|i| map.keys(i).len()).sum::<usize>());
        for intent in Intent::iter() {
            assert_eq!(intent.binding().intent, intent);
        }
    }

    #[test]
    fn no_default_on_keys_that_others_take_or_that_hurt() {
        let map = Keymap::new(&Settings::default()).unwrap();
        for intent in Intent::iter() {
            for key in map.keys(intent) {
                assert!(!NEVER.contains(key) && !matches!(key.code, Code::F(_)), "{key} on {intent}");
            }
        }
    }

    #[test]
    fn what_writes_or_costs_is_a_capital_or_one_of_a_few() {
        for b in KEYMAP.iter().filter(|b| matches!(b.kind, Kind::Write | Kind::Money)) {
            for key in b.keys {
                let c = key.chars().next().unwrap();
                assert!(c.is_uppercase() || ["s", "+", "-", "r", "$"].contains(key), "{key}");
            }
        }
    }

    #[test]
    fn overrides_are_taken_and_bad_ones_named() {
        let with = |name: &str, key: &str| {
            Keymap::new(&Settings {
                keys: vec![(name.into(), vec![key.into()])],
                ..Settings::default()
            })
        };
        assert_eq!(with("zoom", "W").unwrap().label(Intent::Zoom), "W");
        assert!(with("zom", "W").unwrap_err().contains("`zoom`"));
        assert!(with("zoom", "zz").unwrap_err().contains("`zz`"));
        assert!(with("zoom", "q").unwrap_err().contains("`back`"));
    }
}
