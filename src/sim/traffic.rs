//! What the programs of the stack write: their start, health checks, and an irregular traffic of chats
//! and images. Every line is a function of the seed, the task and the time, so that a window asked
//! again holds the same lines. The texts follow Open WebUI 0.12.4 and LiteLLM 1.109.1 as they ran.

use jiff::Timestamp;

use super::{
    cfn::StackState,
    chance::Chance,
    scene::What,
    task::{LAST_WORDS, TaskState},
    world::{SECOND, World},
};
use crate::core::{fact::Millis, names::App};

const LITELLM_START: &str = include_str!("../../assets/scenes/litellm-start.log");
const OPENWEBUI_START: &str = include_str!("../../assets/scenes/openwebui-start.log");
const IMAGE_ERROR: &str = include_str!("../../assets/scenes/image-error.log");

/// People come and go in slots of this length.
const SLOT: Millis = 10 * SECOND;
/// The longest a request goes on after it came: slots so long before a window still write into it.
pub(super) const LINGER: Millis = 120 * SECOND;

/// A line before it is an event.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) at: Millis,
    pub(super) task: usize,
    /// What wrote it, and which of its lines it is: together they are unique.
    pub(super) source: String,
    pub(super) index: usize,
    pub(super) text: String,
}

/// A request of somebody to the application, from its beginning on.
struct Visit {
    name: String,
    at: Millis,
    /// The task of Open WebUI that gets it.
    webui: usize,
    client: String,
}

/// Collects the lines of a window.
pub(super) struct Writer<'a> {
    world: &'a World,
    from: Millis,
    until: Millis,
    out: Vec<Draft>,
}

impl<'a> Writer<'a> {
    pub(super) fn new(world: &'a World, from: Millis, until: Millis) -> Self {
        Self {
            world,
            from,
            until,
            out: Vec::new(),
        }
    }

    /// All lines of the window of a log group.
    pub(super) fn lines(mut self, group: &str) -> Vec<Draft> {
        let tasks: Vec<usize> = (0..self.world.tasks.len())
            .filter(|t| self.overlaps(&self.world.tasks[*t], group))
            .collect();
        for t in &tasks {
            self.start(*t);
            self.checks(*t);
            self.stop(*t);
        }
        if !tasks.is_empty() {
            let first = (self.from - LINGER).div_euclid(SLOT);
            for slot in first..=self.until.div_euclid(SLOT) {
                self.slot(slot, group);
            }
        }
        self.out
    }

    fn overlaps(&self, task: &TaskState, group: &str) -> bool {
        let is_its = task.log_group == group && task.has_logs;
        is_its && task.started.is_some_and(|s| s < self.until) && task.ended.is_none_or(|e| e + 5 * SECOND >= self.from)
    }

    /// Keeps a line that is in the window, and in the life of its task.
    fn write(&mut self, task: usize, at: Millis, (source, index): (&str, usize), text: String) {
        let t = &self.world.tasks[task];
        let is_alive = t.started.is_some_and(|s| s <= at) && t.ended.is_none_or(|e| at <= e + 2 * SECOND);
        // The log driver sends no empty lines.
        if is_alive && !text.is_empty() && (self.from..self.until).contains(&at) {
            self.out.push(Draft {
                at,
                task,
                source: source.to_owned(),
                index,
                text,
            });
        }
    }

    fn start(&mut self, t: usize) {
        let task = &self.world.tasks[t];
        let Some((started, ready)) = task.started.zip(self.world.ready_at(task)) else {
            return;
        };
        let ended = task.ended.unwrap_or(Millis::MAX);
        if ready + SECOND < self.from {
            return;
        }
        let text = if self.world.app_of(task) == App::Litellm {
            LITELLM_START
        } else {
            OPENWEBUI_START
        };
        let version = self.world.version_of(task);
        let has_postgres = self.world.has_postgres(t);
        let count = text.lines().count();
        for (i, line) in text.lines().enumerate() {
            // The first line comes late, when Python has read its modules; the last when all is ready.
            let share = 55 + 45 * (i + 1) / count;
            let at = started + (ready - started) * Millis::try_from(share).unwrap_or(100) / 100;
            // What it writes when it ends by itself comes after all this.
            if at >= ended - LAST_WORDS {
                break;
            }
            let line = line
                .replace("{stamp}", &stamp(at))
                .replace("{hms}", &hms(at))
                .replace("{version}", &version);
            let line = if has_postgres {
                line.replace("SQLiteImpl", "PostgresqlImpl")
                    .replace("non-transactional", "transactional")
            } else {
                line
            };
            self.write(t, at, ("start", i), line);
        }
    }

