//! What AWS's texts mean in plain words: stop codes, reasons, exit codes, answers of Bedrock. The dictionary
//! is data, in `assets/causes.toml`; an entry may need a second fact besides its text.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::Deserialize;

use crate::core::{fact::Task, fault::Fault};

/// The dictionary; its head says what an entry is.
const SHIPPED: &str = include_str!("../../../assets/causes.toml");

static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    #[derive(Deserialize)]
    struct File {
        entry: Vec<Entry>,
    }
    toml::from_str::<File>(SHIPPED).map(|file| file.entry).unwrap_or_default()
});

/// What a text of AWS means, and what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meaning {
    /// In plain words, no final stop.
    pub plain: &'static str,
    /// What to do now: one sentence for both kinds of readers.
    advice: &'static str,
    /// It only says that something below went wrong.
    pub(super) is_general: bool,
}

/// Who is told what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// Somebody at the console: keys lead on.
    Console,
    /// Whoever reads what a subcommand prints: other subcommands do.
    Script,
}

impl Meaning {
    /// What to do now, in one sentence, for a reader.
    pub fn advice(&self, reader: Reader) -> String {
        told_to(reader, self.advice)
    }
}

/// A sentence for a reader, out of one for both: what leads somewhere stands in it as `(KEYS; SUBCOMMAND)`.
pub(super) fn told_to(reader: Reader, text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('(') {
        let inside = after.split(')').next().unwrap_or_default();
        let told = match (inside.split_once("; `bic-tui "), reader) {
            (None, _) => inside.to_owned(),
            (Some((keys, _)), Reader::Console) => keys.to_owned(),
            (Some((_, command)), Reader::Script) => format!("`bic-tui {command}"),
        };
        out += &format!("{before}({told}");
        rest = &after[inside.len()..];
    }
    out + rest
}

/// One entry.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) exit: Option<i32>,
    on: String,
    pub(super) also: Vec<Also>,
    general: bool,
    pub(super) plain: String,
    advice: String,
    pub(super) says: String,
    pub(super) source: String,
}

/// A second fact.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Also {
    /// Another piece of text, anywhere.
    Text(String),
    /// A piece of the last lines that the task wrote.
    Log(String),
    /// A parameter of the stack, as `Name=value`.
    Parameter(String),
    /// Type of the resource that failed.
    Kind(String),
    /// End of the name of the service.
    Service(String),
    /// Exit code of the container.
    Exit(i32),
    /// Stop code of the task.
    StopCode(String),
}

/// All that is known of a failure: AWS's texts from the outside in, and what stands around them.
#[derive(Debug, Clone, Default)]
pub struct Clues<'a> {
    /// Reason of the event, message of ECS, reasons of containers and task.
    pub texts: Vec<&'a str>,
    /// What the load balancer says of a target: reason and description.
    pub targets: Vec<&'a str>,
    /// Type of the resource that failed.
    pub kind: &'a str,
    /// Name of the service.
    pub service: &'a str,
    /// Stop code of the task.
    pub stop_code: &'a str,
    /// Exit code of its container.
    pub exit: Option<i32>,
    /// The last lines that it wrote.
    pub log: Vec<&'a str>,
    /// Parameters of the stack.
    pub parameters: BTreeMap<String, String>,
}

impl<'a> Clues<'a> {
    /// What a stopped task tells by itself.
    pub fn of_task(task: &'a Task) -> Self {
        let codes = || task.containers.iter().filter_map(|c| c.exit_code);
        Self {
            texts: task
                .containers
                .iter()
                .map(|c| c.reason.as_str())
                .chain([task.stopped_reason.as_str()])
                .collect(),
            service: &task.service,
            stop_code: &task.stop_code,
            exit: codes().find(|c| *c != 0).or_else(|| codes().next()),
            ..Self::default()
        }
    }

