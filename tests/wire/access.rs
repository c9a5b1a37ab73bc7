//! Certificates, DNS and provisioned throughput: what is sent, in how many pages it comes, and what the answers mean.

use bic_tui::{
    cloud::{Commitment, Purchase},
    core::fact::{AliasTarget, Balancer, DnsRecord, HostedZone, ProofRecord},
};

use super::{writes::Write, *};

const CERT: &str = "arn:aws:acm:us-west-2:123456789012:certificate/0af3";
const ZONES: &str = "<HostedZones/><IsTruncated>false</IsTruncated><MaxItems>100</MaxItems>";
const RECORDS: &str = "<ResourceRecordSets/><IsTruncated>false</IsTruncated><MaxItems>100</MaxItems>";
const CHANGED: &str = "<ChangeInfo><Id>/change/C1</Id><Status>PENDING</Status><SubmittedAt>2026-11-22T10:00:00Z</SubmittedAt></ChangeInfo>";
const PT: &str = "arn:aws:bedrock:us-west-2:123456789012:provisioned-model/abcdef123456";

fn rest(body: Value) -> Reply {
    Reply::new(200, "application/json", body.to_string())
}

fn certificate(status: &str) -> Value {
    json!({ "Certificate": {
        "CertificateArn": CERT, "DomainName": "chat.example.com", "SubjectAlternativeNames": ["chat.example.com", "*.example.com\u{202e}"],
        "Status": status, "Type": "AMAZON_ISSUED", "CreatedAt": 1_795_341_600.5, "NotAfter": 1_829_000_000,
        "InUseBy": ["arn:alb"], "FailureReason": "CAA_ERROR",
        "DomainValidationOptions": [
            { "DomainName": "chat.example.com", "ValidationStatus": "PENDING_VALIDATION", "ValidationMethod": "DNS",
              "ResourceRecord": { "Name": "_0af3.chat.example.com.", "Type": "CNAME", "Value": "_9b1e.x.acm-validations.aws." } },
            { "DomainName": "*.example.com", "ValidationStatus": "SUCCESS", "ValidationMethod": "DNS" },
        ],
    }})
}

fn throughput(status: &str) -> Value {
    json!({
        "provisionedModelName": "images", "provisionedModelArn": PT, "modelUnits": 2, "desiredModelUnits": 2, "status": status,
        "modelArn": "arn:aws:bedrock:us-west-2:123456789012:custom-model/amazon.nova-canvas-v1:0/brand",
        "desiredModelArn": "arn:m", "foundationModelArn": "arn:aws:bedrock:us-west-2::foundation-model/amazon.nova-canvas-v1:0",
        "creationTime": "2026-11-22T10:00:00Z", "lastModifiedTime": "2026-11-22T10:00:00Z", "commitmentDuration": "OneMonth",
        "commitmentExpirationTime": "2026-12-22T10:00:00Z", "failureMessage": "no capacity\u{1b}",
    })
}

fn balancer_xml(kind: &str) -> String {
    format!(
        "<LoadBalancers><member><LoadBalancerArn>arn:alb</LoadBalancerArn><DNSName>Bic.elb.amazonaws.com</DNSName>\
         <CanonicalHostedZoneId>Z1H1FL5HABSF5</CanonicalHostedZoneId><IpAddressType>{kind}</IpAddressType></member></LoadBalancers>"
    )
}

