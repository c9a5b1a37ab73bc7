//! Each entry of the dictionary with a text as AWS writes it, and the join over whole operations.

use super::{
    words::{Also, Entry, IMAGES, ImageEntry, entries},
    *,
};
use crate::core::{
    fact::{Container, Stack},
    fault::{Fault, FaultKind},
    text::SafeText,
};

/// What an entry rests on, as clues: its text as AWS writes it, and its second facts.
fn clues_of(entry: &Entry) -> Clues<'_> {
    let mut clues = Clues::default();
    let texts = if entry.is_about_targets() {
        &mut clues.targets
    } else {
        &mut clues.texts
    };
    if entry.exit.is_none() {
        texts.push(&entry.says);
    }
    clues.exit = entry.exit;
    for also in &entry.also {
        match also {
            Also::Text(piece) if !entry.says.contains(piece.as_str()) => texts_of(&mut clues).push(piece),
            Also::Text(_) => {}
            Also::Log(piece) => {
                assert!(entry.says.contains(piece.as_str()), "{}", entry.says);
                clues.log.push(&entry.says);
            }
            Also::Parameter(pair) => {
                let (name, value) = pair.split_once('=').unwrap();
                clues.parameters.insert(name.into(), value.into());
            }
            Also::Kind(kind) => clues.kind = kind,
            Also::Service(end) => clues.service = end,
            Also::Exit(code) => clues.exit = Some(*code),
            Also::StopCode(code) => clues.stop_code = code,
        }
    }
    clues
}

fn texts_of<'a, 'b>(clues: &'b mut Clues<'a>) -> &'b mut Vec<&'a str> {
    if clues.targets.is_empty() {
        &mut clues.texts
    } else {
        &mut clues.targets
    }
}

#[test]
fn the_dictionary_is_whole_and_says_where_it_is_from() {
    let joined = entries().iter().filter(|e| !e.also.is_empty()).count();
    assert!(
        entries().len() >= 40 && joined >= 15,
        "{} entries, {joined} joined",
        entries().len()
    );
    for entry in entries() {
        assert!(
            entry.exit.is_some() == entry.key.is_empty(),
            "{}: a text or an exit code",
            entry.plain
        );
        assert!(entry.says.contains(&entry.key), "{} is not in its text", entry.key);
        assert!(
            entry.source.starts_with("https://") || !entry.source.is_empty() && !entry.also.is_empty(),
            "{}",
            entry.plain
        );
    }
}

/// No entry is hidden by another: with what AWS says and its second facts it is the one that is found.
#[test]
fn each_entry_is_found_by_what_aws_says() {
    for entry in entries() {
        let found = explain(&clues_of(entry)).unwrap_or_else(|| panic!("nothing for {}", entry.says));
        assert_eq!(found.plain, entry.plain, "{} {:?}", entry.says, entry.also);
    }
    assert_eq!(meaning("something new"), None);
}

/// Without any one of its second facts it is not.
#[test]
fn a_joined_entry_needs_all_its_facts() {
    for entry in entries() {
        for (i, left_out) in entry.also.iter().enumerate() {
            let mut poorer = entry.clone();
            poorer.also.remove(i);
            // A second text stands in the first one: it is taken out of it.
            if let Also::Text(piece) = left_out {
                poorer.says = poorer.says.replace(piece.as_str(), "…");
            }
            let found = explain(&clues_of(&poorer)).map(|m| m.plain);
            assert_ne!(found, Some(entry.plain.as_str()), "without {left_out:?}");
        }
    }
}

#[test]
fn a_new_target_is_not_sick() {
    assert_eq!(of_target("Elb.InitialHealthChecking"), None);
}

/// Each entry is the first to match one of `texts`, so that none is hidden by another.
fn is_each_met(table: &[ImageEntry], texts: &[&str]) {
    for (needle, ..) in table {
        let is_met = texts
            .iter()
            .any(|text| table.iter().find(|e| text.contains(e.0)).is_some_and(|e| e.0 == *needle));
        assert!(
            is_met,
            "no text reaches `{needle}`: it has none, or an entry before it takes them all"
        );
    }
}

