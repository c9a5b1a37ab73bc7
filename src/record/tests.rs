use super::*;
use crate::core::fact::ResourceStatus;

fn event(id: &str, at: Millis, kind: &str, status: &str) -> StackEvent {
    StackEvent {
        id: id.into(),
        at,
        logical_id: if kind.ends_with("Stack") { "chat" } else { "Vpc" }.into(),
        physical_id: "arn:aws:cloudformation:us-west-2:000000000000:stack/chat/1".into(),
        resource_type: kind.into(),
        status: ResourceStatus(status.into()),
        reason: SafeText::default(),
        token: None,
    }
}

fn stack(status: &str) -> Told {
    Told::Stack(Some(Stack::of_test(status)))
}

fn text(lines: &[(Millis, Told)]) -> String {
    let head = Head {
        recording: VERSION,
        stack: "chat".into(),
        region: "us-west-2".into(),
        operation: "create".into(),
        begun: 10,
        caught_up: None,
    };
    let mut out = serde_json::to_string(&head).unwrap() + "\n";
    for (at, fact) in lines {
        let (at, fact) = (*at, fact.clone());
        out += &serde_json::to_string(&Line { at, fact }).unwrap();
        out += "\n";
    }
    out
}

const STACK: &str = "AWS::CloudFormation::Stack";

fn creation() -> String {
    text(&[
        (20, stack("CREATE_IN_PROGRESS")),
        (20, Told::Events(vec![event("1", 10, STACK, "CREATE_IN_PROGRESS")])),
        (
            40,
            Told::Events(vec![
                event("3", 30, "AWS::EC2::VPC", "CREATE_COMPLETE"),
                event("2", 12, "AWS::EC2::VPC", "CREATE_IN_PROGRESS"),
            ]),
        ),
        (60, stack("CREATE_COMPLETE")),
        (60, Told::Events(vec![event("4", 50, STACK, "CREATE_COMPLETE")])),
    ])
}

#[test]
fn what_was_written_is_read() {
    let recording = Recording::parse(&creation()).unwrap();
    assert_eq!(recording.span(), (20, 60));
    let ids = |at| recording.events(at).iter().map(|e| e.id.to_string()).collect::<String>();
    assert_eq!((ids(20), ids(59), ids(60)), ("1".into(), "321".into(), "4321".into()));
    assert_eq!(recording.progress().unwrap().ended, Some(50));
    let timings = recording.timings();
    assert_eq!((timings.len(), timings[0].took), (1, 18));
}

#[test]
fn two_consoles_tell_the_same_once_and_in_order() {
    let both = creation() + &creation();
    let twice = Recording::parse(&both).unwrap();
    assert_eq!(twice.events(60), Recording::parse(&creation()).unwrap().events(60));
    assert!(twice.lines.is_sorted_by_key(|l| l.at));
}

#[test]
fn a_torn_line_is_none_at_the_end_and_before_another_head() {
    let whole = creation();
    let torn = &whole[..whole.len() - 30];
    assert_eq!(Recording::parse(torn).unwrap().lines.len(), 4);
    let taken_up = format!("{torn}\n{whole}");
    assert_eq!(Recording::parse(&taken_up).unwrap().lines.len(), 9);
}

#[test]
fn a_bad_file_is_told_in_a_sentence_with_its_line() {
    let whole = creation();
    let broken = whole.replacen("{\"at\":40", "{\"at\":\"x\"", 1);
    let unknown = whole.replacen("\"events\"", "\"dreams\"", 1);
    let newer = whole.replacen("\"recording\":1", "\"recording\":2", 1);
    let late = whole.replacen("{\"at\":40", "{\"at\":9223372036854775807", 1);
    let early = whole.replacen("\"at\":12,", "\"at\":-9223372036854775808,", 1);
    let begun = whole.replacen("\"begun\":10", "\"begun\":9223372036854775807", 1);
    let head = whole.lines().next().unwrap();
    for (text, want) in [
        ("", "it is empty"),
        ("\n\n", "it is empty"),
        (
            "hello\nworld\n",
            "line 1: a recording of bic-tui begins with another line than this",
        ),
        (&format!("{head}\n"), "it was cut off before anything was told"),
        (&broken, "line 4: invalid type: string \"x\""),
        (&late, "line 4: 9223372036854775807 is no time"),
        (&early, "line 4: -9223372036854775808 is no time"),
        (&begun, "line 1: 9223372036854775807 is no time"),
        (&unknown, "line 3: unknown variant `dreams`"),
        (&newer, "line 1: it is a recording of version 2, and this bic-tui knows version 1"),
        ("{\"recording\":1}\n", "line 1: missing field `stack`"),
    ] {
        let why = Recording::parse(text).unwrap_err().to_string();
        assert!(why.contains(want), "{why}\nwanted {want}");
    }
}

#[test]
fn times_are_those_of_operations_that_ended_well() {
    let failed = creation().replace(
        "\"CREATE_COMPLETE\",\"reason\":\"\",\"created\"",
        "\"CREATE_FAILED\",\"reason\":\"\",\"created\"",
    );
    assert_eq!(Recording::parse(&failed).unwrap().timings(), []);
    let seen_half = text(&[
        (20, stack("CREATE_IN_PROGRESS")),
        (20, Told::Events(vec![event("1", 10, STACK, "CREATE_IN_PROGRESS")])),
    ]);
    assert_eq!(Recording::parse(&seen_half).unwrap().timings(), []);
}