    fn stop(&mut self, t: usize) {
        let task = &self.world.tasks[t];
        // Who ends before it is up does not shut down in order.
        let is_up = |ended: &Millis| self.world.ready_at(task).is_some_and(|ready| ready <= *ended);
        let Some(ended) = task.ended.filter(is_up) else { return };
        let lines = [
            "INFO:     Shutting down",
            "INFO:     Waiting for application shutdown.",
            "INFO:     Application shutdown complete.",
            "INFO:     Finished server process [1]",
        ];
        for (i, line) in lines.into_iter().enumerate() {
            let at = ended + 180 + 350 * Millis::try_from(i).unwrap_or(0);
            self.write(t, at, ("stop", i), line.to_owned());
        }
    }

    /// The container's own health check, and those of each node of the load balancer.
    fn checks(&mut self, t: usize) {
        let task = &self.world.tasks[t];
        let Some(ready) = self.world.ready_at(task) else { return };
        let mut clients = vec!["127.0.0.1".to_owned()];
        let service = &self.world.services[task.service];
        if !service.groups.is_empty() {
            let stack = self.world.stacks.iter().find(|s| s.id == service.stack);
            clients.extend(stack.map(|s| self.world.balancer_addresses(s)).unwrap_or_default());
        }
        let is_cut_off = |at: Millis| self.world.is_troubled(What::HealthTimeout, &service.name, at);
        for client in clients {
            let source = format!("check/{client}");
            let phase = self.world.chance(&format!("{}/{source}", task.id)).between(0, 14_999);
            let first = (self.from.max(ready) - phase).div_euclid(15 * SECOND);
            for k in first.. {
                let mut chance = self.world.chance(&format!("{}/{source}/{k}", task.id));
                let due = k * 15 * SECOND + phase;
                if due >= self.until {
                    break;
                }
                let at = due + chance.between(0, 40);
                if at < ready {
                    continue;
                }
                if client != "127.0.0.1" && is_cut_off(at) {
                    continue;
                }
                let text = self.world.access(
                    (t, at),
                    &format!("{client}:{}", chance.between(32_768, 60_999)),
                    self.check_path(t),
                    200,
                );
                self.write(t, at, (&format!("{source}/{k}"), 0), text);
            }
        }
    }

