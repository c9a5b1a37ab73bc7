use std::collections::{BTreeMap, BTreeSet};

use strum::IntoEnumIterator;

use super::{sheet::is_interface_endpoint, *};
use crate::core::fact::ResourceStatus;
use crate::core::template::{Pseudo, TEMPLATE, Template};

fn values(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let given = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    Template::shipped().values(&given)
}

fn pseudo(region: &str) -> Pseudo {
    Pseudo {
        region: region.into(),
        account: "123456789012".into(),
        stack_name: "bedrock-image-chat".into(),
    }
}

fn resources(region: &str, pairs: &[(&str, &str)]) -> Vec<Resource> {
    Template::shipped().resources(&values(pairs), &pseudo(region))
}

fn plan(region: &str, pairs: &[(&str, &str)]) -> Estimate {
    CostModel::shipped(region).plan_estimate(&resources(region, pairs))
}

/// Each combination of the parameters that decide which resources exist.
fn all_plans() -> Vec<Vec<(&'static str, &'static str)>> {
    let mut out = Vec::new();
    for size in ["small", "medium", "large"] {
        for network in ["private", "nat", "public"] {
            for spot in ["true", "false"] {
                for exposed in ["true", "false"] {
                    out.push(vec![
                        ("DeploymentSize", size),
                        ("NetworkMode", network),
                        ("FargateSpot", spot),
                        ("ExposeLiteLLM", exposed),
                    ]);
                }
            }
        }
    }
    out
}

#[test]
fn every_priced_resource_of_the_template_has_a_line() {
    for plan in all_plans() {
        let resources = resources("us-west-2", &plan);
        assert!(resources.len() > 30, "{plan:?}: {} resources", resources.len());
        let estimate = CostModel::shipped("us-west-2").plan_estimate(&resources);
        assert_eq!(estimate.unpriced, Vec::<SafeText>::new(), "{plan:?}");
        for resource in &resources {
            let is_free = is_free(&resource.kind) || (resource.kind == "AWS::EC2::VPCEndpoint" && !is_interface_endpoint(resource));
            let has_line = estimate.lines.iter().any(|l| l.resource == resource.logical_id);
            assert_ne!(is_free, has_line, "{} ({}) in {plan:?}", resource.logical_id, resource.kind);
        }
    }
}

#[test]
fn the_plans_of_these_tests_have_every_type_of_the_template() {
    let of_plans: BTreeSet<String> = all_plans()
        .iter()
        .flat_map(|plan| resources("us-west-2", plan))
        .map(|r| r.kind.to_string())
        .collect();
    let word = regex::Regex::new(r"(?m)^    Type: ((?:AWS|Custom)::\S+)").unwrap();
    let of_template: BTreeSet<String> = word.captures_iter(TEMPLATE).map(|c| c[1].to_owned()).collect();
    assert!(of_template.len() > 25, "{of_template:?}");
    assert_eq!(of_plans, of_template);
}

#[test]
fn every_price_that_the_template_needs_is_there_for_four_regions() {
    for region in ["us-east-1", "us-west-2", "eu-west-1", "ap-northeast-1"] {
        let model = CostModel::shipped(region);
        for plan in all_plans() {
            let estimate = model.plan_estimate(&resources(region, &plan));
            assert_eq!(estimate.unpriced, Vec::<SafeText>::new(), "{region} {plan:?}");
            let borrowed: Vec<_> = estimate.lines.iter().filter(|l| l.basis.contains("price of us-east-1")).collect();
            assert!(borrowed.is_empty(), "{region}: {borrowed:?}");
            assert!(
                estimate.lines.iter().all(|l| l.group == Group::Monitoring || l.usd_month > 0.0),
                "{region} {plan:?}"
            );
        }
    }
}

#[test]
fn no_type_is_both_free_and_priced_and_each_free_one_has_its_reason() {
    let mut seen = BTreeSet::new();
    assert!(FREE_TYPES.iter().all(|(kind, why)| seen.insert(kind) && !why.is_empty()));
}

#[test]
fn an_unknown_type_is_named() {
    let mut resources = resources("us-east-1", &[]);
    resources.push(Resource {
        logical_id: "Cluster2".into(),
        kind: "AWS::MSK::Cluster".into(),
        ..resources[0].clone()
    });
    let estimate = CostModel::shipped("us-east-1").plan_estimate(&resources);
    assert_eq!(estimate.unpriced, vec![SafeText::new("Cluster2 (AWS::MSK::Cluster)")]);
    assert!(!estimate.is_verified());
}

