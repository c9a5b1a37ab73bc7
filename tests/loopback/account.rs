//! The simulated account behind AWS's own protocols: what the SDK sends is answered from a world that
//! remembers, so that a test can count what really happened in it. Answers can be lost on their way back.

use std::{
    fmt::Write as _,
    sync::{Arc, Mutex},
};

use bic_tui::{
    cloud::{Change, Cloud, PlanRequest, Query, Token},
    core::{
        fact::{ChangeAction, ChangeSet, Fact, Replacement, Stack, StackEvent},
        fault::{Fault, FaultKind},
        text::SafeText,
    },
    sim::Sim,
};
use futures::FutureExt;
use serde_json::json;

use super::{
    How, Reply, Request,
    bodies::{self, Wire},
};

/// What becomes of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Carried out and answered.
    Well,
    /// Never reaches the account.
    Unheard(Loss),
    /// Carried out, but its answer is lost.
    Unanswered(Loss),
    /// Refused: the credentials that signed it have expired.
    Expired,
    /// Refused with this code.
    Refused(&'static str),
}

/// How an answer is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loss {
    Reset,
    Cut,
    Silent,
    Failed,
    Html,
}

impl Loss {
    pub(crate) const ALL: [Self; 5] = [Self::Reset, Self::Cut, Self::Silent, Self::Failed, Self::Html];

    fn of(self, good: Reply) -> Reply {
        match self {
            Self::Reset => good.how(How::Reset),
            Self::Cut => good.how(How::Cut(9)),
            Self::Silent => good.how(How::Silent),
            Self::Failed => bodies::error(Wire::Query, 500, "InternalFailure", "oops"),
            Self::Html => bodies::html("sign in to the guest network"),
        }
    }
}

fn refused(request: &Request, code: &str, message: &str) -> Reply {
    let wire = match request.header("x-amz-target") {
        "" => Wire::Query,
        _ => Wire::Json,
    };
    bodies::error(wire, 403, code, message)
}

/// Decides what becomes of a request.
type Decides = Box<dyn FnMut(&Request) -> Fate + Send>;

/// An account, and who decides what becomes of a request.
pub(crate) struct Account {
    sim: Sim,
    fate: Mutex<Decides>,
}

impl Account {
    pub(crate) fn new(sim: Sim, fate: impl FnMut(&Request) -> Fate + Send + 'static) -> Arc<Self> {
        Arc::new(Self {
            sim: sim.without_latency(),
            fate: Mutex::new(Box::new(fate)),
        })
    }

    /// Asks the account itself, past the wire.
    pub(crate) fn ask(&self, query: Query) -> Result<Fact, Fault> {
        self.sim.ask(query).now_or_never().expect("it answers at once")
    }

    /// All stack events by id of a stack, oldest first.
    pub(crate) fn events(&self, stack: &str) -> Vec<StackEvent> {
        match self.ask(Query::StackHistory { stack: stack.into() }) {
            Ok(Fact::StackEvents(it)) => it.events.into_iter().rev().collect(),
            _ => Vec::new(),
        }
    }

    pub(crate) fn stack(&self, stack: &str) -> Option<Stack> {
        match self.ask(Query::Stack { stack: stack.into() }) {
            Ok(Fact::Stack(stack)) => stack,
            other => panic!("{other:?}"),
        }
    }

    /// Answers one request.
    pub(crate) fn answer(&self, request: &Request) -> Reply {
        let fate = (self.fate.lock().expect("fate"))(request);
        match fate {
            Fate::Well => self.reply(request),
            Fate::Unheard(loss) => loss.of(bodies::query(&request.operation, "")),
            Fate::Unanswered(loss) => loss.of(self.reply(request)),
            Fate::Expired => refused(request, "ExpiredToken", "The security token included in the request is expired"),
            Fate::Refused(code) => refused(request, code, "no"),
        }
    }

