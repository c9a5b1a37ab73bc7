//! Settings in layers: the embedded `config.toml`, the user's file, its table of the profile in use, the
//! environment, the flags. An error names file, line, column and the nearest valid name.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use toml::Spanned;

use crate::{
    cli::Common,
    core::{
        keymap::{self, Keymap},
        nearest,
        settings::Settings,
        text::SafeText,
    },
};

/// The shipped defaults, as `bic-tui config` prints them.
pub const DEFAULTS: &str = include_str!("../config.toml");

/// What is wrong with the configuration: one sentence. Exit status 2.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(pub String);

/// Settings of this run, with what is needed to reach AWS.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Settings of the console and the subcommands.
    pub settings: Settings,
    /// AWS profile; `None` leaves the choice to the SDK.
    pub profile: Option<String>,
    /// AWS region; `None` leaves the choice to the SDK.
    pub region: Option<String>,
    /// Writes with a production profile were allowed with `--arm`.
    pub is_armed: bool,
}

/// The profile in use where none is named.
pub const DEFAULT_PROFILE: &str = "default";

/// The themes there are.
const THEMES: [&str; 3] = ["auto", "dark", "light"];

/// A configuration file. Every key may be left out.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Layer {
    stack: Option<String>,
    profile: Option<String>,
    region: Option<String>,
    app_url: Option<String>,
    log_group: Option<String>,
    read_only: Option<bool>,
    record: Option<bool>,
    utc: Option<bool>,
    mouse: Option<bool>,
    no_color: Option<bool>,
    theme: Option<Spanned<String>>,
    save_dir: Option<String>,
    image_prompt: Option<String>,
    #[serde(default)]
    logs: Logs,
    #[serde(default)]
    keys: BTreeMap<Spanned<String>, Spanned<Keys>>,
    #[serde(default)]
    profiles: BTreeMap<String, Profile>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Logs {
    memory: Option<Bytes>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Keys {
    One(String),
    Many(Vec<String>),
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Profile {
    production: Option<bool>,
    read_only: Option<bool>,
    app_url: Option<String>,
    region: Option<String>,
    stack: Option<String>,
}

/// An action of the operator's and its keys, and where each stands in the file, in bytes.
struct Wish {
    named: (SafeText, usize),
    keys: (Vec<SafeText>, usize),
}

impl Layer {
    /// What `[keys]` says, in the order of the file.
    fn wishes(&self) -> Vec<Wish> {
        let wish = |(name, keys): (&Spanned<String>, &Spanned<Keys>)| {
            let list = match keys.get_ref() {
                Keys::One(key) => std::slice::from_ref(key),
                Keys::Many(keys) => keys.as_slice(),
            };
            Wish {
                named: (name.get_ref().as_str().into(), name.span().start),
                keys: (list.iter().map(|key| key.as_str().into()).collect(), keys.span().start),
            }
        };
        let mut wishes: Vec<Wish> = self.keys.iter().map(wish).collect();
        wishes.sort_by_key(|wish| wish.named.1);
        wishes
    }
}

/// Whether the operator's keys can be taken: what is wrong and where, in bytes.
fn check_keys(wishes: &[Wish]) -> Result<(), (usize, String)> {
    for Wish { named, keys } in wishes {
        let intent = keymap::named(&named.0).map_err(|why| (named.1, why))?;
        keymap::bound(intent, &keys.0).map_err(|why| (keys.1, why))?;
    }
    let without = |left_out: Option<usize>| {
        let kept = wishes.iter().enumerate().filter(|(at, _)| Some(*at) != left_out);
        let keys = kept.map(|(_, wish)| (wish.named.0.clone(), wish.keys.0.clone())).collect();
        Keymap::new(&Settings {
            keys,
            ..Settings::default()
        })
    };
    let Err(why) = without(None) else { return Ok(()) };
    // Two that clash: the later one without which the rest is well.
    let culprit = (0..wishes.len()).rev().find(|at| without(Some(*at)).is_ok());
    Err((culprit.map_or(0, |at| wishes[at].keys.1), why))
}

/// With less memory for log lines than this nothing could be scrolled back.
const LEAST_MEMORY: usize = 1 << 20;

/// A size such as `512MiB`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
struct Bytes(usize);

impl TryFrom<String> for Bytes {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || format!("\"{text}\" is no size; write it as 512MiB or 2GiB");
        let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
        let factor = match text[digits.len()..].trim() {
            "KiB" => 1 << 10,
            "KB" | "kB" => 1_000,
            "MiB" => 1 << 20,
            "GiB" => 1 << 30,
            "MB" => 1_000_000,
            "GB" => 1_000_000_000,
            _ => return Err(wrong()),
        };
        let bytes = digits.parse::<usize>().ok().and_then(|n| n.checked_mul(factor));
        match bytes {
            None => Err(wrong()),
            Some(bytes) if bytes < LEAST_MEMORY => Err(format!("\"{text}\" is too little; the least is 1MiB")),
            Some(bytes) => Ok(Self(bytes)),
        }
    }
}

/// The environment, so that a test can bring its own.
pub type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Reads all layers. `unnamed` is the profile in use where none is named, whose table counts then; a simulated account
/// has none.
///
/// # Errors
/// The first thing wrong, in one sentence.
pub fn load(flags: &Common, env: Env<'_>, unnamed: Option<&str>) -> Result<Config, ConfigError> {
    let named = flags.config.clone().or_else(|| env("BIC_CONFIG").map(PathBuf::from));
    let path = named
        .clone()
        .or_else(|| dirs::config_dir().map(|dir| dir.join("bic-tui/config.toml")));
    let file = match path {
        Some(path) if named.is_some() || path.exists() => read(&path)?,
        _ => Layer::default(),
    };
    merge(file, flags, env, unnamed)
}

fn merge(file: Layer, flags: &Common, env: Env<'_>, unnamed: Option<&str>) -> Result<Config, ConfigError> {
    let mut settings = Settings::default();
    take(&mut settings, parse(DEFAULTS, "the shipped config.toml")?);
    let either = |names: &[&str]| names.iter().find_map(|name| env(name).filter(|value| !value.is_empty()));
    let profile = flags
        .profile
        .clone()
        .or_else(|| either(&["BIC_PROFILE", "AWS_PROFILE"]))
        .or_else(|| file.profile.clone());
    let in_use = profile.as_deref().or(unnamed);
    let table = in_use.and_then(|name| file.profiles.get(name)).cloned().unwrap_or_default();
    let region = flags
        .region
        .clone()
        .or_else(|| either(&["BIC_REGION", "AWS_REGION", "AWS_DEFAULT_REGION"]))
        .or_else(|| table.region.clone())
        .or_else(|| file.region.clone());
    take(&mut settings, file);
    settings.production = table.production.unwrap_or(false);
    let is_read_only = settings.read_only || table.read_only.unwrap_or(false) || env_flag(env, "BIC_READ_ONLY")?;
    take(
        &mut settings,
        Layer {
            stack: table.stack,
            app_url: table.app_url,
            ..Layer::default()
        },
    );
    take(
        &mut settings,
        Layer {
            stack: env("BIC_STACK"),
            app_url: env("BIC_APP_URL"),
            log_group: env("BIC_LOG_GROUP").filter(|group| !group.is_empty()),
            no_color: env("NO_COLOR").map(|value| !value.is_empty()),
            ..Layer::default()
        },
    );
    take(
        &mut settings,
        Layer {
            stack: flags.stack.clone(),
            app_url: flags.app_url.clone(),
            log_group: flags.log_group.clone(),
            no_color: flags.no_color.then_some(true),
            ..Layer::default()
        },
    );
    if settings.log_group.as_ref().is_some_and(|group| group.trim().is_empty()) {
        let why = "the log group has no name; leave --log-group out for /ecs/PROJECT".to_owned();
        return Err(ConfigError(why));
    }
    settings.read_only = is_read_only || flags.read_only;
    let is_armed = armed(flags, profile.as_deref())?;
    Ok(Config {
        settings,
        profile,
        region,
        is_armed,
    })
}

/// Puts what a layer says over what was there.
fn take(settings: &mut Settings, layer: Layer) {
    fn set<T, U: Into<T>>(slot: &mut T, value: Option<U>) {
        if let Some(value) = value {
            *slot = value.into();
        }
    }
    let wishes = layer.wishes();
    set(&mut settings.stack, layer.stack);
    set(&mut settings.read_only, layer.read_only);
    set(&mut settings.record, layer.record);
    set(&mut settings.log_memory, layer.logs.memory.map(|b| b.0));
    set(&mut settings.utc, layer.utc);
    set(&mut settings.mouse, layer.mouse);
    set(&mut settings.no_color, layer.no_color);
    set(&mut settings.theme, layer.theme.map(Spanned::into_inner));
    set(&mut settings.save_dir, layer.save_dir);
    set(&mut settings.image_prompt, layer.image_prompt);
    if let Some(url) = layer.app_url {
        settings.app_url = Some(url.trim_end_matches('/').into());
    }
    if let Some(group) = layer.log_group {
        settings.log_group = Some(group.into());
    }
    settings.keys.extend(wishes.into_iter().map(|wish| (wish.named.0, wish.keys.0)));
}

/// `--arm` names the profile in use, so that a script written for one account can not write to another.
fn armed(flags: &Common, profile: Option<&str>) -> Result<bool, ConfigError> {
    let in_use = profile.unwrap_or(DEFAULT_PROFILE);
    match flags.arm.as_deref() {
        None => Ok(false),
        Some(name) if name == in_use => Ok(true),
        Some(name) => Err(ConfigError(format!(
            "--arm {name} does not name the profile in use, which is {in_use}"
        ))),
    }
}

fn env_flag(env: Env<'_>, name: &str) -> Result<bool, ConfigError> {
    match env(name).as_deref() {
        None | Some("" | "0" | "false" | "no") => Ok(false),
        Some("1" | "true" | "yes") => Ok(true),
        Some(other) => Err(ConfigError(format!("{name}={other} is neither true nor false"))),
    }
}

fn read(path: &Path) -> Result<Layer, ConfigError> {
    let name = path.display().to_string();
    let text = fs::read_to_string(path).map_err(|e| ConfigError(format!("{name} can not be read: {e}")))?;
    if is_world_writable(path) {
        return Err(ConfigError(format!(
            "{name} can be written by everybody and is not used; run `chmod o-w {name}`"
        )));
    }
    parse(&text, &name)
}

#[cfg(unix)]
fn is_world_writable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|m| m.permissions().mode() & 0o002 != 0)
}