#[test]
fn months_by_hand() {
    // Reckoned apart from this code, in US dollars for 730 hours; endpoints 5 × 2 zones, 3 secrets.
    let task = 730.0 * (0.04048 + 2.0 * 0.004_445);
    let litellm = task / 2.0;
    let alb = 730.0 * (0.0225 + 0.1 * 0.008) + 2.0 * 730.0 * 0.005;
    let base = alb + task + litellm + 3.15 + 2.5 + 0.15 + 3.0 * 0.4 + 0.5;
    let plan = plan("us-east-1", &[("NetworkMode", "private")]);
    let ecr = plan.group_month(Group::Registry) - 0.5 - 0.05;
    let want = base + 10.0 * 7.30 + 0.1 + 0.05 + ecr;
    assert!((plan.usd_month() - want).abs() < 0.01, "{} not {want}", plan.usd_month());
    assert!((150.0..165.0).contains(&plan.usd_month()), "{}", plan.usd_month());
}

#[test]
fn parameters_move_the_month_as_they_should() {
    let base = plan("us-east-1", &[]);
    let with = |pairs: &[(&str, &str)]| plan("us-east-1", pairs);
    assert!((with(&[("EndpointAzs", "1")]).group_month(Group::Endpoints) - 36.6).abs() < 0.01);
    assert!((with(&[("CpuArchitecture", "ARM64")]).group_month(Group::OpenWebui) / base.group_month(Group::OpenWebui) - 0.8).abs() < 0.002);
    assert!((with(&[("FargateSpot", "true")]).group_month(Group::Litellm) / base.group_month(Group::Litellm) - 0.3).abs() < 1e-9);
    let public = with(&[("NetworkMode", "public")]);
    assert!(
        public.group_month(Group::Endpoints) == 0.0
            && public.group_month(Group::PublicAddresses) > base.group_month(Group::PublicAddresses)
    );
    assert!((with(&[("NetworkMode", "nat")]).group_month(Group::Nat) - (32.85 + 0.45)).abs() < 0.01);
    assert!((with(&[("DeploymentSize", "large")]).group_month(Group::OpenWebui) / base.group_month(Group::OpenWebui) - 12.0).abs() < 1e-9);
    assert!(plan("ap-northeast-1", &[]).usd_month() > base.usd_month());
    let borrowed = plan("sa-east-1", &[]);
    assert!((borrowed.usd_month() - base.usd_month()).abs() < 1e-9 && !borrowed.is_verified());
}

fn task(service: &str, id: u32, shape: (u32, u32), status: &str) -> Task {
    Task {
        arn: format!("arn:aws:ecs:us-east-1:123456789012:task/c/{id:032x}").into(),
        cpu: Some(shape.0),
        memory: Some(shape.1),
        capacity: "FARGATE".into(),
        architecture: "X86_64".into(),
        ..Task::known_as(service, status)
    }
}

#[test]
fn one_more_task_moves_the_hour_by_exactly_its_price() {
    let resources = resources("us-east-1", &[("NetworkMode", "public")]);
    let model = CostModel::shipped("us-east-1");
    let webui = "bedrock-image-chat-openwebui";
    let mut tasks = vec![
        task(webui, 1, (1024, 2048), "RUNNING"),
        task("bedrock-image-chat-litellm", 2, (512, 1024), "RUNNING"),
    ];
    let before = model.now_estimate(&resources, None, &tasks);
    assert!((before.usd_hour() - model.plan_estimate(&resources).usd_hour()).abs() < 1e-9);
    for (extra, usd) in [
        (task(webui, 3, (1024, 2048), "RUNNING"), 0.04048 + 2.0 * 0.004_445 + 0.005),
        (task(webui, 4, (2048, 4096), "PENDING"), 2.0 * 0.04048 + 4.0 * 0.004_445 + 0.005),
        (task(webui, 5, (1024, 2048), "STOPPED"), 0.0),
        (task("", 6, (256, 512), "RUNNING"), 0.25 * 0.04048 + 0.5 * 0.004_445),
    ] {
        tasks.push(extra);
        let after = model.now_estimate(&resources, None, &tasks);
        let moved = after.usd_hour() - before.usd_hour();
        assert!((moved - usd).abs() < 1e-12, "{moved} not {usd}");
        assert!((after.scalable_hour() - before.scalable_hour() - usd).abs() < 1e-12);
        tasks.pop();
    }
    let asleep = model.now_estimate(&resources, None, &[]);
    assert!(asleep.scalable_hour().abs() < f64::EPSILON);
    assert!((asleep.usd_hour() - before.fixed_hour()).abs() < 1e-9);
}