/// Rows of the table of reads.
#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn reads() -> Vec<Read> {
    let row = |operation, wire, query, good, odd| Read {
        operation,
        wire,
        ask: Ask::Query(query),
        good,
        odd,
    };
    let names = vec!["chat.example.com".into()];
    vec![
        row(
            "DescribeCertificate",
            Wire::Json,
            Query::Certificate { arn: CERT.into() },
            bodies::json(certificate("ISSUED")),
            vec![
                bodies::json(json!({})),
                bodies::json(json!({ "Certificate": null })),
                bodies::json(json!({ "Certificate": {} })),
            ],
        ),
        row(
            "ListCertificates",
            Wire::Json,
            Query::Certificates,
            bodies::json(json!({ "CertificateSummaryList": [] })),
            vec![bodies::json(json!({})), bodies::json(json!({ "CertificateSummaryList": null }))],
        ),
        row(
            "ListHostedZones",
            Wire::Xml,
            Query::HostedZones,
            bodies::xml("ListHostedZones", ZONES),
            vec![],
        ),
        row(
            "ListResourceRecordSets",
            Wire::Xml,
            Query::DnsRecords { zone: "Z1".into(), names },
            bodies::xml("ListResourceRecordSets", RECORDS),
            vec![],
        ),
        row(
            "GetChange",
            Wire::Xml,
            Query::DnsChange { id: "C1".into() },
            bodies::xml("GetChange", CHANGED),
            vec![bodies::xml("GetChange", "")],
        ),
        row(
            "DescribeLoadBalancers",
            Wire::Query,
            Query::Balancer { arn: "arn:alb".into() },
            bodies::query("DescribeLoadBalancers", &balancer_xml("ipv4")),
            vec![bodies::query("DescribeLoadBalancers", "")],
        ),
        row(
            "ListProvisionedModelThroughputs",
            Wire::Rest,
            Query::Throughputs,
            rest(json!({ "provisionedModelSummaries": [] })),
            vec![rest(json!({})), rest(json!({ "provisionedModelSummaries": null }))],
        ),
        row(
            "GetProvisionedModelThroughput",
            Wire::Rest,
            Query::Throughput { arn: PT.into() },
            rest(throughput("InService")),
            vec![rest(json!({})), rest(json!({ "provisionedModelArn": null }))],
        ),
        row(
            "ListCustomModels",
            Wire::Rest,
            Query::CustomModels,
            rest(json!({ "modelSummaries": [] })),
            vec![rest(json!({})), rest(json!({ "modelSummaries": null }))],
        ),
    ]
}

fn cname(name: &str, value: &str) -> DnsRecord {
    DnsRecord {
        name: name.into(),
        kind: "CNAME".into(),
        ttl: Some(300),
        values: vec![value.into()],
        alias: None,
        is_special: false,
    }
}

fn alias() -> DnsRecord {
    DnsRecord {
        kind: "A".into(),
        ttl: None,
        values: Vec::new(),
        alias: Some(AliasTarget {
            zone: "Z1H1FL5HABSF5".into(),
            name: "bic.elb.amazonaws.com".into(),
            evaluates_health: false,
        }),
        ..cname("example.com", "")
    }
}

fn records() -> Change {
    Change::ChangeRecords {
        zone: "Z1".into(),
        removes: vec![cname("example.com", "old.example.net")],
        upserts: vec![alias(), cname("*.example.com", "bic.elb.amazonaws.com")],
    }
}

fn purchase(commitment: Commitment) -> Change {
    Change::BuyThroughput(Purchase {
        name: "images".into(),
        model: "amazon.nova-canvas-v1:0".into(),
        units: 2,
        commitment,
    })
}

/// Rows of the table of writes.
#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn writes() -> Vec<Write> {
    let text = |text: &str| Value::String(text.into());
    let row = |operation, wire, change, good, sent| Write {
        operation,
        wire,
        change,
        good,
        sent,
    };
    vec![
        row(
            "RequestCertificate",
            Wire::Json,
            Change::RequestCertificate {
                domain: "chat.example.com".into(),
                names: vec!["*.example.com".into()],
            },
            bodies::json(json!({ "CertificateArn": "arn:cert" })),
            vec![
                ("DomainName", text("chat.example.com")),
                ("SubjectAlternativeNames", json!(["*.example.com"])),
                ("ValidationMethod", text("DNS")),
                ("IdempotencyToken", text("7c1b7e6e000040008000000000000001")),
            ],
        ),
        row(
            "RequestCertificate",
            Wire::Json,
            Change::RequestCertificate {
                domain: "chat.example.com".into(),
                names: Vec::new(),
            },
            bodies::json(json!({ "CertificateArn": "arn:cert" })),
            vec![("SubjectAlternativeNames", Value::Null)],
        ),
        row(
            "ChangeResourceRecordSets",
            Wire::Xml,
            records(),
            bodies::xml("ChangeResourceRecordSets", CHANGED),
            vec![],
        ),
        row(
            "CreateProvisionedModelThroughput",
            Wire::Rest,
            purchase(Commitment::SixMonths),
            rest(json!({ "provisionedModelArn": "arn:pt" })),
            vec![
                ("clientRequestToken", text(&token().0)),
                ("provisionedModelName", text("images")),
                ("modelId", text("amazon.nova-canvas-v1:0")),
                ("modelUnits", json!(2)),
                ("commitmentDuration", text("SixMonths")),
            ],
        ),
        row(
            "CreateProvisionedModelThroughput",
            Wire::Rest,
            purchase(Commitment::None),
            rest(json!({ "provisionedModelArn": "arn:pt" })),
            vec![("commitmentDuration", Value::Null)],
        ),
    ]
}

