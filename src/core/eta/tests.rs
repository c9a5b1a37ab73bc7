//! Times left, typical times, and what is slow.

use serde_json::Value;

use super::*;

fn resource(id: &str, kind: &str, depends_on: &[&str]) -> Resource {
    Resource {
        logical_id: id.into(),
        kind: kind.into(),
        properties: Value::Null,
        depends_on: depends_on.iter().map(|d| (*d).into()).collect(),
        deletion_policy: "Delete".into(),
        replace_policy: "Delete".into(),
    }
}

fn row(id: &str, kind: &str, status: &str, started: Millis, ended: Option<Millis>) -> Row {
    Row {
        logical_id: id.into(),
        kind: kind.into(),
        status: ResourceStatus(status.into()),
        reason: SafeText::default(),
        is_reason_old: false,
        started,
        ended,
        has_failed: status.ends_with("FAILED"),
        is_left_out: false,
        kept: None,
        is_undoable: true,
    }
}

const ALB: &str = "AWS::ElasticLoadBalancingV2::LoadBalancer"; // 116 s
const SERVICE: &str = "AWS::ECS::Service"; // 119 s
const ROLE: &str = "AWS::IAM::Role"; // 12 s

#[test]
fn the_longest_way_counts_and_shrinks() {
    let all = [
        resource("Role", ROLE, &[]),
        resource("Alb", ALB, &[]),
        resource("Service", SERVICE, &["Alb", "Role"]),
    ];
    let all: Vec<&Resource> = all.iter().collect();
    // So many seconds of work, and so many steps.
    let low = |seconds: f64, steps: Millis| (seconds * 885.0) as Millis + steps * STEP;
    let high = |seconds: f64, steps: Millis| (seconds * 1_220.0) as Millis + steps * STEP;
    let mut progress = Progress::default();
    let eta = remaining(&Durations::shipped(), &all, Work::Create, &progress, 0).unwrap();
    assert_eq!((eta.low, eta.high), (low(235.0, 3), high(235.0, 3)));
    progress.rows = vec![
        row("Role", ROLE, "CREATE_COMPLETE", 0, Some(12_000)),
        row("Alb", ALB, "CREATE_IN_PROGRESS", 0, None),
    ];
    assert_eq!(
        remaining(&Durations::shipped(), &all, Work::Create, &progress, 50_000).unwrap().low,
        low(235.0, 2) - 50_000
    );
    // The load balancer is over its time: the service still counts whole, and the upper end grows with what is late.
    for (at, late) in [(120_000, 34_800), (140_000, 34_800), (200_000, 84_000), (232_000, 116_000)] {
        let eta = remaining(&Durations::shipped(), &all, Work::Create, &progress, at).unwrap();
        let typical_left = (116_000.0 * 1.22 - at as f64).max(0.0) as Millis;
        assert_eq!(
            (eta.low, eta.high),
            (low(119.0, 2), high(119.0, 2) + late.max(typical_left)),
            "{at}"
        );
    }
    // Slower than usual: what holds it up may do so for hours.
    assert_eq!(remaining(&Durations::shipped(), &all, Work::Create, &progress, 233_000), None);
    progress.rows[1] = row("Alb", ALB, "CREATE_FAILED", 0, Some(1));
    assert_eq!(remaining(&Durations::shipped(), &all, Work::Create, &progress, 2), None);
    assert_eq!(remaining(&Durations::shipped(), &[], Work::Create, &Progress::default(), 2), None);
}

#[test]
fn what_is_late_and_not_yet_slower_than_usual_ends_within_the_range() {
    let durations = Durations::shipped();
    for (kind, typical, slow) in [(ALB, 116_000, 232_000), (SERVICE, 119_000, 238_000), (ROLE, 12_000, 42_000)] {
        let all = [resource("It", kind, &[])];
        let all: Vec<&Resource> = all.iter().collect();
        let progress = Progress {
            rows: vec![row("It", kind, "CREATE_IN_PROGRESS", 0, None)],
            ..Progress::default()
        };
        // Whenever it ends before it is called slow: from when it is late, that lies in the range.
        for end in (typical * 13 / 10..=slow).step_by(1_000) {
            for now in (typical * 5 / 4..end).step_by(1_000) {
                let eta = remaining(&durations, &all, Work::Create, &progress, now).unwrap();
                let left = end - now + STEP;
                assert!((eta.low..=eta.high).contains(&left), "{kind} of {end} at {now}: {eta:?}");
            }
        }
    }
}

#[test]
fn a_deletion_goes_backwards() {
    // The service (75 s) goes before the load balancer (15 s); the role (2 s) does not wait for it.
    let all = [
        resource("Role", ROLE, &[]),
        resource("Alb", ALB, &[]),
        resource("Service", SERVICE, &["Alb"]),
    ];
    let all: Vec<&Resource> = all.iter().collect();
    let eta = remaining(&Durations::shipped(), &all, Work::Delete, &Progress::default(), 0).unwrap();
    assert_eq!(eta.low, 79_650 + 3 * STEP);
    let progress = Progress {
        rows: vec![row("Service", SERVICE, "DELETE_COMPLETE", 0, Some(75_000))],
        ..Progress::default()
    };
    assert_eq!(
        remaining(&Durations::shipped(), &all, Work::Delete, &progress, 80_000).unwrap().low,
        13_275 + 2 * STEP
    );
}

#[test]
fn slow_is_clearly_more_than_typical() {
    for (kind, elapsed, want) in [
        (ALB, 116_000, false),
        (ALB, 231_000, false),
        (ALB, 233_000, true),
        (ROLE, 30_000, false),
        (ROLE, 43_000, true),
    ] {
        assert_eq!(
            Durations::shipped().is_slow(&row("x", kind, "CREATE_IN_PROGRESS", 0, None), elapsed),
            want,
            "{kind} {elapsed}"
        );
    }
    assert!(!Durations::shipped().is_slow(&row("x", ALB, "CREATE_COMPLETE", 0, Some(900_000)), 1_000_000));
}

#[test]
fn ranges_in_words() {
    for (low, high, want) in [
        (0, 5_000, "less than 10 s"),
        (20_000, 61_000, "20 to 70 s"),
        (70_000, 130_000, "1 to 3 min"),
        (290_000, 310_000, "4 to 6 min"),
        (300_000, 300_000, "5 min"),
        (300_000, 530_000, "5 to 9 min"),
    ] {
        assert_eq!(Eta { low, high }.words(), want);
    }
}

#[test]
fn the_shipped_table_reads() {
    let table = Durations::shipped();
    assert!(table.0.len() > 90);
    assert_eq!(table.typical("Custom::Mirror", Work::Create), 240_000);
    assert_eq!(table.typical("AWS::No::Such", Work::Create), 5_000);
}

#[test]
fn own_medians_take_the_place_of_what_was_shipped() {
    let timing = |kind: &str, seconds: Millis| Timing {
        kind: kind.into(),
        work: Work::Create,
        took: seconds * 1_000,
    };
    let recorded = [
        timing(ALB, 200),
        timing(ALB, 90),
        timing(ALB, 180),
        timing(ROLE, 60),
        timing("Custom::Mirror", 1),
    ];
    let own = Durations::shipped().with(&recorded);
    assert_eq!(own.typical(ALB, Work::Create), 180_000);
    assert_eq!(own.typical(ALB, Work::Delete), 15_000, "nothing was recorded of that");
    assert_eq!(own.typical(ROLE, Work::Create), 12_000, "one run is not enough");
}