#[cfg(not(unix))]
fn is_world_writable(_: &Path) -> bool {
    false
}

fn parse(text: &str, name: &str) -> Result<Layer, ConfigError> {
    let wrong = |at: usize, why: &str| {
        let (line, column) = position(text, at);
        ConfigError(format!("{name}:{line}:{column}: {why}"))
    };
    let layer: Layer =
        toml::from_str(text).map_err(|error| wrong(error.span().map_or(0, |span| span.start), &sentence(error.message())))?;
    check_keys(&layer.wishes()).map_err(|(at, why)| wrong(at, &why))?;
    if let Some(theme) = layer.theme.as_ref().filter(|theme| !THEMES.contains(&theme.get_ref().as_str())) {
        let why = format!("there is no theme `{}`; choose {}", theme.get_ref(), THEMES.join(", "));
        return Err(wrong(theme.span().start, &why));
    }
    Ok(layer)
}

/// Line and column, both from 1, of a byte.
fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

/// The reader's message; one about an unknown key names the nearest valid one.
fn sentence(message: &str) -> String {
    let message = message.trim().replace('\n', " ");
    let names: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    match names.split_first() {
        Some((unknown, valid)) if message.starts_with("unknown field") => {
            format!("unknown key \"{unknown}\"; {}", nearest::hint(unknown, valid.iter().copied()))
        }
        _ => message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn none(_: &str) -> Option<String> {
        None
    }

    fn with(text: &str, flags: &Common, env: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let env = |name: &str| env.iter().find(|(k, _)| *k == name).map(|(_, v)| (*v).to_owned());
        merge(parse(text, "test.toml")?, flags, &env, Some(DEFAULT_PROFILE))
    }

    #[test]
    fn a_theme_that_is_none_stops_whatever_is_asked() {
        let error = parse("utc = true\ntheme = \"purple\"", "my.toml").unwrap_err().to_string();
        assert_eq!(error, "my.toml:2:9: there is no theme `purple`; choose auto, dark, light");
    }

    #[test]
    fn the_shipped_file_is_the_default_and_names_every_key() {
        let mut other = Settings {
            stack: "x".into(),
            read_only: true,
            record: false,
            log_memory: 1,
            utc: true,
            mouse: true,
            no_color: true,
            theme: "x".into(),
            save_dir: "x".into(),
            image_prompt: "x".into(),
            ..Settings::default()
        };
        take(&mut other, parse(DEFAULTS, "config.toml").unwrap());
        assert_eq!(other, Settings::default());
        assert_eq!(
            load(
                &Common {
                    config: Some("config.toml".into()),
                    ..Common::default()
                },
                &none,
                None
            )
            .unwrap()
            .settings,
            Settings::default()
        );
        // What has no default is there as a comment that would be taken.
        let all = DEFAULTS
            .replace("# profile =", "profile =")
            .replace("# region =", "region =")
            .replace("# app_url =", "app_url =");
        let all = all
            .replace("# log_group =", "log_group =")
            .replace("# [profiles", "[profiles")
            .replace("# production", "production");
        let layer = parse(
            &all.replace("\n# read_only", "\nread_only")
                .replace("\n# stack", "\nstack")
                .replace("# down", "down"),
            "all",
        )
        .unwrap();
        assert!(layer.profile.is_some() && layer.region.is_some() && layer.app_url.is_some() && layer.log_group.is_some());
        assert_eq!(layer.profiles["prod"].production, Some(true));
        assert_eq!(layer.keys.len(), 1);
    }

    #[test]
    fn later_layers_win() {
        let file = "stack = 'file'\nregion = 'file-1'\nprofile = 'p'\n[profiles.p]\nstack = 'table'\nregion = 'table-1'\n[profiles.q]\nproduction = true\nread_only = true";
        let stack = |flags: &Common, env: &[(&str, &str)]| with(file, flags, env).unwrap();
        let plain = Common::default();
        assert_eq!(stack(&plain, &[]).settings.stack, "table");
        assert_eq!(stack(&plain, &[]).region.as_deref(), Some("table-1"));
        assert_eq!(stack(&plain, &[("AWS_REGION", "env-1")]).region.as_deref(), Some("env-1"));
        assert_eq!(stack(&plain, &[("BIC_STACK", "env")]).settings.stack, "env");
        let flags = Common {
            stack: Some("flag".into()),
            region: Some("flag-1".into()),
            ..Common::default()
        };
        let both = stack(&flags, &[("BIC_STACK", "env"), ("AWS_REGION", "env-1")]);
        assert_eq!((both.settings.stack.as_str(), both.region.as_deref()), ("flag", Some("flag-1")));
        // A profile taken from the environment brings its table along: production stays production.
        let prod = stack(&plain, &[("AWS_PROFILE", "q"), ("BIC_READ_ONLY", "0")]);
        assert!(prod.settings.production && prod.settings.read_only && prod.settings.stack == "file");
        assert!(!prod.is_armed);
    }

    #[test]
    fn a_log_group_has_a_name() {
        let named = |name: &str| Common {
            log_group: Some(name.into()),
            ..Common::default()
        };
        for empty in ["", " "] {
            let why = with("", &named(empty), &[]).unwrap_err().to_string();
            assert!(why.contains("the log group has no name"), "{why}");
        }
        assert_eq!(with("", &named("/x"), &[]).unwrap().settings.log_group.as_deref(), Some("/x"));
        // A variable that is set to nothing is not set.
        assert_eq!(
            with("", &Common::default(), &[("BIC_LOG_GROUP", "")]).unwrap().settings.log_group,
            None
        );
    }

    #[test]
    fn the_table_of_the_default_profile_counts_where_none_is_named() {
        let file = "[profiles.default]\nproduction = true\nread_only = true\nstack = 'chat'\nregion = 'us-west-1'\napp_url = 'https://x'";
        let plain = Common::default();
        for env in [&[][..], &[("AWS_PROFILE", "")], &[("AWS_PROFILE", "default")]] {
            let Config { settings, region, .. } = with(file, &plain, env).unwrap();
            assert!(settings.production && settings.read_only, "{env:?}");
            assert_eq!((settings.stack.as_str(), region.as_deref()), ("chat", Some("us-west-1")));
            assert_eq!(settings.app_url.as_deref(), Some("https://x"));
        }
        let other = with(file, &plain, &[("AWS_PROFILE", "ops")]).unwrap().settings;
        assert!(!other.production && !other.read_only);
        // A simulated account is nobody's.
        let nobody = merge(parse(file, "test.toml").unwrap(), &plain, &none, None).unwrap();
        assert!(!nobody.settings.production);
    }

    #[test]
    fn arming_names_the_profile() {
        let arm = |name: &str, profile: Option<&str>| {
            let flags = Common {
                arm: Some(name.into()),
                profile: profile.map(Into::into),
                ..Common::default()
            };
            with("", &flags, &[]).map(|c| c.is_armed)
        };
        assert_eq!(arm("prod", Some("prod")), Ok(true));
        assert_eq!(arm("default", None), Ok(true));
        assert!(arm("prod", Some("dev")).unwrap_err().0.contains("dev"));
    }

    #[test]
    fn errors_say_where_and_what() {
        for (text, want) in [
            ("stak = 'x'", "test.toml:1:1: unknown key \"stak\"; did you mean \"stack\"?"),
            (
                "utc = false\n[logs]\n  memry = '1GiB'",
                "test.toml:3:3: unknown key \"memry\"; did you mean \"memory\"?",
            ),
            (
                "[profiles.p]\nprodction = true",
                "test.toml:2:1: unknown key \"prodction\"; did you mean \"production\"?",
            ),
            ("utc = 'yes'", "test.toml:1:7: invalid type: string \"yes\", expected a boolean"),
            (
                "[logs]\nmemory = '12 apples'",
                "test.toml:2:10: \"12 apples\" is no size; write it as 512MiB or 2GiB",
            ),
            (
                "[logs]\nmemory = '1KiB'",
                "test.toml:2:10: \"1KiB\" is too little; the least is 1MiB",
            ),
            (
                "[logs]\nmemory = '0GiB'",
                "test.toml:2:10: \"0GiB\" is too little; the least is 1MiB",
            ),
            (
                "[logs]\nmemory = '99999999999GiB'",
                "test.toml:2:10: \"99999999999GiB\" is no size; write it as 512MiB or 2GiB",
            ),
        ] {
            assert_eq!(with(text, &Common::default(), &[]).unwrap_err().0, want, "{text}");
        }
        let broken = with("utc = ", &Common::default(), &[]).unwrap_err().0;
        assert!(broken.starts_with("test.toml:1:") && !broken.contains('\n'), "{broken}");
        assert!(
            with("", &Common::default(), &[("BIC_READ_ONLY", "maybe")])
                .unwrap_err()
                .0
                .contains("BIC_READ_ONLY")
        );
    }

    #[test]
    fn bad_keys_are_named_with_their_place_whatever_runs() {
        for (text, place, want) in [
            ("[keys]\ndown = 'zzz'", "2:8", "`zzz`"),
            (
                "utc = true\n[keys]\n  zom = 'W'",
                "3:3",
                "there is no action `zom`; the nearest is `zoom`",
            ),
            ("[keys]\nzoom = ['f', 'ctrl-k']", "2:8", "can not be bound"),
            ("[keys]\nzoom = 'W'\ntimes = 'W'", "3:9", "both `"),
            ("[keys]\nzoom = 'q'", "2:8", "`back`"),
        ] {
            let why = with(text, &Common::default(), &[]).unwrap_err().0;
            assert!(why.starts_with(&format!("test.toml:{place}: ")) && why.contains(want), "{why}");
        }
        // Two may change places.
        let swapped = with("[keys]\nzoom = 't'\ntimes = 'f'", &Common::default(), &[]).unwrap();
        assert_eq!(swapped.settings.keys.len(), 2);
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_everybody_can_write_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.toml");
        fs::write(&path, "utc = true").unwrap();
        let flags = Common {
            config: Some(path.clone()),
            ..Common::default()
        };
        assert!(load(&flags, &none, None).unwrap().settings.utc);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        assert!(load(&flags, &none, None).unwrap_err().0.contains("chmod o-w"));
        assert!(
            load(
                &Common {
                    config: Some(dir.path().join("none.toml")),
                    ..Common::default()
                },
                &none,
                None
            )
            .is_err()
        );
    }
}