#[tokio::test]
async fn a_certificate_is_told_with_what_proves_it() {
    let query = || Query::Certificate { arn: CERT.into() };
    let (it, server) = fact("DescribeCertificate", [bodies::json(certificate("PENDING_VALIDATION"))], query()).await;
    let Fact::Certificate(Some(it)) = it else { panic!("{it:?}") };
    assert_eq!((it.domain.as_str(), it.status.as_str()), ("chat.example.com", "PENDING_VALIDATION"));
    assert_eq!(it.names, ["chat.example.com", "*.example.com<U+202E>"]);
    assert_eq!((it.requested, it.not_after), (Some(1_795_341_600_500), Some(1_829_000_000_000)));
    assert_eq!(
        (it.failure.as_str(), it.in_use_by.len(), it.kind.as_str()),
        ("CAA_ERROR", 1, "AMAZON_ISSUED")
    );
    let record = ProofRecord {
        name: "_0af3.chat.example.com".into(),
        value: "_9b1e.x.acm-validations.aws".into(),
    };
    assert_eq!(it.open_records(), [&record], "without final stops; what is proven needs none");
    assert_eq!(server.requests()[0].json()["CertificateArn"], CERT);
    let gone = bodies::error(Wire::Json, 400, "ResourceNotFoundException", "Could not find certificate");
    let (it, _) = fact("DescribeCertificate", [gone], query()).await;
    assert_eq!(it, Fact::Certificate(None));
}

#[tokio::test]
async fn certificates_of_all_keys_come_in_pages() {
    let row = |arn: &str| {
        json!({ "CertificateArn": arn, "DomainName": "example.com", "SubjectAlternativeNameSummaries": ["www.example.com"],
                "Status": "ISSUED", "Type": "IMPORTED", "InUse": true, "NotAfter": 1_829_000_000 })
    };
    let pages = [
        bodies::json(json!({ "CertificateSummaryList": [row("a")], "NextToken": "t" })),
        bodies::json(json!({ "CertificateSummaryList": [row("b"), {}] })),
    ];
    let (it, server) = fact("ListCertificates", pages, Query::Certificates).await;
    let Fact::Certificates(all) = it else { panic!("{it:?}") };
    assert_eq!(all.iter().map(|c| c.arn.as_str()).collect::<Vec<_>>(), ["a", "b", ""]);
    assert_eq!(all[0].names, ["example.com", "www.example.com"]);
    assert!(all[0].in_use && !all[2].in_use);
    let asked = server.requests();
    assert_eq!(asked[0].json()["CertificateStatuses"], json!(["ISSUED", "PENDING_VALIDATION"]));
    let keys = asked[0].json()["Includes"]["keyTypes"].clone();
    assert!(
        keys.as_array()
            .is_some_and(|keys| keys.len() == 7 && keys.contains(&json!("EC_prime256v1"))),
        "{keys}"
    );
    assert_eq!(asked[1].json()["NextToken"], "t");
}

fn zone_xml(id: &str, name: &str, is_private: bool) -> String {
    format!(
        "<HostedZone><Id>/hostedzone/{id}</Id><Name>{name}</Name><CallerReference>r</CallerReference>\
         <Config><PrivateZone>{is_private}</PrivateZone></Config></HostedZone>"
    )
}