#[test]
fn only_what_the_stack_has_is_paid_for() {
    const ALB: &str = "AWS::ElasticLoadBalancingV2::LoadBalancer";
    let resources = resources("us-east-1", &[]);
    let model = CostModel::shipped("us-east-1");
    let held = |kind: &str, status: &str, physical: &str| -> Vec<StackResource> {
        let of_kind = resources.iter().filter(|r| r.kind == kind);
        let held = of_kind.map(|r| StackResource {
            logical_id: r.logical_id.clone(),
            physical_id: physical.into(),
            resource_type: r.kind.clone(),
            status: ResourceStatus(status.into()),
            reason: SafeText::default(),
            at: 0,
        });
        held.collect()
    };
    let whole = model.now_estimate(&resources, None, &[]);
    let balancer: f64 = whole.group_month(Group::LoadBalancer);
    assert!(balancer > 0.0 && whole.group_month(Group::Endpoints) > 0.0);
    for (status, physical, want) in [
        ("CREATE_COMPLETE", "arn", balancer),
        ("DELETE_FAILED", "arn", balancer),
        ("DELETE_IN_PROGRESS", "arn", balancer),
        ("CREATE_IN_PROGRESS", "", 0.0),
        ("DELETE_COMPLETE", "arn", 0.0),
    ] {
        let now = model.now_estimate(&resources, Some(&held(ALB, status, physical)), &[]);
        assert!((now.group_month(Group::LoadBalancer) - want).abs() < 1e-9, "{status}");
        assert!(now.group_month(Group::Endpoints).abs() < 1e-9, "{status}");
    }
    let none = model.now_estimate(&resources, Some(&[]), &[]);
    assert!(none.lines.is_empty() && none.unpriced.is_empty(), "{none:?}");
}

#[test]
fn the_guides_table_stands_beside_ours() {
    let estimate = plan("us-east-1", &[]);
    let rows = guide_rows(&estimate);
    let guide: f64 = rows.iter().filter_map(|r| r.guide).sum();
    assert!((guide - 82.50).abs() < 1e-9, "{guide}");
    let ours: f64 = rows.iter().map(|r| r.ours).sum();
    assert!((ours - estimate.usd_month()).abs() < 1e-9, "a group is in no row");
    assert!(rows.iter().all(|r| r.guide != Some(r.ours)), "a reason where nothing differs");
    for group in Group::iter() {
        assert_eq!(
            guide::TABLE.iter().flat_map(|row| row.2).filter(|g| **g == group).count(),
            1,
            "{group}"
        );
    }
}

#[test]
fn what_if_rows() {
    let template = Template::shipped();
    let model = CostModel::shipped("us-east-1");
    let rows = what_ifs(&model, &template, &values(&[]), &pseudo("us-east-1"));
    let delta = |label: &str| rows.iter().find(|r| r.label.starts_with(label)).unwrap().delta_month;
    assert_eq!(delta("Size small"), None, "it is small already");
    assert!(delta("Size large").unwrap() > 300.0);
    assert!((delta("Endpoints in one zone").unwrap() + 36.5).abs() < 0.01);
    assert!(delta("NAT gateway").unwrap() < -30.0);
    // As a plan tells it: what lies between the two amounts that are shown.
    let trials = rows.iter().filter(|r| !r.parameters.is_empty()).filter_map(|r| r.delta_month);
    let is_whole = |delta: f64| ((delta * 100.0).round() / 100.0 - delta).abs() < 1e-9;
    assert!(trials.into_iter().all(is_whole), "{rows:?}");
    let compute = 1.5 * 730.0 * (0.04048 + 2.0 * 0.004_445);
    assert!((delta("Asleep").unwrap() + compute * (1.0 - 60.0 / 168.0)).abs() < 0.01);
}

#[test]
fn the_form_tells_the_month_of_each_network() {
    let said = |parameter: &str| -> Vec<f64> {
        let template = Template::shipped();
        let text = template.parameter(parameter).unwrap().description.to_string();
        let amounts = text
            .split('$')
            .skip(1)
            .filter_map(|rest| rest.split(|c: char| !c.is_ascii_digit()).next());
        amounts.map(|amount| amount.parse().unwrap()).collect()
    };
    let said = ["NetworkMode", "EndpointAzs"].map(said).concat();
    let plans: [&[(&str, &str)]; 4] = [
        &[("NetworkMode", "private")],
        &[("NetworkMode", "nat")],
        &[("NetworkMode", "public")],
        &[("NetworkMode", "private"), ("EndpointAzs", "1")],
    ];
    assert_eq!(said.len(), plans.len());
    for (said, pairs) in said.iter().zip(plans) {
        let month = plan("us-west-2", pairs).usd_month();
        assert!((said - month).abs() < 3.0, "the form says ${said} of {pairs:?}, it is ${month:.2}");
    }
}

#[test]
fn what_lies_between_two_amounts_is_that_of_what_is_shown() {
    for (before, after, want) in [(159.424, 159.296, "-0.12"), (0.004, 0.006, "0.01"), (1.0, 1.004, "0.00")] {
        assert_eq!(format!("{:.2}", step(before, after)), want);
    }
}