    fn reply(&self, request: &Request) -> Reply {
        let operation = request.operation.as_str();
        if !request.header("smithy-protocol").is_empty() {
            return bodies::cbor(&json!({ "MetricAlarms": [], "MetricDataResults": [] }));
        }
        if request.header("x-amz-target").is_empty() {
            let form = request.form();
            let field = |name: &str| SafeText::from(form.get(name).map(String::as_str).unwrap_or_default());
            let token = || {
                let named = ["ClientRequestToken", "ClientToken"].iter().find_map(|n| form.get(*n));
                Token(named.map(String::as_str).unwrap_or_default().into())
            };
            let stack = field("StackName");
            let answer = match operation {
                "CreateChangeSet" => self.write(Change::CreateChangeSet(plan(&form)), token()),
                "ExecuteChangeSet" => self.write(
                    Change::ExecuteChangeSet {
                        stack,
                        change_set: field("ChangeSetName"),
                    },
                    token(),
                ),
                // No token of AWS's own: each request is one of its kind.
                "DeleteChangeSet" => self.write(
                    Change::DeleteChangeSet {
                        stack,
                        change_set: field("ChangeSetName"),
                    },
                    Token(format!("none-{request:p}").into()),
                ),
                "DeleteStack" => self.write(Change::DeleteStack { stack }, token()),
                "CancelUpdateStack" => self.write(Change::CancelUpdate { stack }, token()),
                "DescribeStackEvents" => Ok(self.page_of_events(&stack, &field("NextToken"))),
                "SimulatePrincipalPolicy" => Ok(all_allowed(&form)),
                _ => self.read(operation, &stack, &field("ChangeSetName")),
            };
            return match answer {
                Ok(xml) => bodies::query(operation, &xml),
                Err(fault) => error(&fault),
            };
        }
        match operation {
            "DescribeServices" => bodies::json(json!({ "services": [] })),
            "ListTasks" => bodies::json(json!({ "taskArns": [] })),
            "FilterLogEvents" => bodies::json(json!({ "events": [] })),
            _ => bodies::error(Wire::Json, 400, "ClusterNotFoundException", "Cluster not found."),
        }
    }

    /// A hundred at a time, newest first, as AWS has it.
    fn page_of_events(&self, stack: &SafeText, token: &str) -> String {
        let from: usize = token.parse().unwrap_or(0);
        let events = self.events(stack);
        let page: String = events.iter().rev().skip(from).take(100).map(event_xml).collect();
        let next = if from + 100 < events.len() {
            format!("<NextToken>{}</NextToken>", from + 100)
        } else {
            String::new()
        };
        format!("<StackEvents>{page}</StackEvents>{next}")
    }

    fn write(&self, change: Change, token: Token) -> Result<String, Fault> {
        let done = self.sim.change(change, token).now_or_never().expect("it answers at once")?;
        Ok(match done {
            bic_tui::cloud::Done::ChangeSet { id, stack_id } => format!("<Id>{id}</Id><StackId>{stack_id}</StackId>"),
            _ => String::new(),
        })
    }

    fn read(&self, operation: &str, stack: &SafeText, change_set: &SafeText) -> Result<String, Fault> {
        let stack = stack.clone();
        Ok(match operation {
            "GetCallerIdentity" => "<Account>111122223333</Account><Arn>arn:aws:iam::111122223333:user/dana</Arn>".into(),
            "ValidateTemplate" => "<Parameters/>".into(),
            "DescribeStacks" => {
                let Fact::Stack(Some(it)) = self.ask(Query::Stack { stack: stack.clone() })? else {
                    let why = format!("Stack with id {stack} does not exist");
                    return Err(Fault {
                        code: Some("ValidationError".into()),
                        ..Fault::new(FaultKind::NotFound, "", "", &why)
                    });
                };
                stack_xml(&it)
            }
            // Whoever plans here plans alone, and nobody was here before.
            "ListChangeSets" => "<Summaries/>".into(),
            "ListStacks" => "<StackSummaries/>".into(),
            "DescribeDBSnapshots" => "<DBSnapshots/>".into(),
            "ListStackResources" => "<StackResourceSummaries/>".into(),
            "DescribeChangeSet" => {
                let change_set = change_set.clone();
                match self.ask(Query::ChangeSet { stack, change_set })? {
                    Fact::ChangeSet(it) => change_set_xml(&it),
                    other => panic!("{other:?}"),
                }
            }
            "DescribeTargetHealth" => "<TargetHealthDescriptions/>".into(),
            other => panic!("nobody answers {other}"),
        })
    }
}

/// Whoever asks may do what they ask about.
fn all_allowed(form: &std::collections::HashMap<String, String>) -> String {
    let actions = form.iter().filter(|(name, _)| name.starts_with("ActionNames.member."));
    let mut results = String::new();
    for (_, action) in actions {
        results += &format!("<member><EvalActionName>{action}</EvalActionName><EvalDecision>allowed</EvalDecision></member>");
    }
    format!("<EvaluationResults>{results}</EvaluationResults><IsTruncated>false</IsTruncated>")
}