#[tokio::test]
async fn zones_come_in_pages_and_private_ones_are_marked() {
    let first = format!(
        "<HostedZones>{}</HostedZones><IsTruncated>true</IsTruncated><NextMarker>Z2</NextMarker><MaxItems>1</MaxItems>",
        zone_xml("Z1", "example.com.", false)
    );
    let second = format!(
        "<HostedZones>{}</HostedZones><IsTruncated>false</IsTruncated><Marker>Z2</Marker><MaxItems>1</MaxItems>",
        zone_xml("Z2", "\\052.corp.example.com.", true)
    );
    let pages = [first, second].map(|page| bodies::xml("ListHostedZones", &page));
    let (it, server) = fact("ListHostedZones", pages, Query::HostedZones).await;
    let zone = |id: &str, name: &str, is_private| HostedZone {
        id: id.into(),
        name: name.into(),
        is_private,
    };
    assert_eq!(
        it,
        Fact::HostedZones(vec![zone("Z1", "example.com", false), zone("Z2", "*.corp.example.com", true)])
    );
    assert!(server.requests()[1].path.contains("marker=Z2"), "{}", server.requests()[1].path);
}

#[tokio::test]
async fn only_the_sets_of_the_name_are_told() {
    let set = |name: &str, inside: &str| format!("<ResourceRecordSet><Name>{name}</Name>{inside}</ResourceRecordSet>");
    let cname_of = |value: &str| {
        format!("<Type>CNAME</Type><TTL>60</TTL><ResourceRecords><ResourceRecord><Value>{value}</Value></ResourceRecord></ResourceRecords>")
    };
    let target = "<Type>A</Type><AliasTarget><HostedZoneId>Z9</HostedZoneId><DNSName>dualstack.alb.</DNSName>\
                  <EvaluateTargetHealth>true</EvaluateTargetHealth></AliasTarget>";
    let weighted = "<Type>AAAA</Type><SetIdentifier>one</SetIdentifier><Weight>1</Weight><TTL>60</TTL>";
    let sets = [
        set("chat.example.com.", &cname_of("old.example.net")),
        set("chat.example.com.", target),
        set("chat.example.com.", weighted),
        set("www.example.com.", &cname_of("other")),
    ];
    let page = format!(
        "<ResourceRecordSets>{}</ResourceRecordSets><IsTruncated>false</IsTruncated><MaxItems>100</MaxItems>",
        sets.concat()
    );
    let query = Query::DnsRecords {
        zone: "Z1".into(),
        names: vec!["chat.example.com".into()],
    };
    let (it, server) = fact("ListResourceRecordSets", [bodies::xml("ListResourceRecordSets", &page)], query).await;
    let Fact::DnsRecords(all) = it else { panic!("{it:?}") };
    let words: Vec<String> = all.iter().map(DnsRecord::words).collect();
    assert_eq!(words[..2], ["CNAME old.example.net (60 s)", "A alias of dualstack.alb"]);
    assert!(all.len() == 3 && all[2].is_special && !all[0].is_special);
    assert!(all[1].alias.as_ref().is_some_and(|alias| alias.evaluates_health));
    let path = &server.requests()[0].path;
    assert!(
        path.starts_with("/2013-04-01/hostedzone/Z1/rrset?") && path.contains("name=chat.example.com"),
        "{path}"
    );
}