    fn check_path(&self, t: usize) -> &'static str {
        match self.world.app_of(&self.world.tasks[t]) {
            App::Litellm => "GET /health/liveliness",
            App::OpenWebui => "GET /health",
        }
    }

    fn webui(&mut self, visit: &Visit, (after, index): (Millis, usize), request: &str, status: u16) {
        let at = visit.at + after;
        // Behind the load balancer the client is taken from a header, which tells no port.
        let line = self
            .world
            .access((visit.webui, at), &format!("{}:0", visit.client), request, status);
        self.write(visit.webui, at, (&visit.name, index), line);
    }

    fn webui_log(&mut self, visit: &Visit, after: Millis, index: usize, text: &str) {
        let at = visit.at + after;
        self.write(visit.webui, at, (&visit.name, index), format!("{} | {text}", stamp(at)));
    }

    /// What happens in one slot.
    fn slot(&mut self, slot: i64, group: &str) {
        let mut chance = self.world.chance(&format!("slot/{group}/{slot}"));
        let hour = (slot * SLOT).div_euclid(3_600 * SECOND).rem_euclid(24);
        // Busy from eight in the morning to six in the evening on the US west coast.
        let percent = match hour {
            15..=23 | 0..=1 => 46,
            2..=5 => 18,
            _ => 4,
        };
        // Who gets no picture tries again, at any hour.
        let percent = if self.world.image_refusal(slot * SLOT).is_some() {
            percent.max(46)
        } else {
            percent
        };
        // Some minutes are lively, others still.
        let mood = self.world.chance(&format!("mood/{}", slot / 9)).between(0, 20);
        if chance.between(1, 100) > percent * mood / 10 {
            return;
        }
        let at = slot * SLOT + chance.between(0, SLOT - 1);
        let webui = self.ready(group, App::OpenWebui, at);
        let Some(webui) = (!webui.is_empty()).then(|| *chance.pick(&webui)) else {
            return;
        };
        let visit = Visit {
            name: format!("visit/{slot}"),
            at,
            webui,
            client: format!("198.51.100.{}", chance.between(17, 40)),
        };
        let litellm = self.ready(group, App::Litellm, at);
        let litellm = (!litellm.is_empty()).then(|| *chance.pick(&litellm));
        match (chance.between(1, 100), litellm) {
            (1..=5, _) => self.sign_in(&visit, &mut chance),
            (6..=9, _) => self.stranger(&visit, &mut chance),
            (_, None) => self.nobody_behind(&visit),
            (10..=34, Some(litellm)) => self.image(&visit, litellm, &mut chance),
            (_, Some(litellm)) => self.chat(&visit, litellm, &mut chance),
        }
    }

    /// Tasks of an application that answer at a time.
    fn ready(&self, group: &str, app: App, at: Millis) -> Vec<usize> {
        let is_ready = |t: &usize| {
            let task = &self.world.tasks[*t];
            let is_its = task.log_group == group && task.has_logs && self.world.app_of(task) == app;
            let is_reached = app == App::Litellm || !self.world.is_troubled(What::HealthTimeout, "openwebui", at);
            is_its && is_reached && self.world.ready_at(task).is_some_and(|r| r <= at) && task.ended.is_none_or(|e| at < e)
        };
        (0..self.world.tasks.len()).filter(is_ready).collect()
    }

    fn sign_in(&mut self, visit: &Visit, chance: &mut Chance) {
        let user = chance.pick(&["ana@example.com", "bo@example.com", "chen@example.com", "admin@example.com"]);
        let log = format!("INFO     | open_webui.models.auths:authenticate_user:336 - authenticate_user: {user}");
        self.webui_log(visit, 0, 0, &log);
        let status = if chance.one_in(6) { 400 } else { 200 };
        self.webui(visit, (214, 1), "POST /api/v1/auths/signin", status);
        if status == 200 {
            self.webui(visit, (390, 2), "GET /api/config", 200);
        }
    }

    /// The internet looks for other people's mistakes.
    fn stranger(&mut self, visit: &Visit, chance: &mut Chance) {
        let path = chance.pick(&["/wp-login.php", "/.env", "/.git/config", "/admin", "/robots.txt"]);
        self.webui(visit, (0, 0), &format!("GET {path}"), 200);
    }

    fn nobody_behind(&mut self, visit: &Visit) {
        let project = self.world.project_of(visit.webui);
        let log = format!(
            "ERROR    | open_webui.routers.openai:send_get_request:92 - Connection error: Cannot connect to host \
             litellm.{project}.internal:4000 ssl:default [Name or service not known]"
        );
        self.webui_log(
            visit,
            12,
            0,
            "INFO     | open_webui.routers.openai:get_all_models:716 - get_all_models()",
        );
        self.webui_log(visit, 31, 1, &log);
        self.webui(visit, (44, 2), "POST /api/chat/completions", 400);
    }

    /// A line of LiteLLM about a request that Open WebUI made.
    fn proxied(&mut self, visit: &Visit, (litellm, after): (usize, Millis), request: &str, status: u16) {
        let port = self.world.chance(&visit.name).between(32_768, 60_999);
        let client = format!("{}:{port}", self.world.tasks[visit.webui].address);
        let at = visit.at + after;
        let line = self.world.access((litellm, at), &client, request, status);
        self.write(litellm, at, (&format!("{}/{request}", visit.name), 0), line);
    }

    fn chat(&mut self, visit: &Visit, litellm: usize, chance: &mut Chance) {
        let slow = self.slowness(visit.at);
        if chance.one_in(3) {
            self.webui_log(
                visit,
                0,
                0,
                "INFO     | open_webui.routers.openai:get_all_models:716 - get_all_models()",
            );
            self.proxied(visit, (litellm, 9 * slow), "GET /v1/models", 200);
            self.webui(visit, (21 * slow, 1), "GET /api/models", 200);
        }
        let first_token = chance.between(420, 2_100) * slow;
        let chat = chance.uuid();
        self.webui(visit, (160 * slow, 2), "POST /api/chat/completions", 200);
        self.proxied(visit, (litellm, first_token), "POST /v1/chat/completions", 200);
        let done = first_token + chance.between(2_500, 9_000) * slow;
        self.webui(visit, (done, 3), "POST /api/chat/completed", 200);
        self.webui(visit, (done + 95, 4), &format!("POST /api/v1/chats/{chat}"), 200);
        self.webui(visit, (done + 170, 5), "GET /api/v1/chats/?page=1", 200);
    }

    fn image(&mut self, visit: &Visit, litellm: usize, chance: &mut Chance) {
        let took = chance.between(5_200, 11_800);
        let error = self.image_error(visit.at, chance);
        if let Some(error) = error {
            self.failed_image(visit, litellm, error, chance);
            return;
        }
        let took = (took * self.slowness(visit.at)).min(LINGER - 5 * SECOND);
        self.proxied(visit, (litellm, took), "POST /v1/images/generations", 200);
        let log = "INFO     | open_webui.routers.files:upload_file_handler:330 - file.content_type: image/png False";
        self.webui_log(visit, took + 60, 0, log);
        self.webui(visit, (took + 130, 1), "POST /api/v1/images/generations", 200);
        self.webui(visit, (took + 420, 2), &format!("GET /api/v1/files/{}/content", chance.uuid()), 200);
    }

    fn slowness(&self, at: Millis) -> i64 {
        if self.world.is_troubled(What::Slow, "", at) { 6 } else { 1 }
    }

    fn image_error(&self, at: Millis, chance: &mut Chance) -> Option<ImageError> {
        if let Some(refusal) = self.world.image_refusal(at) {
            return Some(refusal);
        }
        if self.slowness(at) > 1 && chance.one_in(5) {
            return Some(TIMEOUT);
        }
        match chance.between(1, 60) {
            1 => Some(THROTTLED),
            2 => Some(FILTERED),
            _ => None,
        }
    }

    fn failed_image(&mut self, visit: &Visit, litellm: usize, error: ImageError, chance: &mut Chance) {
        let took = if error.status == 408 { 61_000 } else { chance.between(180, 900) };
        let call = chance.uuid();
        let text = self.world.image_error_text(litellm, visit.at + took, error, &call);
        for (i, line) in text.lines().enumerate() {
            self.write(litellm, visit.at + took, (&format!("{}/error", visit.name), i), line.to_owned());
        }
        self.proxied(visit, (litellm, took + 2), "POST /v1/images/generations", error.status);
        self.webui(visit, (took + 40, 0), "POST /api/v1/images/generations", 400);
    }
}

