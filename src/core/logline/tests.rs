use proptest::prelude::*;

use super::{Level::*, *};
use crate::core::fact::Millis;

const FORMATS: &[(&str, Level, Shape)] = &[
    (
        "08:15:30 - LiteLLM Proxy:WARNING: auth_checks.py:40 - key has no budget",
        Warn,
        Shape::Start,
    ),
    (
        "08:15:30 - LiteLLM Router:ERROR: router.py:9 - no deployment - litellm_call_id=1f",
        Error,
        Shape::Start,
    ),
    (
        "\u{1b}[92m08:15:30 - LiteLLM:DEBUG\u{1b}[0m: utils.py:1 - request",
        Debug,
        Shape::Start,
    ),
    ("INFO:     Started server process [7]", Info, Shape::Start),
    ("\u{1b}[32mINFO\u{1b}[0m:     Application startup complete.", Info, Shape::Start),
    ("INFO:     10.0.1.9:40112 - \"GET /health HTTP/1.1\" 200 OK", Info, Shape::Whole),
    (
        "INFO:     10.0.1.9:40112 - \"POST /v1/images/generations HTTP/1.1\" 429 Too Many Requests",
        Warn,
        Shape::Whole,
    ),
    ("INFO:     10.0.1.9:40112 - \"POST /v1/models HTTP/1.1\" 503", Error, Shape::Whole),
    (
        "2027-02-03 08:15:30.118 | INFO     | open_webui.main:lifespan:20 - ready",
        Info,
        Shape::Start,
    ),
    (
        "2027-02-03 08:15:30.118 | ERROR    | open_webui.routers.images:image:5 - failed",
        Error,
        Shape::Start,
    ),
    (
        "2027-02-03 08:15:30.118 | INFO     | uvicorn.protocols.http:send:4 - 10.0.0.7:3 - \"GET /api HTTP/1.1\" 502",
        Error,
        Shape::Whole,
    ),
    (
        "2027-02-03 08:15:30,118 - sqlalchemy.pool - CRITICAL - pool exhausted",
        Critical,
        Shape::Start,
    ),
    ("[2027-02-03 08:15:30 +0000] [12] [INFO] Booting worker", Info, Shape::Start),
    ("2027-02-03T08:15:30Z something began", Other, Shape::Start),
    ("INFO  [alembic.runtime.migration] Context impl SQLiteImpl.", Info, Shape::Start),
    ("WARNI [open_webui.env] ", Warn, Shape::Start),
    ("WARNING: CORS IS OPEN", Warn, Shape::Start),
    ("ERROR:root:could not connect", Error, Shape::Start),
    (r#"{"message": "slow", "level": "WARNING", "timestamp": "x"}"#, Warn, Shape::Whole),
    (r#"{"msg":"bad","severity":"error"}"#, Error, Shape::Whole),
    (r#"{"msg":"pino","level":20}"#, Debug, Shape::Whole),
    (r#"{"msg":"pino","level":30}"#, Info, Shape::Whole),
    (r#"{"msg":"pino","level":40}"#, Warn, Shape::Whole),
    (r#"{"msg":"pino","level":50}"#, Error, Shape::Whole),
    (r#"{"msg":"pino","level":60}"#, Critical, Shape::Whole),
    (r#"{"msg":"logging","levelno":10}"#, Debug, Shape::Whole),
    (r#"{"msg":"logging","levelno":20}"#, Info, Shape::Whole),
    (r#"{"msg":"logging","levelno":30}"#, Warn, Shape::Whole),
    (r#"{"msg":"logging","levelno":40,"levelname":"ERROR"}"#, Error, Shape::Whole),
    (r#"{"msg":"logging","levelno":50}"#, Critical, Shape::Whole),
    (r#"{"msg":"pino","level":"50"}"#, Error, Shape::Whole),
    (r#"{"msg":"pino","level":"30"}"#, Info, Shape::Whole),
    (r#"{"msg":"pino","level":40.0}"#, Warn, Shape::Whole),
    (r#"{"msg":"pino","level":"5O"}"#, Other, Shape::Whole),
    (r#"{"msg":"pino","level":""}"#, Other, Shape::Whole),
    (r#"{"msg":"pino","level":null}"#, Other, Shape::Whole),
    (r#"{"msg":"logging","levelno":"40"}"#, Error, Shape::Whole),
    (r#"{"body":"otel","severity_number":0}"#, Other, Shape::Whole),
    (r#"{"body":"otel","severity_number":1}"#, Debug, Shape::Whole),
    (r#"{"body":"otel","severity_number":8}"#, Debug, Shape::Whole),
    (r#"{"body":"otel","severityNumber":9}"#, Info, Shape::Whole),
    (r#"{"body":"otel","severityNumber":12}"#, Info, Shape::Whole),
    (r#"{"body":"otel","severityNumber":"13"}"#, Warn, Shape::Whole),
    (r#"{"body":"otel","severity_number":16}"#, Warn, Shape::Whole),
    (r#"{"body":"otel","severity_number":17}"#, Error, Shape::Whole),
    (r#"{"body":"otel","severity_number":20.0}"#, Error, Shape::Whole),
    (r#"{"body":"otel","severityNumber":21}"#, Critical, Shape::Whole),
    (r#"{"body":"otel","severityNumber":24}"#, Critical, Shape::Whole),
    (r#"{"body":"otel","severityNumber":25}"#, Other, Shape::Whole),
    (r#"{"log":{"severityNumber":17}}"#, Error, Shape::Whole),
    (r#"{"status":65936}"#, Other, Shape::Whole),
    (r#"{"path":"/v1","status":500}"#, Error, Shape::Whole),
    (r#"{"path":"/v1"}"#, Other, Shape::Whole),
    (r#"{"level":"ERROR","severity":"ERROR"}"#, Error, Shape::Whole),
    (
        r#"{"levelname":"INFO","msg":"x","level":"ERROR","level":"debug"}"#,
        Error,
        Shape::Whole,
    ),
    (r#"{"status":"fail","status_code":500,"level":"WARNING"}"#, Error, Shape::Whole),
    (r#"{"lev\u0065l":"warn","status_code":"4"}"#, Warn, Shape::Whole),
    (r#"{"log":{"level":"error","message":"no"},"ts":1}"#, Error, Shape::Whole),
    (
        r#"{"log":"{\"severity\":\"WARNING\",\"m\":1}\n","stream":"stdout"}"#,
        Warn,
        Shape::Whole,
    ),
    (r#"{"message":{"levelname":"CRITICAL"}}"#, Critical, Shape::Whole),
    (r#"{"text":"x","record":{"level":{"name":"DEBUG","no":10}}}"#, Debug, Shape::Whole),
    (r#"{"log.level":"error","message":"no"}"#, Error, Shape::Whole),
    (r#"{"level":"info","message":"{\"level\":\"error\"}"}"#, Info, Shape::Whole),
    (r#"{"log":{"log":{"level":"error"}},"user":{"level":"error"}}"#, Other, Shape::Whole),
    (
        r#"{"log":[{"level":"error"}],"msg":null,"message":true,"record":-1.5}"#,
        Other,
        Shape::Whole,
    ),
    (r#"{"log":"{\"broken\": "}"#, Other, Shape::Whole),
    (r#"{"broken": "#, Other, Shape::Plain),
    ("time=2027 level=warning msg=late", Warn, Shape::Start),
    ("Traceback (most recent call last):", Error, Shape::Traceback),
    ("  + Exception Group Traceback (most recent call last):", Error, Shape::Traceback),
    ("    | Traceback (most recent call last):", Error, Shape::Traceback),
    ("    Traceback (most recent call last):", Other, Shape::Inner),
    ("  File \"/app/main.py\", line 3, in f", Other, Shape::Inner),
    ("litellm.exceptions.RateLimitError: too many", Error, Shape::Plain),
    ("Thank you for using it!", Other, Shape::Plain),
    ("INFORMATION is not a level", Other, Shape::Plain),
    ("12345", Other, Shape::Plain),
    ("", Other, Shape::Inner),
    ("\n\nERROR: after empty lines", Error, Shape::Start),
];

#[test]
fn the_gutter_spares_the_text_its_time_and_level() {
    for (shown, want) in [
        (
            "2026-11-22 19:40:59.971 | INFO     | open_webui.models.auths:signin:336 - hello",
            "open_webui.models.auths:signin:336 - hello",
        ),
        (
            "2026-11-22 19:41:00.194 | INFO     | uvicorn.protocols.http.httptools_impl:send:482 - 10.0.0.1:5 - \"GET / HTTP/1.1\" 200",
            "10.0.0.1:5 - \"GET / HTTP/1.1\" 200",
        ),
        (
            "INFO:     127.0.0.1:1 - \"GET /x HTTP/1.1\" 200 OK",
            "127.0.0.1:1 - \"GET /x HTTP/1.1\" 200 OK",
        ),
        ("19:40:58 - LiteLLM Proxy:ERROR: common.py:1687 - boom", "common.py:1687 - boom"),
        (
            "19:40:58 - LiteLLM Proxy:ERROR: common.py:1687 - litellm.proxy.server.handle(): Exception occured - litellm_call_id=fbd6 - litellm.Timeout: no",
            "litellm.Timeout: no",
        ),
        ("no prefix: INFO:   here", "no prefix: INFO:   here"),
        ("", ""),
    ] {
        assert_eq!(&shown[lead(shown)..], want);
    }
}

#[test]
fn levels_and_shapes_of_real_formats() {
    for (raw, level, shape) in FORMATS.iter().copied() {
        assert_eq!(read(raw), Reading { level, shape }, "{raw:?}");
    }
}

/// As an image application writes them: a picture in the line, before the level or behind it.
#[test]
fn a_long_json_line_has_the_level_of_its_top_and_so_has_one_that_was_cut() {
    let picture = "iVBOR".repeat(20_000);
    let lines = [
        (r#"{"level":"ERROR","body":{"id":1,"b64":"PICTURE"}}"#, Error, Shape::Whole),
        (
            r#"{ "a" : [1,{"level":"error"}] , "b64" : "PICTURE" , "severity" : "WARNING" } "#,
            Warn,
            Shape::Whole,
        ),
        (r#"{"b64":"PICTURE","level":"ERROR"}"#, Error, Shape::Whole),
        (r#"{"b64":"PICTURE","status_code":503}"#, Error, Shape::Whole),
        (
            r#"{"b64":"PICTURE","x":NaN,"lev\u0065l":"warn","n":[-Infinity]}"#,
            Warn,
            Shape::Whole,
        ),
        (r#"{"q":"\"level\":\"ERROR\" \\","b64":"PICTURE","level":10}"#, Debug, Shape::Whole),
        (r#"{"log":{"level":"ERROR","b64":"PICTURE"},"ts":1}"#, Error, Shape::Whole),
        (
            r#"{"ts":1,"log":"{\"level\":\"ERROR\",\"b64\":\"PICTURE\"}\n"}"#,
            Error,
            Shape::Whole,
        ),
        (r#"{"message":{"level":"ERROR","b64":"PICTURE"#, Error, Shape::Start),
        (r#"{"message":"PICTURE","level":"ERROR"}"#, Error, Shape::Whole),
        (r#"{"b64":"PICTURE","in":{"level":"ERROR"}}"#, Other, Shape::Whole),
        (r#"{"level":"PICTURE"}"#, Other, Shape::Whole),
        (r#"{"level":"ERROR","b64":"PICTURE"#, Error, Shape::Start),
        (r#"{"level":"ERROR","in":{"status":200,"b64":["PICTURE"#, Error, Shape::Start),
        (r#"{"b64":"PICTURE","in":["#, Other, Shape::Start),
        (r#"{"b64":"PICTURE","level":4"#, Other, Shape::Start),
        (r#"{"level":"ERROR","x":NaN}"#, Error, Shape::Whole),
        (r#"{"level":"ERROR","x":1} and more"#, Error, Shape::Start),
        (r#"{"x":1,"level":"ERR"#, Other, Shape::Plain),
        ("{'level': 'ERROR'}", Other, Shape::Plain),
        ("{", Other, Shape::Plain),
    ];
    for (raw, level, shape) in lines {
        let long = raw.replace("PICTURE", &picture);
        assert_eq!(read(&long), Reading { level, shape }, "{raw}");
    }
    let error = r#"{"level":"ERROR","b64":"PICTURE"#.replace("PICTURE", &picture);
    let first = follow(None, read(&error), &error, 0, 0);
    let rest = format!("{picture}\",\"id\":1}}");
    let joined = follow(Some(first.before), read(&rest), &rest, 0, 1);
    assert_eq!((joined.level, joined.is_continuation), (Error, true), "the rest of it");
}

#[test]
fn a_traceback_is_one_entry() {
    let lines = [
        ("08:15:30 - LiteLLM Proxy:ERROR: a.py:1 - failed", 0, Error, false),
        ("", 0, Error, true),
        ("LiteLLM: model group 'nova' failed", 1, Error, true),
        ("Traceback (most recent call last):", 1, Error, true),
        ("  File \"x.py\", line 1, in y", 1, Error, true),
        ("x.BadError: no", 2, Error, true),
        ("INFO:     10.0.0.1:2 - \"GET / HTTP/1.1\" 200 OK", 2, Info, false),
        ("   ██╗ banner", 3, Other, false),
        ("plain print", 3, Other, false),
        ("  indented, but much later", 60_000, Other, false),
        ("Traceback (most recent call last):", 61_000, Error, false),
        ("ValueError: no", 61_001, Error, true),
        (r#"{"level":"error","msg":"no"}"#, 61_002, Error, false),
        ("plain print", 61_003, Other, false),
        ("  indented print", 61_004, Other, true),
        ("INFO:     10.0.0.1:2 - \"GET / HTTP/1.1\" 500", 61_005, Error, false),
        ("plain print", 61_006, Other, false),
        ("INFO:     10.0.0.1:2 - \"GET / HTTP/1.1\" 500", 61_007, Error, false),
        ("Traceback (most recent call last):", 61_008, Error, false),
        ("  File \"x.py\", line 1, in y", 61_009, Error, true),
    ];
    let mut before = None;
    for (raw, at, level, continues) in lines {
        let joined = follow(before, read(raw), raw, at, 0);
        assert_eq!((joined.level, joined.is_continuation), (level, continues), "{raw:?}");
        before = Some(joined.before);
    }
}

/// The proxy's own error as it ran: chained tracebacks, lines that were cut, colours.
#[test]
fn a_chained_traceback_of_the_proxy_is_one_entry() {
    let error = include_str!("../../../assets/scenes/image-error.log").replace("{hms}", "19:40:58");
    let access = "INFO:     127.0.0.1:52484 - \"POST /v1/images/generations HTTP/1.1\" 403 Forbidden";
    let lines: Vec<&str> = std::iter::once(access).chain(error.lines()).chain([access]).collect();
    let mut before = None;
    let mut entries = Vec::new();
    for (i, raw) in lines.iter().enumerate() {
        let joined = follow(before, read(raw), raw, i as Millis, 0);
        before = Some(joined.before);
        match entries.last_mut() {
            Some((_, count)) if joined.is_continuation => *count += 1,
            _ => entries.push((joined.level, 1)),
        }
    }
    assert_eq!(entries, [(Warn, 1), (Error, error.lines().count()), (Warn, 1)]);
}

/// Each line of both start-ups has the level that it tells, and none is an error.
#[test]
fn the_starts_of_both_programs_are_calm() {
    for log in [
        include_str!("../../../assets/scenes/litellm-start.log"),
        include_str!("../../../assets/scenes/openwebui-start.log"),
    ] {
        let log = log.replace("{hms}", "19:40:57").replace("{stamp}", "2026-11-22 19:40:58.134");
        let levels: Vec<Level> = log.lines().map(|line| read(line).level).collect();
        assert!(levels.iter().all(|level| *level <= Warn), "{levels:?}");
        assert!(levels.contains(&Info) && levels.contains(&Warn), "{levels:?}");
    }
}

#[test]
fn requests_and_statuses() {
    for (raw, want) in [
        (
            "x - litellm_call_id=0af3b1c2-77aa-4f0e-9c1d-2b6f0a1e5d44 - y",
            &["0af3b1c2-77aa-4f0e-9c1d-2b6f0a1e5d44"][..],
        ),
        (r#"{"request_id": "req_12345678"}"#, &["req_12345678"]),
        (
            "(Service: Bedrock, Status: 429, Request ID: 7d1e4c0a-1111-4222-8333-944455556666)",
            &["7d1e4c0a-1111-4222-8333-944455556666"],
        ),
        (
            "saw 7d1e4c0a-1111-4222-8333-944455556666 twice",
            &["7d1e4c0a-1111-4222-8333-944455556666"],
        ),
        ("X-Request-Id: 4f5e6d7c8b9a", &["4f5e6d7c8b9a"]),
        ("{'x-litellm-call-id': 'fbd640df-5bae-4e42'}", &["fbd640df-5bae-4e42"]),
        (
            "RequestId: 7d1e4c0a-1111 of litellm_call_id=0af3b1c2-77aa",
            &["7d1e4c0a-1111", "0af3b1c2-77aa"],
        ),
        ("request_id=0a1b2c3d4e.", &["0a1b2c3d4e"]),
        (
            "trace_id: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            &["4bf92f3577b34da6a3ce929d0e0e4736"],
        ),
        (
            "trace_id=00000000000000000000000000000000 request_id=req-12345678",
            &["req-12345678"],
        ),
        ("traceparent: 00-00000000000000000000000000000000-0000000000000000-00", &[]),
        ("X-Amzn-Trace-Id: Root=1-00000000-000000000000000000000000;Sampled=0", &[]),
        ("saw 00000000-0000-0000-0000-000000000000", &[]),
        ("request_id=00000000-0000-0000-0000-000000000000", &[]),
        ("request_id=00000010", &["00000010"]),
        ("GET /chats/7d1e4c0a-1111-4222-8333-944455556666", &[]),
        ("message_id=7d1e4c0a-1111-4222-8333-944455556666", &[]),
        ("request_id is required", &[]),
        ("nothing", &[]),
    ] {
        let ids: Vec<String> = request_ids(raw).into_iter().map(|(_, id)| id).collect();
        assert_eq!(ids, want, "{raw}");
    }
    for (raw, code) in [
        ("\"GET / HTTP/1.1\" 404 Not Found", Some(404)),
        ("a \"GET / HTTP/2\" 99", None),
        ("\"GET / HTTP/1.1\" 2000", None),
    ] {
        assert_eq!(status(raw), code, "{raw}");
    }
}

#[test]
fn the_json_of_a_message_is_an_object_of_its_own() {
    let picture = "iVBOR".repeat(20_000);
    for (raw, want) in [
        (r#"INFO: payload {"a":{"k":1},"b":"short but cut by the logger"#, None),
        (
            r#"ERROR: payload {"a":{"k":1},"b":"PICTURE"} failed"#,
            Some(r#"{"a":{"k":1},"b":"PICTURE"}"#),
        ),
        (r#"{"a":{"k":1},"b":"PICTURE","#, None),
        (r#"{'a': {"k": 1}}"#, None),
        (r#"{'a': {"k": 1"#, None),
        (r#"{'a': {"k": 1}} of {"b":2}"#, Some(r#"{"b":2}"#)),
        (r#"{} of {name} in {not closed: {"b":"}"}"#, Some(r#"{"b":"}"}"#)),
        (
            r#"litellm.Timeout: {"error":{"code":408}} after 3 tries"#,
            Some(r#"{"error":{"code":408}}"#),
        ),
        ("{", None),
        ("no {braces}", None),
        ("none", None),
    ] {
        let (raw, want) = (raw.replace("PICTURE", &picture), want.map(|want| want.replace("PICTURE", &picture)));
        assert_eq!(json_in(&raw).map(|value| value.to_string()), want, "{}", head(&raw));
    }
}

#[test]
fn only_whole_colour_sequences_go() {
    for (raw, want) in [
        ("\u{1b}[1;31mred\u{1b}[0m", "red"),
        ("\u{1b}[38:5:1mx", "x"),
        ("\u{1b}[2J\u{1b}[1", "␛[2J␛[1"),
        ("\u{1b}]52;c;AA\u{7}", "␛]52;c;AA␇"),
        ("\u{1b}\u{1b}[mx", "␛x"),
        ("\u{1b}[3\u{1b}[0m1m", "␛[31m"),
    ] {
        assert_eq!(display(raw).as_str(), want);
    }
}

/// Any JSON that is an object, its levels among other fields.
fn an_object() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        "[a-z\"\\\\{}\\[\\],:é]{0,8}".prop_map(|text| serde_json::json!(text)),
        (0..60_i64).prop_map(|number| serde_json::json!(number)),
        Just(serde_json::json!("ERROR")),
        Just(serde_json::Value::Null),
    ];
    let name = prop_oneof!["[a-z\"\\\\{}]{0,3}", Just("level".to_owned()), Just("status".to_owned())];
    let within = name.clone();
    let value = leaf.prop_recursive(3, 16, 4, move |inner| {
        let list = prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from);
        let fields = prop::collection::vec((within.clone(), inner), 0..4);
        prop_oneof![list, fields.prop_map(|fields| fields.into_iter().collect())]
    });
    let fields = prop::collection::vec((name, value), 0..5);
    (fields, any::<bool>()).prop_map(|(fields, is_pretty)| {
        let object: serde_json::Value = fields.into_iter().collect();
        let text = if is_pretty {
            serde_json::to_string_pretty(&object)
        } else {
            serde_json::to_string(&object)
        };
        text.unwrap()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_picture_in_an_object_does_not_change_its_level(object in an_object(), cut in any::<prop::sample::Index>()) {
        let level = read(&object).level;
        let fields = object[1..].trim_start();
        let comma = if fields == "}" { "" } else { "," };
        let long = format!("{{\"b64\":\"{}\"{comma}{fields}", "iVBOR".repeat(14_000));
        prop_assert_eq!(read(&long), Reading { level, shape: Shape::Whole });
        let part = head_of(&long, cut.index(long.len()));
        prop_assert!(read(part).level <= level.max(Other), "{}", part);
    }
}

proptest! {
    #[test]
    fn any_text_is_read_and_shown(raw in "(\u{1b}\\[[0-9;]{0,3}m?|[\\PC\\n\\t{}:=\"]){0,60}|.{0,600}") {
        read(&raw);
        request_ids(&raw);
        json_in(&raw);
        let shown = display(&raw);
        prop_assert!(!shown.chars().any(char::is_control));
    }
}