#[tokio::test]
async fn records_are_changed_in_one_batch() {
    let server = Server::start().await;
    server.on("ChangeResourceRecordSets", [bodies::xml("ChangeResourceRecordSets", CHANGED)]);
    let done = cloud(&server).await.change(records(), token()).await;
    assert_eq!(done, Ok(Done::Records { id: "C1".into() }));
    let [request] = server.asked("ChangeResourceRecordSets").try_into().expect("one request");
    assert_eq!(request.path.trim_end_matches('/'), "/2013-04-01/hostedzone/Z1/rrset");
    let body = request.text();
    let places: Vec<usize> = [
        "<Action>DELETE</Action>",
        "<Value>old.example.net</Value>",
        "<Action>UPSERT</Action>",
        "<HostedZoneId>Z1H1FL5HABSF5</HostedZoneId>",
        "<EvaluateTargetHealth>false</EvaluateTargetHealth>",
        "<Name>*.example.com</Name>",
        "<TTL>300</TTL>",
    ]
    .iter()
    .map(|part| body.rfind(part).unwrap_or_else(|| panic!("{part}: {body}")))
    .collect();
    assert!(places[0] < places[2], "what stands in the way goes first: {body}");
    assert_eq!(body.matches("<Action>UPSERT</Action>").count(), 2);
}

#[tokio::test]
async fn a_zone_that_is_busy_or_not_there_is_one_sentence() {
    for (status, code, message, kind, sentence, advice) in [
        (
            400,
            "PriorRequestNotComplete",
            "The request was rejected because Route 53 was still processing a prior request.",
            FaultKind::Throttled,
            "still works on an earlier change of this zone",
            "Try again in a minute",
        ),
        (
            404,
            "NoSuchHostedZone",
            "No hosted zone found with ID: Z1",
            FaultKind::NotFound,
            "Z1 does not exist",
            "Check the name",
        ),
        (
            400,
            "InvalidChangeBatch",
            "[RRSet with DNS name x. is not permitted in zone example.com.]",
            FaultKind::Refused,
            "is not permitted in zone example.com.]",
            "Change what AWS names",
        ),
        (
            403,
            "AccessDenied",
            "User: x is not authorized",
            FaultKind::Denied,
            "is not allowed",
            "route53:ChangeResourceRecordSets",
        ),
    ] {
        let server = Server::start().await;
        server.on("ChangeResourceRecordSets", [bodies::error(Wire::Xml, status, code, message)]);
        let fault = cloud(&server).await.change(records(), token()).await.expect_err(code);
        assert_eq!(fault.kind, kind, "{code}");
        assert!(fault.sentence().contains(sentence), "{code}: {}", fault.sentence());
        assert!(fault.advice().contains(advice), "{code}: {}", fault.advice());
        assert_eq!(server.requests().len(), 1, "{code}");
    }
}

#[tokio::test]
async fn a_change_is_followed() {
    let pages = ["PENDING", "INSYNC"].map(|status| bodies::xml("GetChange", &CHANGED.replace("PENDING", status)));
    let server = Server::start().await;
    server.on("GetChange", pages);
    let cloud = cloud(&server).await;
    for want in ["PENDING", "INSYNC"] {
        let told = cloud.ask(Query::DnsChange { id: "C1".into() }).await;
        assert_eq!(told, Ok(Fact::DnsChange(want.into())));
    }
    assert_eq!(server.requests()[0].path, "/2013-04-01/change/C1");
}

#[tokio::test]
async fn a_load_balancer_has_a_zone_of_its_own() {
    for (kind, is_dualstack) in [("ipv4", false), ("dualstack", true)] {
        let good = bodies::query("DescribeLoadBalancers", &balancer_xml(kind));
        let (it, server) = fact("DescribeLoadBalancers", [good], Query::Balancer { arn: "arn:alb".into() }).await;
        let want = Balancer {
            arn: "arn:alb".into(),
            dns_name: "Bic.elb.amazonaws.com".into(),
            zone: "Z1H1FL5HABSF5".into(),
            is_dualstack,
        };
        assert_eq!(it, Fact::Balancer(Some(want)));
        assert_eq!(server.requests()[0].form()["LoadBalancerArns.member.1"], "arn:alb");
    }
    let gone = bodies::error(Wire::Query, 400, "LoadBalancerNotFound", "One or more load balancers not found");
    let (it, _) = fact("DescribeLoadBalancers", [gone], Query::Balancer { arn: "x".into() }).await;
    assert_eq!(it, Fact::Balancer(None));
}

