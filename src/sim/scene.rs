//! Scenes: what has happened in a world before the console looks at it, and what is wrong with it.
//! They are data, in `assets/scenes`.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::core::{fact::Millis, nearest};

/// The scenes that ship, by name.
const FILES: [(&str, &str); 26] = [
    ("new", include_str!("../../assets/scenes/new.toml")),
    ("running", include_str!("../../assets/scenes/running.toml")),
    ("https", include_str!("../../assets/scenes/https.toml")),
    ("asleep", include_str!("../../assets/scenes/asleep.toml")),
    ("tasks-not-starting", include_str!("../../assets/scenes/tasks-not-starting.toml")),
    ("unreachable", include_str!("../../assets/scenes/unreachable.toml")),
    ("image-fails", include_str!("../../assets/scenes/image-fails.toml")),
    ("model-gone", include_str!("../../assets/scenes/model-gone.toml")),
    ("slow", include_str!("../../assets/scenes/slow.toml")),
    ("not-ready", include_str!("../../assets/scenes/not-ready.toml")),
    ("deploy-fails", include_str!("../../assets/scenes/deploy-fails.toml")),
    ("secret-missing", include_str!("../../assets/scenes/secret-missing.toml")),
    ("program-ends", include_str!("../../assets/scenes/program-ends.toml")),
    ("health-check-fails", include_str!("../../assets/scenes/health-check-fails.toml")),
    ("quota-exceeded", include_str!("../../assets/scenes/quota-exceeded.toml")),
    ("creation-failed", include_str!("../../assets/scenes/creation-failed.toml")),
    ("rollback-off", include_str!("../../assets/scenes/rollback-off.toml")),
    ("replaces-files", include_str!("../../assets/scenes/replaces-files.toml")),
    ("update-fails", include_str!("../../assets/scenes/update-fails.toml")),
    ("rollback-failed", include_str!("../../assets/scenes/rollback-failed.toml")),
    ("two-operators", include_str!("../../assets/scenes/two-operators.toml")),
    ("deleted-under-us", include_str!("../../assets/scenes/deleted-under-us.toml")),
    ("delete-failed", include_str!("../../assets/scenes/delete-failed.toml")),
    ("leftovers", include_str!("../../assets/scenes/leftovers.toml")),
    ("throttled", include_str!("../../assets/scenes/throttled.toml")),
    ("expired", include_str!("../../assets/scenes/expired.toml")),
];

/// What can be said of a scene before it is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SceneInfo {
    /// Name for `--demo=NAME`.
    pub name: &'static str,
    /// One line about it.
    pub title: &'static str,
}

/// All scenes, in the order of the guide.
pub fn scenes() -> Vec<SceneInfo> {
    let title = |text: &'static str| text.lines().next().unwrap_or_default().trim_start_matches('#').trim();
    FILES.iter().map(|(name, text)| SceneInfo { name, title: title(text) }).collect()
}

/// A scene ready to be played.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scene {
    /// Its name.
    #[serde(skip)]
    pub name: String,
    /// Where it plays; `None` where the template's image model is offered.
    #[serde(skip)]
    pub(super) region: Option<String>,
    /// Decides everything that is left to chance.
    #[serde(default)]
    pub(super) seed: u64,
    #[serde(default)]
    pub(super) step: Vec<Step>,
    #[serde(default)]
    pub(super) trouble: Vec<Trouble>,
}

impl Scene {
    /// The scene of that name.
    ///
    /// # Errors
    /// One sentence that names the nearest scene, or all where none is near.
    pub fn named(name: &str) -> Result<Self, String> {
        let Some((_, text)) = FILES.iter().find(|(n, _)| *n == name) else {
            return Err(format!(
                "There is no scene \"{}\"; {}",
                name.escape_default(),
                nearest::hint(name, FILES.iter().map(|(n, _)| *n))
            ));
        };
        let scene: Self = toml::from_str(text).map_err(|e| format!("The scene {name} can not be read: {e}"))?;
        Ok(Self {
            name: name.to_owned(),
            ..scene
        })
    }

    /// The same story with other chances.
    pub fn with_seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// The same story in another region.
    pub fn in_region(self, region: Option<String>) -> Self {
        Self { region, ..self }
    }

    /// How long before the console's start the world begins.
    pub(super) fn past(&self) -> Millis {
        let steps = self.step.iter().map(|s| s.ago.0);
        steps.chain(self.trouble.iter().map(|t| t.ago.0)).max().unwrap_or(0)
    }
}

/// Something that somebody did, or will do while the console looks on.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Step {
    #[serde(default)]
    pub(super) ago: Ago,
    #[serde(default, rename = "in")]
    pub(super) ahead: Option<Ago>,
    #[serde(flatten)]
    pub(super) action: Action,
}

