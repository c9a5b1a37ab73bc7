//! A scripted HTTP/1.1 server on this machine, for tests: it answers each AWS operation, or each path,
//! with the next reply of its script, well or badly, and keeps what it was asked.
#![allow(dead_code, reason = "each test binary uses a part of it")]

pub(crate) mod account;
pub(crate) mod bodies;

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// How an answer leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum How {
    /// Whole, and the connection stays.
    Whole,
    /// Some bytes at a time, with a pause between.
    Drip(usize, Duration),
    /// Its head and the first bytes of its body, then a clean end.
    Cut(usize),
    /// No byte; the connection is reset.
    Reset,
    /// No byte; the connection stays open.
    Silent,
    /// Its head and all of its body but an end that does not come; the connection stays open.
    Held,
}

/// One answer.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) delay: Duration,
    pub(crate) how: How,
}

impl Reply {
    pub(crate) fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: vec![
                ("content-type".into(), content_type.into()),
                ("x-amzn-requestid".into(), "request-1".into()),
            ],
            body: body.into(),
            delay: Duration::ZERO,
            how: How::Whole,
        }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub(crate) fn how(self, how: How) -> Self {
        Self { how, ..self }
    }

    pub(crate) fn delayed(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }
}

/// One request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// AWS operation, or method and path.
    pub(crate) operation: String,
    pub(crate) method: String,
    pub(crate) path: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body of a request in CBOR; a time is `[tag, seconds]`.
    pub(crate) fn cbor(&self) -> ciborium::Value {
        ciborium::from_reader(self.body.as_slice()).expect("the request is CBOR")
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("the request is JSON")
    }

    /// The fields of a form, decoded.
    pub(crate) fn form(&self) -> HashMap<String, String> {
        let url = reqwest::Url::parse(&format!("http://form/?{}", self.text())).expect("the request is a form");
        url.query_pairs().into_owned().collect()
    }
}

/// Answers requests by what they ask.
type Answerer = Box<dyn FnMut(&Request) -> Reply + Send>;

#[derive(Default)]
struct State {
    answerers: HashMap<String, Answerer>,
    scripts: HashMap<String, VecDeque<Reply>>,
    requests: Vec<Request>,
    /// Who answers, in place of scripts.
    account: Option<Arc<account::Account>>,
}

/// A running server; it ends when dropped.
pub(crate) struct Server {
    /// `http://127.0.0.1:PORT`.
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    /// A server whose answers come from an account that remembers.
    pub(crate) async fn over(account: Arc<account::Account>) -> Self {
        let server = Self::start().await;
        server.state.lock().expect("state").account = Some(account);
        server
    }

    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self {
            url: format!("http://{address}"),
            state,
            task,
        }
    }

    /// Replies to an operation, in turn; the last one is given again and again.
    pub(crate) fn on(&self, operation: &str, replies: impl IntoIterator<Item = Reply>) {
        let replies = replies.into_iter().collect();
        self.state.lock().expect("state").scripts.insert(operation.into(), replies);
    }

    /// Answers an operation by what it asks.
    pub(crate) fn answer(&self, operation: &str, answerer: impl FnMut(&Request) -> Reply + Send + 'static) {
        let answerers = &mut self.state.lock().expect("state").answerers;
        answerers.insert(operation.into(), Box::new(answerer));
    }

    /// Forgets what was asked.
    pub(crate) fn forget(&self) {
        self.state.lock().expect("state").requests.clear();
    }

    /// What was asked so far, oldest first.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.state.lock().expect("state").requests.clone()
    }

    /// What was asked of one operation.
    pub(crate) fn asked(&self, operation: &str) -> Vec<Request> {
        self.requests().into_iter().filter(|it| it.operation == operation).collect()
    }
}

async fn serve(mut stream: TcpStream, state: Arc<Mutex<State>>) {
    let mut pending = Vec::new();
    while let Some(request) = read(&mut stream, &mut pending).await {
        let account = state.lock().expect("state").account.clone();
        let reply = if let Some(account) = account {
            state.lock().expect("state").requests.push(request.clone());
            account.answer(&request)
        } else {
            let mut state = state.lock().expect("state");
            let State {
                answerers,
                scripts,
                requests,
                ..
            } = &mut *state;
            let script = scripts.entry(request.operation.clone()).or_default();
            let next = match answerers.get_mut(&request.operation) {
                Some(answerer) => Some(answerer(&request)),
                None if script.len() > 1 => script.pop_front(),
                None => script.front().cloned(),
            };
            requests.push(request);
            next.unwrap_or_else(|| Reply::new(501, "text/plain", "no script"))
        };
        if !write(&mut stream, &reply).await {
            return;
        }
    }
}