#[tokio::test]
async fn throughput_comes_in_pages_and_one_says_why_it_failed() {
    let pages = [
        rest(json!({ "provisionedModelSummaries": [throughput("InService")], "nextToken": "t" })),
        rest(json!({ "provisionedModelSummaries": [throughput("Creating")] })),
    ];
    let (it, server) = fact("ListProvisionedModelThroughputs", pages, Query::Throughputs).await;
    let Fact::Throughputs(all) = it else { panic!("{it:?}") };
    let [first, second] = all.as_slice() else { panic!("{all:?}") };
    assert!(first.is_in_service() && second.is_on_its_way());
    assert_eq!(
        (first.name.as_str(), first.units, first.commitment.as_str()),
        ("images", 2, "OneMonth")
    );
    assert_eq!(
        (first.base_id(), first.commitment_end),
        ("amazon.nova-canvas-v1:0", Some(1_797_933_600_000))
    );
    assert_eq!(first.failure, "", "the list does not say");
    assert!(server.requests()[1].path.contains("nextToken=t"));
    let query = || Query::Throughput { arn: PT.into() };
    let (it, server) = fact("GetProvisionedModelThroughput", [rest(throughput("Failed"))], query()).await;
    let Fact::Throughput(Some(one)) = it else { panic!("{it:?}") };
    assert_eq!((one.status.as_str(), one.failure.as_str()), ("Failed", "no capacity␛"));
    let path = &server.requests()[0].path;
    assert!(path.contains("provisioned-model%2Fabcdef123456"), "{path}");
    let gone = bodies::error(Wire::Rest, 404, "ResourceNotFoundException", "no such model");
    let (it, _) = fact("GetProvisionedModelThroughput", [gone], query()).await;
    assert_eq!(it, Fact::Throughput(None));
}

#[tokio::test]
async fn models_of_ones_own_come_in_pages() {
    let model = |name: &str| {
        json!({ "modelArn": format!("arn:{name}"), "modelName": name, "creationTime": "2026-11-22T10:00:00Z",
                "baseModelArn": "arn:aws:bedrock:us-west-2::foundation-model/amazon.nova-canvas-v1:0", "baseModelName": "Nova Canvas",
                "customizationType": "FINE_TUNING" })
    };
    let pages = [
        rest(json!({ "modelSummaries": [model("a")], "nextToken": "t" })),
        rest(json!({ "modelSummaries": [model("b")] })),
    ];
    let (it, _) = fact("ListCustomModels", pages, Query::CustomModels).await;
    let Fact::CustomModels(all) = it else { panic!("{it:?}") };
    assert_eq!(all.iter().map(|m| m.arn.as_str()).collect::<Vec<_>>(), ["arn:a", "arn:b"]);
    assert_eq!(
        (all[0].base.as_str(), all[0].kind.as_str()),
        ("amazon.nova-canvas-v1:0", "FINE_TUNING")
    );
}

#[tokio::test]
async fn throughput_is_deleted_once() {
    let delete = || Change::DeleteThroughput { arn: PT.into() };
    let server = Server::start().await;
    server.on("DeleteProvisionedModelThroughput", [rest(json!({}))]);
    assert_eq!(cloud(&server).await.change(delete(), token()).await, Ok(Done::Accepted));
    assert!(server.requests()[0].path.contains("provisioned-model%2Fabcdef123456"));
    for (status, code, message, kind) in [
        (409, "ConflictException", "It has a commitment.", FaultKind::Refused),
        (403, "AccessDeniedException", "no", FaultKind::Denied),
        (404, "ResourceNotFoundException", "no such model", FaultKind::NotFound),
        (429, "ThrottlingException", "Rate exceeded", FaultKind::Throttled),
        (500, "InternalServerException", "oops", FaultKind::AwsFailed),
    ] {
        let server = Server::start().await;
        server.on(
            "DeleteProvisionedModelThroughput",
            [bodies::error(Wire::Rest, status, code, message)],
        );
        let fault = cloud(&server).await.change(delete(), token()).await.expect_err(code);
        assert_eq!((fault.kind, fault.detail.as_str()), (kind, message), "{code}");
        assert_eq!(server.requests().len(), 1, "{code}");
    }
}
