//! Answers in the protocols that AWS speaks.

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use serde_json::{Value, json};

use super::Reply;

/// How a service speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wire {
    /// JSON 1.1 with a target header: ECS, Logs, Secrets Manager.
    Json,
    /// Query in, XML out: CloudFormation, ELB, STS.
    Query,
    /// REST and JSON: Bedrock.
    Rest,
    /// RPC v2 with CBOR: CloudWatch.
    Cbor,
    /// REST and XML: Route 53.
    Xml,
}

/// JSON 1.1.
pub(crate) fn json(body: Value) -> Reply {
    Reply::new(200, "application/x-amz-json-1.1", body.to_string())
}

/// An answer of Route 53, given as the XML inside its root.
pub(crate) fn xml(operation: &str, inside: &str) -> Reply {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{operation}Response xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\">\
         {inside}</{operation}Response>"
    );
    Reply::new(200, "text/xml", body)
}

/// The result of a query operation, given as the XML inside its result element.
pub(crate) fn query(action: &str, result: &str) -> Reply {
    let body = format!(
        "<{action}Response xmlns=\"http://aws/\"><{action}Result>{result}</{action}Result>\
         <ResponseMetadata><RequestId>request-1</RequestId></ResponseMetadata></{action}Response>"
    );
    Reply::new(200, "text/xml", body)
}

/// A CBOR answer. `{"$time": seconds}` stands for a time.
pub(crate) fn cbor(body: &Value) -> Reply {
    cbor_bytes(200, cbor_encoded(body))
}

/// The bytes of a CBOR answer.
pub(crate) fn cbor_encoded(body: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(&cbor_value(body), &mut bytes).expect("a CBOR body");
    bytes
}

/// An answer of a service that speaks CBOR.
pub(crate) fn cbor_bytes(status: u16, body: Vec<u8>) -> Reply {
    Reply::new(status, "application/cbor", body).header("smithy-protocol", "rpc-v2-cbor")
}

fn cbor_value(body: &Value) -> ciborium::Value {
    /// The tag of a time in seconds.
    const TIME: u64 = 1;
    match body {
        Value::Null => ciborium::Value::Null,
        Value::Bool(it) => (*it).into(),
        Value::String(it) => it.as_str().into(),
        Value::Number(it) => it
            .as_i64()
            .map_or_else(|| it.as_f64().expect("a number").into(), ciborium::Value::from),
        Value::Array(items) => items.iter().map(cbor_value).collect::<Vec<_>>().into(),
        Value::Object(fields) => match fields.get("$time") {
            Some(time) => ciborium::Value::Tag(TIME, Box::new(time.as_f64().expect("seconds").into())),
            None => ciborium::Value::Map(fields.iter().map(|(k, v)| (k.as_str().into(), cbor_value(v))).collect()),
        },
    }
}

/// An error as the service words it.
pub(crate) fn error(wire: Wire, status: u16, code: &str, message: &str) -> Reply {
    match wire {
        Wire::Json => {
            let body = json!({ "__type": format!("com.amazonaws#{code}"), "message": message });
            Reply::new(status, "application/x-amz-json-1.1", body.to_string())
        }
        Wire::Rest => {
            let reply = Reply::new(status, "application/json", json!({ "message": message }).to_string());
            reply.header("x-amzn-errortype", code)
        }
        Wire::Cbor => {
            let body = json!({ "__type": format!("com.amazonaws.cloudwatch#{code}"), "message": message });
            // CloudWatch's clients know the codes of its older protocol, which come in this header.
            cbor_bytes(status, cbor_encoded(&body)).header("x-amzn-query-error", &format!("{code};Sender"))
        }
        Wire::Query | Wire::Xml => {
            let body = format!(
                "<ErrorResponse xmlns=\"http://aws/\"><Error><Type>Sender</Type><Code>{code}</Code>\
                 <Message>{message}</Message></Error><RequestId>request-1</RequestId></ErrorResponse>"
            );
            Reply::new(status, "text/xml", body)
        }
    }
}

/// What a captive portal says.
pub(crate) fn html(body: &str) -> Reply {
    Reply::new(200, "text/html", format!("<html><body>{body}</body></html>"))
}

/// Frames of an event stream: event type and JSON payload each. A type that ends with `Exception` is
/// one.
pub(crate) fn event_stream(events: &[(&str, Value)]) -> Reply {
    let text = |text: &str| HeaderValue::String(text.to_owned().into());
    let mut bytes = Vec::new();
    for (kind, payload) in events {
        let message_type = if kind.ends_with("Exception") { "exception" } else { "event" };
        let message = Message::new(payload.to_string().into_bytes())
            .add_header(Header::new(":message-type", text(message_type)))
            .add_header(Header::new(format!(":{message_type}-type"), text(kind)))
            .add_header(Header::new(":content-type", text("application/json")));
        write_message_to(&message, &mut bytes).expect("a frame");
    }
    Reply::new(200, "application/vnd.amazon.eventstream", bytes)
}