fn error(fault: &Fault) -> Reply {
    let code = fault.code.as_deref().unwrap_or("ValidationError");
    bodies::error(Wire::Query, 400, code, &escape(&fault.detail))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The parameters of a form's lists.
fn plan(form: &std::collections::HashMap<String, String>) -> PlanRequest {
    let field = |name: &str| form.get(name).map(String::as_str);
    let mut parameters = Vec::new();
    for n in 1.. {
        let Some(key) = field(&format!("Parameters.member.{n}.ParameterKey")) else {
            break;
        };
        parameters.push((
            key.into(),
            field(&format!("Parameters.member.{n}.ParameterValue")).map(SafeText::from),
        ));
    }
    let mut tags = Vec::new();
    for n in 1.. {
        let Some(key) = field(&format!("Tags.member.{n}.Key")) else { break };
        tags.push((key.into(), field(&format!("Tags.member.{n}.Value")).unwrap_or_default().into()));
    }
    // An empty list is sent by its name alone, and removes them all.
    let is_named = !tags.is_empty() || form.contains_key("Tags");
    PlanRequest {
        stack: field("StackName").unwrap_or_default().into(),
        is_create: field("ChangeSetType") == Some("CREATE"),
        parameters,
        tags: is_named.then_some(tags),
        overridden: Vec::new(),
    }
}

fn time(at: i64) -> String {
    let seconds = at.div_euclid(1_000);
    let stamp = jiff::Timestamp::from_second(seconds).expect("a time");
    format!("{}.{:03}Z", stamp.strftime("%Y-%m-%dT%H:%M:%S"), at.rem_euclid(1_000))
}

fn stack_xml(it: &Stack) -> String {
    let mut xml = format!(
        "<StackId>{}</StackId><StackName>{}</StackName><StackStatus>{}</StackStatus><StackStatusReason>{}</StackStatusReason>\
         <CreationTime>{}</CreationTime>",
        it.id,
        it.name,
        it.status.0,
        escape(&it.reason),
        time(it.created)
    );
    if let Some(at) = it.updated {
        write!(xml, "<LastUpdatedTime>{}</LastUpdatedTime>", time(at)).expect("text");
    }
    let member = |key: &str, value: &str| {
        format!(
            "<member><ParameterKey>{key}</ParameterKey><ParameterValue>{}</ParameterValue></member>",
            escape(value)
        )
    };
    let parameters: String = it.parameters.iter().map(|(k, v)| member(k, v)).collect();
    format!("<Stacks><member>{xml}<Parameters>{parameters}</Parameters></member></Stacks>")
}

fn event_xml(it: &StackEvent) -> String {
    let token = it.token.as_deref().unwrap_or_default();
    format!(
        "<member><EventId>{}</EventId><Timestamp>{}</Timestamp><LogicalResourceId>{}</LogicalResourceId>\
         <PhysicalResourceId>{}</PhysicalResourceId><ResourceType>{}</ResourceType><ResourceStatus>{}</ResourceStatus>\
         <ResourceStatusReason>{}</ResourceStatusReason><ClientRequestToken>{token}</ClientRequestToken></member>",
        it.id,
        time(it.at),
        it.logical_id,
        escape(&it.physical_id),
        it.resource_type,
        it.status.0,
        escape(&it.reason)
    )
}

fn change_set_xml(it: &ChangeSet) -> String {
    let change = |c: &bic_tui::core::fact::ResourceChange| {
        let action = match c.action {
            ChangeAction::Add => "Add",
            ChangeAction::Remove => "Remove",
            _ => "Modify",
        };
        let replacement = match c.replacement {
            Replacement::Always => "True",
            Replacement::Conditional => "Conditional",
            Replacement::Never => "False",
        };
        format!(
            "<member><Type>Resource</Type><ResourceChange><Action>{action}</Action><LogicalResourceId>{}</LogicalResourceId>\
             <ResourceType>{}</ResourceType><Replacement>{replacement}</Replacement></ResourceChange></member>",
            c.logical_id, c.resource_type
        )
    };
    format!(
        "<ChangeSetId>{}</ChangeSetId><ChangeSetName>{}</ChangeSetName><StackId>{}</StackId><Status>{}</Status>\
         <StatusReason>{}</StatusReason><ExecutionStatus>{}</ExecutionStatus><Changes>{}</Changes>",
        it.id,
        it.name,
        it.stack_id,
        it.status,
        escape(&it.reason),
        it.execution,
        it.changes.iter().map(change).collect::<String>()
    )
}
