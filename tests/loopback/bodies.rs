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