/// A refusal of Bedrock, as LiteLLM tells it.
#[derive(Debug, Clone, Copy)]
pub(super) struct ImageError {
    pub(super) status: u16,
    class: &'static str,
    pub(super) message: &'static str,
}

pub(super) const DENIED: ImageError = ImageError {
    status: 403,
    class: "PermissionDeniedError",
    message: "You don't have access to the model with the specified model ID.",
};
pub(super) const ENDED: ImageError = ImageError {
    status: 404,
    class: "NotFoundError",
    message: "This model version has reached the end of its life. Please refer to the AWS documentation for more details.",
};
pub(super) const ELSEWHERE: ImageError = ImageError {
    status: 404,
    class: "NotFoundError",
    message: "Could not resolve the foundation model from the provided model identifier.",
};
const THROTTLED: ImageError = ImageError {
    status: 429,
    class: "RateLimitError",
    message: "Too many requests, please wait before trying again.",
};
const FILTERED: ImageError = ImageError {
    status: 400,
    class: "BadRequestError",
    message: "This request has been blocked by our content filters. Our filters automatically flagged this prompt because it may conflict \
              our AUP or AWS Responsible AI Policy. Please adjust your text prompt to submit a new request.",
};
const TIMEOUT: ImageError = ImageError {
    status: 408,
    class: "Timeout",
    message: "Model has timed out in processing the request. Try your request again.",
};