    fn holds(&self, also: &Also) -> bool {
        match also {
            Also::Text(piece) => self.texts.iter().chain(&self.targets).any(|t| t.contains(piece.as_str())),
            Also::Log(piece) => self.log.iter().any(|line| line.contains(piece.as_str())),
            Also::Parameter(pair) => pair
                .split_once('=')
                .is_some_and(|(name, value)| self.parameters.get(name).is_some_and(|v| v == value)),
            Also::Kind(kind) => self.kind == kind,
            Also::Service(end) => self.service.ends_with(end.as_str()),
            Also::Exit(code) => self.exit == Some(*code),
            Also::StopCode(code) => self.stop_code == code,
        }
    }
}

impl Entry {
    pub(super) fn meaning(&'static self) -> Meaning {
        Meaning {
            plain: &self.plain,
            advice: &self.advice,
            is_general: self.general,
        }
    }

    pub(super) fn is_about_targets(&self) -> bool {
        self.on == "target"
    }

    /// Its text stands there, or its exit code.
    fn is_met(&self, clues: &Clues<'_>) -> bool {
        let texts = if self.is_about_targets() { &clues.targets } else { &clues.texts };
        match self.exit {
            Some(code) => clues.exit == Some(code),
            None => texts.iter().any(|t| t.contains(self.key.as_str())),
        }
    }
}

/// What the clues come to: two facts joined before one alone, a text that names the cause before an exit code,
/// and last what only says that something below went wrong.
pub fn explain(clues: &Clues<'_>) -> Option<Meaning> {
    let joined = ENTRIES
        .iter()
        .find(|e| !e.also.is_empty() && e.is_met(clues) && e.also.iter().all(|a| clues.holds(a)));
    let own = |general: bool| clues.texts.iter().find_map(|text| look_up(text, general));
    joined
        .map(Entry::meaning)
        .or_else(|| own(false))
        .or_else(|| of_exit(clues))
        .or_else(|| clues.targets.iter().find_map(|text| of_target(text)))
        .or_else(|| own(true))
}

/// The first entry without a second fact whose text stands in `text`.
fn look_up(text: &str, general: bool) -> Option<Meaning> {
    let is_it = |e: &&Entry| e.also.is_empty() && e.exit.is_none() && !e.is_about_targets() && e.general == general;
    ENTRIES
        .iter()
        .filter(is_it)
        .find(|e| text.contains(e.key.as_str()))
        .map(Entry::meaning)
}

/// What a reason of AWS means, as far as it is known.
pub fn meaning(text: &str) -> Option<Meaning> {
    look_up(text, false).or_else(|| look_up(text, true))
}

/// What the reason of a target means.
pub fn of_target(reason: &str) -> Option<Meaning> {
    let is_it = |e: &&Entry| e.also.is_empty() && e.is_about_targets();
    ENTRIES
        .iter()
        .filter(is_it)
        .find(|e| reason.contains(e.key.as_str()))
        .map(Entry::meaning)
}

/// Why a task stopped: its reasons and its exit code, joined with what its stack is like.
pub fn of_task(task: &Task, parameters: &BTreeMap<String, String>) -> Option<Meaning> {
    explain(&Clues {
        parameters: parameters.clone(),
        ..Clues::of_task(task)
    })
}

fn of_exit(clues: &Clues<'_>) -> Option<Meaning> {
    // A container that obeyed its stop says nothing about why it was told to.
    if clues.stop_code == "ServiceSchedulerInitiated" {
        return None;
    }
    let code = clues.exit?;
    let found = ENTRIES.iter().find(|e| e.also.is_empty() && e.exit == Some(code));
    found.map(Entry::meaning)
}