#[test]
fn answers_to_the_test_image() {
    let texts = [
        "This model version has reached the end of its life. Please refer to the AWS documentation for more details.",
        "Access denied. This Model is marked by provider as Legacy and you have not been actively using the model in the last 15 days.",
        "The provided model identifier is invalid.",
        "Invocation of model ID anthropic.x with on-demand throughput isn’t supported. Retry your request with an inference profile.",
        "Invocation of model ID anthropic.x with on-demand throughput isn't supported. Retry your request with an inference profile.",
        "This request has been blocked by our content filters. Our filters automatically flagged this prompt.",
        "User: arn:aws:sts::1:assumed-role/x is not authorized to perform: bedrock:InvokeModel on resource: arn:aws:bedrock:us-west-2::y",
        "You don't have access to the model with the specified model ID.",
        "AccessDeniedException",
        "all_deployments_in_cooldown",
        "LiteLLM does not accept its API key",
        "Invalid model name passed in model=nova-canvas",
        "LiteLLM is not exposed at this address (404 Not Found)",
        "ThrottlingException",
        "UnrecognizedClientException",
        "the load balancer answered 503 Service Temporarily Unavailable",
        "ModelTimeoutException",
        "Model is not ready for inference. Please wait and try again.",
        "ModelErrorException",
        "InternalServerException",
        "ServiceUnavailableException",
        // As LiteLLM writes them into its log.
        "litellm.RateLimitError: BedrockException - {\"message\": \"Too many requests, please wait before trying again.\"}",
        "litellm.Timeout: BedrockException - {\"message\": \"Model has timed out in processing the request. Try your request again.\"}",
    ];
    is_each_met(IMAGES, &texts);
    // The words say more than the code, which stands for many cases.
    let fault = Fault {
        code: Some("AccessDeniedException".into()),
        ..Fault::new(FaultKind::Denied, "bedrock:InvokeModel", "m", texts[1])
    };
    assert!(of_image(&fault).unwrap().plain.contains("retired"));
    let fault = Fault {
        code: Some("ThrottlingException".into()),
        ..Fault::new(FaultKind::Throttled, "bedrock:InvokeModel", "m", "Too many requests")
    };
    assert!(of_image(&fault).unwrap().plain.contains("quota"));
}

fn task(code: &str, reason: &str, container: &str, exit: Option<i32>) -> Task {
    Task {
        stopped: Some(0),
        stop_code: code.into(),
        stopped_reason: reason.into(),
        containers: vec![Container {
            name: "openwebui".into(),
            status: "STOPPED".into(),
            exit_code: exit,
            reason: container.into(),
            image: SafeText::default(),
        }],
        ..Task::known_as("s", "STOPPED")
    }
}

#[test]
fn stopped_tasks_in_plain_words() {
    const EXITED: &str = "Essential container in task exited";
    for (code, reason, container, exit, want) in [
        (
            "EssentialContainerExited",
            EXITED,
            "",
            Some(1),
            "the main program ended with an error (exit 1)",
        ),
        ("EssentialContainerExited", EXITED, "", Some(0), "the main program ended by itself"),
        (
            "EssentialContainerExited",
            EXITED,
            "",
            Some(139),
            "the main program crashed (segmentation fault) (exit 139)",
        ),
        ("EssentialContainerExited", EXITED, "", Some(42), "the main program ended (exit 42)"),
        (
            "EssentialContainerExited",
            EXITED,
            "OutOfMemoryError: Container killed due to memory usage",
            Some(137),
            "the container used more memory than it has (exit 137)",
        ),
        ("UserInitiated", "Task stopped by user", "", Some(143), "on purpose (exit 143)"),
        (
            "ServiceSchedulerInitiated",
            "Scaling activity initiated by (deployment ecs-svc/1)",
            "",
            Some(0),
            "on purpose",
        ),
        (
            "ServiceSchedulerInitiated",
            "Task failed ELB health checks in (target-group arn:aws:x)",
            "",
            Some(137),
            "it did not answer the load balancer, and had to be killed because it did not stop either (exit 137)",
        ),
        (
            "SpotInterruption",
            "Your Spot Task was interrupted.",
            "",
            None,
            "AWS took the Spot capacity back",
        ),
        ("TaskFailedToStart", "Something new", "", None, "Something new"),
    ] {
        assert_eq!(
            stop_phrase(&task(code, reason, container, exit), &BTreeMap::new()),
            want,
            "{code} {reason}"
        );
    }
}

#[test]
fn wrapping_is_taken_off() {
    for (text, want) in [
        (
            "Resource handler returned message: \"Error occurred during operation 'X'.\" (RequestToken: 1, HandlerErrorCode: GeneralServiceException)",
            "Error occurred during operation 'X'.",
        ),
        ("plain words", "plain words"),
    ] {
        assert_eq!(gist(text), want);
    }
}

/// What leads somewhere has a key for the console and a subcommand for a script, and each reader is told one of them.
#[test]
fn advice_leads_on_by_keys_or_by_subcommands() {
    let key = regex::Regex::new(r"\((Enter|[A-Z0-9])(, then [a-z])?[;,)]").unwrap();
    let advices: Vec<Meaning> = entries()
        .iter()
        .map(Entry::meaning)
        .chain(IMAGES.iter().filter_map(|it| of_log(it.0)))
        .collect();
    let mut leading = 0;
    for advice in advices {
        let (console, script) = (advice.advice(Reader::Console), advice.advice(Reader::Script));
        assert!(!key.is_match(&script), "{script}");
        assert!(!console.contains("`bic-tui "), "{console}");
        assert_eq!(script.contains("(`bic-tui "), key.is_match(&console), "{console} {script}");
        leading += usize::from(script != console);
    }
    assert!(leading > 20, "{leading} lead somewhere");
    assert_eq!(
        super::words::told_to(Reader::Script, "Look (3, then x; `bic-tui tasks --stopped`) (or not) at (L"),
        "Look (`bic-tui tasks --stopped`) (or not) at (L"
    );
}