/// What it was. Services are named by their short names, such as `openwebui`.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub(super) enum Action {
    Create {
        #[serde(default)]
        parameters: BTreeMap<String, String>,
        #[serde(default)]
        tags: BTreeMap<String, String>,
        /// Nothing is rolled back when it fails.
        #[serde(default)]
        keeps: bool,
        /// Properties that resources have in place of the template's, by logical id: an older template made them.
        #[serde(default)]
        was: BTreeMap<String, serde_json::Map<String, serde_json::Value>>,
    },
    Update {
        /// `{certificate}` is filled in with the ARN of the newest one.
        parameters: BTreeMap<String, String>,
        #[serde(default)]
        keeps: bool,
    },
    /// A certificate is requested and proven.
    Certificate {
        name: String,
    },
    /// A name is pointed at the load balancer.
    Point {
        name: String,
    },
    /// A unit of throughput is bought, without a commitment.
    Buy {
        name: String,
        model: String,
    },
    Destroy,
    /// Something stays in the account, or is put there.
    Leave {
        what: Left,
        name: String,
    },
    Protect,
    Scale {
        service: String,
        count: i32,
    },
    Restart {
        service: String,
    },
    StopTask {
        service: String,
    },
    Tag {
        service: String,
        key: String,
        value: String,
    },
}

/// What somebody left.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Left {
    /// A secret that was deleted by hand, and waits in its recovery window.
    Secret,
    /// A log group.
    LogGroup,
    /// An image repository.
    Repository,
}

/// Something that is wrong from a moment on.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Trouble {
    #[serde(default)]
    pub(super) ago: Ago,
    /// When it was over; it goes on without.
    #[serde(default)]
    pub(super) until: Option<Ago>,
    pub(super) what: What,
    /// Short name of the service, or logical id of the resource, that it strikes; every one when empty.
    #[serde(default)]
    pub(super) service: String,
    /// Tag of the images that a program ends in; every one when empty.
    #[serde(default)]
    pub(super) tag: String,
    /// What AWS, or the program in its log, says of it; a line each. `{image}`, `{account}`, `{region}`, `{id}` are filled in.
    #[serde(default)]
    pub(super) says: String,
    /// Exit code of a program that ends.
    #[serde(default)]
    pub(super) code: i32,
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum What {
    /// Images can not be pulled.
    CannotPull,
    /// Tasks fail before their container starts.
    CannotStart,
    /// The program ends soon after its start.
    Exits,
    /// CloudFormation can not make or change a resource.
    ResourceFails,
    /// CloudFormation can not put a resource back.
    RollbackFails,
    /// CloudFormation can not delete a resource.
    DeleteFails,
    /// Health checks get no answer.
    HealthTimeout,
    /// Health checks get a 502.
    #[serde(rename = "health-502")]
    Health502,
    /// Bedrock refuses the image model.
    ImageDenied,
    /// The image model of the stack has reached its end of life.
    ImageGone,
    /// Everything takes long: the tasks have too little CPU.
    Slow,
    /// A quota is used up: that of the check that is named.
    QuotaUsedUp,
    /// A secret of an older stack waits for its deletion.
    SecretDeleted,
    /// The operator may not do what is said, an action a line.
    NotPermitted,
    /// AWS throttles now and then.
    Throttled,
    /// The credentials have expired.
    Expired,
}

/// A span such as `2d`, `9h`, `25m` or `40s`, in milliseconds.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Ago(pub(super) Millis);

impl TryFrom<String> for Ago {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || format!("{text} is not a span such as 2d, 9h, 25m or 40s");
        let unit = match text.chars().last() {
            Some('d') => 86_400_000,
            Some('h') => 3_600_000,
            Some('m') => 60_000,
            Some('s') => 1_000,
            _ => return Err(wrong()),
        };
        let count: Millis = text[..text.len() - 1].parse().map_err(|_| wrong())?;
        Ok(Self(count * unit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scene_can_be_read_and_says_what_it_is() {
        for info in scenes() {
            let scene = Scene::named(info.name).unwrap();
            assert!(!info.title.is_empty() && !info.title.contains('='), "{}", info.name);
            assert!(
                scene.step.is_sorted_by_key(|s| std::cmp::Reverse(s.ago.0)),
                "{}: steps go on in time",
                info.name
            );
        }
    }

    #[test]
    fn an_unknown_scene_names_the_nearest() {
        for (name, want) in [
            ("runing", "did you mean \"running\"?"),
            ("sleep", "did you mean \"asleep\"?"),
            ("throtled", "did you mean \"throttled\"?"),
            ("nope", "there are new, running, "),
        ] {
            let error = Scene::named(name).unwrap_err();
            assert!(error.contains(want), "{name}: {error}");
        }
    }

    #[test]
    fn spans_are_read() {
        for (text, want) in [
            ("2d", Some(172_800_000)),
            ("40s", Some(40_000)),
            ("5", None),
            ("", None),
            ("xm", None),
            ("é", None),
        ] {
            assert_eq!(Ago::try_from(text.to_owned()).ok().map(|a| a.0), want, "{text}");
        }
    }
}
