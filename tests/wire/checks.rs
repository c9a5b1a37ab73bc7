//! What the checks before a plan ask: quotas and their use, names of secrets, the caller's rights; and alarms. CloudWatch
//! speaks CBOR.

use bic_tui::core::{
    fact::{Alarm, Decision, Quota, Right, TakenName},
    quota::QuotaId,
    rights::{Principal, Wanted},
};

use super::*;

const ALARM: &str = "bedrock-image-chat-5xx";
const ROLE: &str = "arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_ab12";

fn alarm_json(name: &str, state: &str) -> Value {
    json!({
        "AlarmName": name, "StateValue": state, "StateReason": "Threshold Crossed\u{202e}", "Namespace": "AWS/ApplicationELB",
        "MetricName": "HTTPCode_Target_5XX_Count", "Statistic": "Sum", "StateTransitionedTimestamp": { "$time": 1_795_000_000.5 },
        "Dimensions": [{ "Name": "LoadBalancer", "Value": "app/x/1" }],
    })
}

fn ask_alarms(names: &[&str]) -> Query {
    Query::Alarms {
        names: names.iter().map(|n| (*n).into()).collect(),
    }
}

pub(super) fn alarms() -> Read {
    Read {
        operation: "DescribeAlarms",
        wire: Wire::Cbor,
        ask: Ask::Query(ask_alarms(&[ALARM])),
        good: bodies::cbor(&json!({ "MetricAlarms": [alarm_json(ALARM, "OK")] })),
        odd: vec![
            bodies::cbor(&json!({})),
            bodies::cbor(&json!({ "MetricAlarms": null })),
            bodies::cbor(&json!({ "MetricAlarms": [{}] })),
            bodies::cbor(&json!({ "MetricAlarms": "none" })),
            bodies::cbor(&json!({ "MetricAlarms": [{ "AlarmName": 7, "StateValue": "OK" }] })),
            bodies::cbor(&json!([])),
            // A map that promises more than there is, a length beyond any body, and a break out of place.
            bodies::cbor_bytes(200, vec![0xbf]),
            bodies::cbor_bytes(200, vec![0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
            bodies::cbor_bytes(200, vec![0xa1, 0xff]),
        ],
    }
}

fn quota_json(name: &str, value: f64) -> Value {
    json!({ "ServiceCode": "vpc", "QuotaCode": "L-F678F1CE", "QuotaName": name, "Value": value })
}

pub(super) fn quota() -> Read {
    Read {
        operation: "GetServiceQuota",
        wire: Wire::Json,
        ask: Ask::Query(Query::Quota { quota: QuotaId::Vpcs }),
        good: bodies::json(json!({ "Quota": quota_json("VPCs per Region", 5.0) })),
        odd: vec![
            bodies::json(json!({})),
            bodies::json(json!({ "Quota": null })),
            bodies::json(json!({ "Quota": {} })),
            bodies::json(json!({ "Quota": { "Value": "five" } })),
            bodies::json(json!({ "Quota": quota_json("VPCs per Region", -1.0) })),
        ],
    }
}

pub(super) fn rate() -> Read {
    let model = "Stable Image Core 1.1".into();
    let name = "On-demand model inference requests per minute for Stable Image Core";
    Read {
        operation: "ListServiceQuotas",
        wire: Wire::Json,
        ask: Ask::Query(Query::ModelQuota { model }),
        good: bodies::json(json!({ "Quotas": [quota_json(name, 90.0)] })),
        odd: vec![
            bodies::json(json!({})),
            bodies::json(json!({ "Quotas": null })),
            bodies::json(json!({ "Quotas": [{ "QuotaName": name }] })),
        ],
    }
}

pub(super) fn names() -> Read {
    let names = vec!["bedrock-image-chat/litellm-api-key".into()];
    Read {
        operation: "DescribeSecret",
        wire: Wire::Json,
        ask: Ask::Query(Query::SecretNames { names }),
        good: bodies::json(json!({ "ARN": "arn:aws:secretsmanager:us-west-2:123456789012:secret:x-AbCdEf" })),
        odd: vec![bodies::json(json!({})), bodies::json(json!({ "ARN": null }))],
    }
}

fn stored(values: Value, times: Value, status: &str) -> Reply {
    let result = json!({ "Id": "used", "Label": "used", "StatusCode": status, "Values": values, "Timestamps": times });
    bodies::cbor(&json!({ "MetricDataResults": [result] }))
}

pub(super) fn file_system_size() -> Read {
    let time = || json!([{ "$time": 1_795_000_000 }]);
    Read {
        operation: "GetMetricData",
        wire: Wire::Cbor,
        ask: Ask::Query(Query::FileSystemSize { id: "fs-01".into() }),
        good: stored(json!([1.5e9]), time(), "Complete"),
        odd: vec![
            bodies::cbor(&json!({})),
            bodies::cbor(&json!({ "MetricDataResults": null })),
            bodies::cbor(&json!({ "MetricDataResults": [] })),
            bodies::cbor(&json!({ "MetricDataResults": [{ "Id": "another" }] })),
            stored(json!(["many"]), time(), "Complete"),
            stored(json!([-1.0]), time(), "Complete"),
            // A figure without its time has no age.
            stored(json!([1.5e9]), json!([]), "Complete"),
            stored(json!([1.5e9]), json!(null), "Complete"),
        ],
    }
}

#[tokio::test]
async fn the_size_of_a_file_system_is_its_newest_figure_of_a_day() {
    let server = Server::start().await;
    for (reply, want) in [
        (
            stored(
                json!([1.5e9, 1e9]),
                json!([{ "$time": 1_795_000_000 }, { "$time": 1_794_999_100 }]),
                "Complete",
            ),
            Ok(Some((1_500_000_000, 1_795_000_000_000))),
        ),
        (stored(json!([]), json!([]), "Complete"), Ok(None)),
        (stored(json!([]), json!([]), "Forbidden"), Err(FaultKind::Denied)),
        (stored(json!([]), json!([]), "InternalError"), Err(FaultKind::AwsFailed)),
    ] {
        server.on("GetMetricData", [reply]);
        let answer = cloud(&server).await.ask(Query::FileSystemSize { id: "fs-01".into() }).await;
        let told = answer.map(|fact| match fact {
            Fact::FileSystemSize(size) => size.map(|it| (it.bytes, it.at)),
            other => panic!("{other:?}"),
        });
        assert_eq!(told.map_err(|fault| fault.kind), want);
    }
    let asked = server.asked("GetMetricData")[0].cbor();
    let query = field(&asked, "MetricDataQueries")
        .and_then(|it| it.into_array().ok())
        .expect("queries");
    let stat = field(&query[0], "MetricStat").expect("a statistic");
    let metric = field(&stat, "Metric").expect("a metric");
    assert_eq!(
        (field(&metric, "Namespace"), field(&metric, "MetricName"), field(&stat, "Stat")),
        (Some("AWS/EFS".into()), Some("StorageBytes".into()), Some("Average".into()))
    );
    let dimensions = field(&metric, "Dimensions")
        .and_then(|it| it.into_array().ok())
        .expect("dimensions");
    let pairs: Vec<_> = dimensions.iter().map(|it| (field(it, "Name"), field(it, "Value"))).collect();
    let pair = |name: &str, value: &str| (Some(name.into()), Some(value.into()));
    assert_eq!(pairs, [pair("FileSystemId", "fs-01"), pair("StorageClass", "Total")]);
}

fn wanted(actions: &[&str]) -> Vec<Wanted> {
    vec![Wanted {
        resource: "*".into(),
        actions: actions.iter().map(|a| (*a).into()).collect(),
        is_forwarded: true,
    }]
}

fn ask_rights(principal: Principal, actions: &[&str]) -> Query {
    Query::Rights {
        principal,
        wanted: wanted(actions),
    }
}

fn dana() -> Principal {
    Principal::User("arn:aws:iam::123456789012:user/dana".into())
}

fn sso() -> Principal {
    let name = "AWSReservedSSO_Admin_ab12";
    Principal::Role(name.into(), format!("arn:aws:iam::123456789012:role/{name}").into())
}

fn decision(action: &str, decision: &str, more: &str) -> String {
    format!(
        "<member><EvalActionName>{action}</EvalActionName><EvalResourceName>*</EvalResourceName><EvalDecision>{decision}</EvalDecision>{more}</member>"
    )
}

fn decisions(results: &str, next: &str) -> Reply {
    let body = format!("<EvaluationResults>{results}</EvaluationResults>{next}");
    bodies::query("SimulatePrincipalPolicy", &body)
}

pub(super) fn rights() -> Read {
    let odd = ["", "<EvaluationResults/>", "<EvaluationResults><member/></EvaluationResults>"];
    Read {
        operation: "SimulatePrincipalPolicy",
        wire: Wire::Query,
        ask: Ask::Query(ask_rights(dana(), &["ec2:CreateVpc"])),
        good: decisions(&decision("ec2:CreateVpc", "allowed", ""), ""),
        odd: odd.map(|it| bodies::query("SimulatePrincipalPolicy", it)).to_vec(),
    }
}

// ---------------------------------------------------------------------------------------------------
// Alarms

#[tokio::test]
async fn alarms_of_all_pages_in_the_order_of_their_names_and_safe() {
    let page = |alarms: &[Value], next: Option<&str>| {
        let mut body = json!({ "MetricAlarms": alarms });
        if let Some(next) = next {
            body["NextToken"] = next.into();
        }
        bodies::cbor(&body)
    };
    let pages = [
        page(&[alarm_json("b", "SOMETHING_NEW"), alarm_json("a", "ALARM")], Some("t")),
        page(&[], Some("u")),
        page(&[alarm_json("c", "OK")], None),
    ];
    let (fact, server) = fact("DescribeAlarms", pages, ask_alarms(&["a", "b", "c", "gone"])).await;
    let Fact::Alarms(alarms) = fact else { panic!("{fact:?}") };
    let told: Vec<(&str, &str)> = alarms.iter().map(|a| (a.name.as_str(), a.state.as_str())).collect();
    assert_eq!(told, [("a", "ALARM"), ("b", "SOMETHING_NEW"), ("c", "OK")]);
    let first = Alarm {
        name: "a".into(),
        state: "ALARM".into(),
        since: Some(1_795_000_000_500),
        reason: "Threshold Crossed<U+202E>".into(),
        namespace: "AWS/ApplicationELB".into(),
        metric: "HTTPCode_Target_5XX_Count".into(),
        statistic: "Sum".into(),
        dimensions: vec![("LoadBalancer".into(), "app/x/1".into())],
    };
    assert_eq!(alarms[0], first);
    let asked = server.asked("DescribeAlarms");
    assert_eq!(asked.len(), 3);
    assert_eq!(asked[0].path, "/service/GraniteServiceVersion20100801/operation/DescribeAlarms");
    assert_eq!(asked[0].header("smithy-protocol"), "rpc-v2-cbor");
    let names = field(&asked[0].cbor(), "AlarmNames")
        .and_then(|it| it.into_array().ok())
        .expect("names");
    assert_eq!(names.len(), 4);
    assert_eq!(field(&asked[2].cbor(), "NextToken"), Some("u".into()));
}

/// A field of a CBOR map.
fn field(body: &ciborium::Value, name: &str) -> Option<ciborium::Value> {
    let fields = body.as_map()?;
    fields
        .iter()
        .find(|(key, _)| key.as_text() == Some(name))
        .map(|(_, value)| value.clone())
}

#[tokio::test]
async fn maps_without_a_length_are_read_as_well() {
    // {_ "MetricAlarms": [_ ] }
    let mut bytes = vec![0xbf, 0x6c];
    bytes.extend(b"MetricAlarms");
    bytes.extend([0x9f, 0xff, 0xff]);
    let (fact, _) = fact("DescribeAlarms", [bodies::cbor_bytes(200, bytes)], ask_alarms(&["a"])).await;
    assert_eq!(fact, Fact::Alarms(Vec::new()));
}

#[tokio::test]
async fn many_alarms_are_asked_for_in_hundreds() {
    let names: Vec<String> = (0..150).map(|i| format!("alarm-{i}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let none = bodies::cbor(&json!({ "MetricAlarms": [] }));
    let (_, server) = fact("DescribeAlarms", [none], ask_alarms(&names)).await;
    assert_eq!(server.asked("DescribeAlarms").len(), 2);
}

// ---------------------------------------------------------------------------------------------------
// Quotas

async fn quota_with(server: &Server, quota: QuotaId) -> Result<Quota, Fault> {
    match cloud(server).await.ask(Query::Quota { quota }).await? {
        Fact::Quota(quota) => Ok(quota),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn vpcs_are_counted_over_all_pages() {
    let server = Server::start().await;
    server.on(
        "GetServiceQuota",
        [bodies::json(json!({ "Quota": quota_json("VPCs per Region", 5.0) }))],
    );
    let vpcs = |ids: &[&str]| -> Value { ids.iter().map(|id| json!({ "Identifier": id, "Properties": "{}" })).collect() };
    server.on(
        "ListResources",
        [
            bodies::json(json!({ "TypeName": "AWS::EC2::VPC", "ResourceDescriptions": vpcs(&["vpc-1", "vpc-2"]), "NextToken": "t" })),
            bodies::json(json!({ "TypeName": "AWS::EC2::VPC", "ResourceDescriptions": vpcs(&["vpc-3"]) })),
        ],
    );
    let quota = quota_with(&server, QuotaId::Vpcs).await.expect("a quota");
    assert_eq!((quota.limit, quota.is_default, quota.used), (5.0, false, Some(Ok(3.0))));
    let asked = &server.asked("GetServiceQuota")[0].json();
    assert_eq!((&asked["ServiceCode"], &asked["QuotaCode"]), (&json!("vpc"), &json!("L-F678F1CE")));
    assert_eq!(
        server.asked("ListResources")[1].json(),
        json!({ "TypeName": "AWS::EC2::VPC", "NextToken": "t" })
    );
}

#[tokio::test]
async fn a_quota_without_a_value_of_the_account_is_aws_own_and_its_use_is_measured() {
    let server = Server::start().await;
    server.on(
        "GetServiceQuota",
        [bodies::error(
            Wire::Json,
            400,
            "NoSuchResourceException",
            "The specified quota does not exist.",
        )],
    );
    let metric = json!({
        "MetricNamespace": "AWS/Usage", "MetricName": "ResourceCount", "MetricStatisticRecommendation": "Maximum",
        "MetricDimensions": { "Service": "Fargate", "Resource": "vCPU", "Type": "Resource", "Class": "Standard/OnDemand" },
    });
    let quota = json!({ "QuotaName": "Fargate On-Demand vCPU resource count", "Value": 6.0, "UsageMetric": metric });
    server.on("GetAWSDefaultServiceQuota", [bodies::json(json!({ "Quota": quota }))]);
    let data = |values: Value, status: &str| {
        bodies::cbor(&json!({ "MetricDataResults": [
            { "Id": "used", "Label": "used", "StatusCode": status, "Values": values, "Timestamps": [{ "$time": 1_795_000_000 }] },
        ]}))
    };
    for (reply, want) in [
        (data(json!([4.5, 1.0]), "Complete"), Ok(4.5)),
        (data(json!([]), "Complete"), Ok(0.0)),
        (data(json!([]), "Forbidden"), Err(FaultKind::Denied)),
        (data(json!([]), "InternalError"), Err(FaultKind::AwsFailed)),
        (bodies::cbor(&json!({})), Err(FaultKind::OddAnswer)),
        (bodies::cbor(&json!({ "MetricDataResults": [] })), Err(FaultKind::OddAnswer)),
        (data(json!(["many"]), "Complete"), Err(FaultKind::OddAnswer)),
        (bodies::cbor_bytes(200, Vec::new()), Err(FaultKind::OddAnswer)),
        (bodies::html("sign in"), Err(FaultKind::OddAnswer)),
        (bodies::error(Wire::Cbor, 403, "AccessDenied", "no"), Err(FaultKind::Denied)),
        (
            bodies::error(Wire::Cbor, 400, "Throttling", "Rate exceeded"),
            Err(FaultKind::Throttled),
        ),
        (
            bodies::error(Wire::Cbor, 500, "InternalServiceFault", "oops"),
            Err(FaultKind::AwsFailed),
        ),
        (data(json!([1.0]), "Complete").how(How::Reset), Err(FaultKind::Unreachable)),
    ] {
        let what = format!("{:?}", reply.body);
        server.on("GetMetricData", [reply]);
        let quota = quota_with(&server, QuotaId::FargateVcpu).await.expect("a quota");
        assert_eq!((quota.limit, quota.is_default), (6.0, true));
        let used = quota.used.expect("AWS measures it");
        assert_eq!(used.map_err(|fault| fault.kind), want, "{what}");
    }
    is_asked_for_by_its_dimensions(&server.asked("GetMetricData")[0].cbor());
}

fn is_asked_for_by_its_dimensions(asked: &ciborium::Value) {
    let query = field(asked, "MetricDataQueries")
        .and_then(|it| it.into_array().ok())
        .expect("queries");
    let stat = field(&query[0], "MetricStat").expect("a statistic");
    let metric = field(&stat, "Metric").expect("a metric");
    assert_eq!(field(&metric, "Namespace"), Some("AWS/Usage".into()));
    let dimensions = field(&metric, "Dimensions")
        .and_then(|it| it.into_array().ok())
        .expect("dimensions");
    assert_eq!(dimensions.len(), 4);
    assert!(matches!(field(asked, "StartTime"), Some(ciborium::Value::Tag(1, _))));
}

#[tokio::test]
async fn how_much_is_in_use_may_be_unknown_while_the_quota_is_known() {
    for (code, want) in [
        ("AccessDeniedException", FaultKind::Denied),
        ("ThrottlingException", FaultKind::Throttled),
    ] {
        let server = Server::start().await;
        server.on(
            "GetServiceQuota",
            [bodies::json(json!({ "Quota": quota_json("EC2-VPC Elastic IPs", 5.0) }))],
        );
        server.on("ListResources", [bodies::error(Wire::Json, 400, code, "no")]);
        let quota = quota_with(&server, QuotaId::Addresses).await.expect("a quota");
        let fault = quota.used.expect("asked").expect_err("not known");
        assert_eq!((fault.kind, fault.operation.as_str()), (want, "cloudformation:ListResources"));
    }
    // Nor is a quota whose use AWS does not measure a fault.
    let server = Server::start().await;
    server.on("GetServiceQuota", [bodies::json(json!({ "Quota": quota_json("vCPU", 6.0) }))]);
    assert_eq!(quota_with(&server, QuotaId::FargateVcpu).await.expect("a quota").used, None);
    // The default may be forbidden as well.
    server.on("GetServiceQuota", [bodies::error(Wire::Json, 400, "NoSuchResourceException", "no")]);
    server.on(
        "GetAWSDefaultServiceQuota",
        [bodies::error(Wire::Json, 400, "AccessDeniedException", "no")],
    );
    let fault = quota_with(&server, QuotaId::FargateVcpu).await.expect_err("denied");
    assert_eq!(fault.operation, "servicequotas:GetAWSDefaultServiceQuota");
    server.on("GetAWSDefaultServiceQuota", [bodies::json(json!({ "Quota": {} }))]);
    let fault = quota_with(&server, QuotaId::FargateVcpu).await.expect_err("odd");
    assert_eq!(fault.kind, FaultKind::OddAnswer);
}

#[tokio::test]
async fn the_rate_of_a_model_is_looked_for_among_the_accounts_quotas_and_then_the_defaults() {
    let name = "On-demand model inference requests per minute for Stable Image Core";
    let page = |quotas: Vec<Value>, next: Option<&str>| bodies::json(json!({ "Quotas": quotas, "NextToken": next }));
    let other = || quota_json("On-demand model inference requests per minute for Stable Image Ultra", 1.0);
    let server = Server::start().await;
    let ask = async || {
        let query = Query::ModelQuota {
            model: "Stable Image Core 1.1".into(),
        };
        match cloud(&server).await.ask(query).await {
            Ok(Fact::ModelQuota(quota)) => Ok(quota.map(|q| (q.limit, q.is_default))),
            Ok(other) => panic!("{other:?}"),
            Err(fault) => Err(fault),
        }
    };
    server.on(
        "ListServiceQuotas",
        [page(vec![other()], Some("t")), page(vec![quota_json(name, 90.0)], None)],
    );
    assert_eq!(ask().await, Ok(Some((90.0, false))));
    assert_eq!(server.asked("ListServiceQuotas")[1].json()["NextToken"], "t");
    assert!(server.asked("ListAWSDefaultServiceQuotas").is_empty());
    server.on("ListServiceQuotas", [page(vec![other()], None)]);
    server.on(
        "ListAWSDefaultServiceQuotas",
        [page(vec![], Some("t")), page(vec![quota_json(name, 60.0)], None)],
    );
    assert_eq!(ask().await, Ok(Some((60.0, true))));
    server.on("ListAWSDefaultServiceQuotas", [page(vec![other()], None)]);
    assert_eq!(ask().await, Ok(None), "that AWS lists none is an answer");
    server.on(
        "ListAWSDefaultServiceQuotas",
        [bodies::error(Wire::Json, 400, "AccessDeniedException", "no")],
    );
    assert_eq!(ask().await.expect_err("denied").kind, FaultKind::Denied);
    server.on("ListAWSDefaultServiceQuotas", [page(vec![], Some("t"))]);
    assert_eq!(ask().await.expect_err("it does not end").kind, FaultKind::OddAnswer);
    server.on(
        "ListAWSDefaultServiceQuotas",
        [bodies::json(json!({ "Quotas": [{ "QuotaName": name }] }))],
    );
    assert_eq!(ask().await.expect_err("no value").kind, FaultKind::OddAnswer);
}

// ---------------------------------------------------------------------------------------------------
// Secrets

#[tokio::test]
async fn names_that_are_taken_are_told_from_free_ones() {
    let server = Server::start().await;
    server.answer("DescribeSecret", |request| match request.json()["SecretId"].as_str() {
        Some("bic/doomed") => bodies::json(json!({ "ARN": "arn:x", "Name": "bic/doomed", "DeletedDate": 1_796_083_200.0 })),
        Some("bic/living") => bodies::json(json!({ "ARN": "arn:y", "Name": "bic/living" })),
        _ => bodies::error(
            Wire::Json,
            400,
            "ResourceNotFoundException",
            "Secrets Manager can't find the specified secret.",
        ),
    });
    let names = ["bic/free", "bic/doomed", "bic/living"].map(SafeText::from).to_vec();
    let told = cloud(&server).await.ask(Query::SecretNames { names }).await.expect("an answer");
    let taken = |name: &str, deleted| TakenName {
        name: name.into(),
        deleted,
    };
    assert_eq!(
        told,
        Fact::SecretNames(vec![taken("bic/doomed", Some(1_796_083_200_000)), taken("bic/living", None)])
    );
    assert_eq!(server.asked("GetSecretValue").len(), 0, "no value is read");
}

// ---------------------------------------------------------------------------------------------------
// Rights

#[tokio::test]
async fn rights_are_simulated_for_the_role_with_its_path_over_all_pages() {
    let server = Server::start().await;
    let role = format!(
        "<Role><Path>/x/</Path><RoleName>r</RoleName><RoleId>i</RoleId><Arn>{ROLE}</Arn><CreateDate>2026-01-01T00:00:00Z</CreateDate></Role>"
    );
    server.on("GetRole", [bodies::query("GetRole", &role)]);
    let outside = "<PermissionsBoundaryDecisionDetail><AllowedByPermissionsBoundary>false</AllowedByPermissionsBoundary></PermissionsBoundaryDecisionDetail>";
    let barred = "<OrganizationsDecisionDetail><AllowedByOrganizations>false</AllowedByOrganizations></OrganizationsDecisionDetail>";
    let first = decision("ec2:CreateVpc", "allowed", "") + &decision("ec2:CreateSubnet", "explicitDeny", "");
    let second = decision("ecs:CreateService", "implicitDeny", outside) + &decision("rds:CreateDBInstance", "newWord", barred);
    server.on(
        "SimulatePrincipalPolicy",
        [
            decisions(&first, "<IsTruncated>true</IsTruncated><Marker>m</Marker>"),
            decisions(&second, "<IsTruncated>false</IsTruncated>"),
        ],
    );
    let actions = ["ec2:CreateVpc", "ec2:CreateSubnet", "ecs:CreateService", "rds:CreateDBInstance"];
    let told = cloud(&server).await.ask(ask_rights(sso(), &actions)).await.expect("an answer");
    let right = |action: &str, decision, is_bounded, is_barred| Right {
        action: action.into(),
        resource: "*".into(),
        decision,
        is_bounded,
        is_barred,
    };
    assert_eq!(
        told,
        Fact::Rights(vec![
            right("ec2:CreateVpc", Decision::Allowed, false, false),
            right("ec2:CreateSubnet", Decision::Denied, false, false),
            right("ecs:CreateService", Decision::NotAllowed, true, false),
            right("rds:CreateDBInstance", Decision::NotAllowed, false, true),
        ])
    );
    let asked = server.asked("SimulatePrincipalPolicy")[1].form();
    let value = |name: &str| asked.get(name).map(String::as_str);
    assert_eq!((value("PolicySourceArn"), value("Marker")), (Some(ROLE), Some("m")));
    assert_eq!(value("ActionNames.member.4"), Some("rds:CreateDBInstance"));
    assert_eq!(value("ResourceArns.member.1"), Some("*"));
    let keys: Vec<&String> = asked
        .iter()
        .filter(|(k, _)| k.ends_with(".ContextKeyName"))
        .map(|(_, v)| v)
        .collect();
    assert!(
        keys.iter().any(|k| *k == "aws:RequestedRegion") && keys.iter().any(|k| *k == "iam:PassedToService"),
        "{keys:?}"
    );
}

#[tokio::test]
async fn a_role_that_may_not_be_looked_up_is_taken_for_one_without_a_path() {
    let server = Server::start().await;
    server.on("GetRole", [bodies::error(Wire::Query, 403, "AccessDenied", "no")]);
    server.on(
        "SimulatePrincipalPolicy",
        [decisions(&decision("ec2:CreateVpc", "allowed", ""), "")],
    );
    let ask = || ask_rights(sso(), &["ec2:CreateVpc"]);
    assert!(cloud(&server).await.ask(ask()).await.is_ok());
    let asked = server.asked("SimulatePrincipalPolicy")[0].form();
    assert_eq!(asked["PolicySourceArn"], "arn:aws:iam::123456789012:role/AWSReservedSSO_Admin_ab12");
    // It has one: the permission that would tell is named.
    server.on(
        "SimulatePrincipalPolicy",
        [bodies::error(Wire::Query, 404, "NoSuchEntity", "The role cannot be found.")],
    );
    let fault = cloud(&server).await.ask(ask()).await.expect_err("no such role");
    assert_eq!((fault.kind, fault.operation.as_str()), (FaultKind::Denied, "iam:GetRole"));
    for (reply, want) in [
        (bodies::error(Wire::Query, 400, "Throttling", "Rate exceeded"), FaultKind::Throttled),
        (bodies::query("GetRole", ""), FaultKind::OddAnswer),
        (bodies::html("sign in"), FaultKind::OddAnswer),
    ] {
        server.on("GetRole", [reply]);
        let fault = cloud(&server).await.ask(ask()).await.expect_err("no role");
        assert_eq!((fault.kind, fault.operation.as_str()), (want, "iam:GetRole"));
    }
}

#[tokio::test]
async fn an_action_without_a_decision_is_not_taken_for_allowed() {
    let good = decisions(&decision("ec2:CreateVpc", "allowed", ""), "");
    let server = Server::start().await;
    server.on("SimulatePrincipalPolicy", [good]);
    let fault = cloud(&server)
        .await
        .ask(ask_rights(dana(), &["ec2:CreateVpc", "ec2:CreateSubnet"]))
        .await;
    assert_eq!(fault.expect_err("half an answer").kind, FaultKind::OddAnswer);
}