#[test]
fn the_group_that_stands_in_the_way_is_named_in_the_command() {
    let event = |physical: &str| StackEvent {
        id: "1".into(),
        at: 1,
        logical_id: "ALBSecurityGroup".into(),
        physical_id: physical.into(),
        resource_type: "AWS::EC2::SecurityGroup".into(),
        status: crate::core::fact::ResourceStatus("DELETE_FAILED".into()),
        reason: format!("resource {physical} has a dependent object (Service: Ec2, Status Code: 400)").into(),
        token: None,
    };
    for (physical, want) in [
        ("sg-0a1b2c3d", "Values=sg-0a1b2c3d`;"),
        ("sg-1; rm -rf ~", "Values=<the group>`;"),
        ("", "Values=<the group>`;"),
    ] {
        let event = event(physical);
        let clues = Clues {
            texts: vec![&event.reason],
            kind: &event.resource_type,
            ..Clues::default()
        };
        let found = explain(&clues).unwrap();
        for reader in [Reader::Console, Reader::Script] {
            let advice = advice(found, Some(&event), reader);
            assert!(advice.contains(want), "{advice}");
        }
    }
}

fn event(id: &str, at: Millis, status: &str) -> StackEvent {
    let is_stack = id == "chat";
    let stack = "arn:aws:cloudformation:us-west-2:123456789012:stack/chat/1";
    let service = "arn:aws:ecs:us-west-2:123456789012:service/chat-cluster/chat-litellm";
    StackEvent {
        id: format!("{id}-{at}").into(),
        at,
        logical_id: id.into(),
        physical_id: if is_stack { stack } else { service }.into(),
        resource_type: if is_stack {
            "AWS::CloudFormation::Stack"
        } else {
            "AWS::ECS::Service"
        }
        .into(),
        status: crate::core::fact::ResourceStatus(status.into()),
        reason: if status.ends_with("_FAILED") { "no" } else { "" }.into(),
        token: None,
    }
}

/// The cause, from events that come oldest first.
fn cause_of(status: &str, events: &[(&str, &str)], (services, falls): (&[Service], &[Task])) -> Option<Cause> {
    let mut stack = Stack::of_test(status);
    stack.parameters = vec![("ProjectName".into(), "chat".into())];
    let mut events: Vec<StackEvent> = events.iter().zip(1..).map(|((id, status), at)| event(id, at, status)).collect();
    events.reverse();
    let known = Known {
        stack: &stack,
        events: &events,
        services,
        falls: falls.iter().collect(),
        last_lines: Vec::new(),
        targets: &[],
        late: Vec::new(),
        reader: Reader::Console,
    };
    known.cause()
}

#[test]
fn a_task_that_was_made_up_for_is_no_cause() {
    let fall = Task {
        stopped: Some(100),
        ..Task::known_as("chat-litellm", "STOPPED")
    };
    for (running, service, is_cause) in [
        (0, "CREATE_COMPLETE", true),
        (1, "CREATE_IN_PROGRESS", true),
        (1, "CREATE_COMPLETE", false),
    ] {
        let services = [Service {
            running,
            ..Service::known_as("chat-litellm", 1)
        }];
        let events = [("chat", "CREATE_IN_PROGRESS"), ("LiteLLMService", service)];
        let found = cause_of("CREATE_IN_PROGRESS", &events, (&services, std::slice::from_ref(&fall)));
        assert_eq!(found.is_some(), is_cause, "{running} {service}: {found:?}");
    }
}

#[test]
fn only_a_rollback_that_had_failed_leaves_something_out() {
    let begin = [
        ("chat", "UPDATE_IN_PROGRESS"),
        ("LiteLLMService", "UPDATE_IN_PROGRESS"),
        ("LiteLLMService", "UPDATE_FAILED"),
        ("chat", "UPDATE_ROLLBACK_IN_PROGRESS"),
    ];
    let end = [("LiteLLMService", "UPDATE_COMPLETE"), ("chat", "UPDATE_ROLLBACK_COMPLETE")];
    let between = [("chat", "UPDATE_ROLLBACK_FAILED"), ("chat", "UPDATE_ROLLBACK_IN_PROGRESS")];
    for (between, matter) in [(&[][..], Matter::Cause), (&between[..], Matter::LeftOut)] {
        let events = [&begin[..], between, &end[..]].concat();
        let found = cause_of("UPDATE_ROLLBACK_COMPLETE", &events, (&[], &[]));
        assert_eq!(found.map(|it| it.matter), Some(matter));
    }
}