/// A piece of the answer to an image, plain words, advice.
pub(super) type ImageEntry = (&'static str, &'static str, &'static str);

/// Answers of Bedrock and LiteLLM to the request for an image.
pub(super) const IMAGES: &[ImageEntry] = &[
    (
        "end of its life",
        "the model is no longer offered",
        "Deploy with another ImageModelId: those that are offered are listed (8; `bic-tui models`).",
    ),
    (
        "marked by provider as Legacy",
        "the model is being retired, and closed to whoever has not used it lately",
        "Deploy with another ImageModelId: those that are offered are listed (8; `bic-tui models`).",
    ),
    (
        "not ready for inference",
        "Bedrock still loads the model",
        "Wait a minute and fire again.",
    ),
    (
        "model identifier is invalid",
        "Bedrock does not know this model in this region",
        "Check ImageModelId and the region.",
    ),
    (
        "on-demand throughput isn’t supported",
        "the model is not sold by the call under this id",
        "Take its inference profile (us., eu., apac.), or provisioned throughput.",
    ),
    (
        "on-demand throughput isn't supported",
        "the model is not sold by the call under this id",
        "Take its inference profile (us., eu., apac.), or provisioned throughput.",
    ),
    (
        "content filters",
        "the model refuses this prompt",
        "Try another prompt; the way is well.",
    ),
    (
        "not authorized to perform",
        "the caller may not invoke this model",
        "Allow bedrock:InvokeModel on it: to the task role for the stack, to your own role for the direct way.",
    ),
    (
        "don't have access to the model",
        "this account has no access to the model",
        "Ask for access to the model in the Bedrock console of this region.",
    ),
    (
        "AccessDeniedException",
        "Bedrock does not let the caller use this model",
        "Ask for access to the model in the Bedrock console, and check bedrock:InvokeModel.",
    ),
    (
        "all_deployments_in_cooldown",
        "LiteLLM rests after an earlier failure",
        "Wait half a minute and fire again; the log (4; `bic-tui logs`) has the first error.",
    ),
    (
        "does not accept its API key",
        "the key in the secret is not the one that the tasks have",
        "Force a new deployment of LiteLLM, so that its tasks read the secret again (3, then r; `bic-tui restart litellm`).",
    ),
    (
        "Invalid model name",
        "LiteLLM does not serve this model",
        "Update the stack, so that LiteLLM gets its list of models anew.",
    ),
    (
        "is not exposed",
        "the load balancer does not pass /v1 to LiteLLM",
        "Take the way through Open WebUI, or deploy with ExposeLiteLLM=true.",
    ),
    (
        "ThrottlingException",
        "Bedrock's quota for this model is used up for the moment",
        "Wait a minute, and ask for a larger quota when it happens often.",
    ),
    (
        "Too many requests, please wait",
        "Bedrock's quota for this model is used up for the moment",
        "Wait a minute, and ask for a larger quota when it happens often.",
    ),
    (
        "Model has timed out",
        "the model took too long",
        "Fire again; AWS Health tells of outages.",
    ),
    (
        "UnrecognizedClientException",
        "Bedrock does not accept the credentials of the task",
        "Look at the task role, then force a new deployment of LiteLLM (3, then r; `bic-tui restart litellm`).",
    ),
    (
        "the load balancer answered 50",
        "no healthy task stands behind the load balancer",
        "Look at the tasks (3; `bic-tui status`) and at the targets (1; `bic-tui targets`).",
    ),
    (
        "ModelTimeoutException",
        "the model took too long",
        "Fire again; AWS Health tells of outages.",
    ),
    (
        "ModelErrorException",
        "the model failed on this request",
        "Fire again, or try another prompt.",
    ),
    (
        "InternalServerException",
        "Bedrock itself failed",
        "Fire again in a minute; AWS Health tells of outages.",
    ),
    (
        "ServiceUnavailableException",
        "Bedrock itself failed",
        "Fire again in a minute; AWS Health tells of outages.",
    ),
];

/// What a failed test image means: the code of the fault first, then its words.
pub fn of_image(fault: &Fault) -> Option<Meaning> {
    of_log(&fault.detail).or_else(|| of_log(fault.code.as_deref()?))
}

/// What an error in the log means, where it is an answer of Bedrock or LiteLLM.
pub fn of_log(text: &str) -> Option<Meaning> {
    let found = IMAGES.iter().find(|(key, ..)| text.contains(key));
    found.map(|(_, plain, advice)| Meaning {
        plain,
        advice,
        is_general: false,
    })
}

#[cfg(test)]
pub(super) fn entries() -> &'static [Entry] {
    &ENTRIES
}
