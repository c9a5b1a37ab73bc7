//! Writes: what is sent, and that it is sent once; and the image straight from Bedrock.

use super::*;

pub(super) struct Write {
    pub(super) operation: &'static str,
    pub(super) wire: Wire,
    pub(super) change: Change,
    pub(super) good: Reply,
    /// Fields of the request that must be so.
    pub(super) sent: Vec<(&'static str, Value)>,
}

fn plan(is_create: bool) -> PlanRequest {
    PlanRequest {
        stack: "bic".into(),
        is_create,
        parameters: vec![("DeploymentSize".into(), Some("large".into())), ("AllowedCIDR".into(), None)],
        tags: is_create.then(|| vec![("team".into(), "x".into())]),
        overridden: Vec::new(),
    }
}

fn drop_empty() -> Change {
    Change::DropEmptyStack {
        stack: "arn:stack".into(),
        change_set: "arn:own".into(),
    }
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn writes() -> Vec<Write> {
    let text = |text: &str| Value::String(text.into());
    let uuid = text(&token().0);
    let (stack, change_set) = (SafeText::from("arn:stack"), SafeText::from("arn:cs"));
    let cfn = |operation, change, sent| Write {
        operation,
        wire: Wire::Query,
        change,
        good: bodies::query(operation, "<Id>arn:cs</Id><StackId>arn:stack</StackId>"),
        sent,
    };
    let ecs = |operation, change, sent| Write {
        operation,
        wire: Wire::Json,
        change,
        good: bodies::json(json!({})),
        sent,
    };
    let (cluster, service) = (SafeText::from("bic-cluster"), SafeText::from("bic-openwebui"));
    vec![
        cfn(
            "CreateChangeSet",
            Change::CreateChangeSet(plan(false)),
            vec![
                ("ClientToken", uuid.clone()),
                ("ChangeSetName", text("bic-tui-7c1b7e6e-0000-4000-8000-000000000001")),
                ("ChangeSetType", text("UPDATE")),
                ("TemplateBody", text(TEMPLATE)),
                ("Capabilities.member.1", text("CAPABILITY_NAMED_IAM")),
                ("Parameters.member.1.ParameterKey", text("DeploymentSize")),
                ("Parameters.member.1.ParameterValue", text("large")),
                ("Parameters.member.2.ParameterKey", text("AllowedCIDR")),
                ("Parameters.member.2.UsePreviousValue", text("true")),
                ("Parameters.member.2.ParameterValue", Value::Null),
                ("Tags.member.1.Key", Value::Null),
                ("Tags", Value::Null),
            ],
        ),
        cfn(
            "CreateChangeSet",
            Change::CreateChangeSet(PlanRequest {
                tags: Some(Vec::new()),
                ..plan(false)
            }),
            vec![("Tags", text("")), ("Tags.member.1.Key", Value::Null)],
        ),
        cfn(
            "CreateChangeSet",
            Change::CreateChangeSet(plan(true)),
            vec![
                ("ChangeSetType", text("CREATE")),
                ("Tags.member.1.Key", text("team")),
                ("Tags.member.1.Value", text("x")),
            ],
        ),
        cfn(
            "ExecuteChangeSet",
            Change::ExecuteChangeSet {
                stack: stack.clone(),
                change_set: change_set.clone(),
            },
            vec![
                ("ClientRequestToken", uuid.clone()),
                ("ChangeSetName", text("arn:cs")),
                ("StackName", text("arn:stack")),
            ],
        ),
        cfn(
            "DeleteChangeSet",
            Change::DeleteChangeSet {
                stack: stack.clone(),
                change_set,
            },
            vec![("ChangeSetName", text("arn:cs")), ("StackName", text("arn:stack"))],
        ),
        cfn(
            "DeleteStack",
            Change::DeleteStack { stack: stack.clone() },
            vec![("ClientRequestToken", uuid.clone()), ("StackName", text("arn:stack"))],
        ),
        cfn(
            "DeleteStack",
            Change::DeleteRetaining {
                stack: stack.clone(),
                retain: vec!["A".into(), "B".into()],
            },
            vec![
                ("ClientRequestToken", uuid.clone()),
                ("StackName", text("arn:stack")),
                ("RetainResources.member.1", text("A")),
                ("RetainResources.member.2", text("B")),
            ],
        ),
        cfn(
            "CancelUpdateStack",
            Change::CancelUpdate { stack: stack.clone() },
            vec![("ClientRequestToken", uuid.clone()), ("StackName", text("arn:stack"))],
        ),
        cfn(
            "DeleteStack",
            drop_empty(),
            vec![("ClientRequestToken", uuid.clone()), ("StackName", text("arn:stack"))],
        ),
        cfn(
            "RollbackStack",
            Change::RollbackStack { stack: stack.clone() },
            vec![("ClientRequestToken", uuid.clone()), ("StackName", text("arn:stack"))],
        ),
        cfn(
            "ContinueUpdateRollback",
            Change::ContinueRollback {
                stack: stack.clone(),
                skip: vec!["A".into(), "B".into()],
            },
            vec![
                ("ClientRequestToken", uuid.clone()),
                ("StackName", text("arn:stack")),
                ("ResourcesToSkip.member.1", text("A")),
                ("ResourcesToSkip.member.2", text("B")),
            ],
        ),
        cfn(
            "ContinueUpdateRollback",
            Change::ContinueRollback {
                stack: stack.clone(),
                skip: Vec::new(),
            },
            vec![
                ("ClientRequestToken", uuid),
                ("ResourcesToSkip.member.1", Value::Null),
                ("ResourcesToSkip", Value::Null),
            ],
        ),
        cfn(
            "UpdateTerminationProtection",
            Change::Protect { stack, on: false },
            vec![("StackName", text("arn:stack")), ("EnableTerminationProtection", text("false"))],
        ),
        ecs(
            "UpdateService",
            Change::Scale {
                cluster: cluster.clone(),
                service: service.clone(),
                from: 2,
                to: 3,
            },
            vec![
                ("cluster", text("bic-cluster")),
                ("service", text("bic-openwebui")),
                ("desiredCount", json!(3)),
                ("forceNewDeployment", Value::Null),
            ],
        ),
        ecs(
            "UpdateService",
            Change::Restart {
                cluster: cluster.clone(),
                service,
            },
            vec![("forceNewDeployment", json!(true)), ("desiredCount", Value::Null)],
        ),
        ecs(
            "StopTask",
            Change::StopTask {
                cluster,
                task: "arn:task".into(),
            },
            vec![("cluster", text("bic-cluster")), ("task", text("arn:task"))],
        ),
        ecs(
            "TagResource",
            Change::TagService {
                service: "arn:s".into(),
                key: "k".into(),
                value: Some("v".into()),
            },
            vec![("resourceArn", text("arn:s")), ("tags", json!([{ "key": "k", "value": "v" }]))],
        ),
        ecs(
            "UntagResource",
            Change::TagService {
                service: "arn:s".into(),
                key: "k".into(),
                value: None,
            },
            vec![("resourceArn", text("arn:s")), ("tagKeys", json!(["k"]))],
        ),
        cfn(
            "DeleteDBSnapshot",
            Change::DeleteSnapshot { snapshot: "snap".into() },
            vec![("DBSnapshotIdentifier", text("snap"))],
        ),
        ecs(
            "DeleteLogGroup",
            Change::DeleteLogGroup { group: "/ecs/bic".into() },
            vec![("logGroupName", text("/ecs/bic"))],
        ),
        ecs(
            "DeleteSecret",
            Change::DeleteSecret {
                secret: "arn:secret".into(),
            },
            vec![("SecretId", text("arn:secret")), ("ForceDeleteWithoutRecovery", json!(true))],
        ),
        Write {
            operation: "DeleteResource",
            wire: Wire::Json,
            change: Change::DeleteResource {
                resource_type: "AWS::EFS::FileSystem".into(),
                id: "fs-1".into(),
            },
            good: bodies::json(json!({ "ProgressEvent": { "OperationStatus": "SUCCESS", "RequestToken": "r" } })),
            sent: vec![
                ("TypeName", text("AWS::EFS::FileSystem")),
                ("Identifier", text("fs-1")),
                ("ClientToken", text(&token().0)),
            ],
        },
        Write {
            operation: INVOKE,
            wire: Wire::Rest,
            change: invoke("stability.stable-image-core-v1:1"),
            good: Reply::new(200, "application/json", json!({ "images": [png(1)] }).to_string()),
            sent: vec![("prompt", text("a lighthouse"))],
        },
    ]
    .into_iter()
    .chain(access::writes())
    .collect()
}

const INVOKE: &str = "POST /model/stability.stable-image-core-v1%3A1/invoke";

fn invoke(model: &str) -> Change {
    Change::TestImage {
        route: ImageRoute::Bedrock,
        model: model.into(),
        prompt: "a lighthouse".into(),
    }
}

/// A small PNG in base64, another one for each shade.
pub(super) fn png(shade: u8) -> String {
    use base64::Engine;
    let mut bytes = std::io::Cursor::new(Vec::new());
    let picture = image::RgbImage::from_pixel(3, 2, image::Rgb([shade, 0, 0]));
    picture.write_to(&mut bytes, image::ImageFormat::Png).expect("a PNG");
    base64::engine::general_purpose::STANDARD.encode(bytes.into_inner())
}

async fn write_server(write: &Write, reply: Reply) -> Server {
    let server = Server::start().await;
    let counted = json!({ "services": [{ "serviceName": "bic-openwebui", "desiredCount": 2 }] });
    server.on("DescribeServices", [bodies::json(counted)]);
    let empty = stack_xml("REVIEW_IN_PROGRESS");
    server.on("DescribeStacks", [bodies::query("DescribeStacks", &empty)]);
    server.on("ListChangeSets", [bodies::query("ListChangeSets", "<Summaries/>")]);
    server.on(write.operation, [reply]);
    server
}

#[tokio::test]
async fn every_write_tells_apart_what_aws_refuses() {
    for write in writes() {
        for (status, code, message, kind) in [
            (403, "AccessDenied", "User: x is not authorized to perform it", FaultKind::Denied),
            (
                400,
                "ExpiredToken",
                "The security token included in the request is expired",
                FaultKind::Expired,
            ),
            (
                400,
                "ValidationError",
                "Stack:arn is in CREATE_COMPLETE state and can not do that.",
                FaultKind::Refused,
            ),
            (400, "InsufficientCapabilitiesException", "new", FaultKind::Refused),
        ] {
            let what = format!("{} {code}", write.operation);
            let server = write_server(&write, bodies::error(write.wire, status, code, message)).await;
            let fault = cloud(&server).await.change(write.change.clone(), token()).await.expect_err(&what);
            assert_eq!((fault.kind, fault.detail.as_str()), (kind, message), "{what}");
            assert!(
                fault.operation.ends_with(write.operation) || write.wire == Wire::Rest,
                "{what}: {}",
                fault.operation
            );
            assert_eq!(server.asked(write.operation).len(), 1, "{what}");
        }
    }
}

#[tokio::test]
async fn a_stack_that_is_no_empty_plan_any_more_is_not_dropped() {
    let server = Server::start().await;
    let made = bodies::query("DescribeStacks", &stack_xml("CREATE_IN_PROGRESS"));
    server.on("DescribeStacks", [made]);
    let fault = cloud(&server).await.change(drop_empty(), token()).await.expect_err("it is made");
    assert_eq!(fault.kind, FaultKind::Refused);
    assert!(fault.detail.contains("CREATE_IN_PROGRESS") && server.asked("DeleteStack").is_empty());
}

/// The empty stack of a plan is dropped while its list of change sets comes in these pages.
async fn dropped(pages: impl IntoIterator<Item = Reply>) -> (Result<Done, Fault>, usize) {
    let server = Server::start().await;
    server.on(
        "DescribeStacks",
        [bodies::query("DescribeStacks", &stack_xml("REVIEW_IN_PROGRESS"))],
    );
    server.on("ListChangeSets", pages);
    server.on("DeleteStack", [bodies::query("DeleteStack", "")]);
    let answer = cloud(&server).await.change(drop_empty(), token()).await;
    (answer, server.asked("DeleteStack").len())
}

#[tokio::test]
async fn an_empty_stack_with_somebody_elses_plan_in_it_is_left() {
    let set = |id: &str, status: &str| {
        format!("<member><ChangeSetId>{id}</ChangeSetId><ChangeSetName>plan-{id}</ChangeSetName><Status>{status}</Status></member>")
    };
    let page = |sets: &str, next: &str| bodies::query("ListChangeSets", &format!("<Summaries>{sets}</Summaries>{next}"));
    // What is told of the own one, and of what is on its way out, comes late.
    let own = set("arn:own", "CREATE_COMPLETE") + &set("arn:old", "DELETE_PENDING");
    let (answer, deletions) = dropped([page(&own, "")]).await;
    assert_eq!((answer, deletions), (Ok(Done::Accepted), 1));
    for status in ["CREATE_COMPLETE", "CREATE_IN_PROGRESS", "FAILED", "NEW_STATUS"] {
        let pages = [page(&own, "<NextToken>t</NextToken>"), page(&set("arn:dana", status), "")];
        let (answer, deletions) = dropped(pages).await;
        let fault = answer.expect_err(status);
        assert_eq!((fault.kind, deletions), (FaultKind::Guarded, 0), "{status}");
        assert_eq!(
            fault.sentence(),
            "the empty stack bic stays: there is another plan in it, plan-arn:dana"
        );
    }
    // A stack that is gone is what was wanted.
    let gone = bodies::error(Wire::Query, 400, "ValidationError", "Stack [arn:stack] does not exist");
    let (answer, deletions) = dropped([gone]).await;
    assert_eq!((answer, deletions), (Ok(Done::Accepted), 1));
}

#[tokio::test]
async fn an_empty_stack_whose_plans_can_not_be_listed_is_left() {
    let error = |status, code| bodies::error(Wire::Query, status, code, "no");
    for (reply, kind) in [
        (error(403, "AccessDenied"), FaultKind::Denied),
        (error(400, "Throttling"), FaultKind::Throttled),
        (error(500, "InternalFailure"), FaultKind::AwsFailed),
        (bodies::query("ListChangeSets", ""), FaultKind::OddAnswer),
    ] {
        let (answer, deletions) = dropped([reply]).await;
        let fault = answer.expect_err("nothing is known");
        assert_eq!((fault.kind, deletions), (kind, 0));
        assert_eq!(fault.operation, "cloudformation:ListChangeSets");
        assert!(
            fault
                .sentence()
                .contains("the empty stack bic stays, because whether another plan is in it is not known"),
            "{}",
            fault.sentence()
        );
    }
}

#[tokio::test]
async fn every_write_sends_what_was_asked_once() {
    for write in writes() {
        let server = write_server(&write, write.good.clone()).await;
        let done = cloud(&server).await.change(write.change.clone(), token()).await;
        let done = done.unwrap_or_else(|fault| panic!("{}: {fault:?}", write.operation));
        match &write.change {
            Change::CreateChangeSet(_) => assert_eq!(
                done,
                Done::ChangeSet {
                    id: "arn:cs".into(),
                    stack_id: "arn:stack".into()
                }
            ),
            Change::TestImage { .. } => assert!(matches!(done, Done::Picture(_))),
            Change::RequestCertificate { .. } => assert_eq!(done, Done::Certificate { arn: "arn:cert".into() }),
            Change::ChangeRecords { .. } => assert_eq!(done, Done::Records { id: "C1".into() }),
            Change::BuyThroughput(_) => assert_eq!(done, Done::Throughput { arn: "arn:pt".into() }),
            _ => assert_eq!(done, Done::Accepted, "{}", write.operation),
        }
        let [request] = server.asked(write.operation).try_into().expect("one request");
        let sent = match write.wire {
            Wire::Query => serde_json::to_value(request.form()).expect("JSON"),
            Wire::Json | Wire::Rest | Wire::Cbor => request.json(),
            // Its body is looked at by a test of its own.
            Wire::Xml => Value::Null,
        };
        for (name, want) in &write.sent {
            assert_eq!(&sent[name], want, "{} {name}", write.operation);
        }
        assert!(
            request.header("user-agent").contains("app/bic-tui"),
            "{}",
            request.header("user-agent")
        );
    }
}

#[tokio::test]
async fn no_write_is_ever_sent_twice() {
    for write in writes() {
        let busy = bodies::error(write.wire, 400, "ThrottlingException", "Rate exceeded");
        for (reply, kind) in [
            (bodies::error(write.wire, 500, "InternalFailure", "oops"), FaultKind::AwsFailed),
            (Reply::new(503, "text/html", "busy"), FaultKind::AwsFailed),
            (busy, FaultKind::Throttled),
            (write.good.clone().how(How::Reset), FaultKind::Unreachable),
            (write.good.clone().how(How::Cut(1)), FaultKind::Unreachable),
            (write.good.clone().how(How::Silent), FaultKind::TimedOut),
            (bodies::html("sign in to the guest network"), FaultKind::OddAnswer),
            (Reply::new(200, "text/plain", ""), FaultKind::OddAnswer),
        ] {
            let what = format!("{} {kind} {:?}", write.operation, reply.how);
            let server = write_server(&write, reply.clone()).await;
            let cloud = if reply.how == How::Silent {
                hasty(&server).await
            } else {
                cloud(&server).await
            };
            let fault = cloud.change(write.change.clone(), token()).await.expect_err(&what);
            assert_eq!(fault.kind, kind, "{what}: {fault:?}");
            assert_eq!(server.asked(write.operation).len(), 1, "{what}");
        }
    }
}

#[tokio::test]
async fn a_count_that_somebody_changed_stops_the_scaling() {
    let server = Server::start().await;
    let counted = json!({ "services": [{ "serviceName": "bic-openwebui", "desiredCount": 4 }] });
    server.on("DescribeServices", [bodies::json(counted), bodies::json(json!({ "services": [] }))]);
    let cloud = cloud(&server).await;
    let scale = Change::Scale {
        cluster: "c".into(),
        service: "bic-openwebui".into(),
        from: 2,
        to: 3,
    };
    let changed = cloud.change(scale.clone(), token()).await.expect_err("it changed");
    assert_eq!(changed.kind, FaultKind::Refused);
    assert!(changed.detail.contains('4') && changed.detail.contains('2'), "{}", changed.detail);
    let gone = cloud.change(scale, token()).await.expect_err("it is gone");
    assert_eq!(gone.kind, FaultKind::NotFound);
    assert!(server.asked("UpdateService").is_empty());
}

#[tokio::test]
async fn words_of_cloudformation_are_understood() {
    for (message, kind) in [
        ("No updates are to be performed.", FaultKind::NoChange),
        ("Stack [bic] does not exist", FaultKind::NotFound),
        (
            "Stack:arn is in UPDATE_IN_PROGRESS state and can not be updated.",
            FaultKind::Refused,
        ),
    ] {
        let server = Server::start().await;
        server.on("CreateChangeSet", [bodies::error(Wire::Query, 400, "ValidationError", message)]);
        let fault = cloud(&server)
            .await
            .change(Change::CreateChangeSet(plan(false)), token())
            .await
            .expect_err(message);
        assert_eq!((fault.kind, fault.detail.as_str()), (kind, message));
    }
}

async fn draw(operation: &str, model: &str, reply: Reply) -> Result<Done, Fault> {
    let server = Server::start().await;
    server.on(operation, [reply]);
    cloud(&server).await.change(invoke(model), token()).await
}

fn rest(body: Value) -> Reply {
    Reply::new(200, "application/json", body.to_string())
}

#[tokio::test]
async fn two_replies_give_two_pictures() {
    let mut drawn = Vec::new();
    for shade in [1, 2] {
        let done = draw(INVOKE, "stability.stable-image-core-v1:1", rest(json!({ "images": [png(shade)] }))).await;
        let Ok(Done::Picture(picture)) = done else { panic!("{done:?}") };
        assert_eq!((picture.width, picture.height, picture.prompt.as_str()), (3, 2, "a lighthouse"));
        let pixels = image::load_from_memory(&picture.bytes).expect("a picture").to_rgb8();
        assert_eq!(pixels.get_pixel(0, 0).0, [shade, 0, 0]);
        drawn.push(picture.bytes);
    }
    assert_ne!(drawn[0], drawn[1]);
}

#[tokio::test]
async fn amazon_models_are_asked_in_their_own_shape() {
    let operation = "POST /model/amazon.nova-canvas-v1%3A0/invoke";
    let server = Server::start().await;
    server.on(operation, [rest(json!({ "images": [png(1)], "error": null }))]);
    let done = cloud(&server).await.change(invoke("amazon.nova-canvas-v1:0"), token()).await;
    assert!(matches!(done, Ok(Done::Picture(_))), "{done:?}");
    assert_eq!(
        server.requests()[0].json(),
        json!({ "taskType": "TEXT_IMAGE", "textToImageParams": { "text": "a lighthouse" },
                "imageGenerationConfig": { "width": 1024, "height": 1024, "numberOfImages": 1 } })
    );
}

#[tokio::test]
async fn what_is_no_picture_is_a_fault() {
    let model = "stability.stable-image-core-v1:1";
    let half = png(1)[..40].to_owned();
    for (reply, kind, want) in [
        (
            rest(json!({ "images": null, "finish_reasons": ["Filter reason: prompt"] })),
            FaultKind::Refused,
            "Filter reason: prompt",
        ),
        (rest(json!({ "images": [], "error": "blocked" })), FaultKind::Refused, "blocked"),
        (rest(json!({ "images": [] })), FaultKind::OddAnswer, "no image"),
        (rest(json!({})), FaultKind::OddAnswer, "no image"),
        (rest(json!("x")), FaultKind::OddAnswer, "not the JSON"),
        (rest(json!({ "images": ["%%%"] })), FaultKind::OddAnswer, "not base64"),
        (
            rest(json!({ "images": ["R0lGODlhAQABAAAAACw="] })),
            FaultKind::OddAnswer,
            "signature",
        ),
        (rest(json!({ "images": [half] })), FaultKind::OddAnswer, "damaged"),
        (
            bodies::error(Wire::Rest, 403, "AccessDeniedException", "You don't have access to the model"),
            FaultKind::Denied,
            "You don't have access",
        ),
        (
            bodies::error(
                Wire::Rest,
                404,
                "ResourceNotFoundException",
                "This model version has reached the end of its life.",
            ),
            FaultKind::NotFound,
            "end of its life",
        ),
        (
            bodies::error(Wire::Rest, 400, "ValidationException", "The provided model identifier is invalid."),
            FaultKind::Refused,
            "identifier",
        ),
        (
            bodies::error(Wire::Rest, 429, "ModelNotReadyException", "wait"),
            FaultKind::Throttled,
            "wait",
        ),
        (
            bodies::error(Wire::Rest, 424, "ModelErrorException", "oops"),
            FaultKind::AwsFailed,
            "oops",
        ),
    ] {
        let what = String::from_utf8_lossy(&reply.body).into_owned();
        let fault = draw(INVOKE, model, reply).await.expect_err(&what);
        assert_eq!(fault.kind, kind, "{what}: {fault:?}");
        assert!(fault.sentence().contains(want), "{what}: {}", fault.sentence());
    }
    let unknown = draw(INVOKE, "acme.painter-v1:0", rest(json!({})))
        .await
        .expect_err("an unknown model");
    assert_eq!(unknown.kind, FaultKind::Guarded);
}