async fn read(stream: &mut TcpStream, pending: &mut Vec<u8>) -> Option<Request> {
    let head = loop {
        if let Some(end) = pending.windows(4).position(|it| it == b"\r\n\r\n") {
            break pending.drain(..end + 4).collect::<Vec<u8>>();
        }
        more(stream, pending).await?;
    };
    let head = String::from_utf8_lossy(&head).into_owned();
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ');
    let (method, path) = (first.next()?.to_owned(), first.next()?.to_owned());
    let header = |line: &str| {
        line.split_once(':')
            .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
    };
    let mut request = Request {
        operation: String::new(),
        method,
        path,
        headers: lines.filter_map(header).collect(),
        body: Vec::new(),
    };
    let length = request.header("content-length").parse().unwrap_or(0);
    while pending.len() < length {
        more(stream, pending).await?;
    }
    request.body = pending.drain(..length).collect();
    request.operation = operation(&request);
    Some(request)
}

async fn more(stream: &mut TcpStream, pending: &mut Vec<u8>) -> Option<()> {
    match stream.read_buf(pending).await {
        Ok(0) | Err(_) => None,
        Ok(_) => Some(()),
    }
}

fn operation(request: &Request) -> String {
    let target = request.header("x-amz-target").rsplit('.').next().filter(|it| !it.is_empty());
    if let Some(target) = target {
        return target.to_owned();
    }
    if request.header("content-type").starts_with("application/x-www-form-urlencoded")
        && let Some(action) = request.form().remove("Action")
    {
        return action;
    }
    if request.path.contains("/recovery-points") {
        let is_by_resource = request.path.starts_with("/resources/");
        return match request.method.as_str() {
            "DELETE" => "DeleteRecoveryPoint",
            _ if is_by_resource => "ListRecoveryPointsByResource",
            _ => "ListRecoveryPointsByBackupVault",
        }
        .into();
    }
    for (path, operation) in [
        ("/foundation-models/", "GetFoundationModel"),
        ("/foundation-model-availability/", "GetFoundationModelAvailability"),
        ("/inference-profiles/", "GetInferenceProfile"),
    ] {
        if request.path.starts_with(path) {
            return operation.into();
        }
    }
    if let Some(operation) = rest_operation(request) {
        return operation.into();
    }
    match request.path.split_once("/operation/") {
        Some((_, operation)) if !request.header("smithy-protocol").is_empty() => operation.to_owned(),
        _ => format!("{} {}", request.method, request.path),
    }
}

/// Operations that only their method and path tell.
fn rest_operation(request: &Request) -> Option<&'static str> {
    let path = request.path.split('?').next().unwrap_or_default().trim_end_matches('/');
    let is = |method: &str| request.method == method;
    Some(match path {
        "/2013-04-01/hostedzone" if is("GET") => "ListHostedZones",
        _ if path.starts_with("/2013-04-01/hostedzone/") && path.ends_with("/rrset") && is("GET") => "ListResourceRecordSets",
        _ if path.starts_with("/2013-04-01/hostedzone/") && path.ends_with("/rrset") && is("POST") => "ChangeResourceRecordSets",
        _ if path.starts_with("/2013-04-01/change/") && is("GET") => "GetChange",
        "/provisioned-model-throughputs" if is("GET") => "ListProvisionedModelThroughputs",
        "/provisioned-model-throughput" if is("POST") => "CreateProvisionedModelThroughput",
        _ if path.starts_with("/provisioned-model-throughput/") && is("GET") => "GetProvisionedModelThroughput",
        _ if path.starts_with("/provisioned-model-throughput/") && is("DELETE") => "DeleteProvisionedModelThroughput",
        "/custom-models" if is("GET") => "ListCustomModels",
        _ => return None,
    })
}

/// Whether the connection goes on.
async fn write(stream: &mut TcpStream, reply: &Reply) -> bool {
    tokio::time::sleep(reply.delay).await;
    let length = reply.body.len() + usize::from(reply.how == How::Held);
    let mut bytes = format!("HTTP/1.1 {} Scripted\r\ncontent-length: {length}\r\n", reply.status).into_bytes();
    for (name, value) in &reply.headers {
        bytes.extend(format!("{name}: {value}\r\n").into_bytes());
    }
    bytes.extend(b"\r\n");
    let head = bytes.len();
    bytes.extend(&reply.body);
    match reply.how {
        How::Whole => stream.write_all(&bytes).await.is_ok(),
        How::Cut(kept) => {
            let _ = stream.write_all(&bytes[..head + kept.min(reply.body.len())]).await;
            let _ = stream.shutdown().await;
            false
        }
        How::Drip(size, pause) => {
            for chunk in bytes.chunks(size) {
                if stream.write_all(chunk).await.is_err() {
                    return false;
                }
                tokio::time::sleep(pause).await;
            }
            true
        }
        How::Reset => {
            let _ = stream.set_zero_linger();
            false
        }
        How::Held if stream.write_all(&bytes).await.is_err() => false,
        How::Held | How::Silent => std::future::pending().await,
    }
}