impl World {
    /// An access line in the manner of the program.
    pub(super) fn access(&self, (t, at): (usize, Millis), client: &str, request: &str, status: u16) -> String {
        match self.app_of(&self.tasks[t]) {
            App::Litellm => format!("INFO:     {client} - \"{request} HTTP/1.1\" {status} {}", status_text(status)),
            App::OpenWebui => format!(
                "{} | INFO     | uvicorn.protocols.http.httptools_impl:send:482 - {client} - \"{request} HTTP/1.1\" {status}",
                stamp(at)
            ),
        }
    }

    /// When the program of a task answers, or will.
    pub(super) fn ready_at(&self, task: &TaskState) -> Option<Millis> {
        let started = task.started?;
        Some(started + self.boot(&task.id, &self.services[task.service].name, started))
    }

    /// How long a program takes to start.
    pub(super) fn boot(&self, task: &str, service: &str, started: Millis) -> Millis {
        let boot = self.chance(&format!("boot/{task}")).between(12_000, 19_000);
        if self.is_troubled(What::Slow, service, started) {
            boot * 3
        } else {
            boot
        }
    }

    fn stack_of(&self, task: usize) -> Option<&StackState> {
        let service = &self.services[self.tasks[task].service];
        self.stacks.iter().find(|s| s.id == service.stack)
    }

    fn project_of(&self, task: usize) -> String {
        self.stack_of(task)
            .and_then(|s| s.values.get("ProjectName").cloned())
            .unwrap_or_default()
    }

    /// The task's stack has a database of its own.
    fn has_postgres(&self, task: usize) -> bool {
        self.stack_of(task)
            .is_some_and(|s| s.resources.iter().any(|r| r.def.kind == "AWS::RDS::DBInstance"))
    }

    /// The tag of a task's image, without what the mirror adds.
    fn version_of(&self, task: &TaskState) -> String {
        let image = self.definitions.get(&task.definition).map(|d| d.image.as_str()).unwrap_or_default();
        let tag = image.rsplit(':').next().unwrap_or_default();
        let is_architecture = |end: &str| ["X86_64", "ARM64", "amd64", "arm64"].contains(&end);
        let version = tag
            .rsplit_once('-')
            .filter(|(_, end)| is_architecture(end))
            .map_or(tag, |(version, _)| version);
        version.to_owned()
    }

    /// LiteLLM's report of a failed image, a line each.
    pub(super) fn image_error_text(&self, litellm: usize, at: Millis, error: ImageError, call: &str) -> String {
        let model = self
            .stack_of(litellm)
            .and_then(|s| s.values.get("ImageModelId").cloned())
            .unwrap_or_default();
        IMAGE_ERROR
            .replace("{hms}", &hms(at))
            .replace("{call}", call)
            .replace("{status}", &format!("{} {}", error.status, status_text(error.status)))
            .replace("{code}", &error.status.to_string())
            .replace("{class}", error.class)
            .replace("{model}", &model)
            .replace("{region}", &self.region)
            .replace("{message}", error.message)
    }
}

fn status_text(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        408 => "Request Timeout",
        429 => "Too Many Requests",
        _ => "Internal Server Error",
    }
}

fn stamp(at: Millis) -> String {
    Timestamp::from_millisecond(at)
        .map(|t| t.strftime("%Y-%m-%d %H:%M:%S%.3f").to_string())
        .unwrap_or_default()
}

fn hms(at: Millis) -> String {
    Timestamp::from_millisecond(at)
        .map(|t| t.strftime("%H:%M:%S").to_string())
        .unwrap_or_default()
}
