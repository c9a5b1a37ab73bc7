//! `SdkError` to [`Fault`], once for all services. Text comes from the error's code, AWS's message and
//! our own words; an SDK error is never formatted, since it may hold the whole answer.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_runtime::retries::classifiers::THROTTLING_ERRORS;
use aws_smithy_runtime_api::client::{
    orchestrator::HttpResponse,
    result::{DispatchFailure, SdkError},
};
use aws_smithy_types::{error::metadata::ProvideErrorMetadata, event_stream::RawMessage};
use aws_types::request_id::RequestId;

use super::{
    gateway::{Odd, description},
    login::Stranger,
};
use crate::core::{
    fault::{Fault, FaultKind},
    text::SafeText,
};

/// Characters of AWS's message that are kept.
const MAX_DETAIL: usize = 2_000;

/// What turns the SDK's error of one operation into a fault.
pub(super) fn on<E>(operation: &str, subject: &str) -> impl FnOnce(SdkError<E, HttpResponse>) -> Fault
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    move |error| of(&error, operation, subject)
}

fn of<E>(error: &SdkError<E, HttpResponse>, operation: &str, subject: &str) -> Fault
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    let connector = match error {
        SdkError::DispatchFailure(failure) => failure.as_connector_error(),
        _ => None,
    };
    if let Some(Stranger(fault)) = connector.and_then(|it| find(it)) {
        return fault.clone();
    }
    let (kind, detail) = match error {
        SdkError::ServiceError(service) => service_kind(service.err(), service.raw()),
        SdkError::ResponseError(response) => unread(response.raw()),
        SdkError::TimeoutError(_) => (FaultKind::TimedOut, String::new()),
        SdkError::DispatchFailure(failure) => dispatch_kind(failure),
        SdkError::ConstructionFailure(_) => (FaultKind::Internal, format!("{operation} could not be put into words for AWS")),
        _ => (
            FaultKind::Internal,
            format!("{operation} failed in a way this program does not know"),
        ),
    };
    let may_hold_secret = operation == super::secrets::READ && matches!(error, SdkError::ServiceError(_));
    Fault {
        code: error.as_service_error().and_then(|service| service.code()).map(SafeText::from),
        request_id: error.request_id().map(SafeText::from),
        ..Fault::new(kind, operation, subject, if may_hold_secret { "" } else { cut(&detail) })
    }
}

/// A fault in the middle of an event stream; `worded` when AWS put it into words.
pub(super) fn in_stream<E>(error: &SdkError<E, RawMessage>, operation: &str, subject: &str, worded: Option<(&str, &str)>) -> Fault {
    let (kind, detail) = match (worded, error) {
        (Some((_, message)), _) => (FaultKind::AwsFailed, message),
        (None, SdkError::ResponseError(_)) => (FaultKind::OddAnswer, "a frame of the stream can not be read"),
        (None, _) => (FaultKind::Unreachable, "the stream broke off"),
    };
    Fault {
        code: worded.map(|(code, _)| code.into()),
        ..Fault::new(kind, operation, subject, cut(detail))
    }
}

fn cut(text: &str) -> &str {
    text.char_indices().nth(MAX_DETAIL).map_or(text, |(end, _)| &text[..end])
}

fn service_kind<E: ProvideErrorMetadata>(error: &E, raw: &HttpResponse) -> (FaultKind, String) {
    match error.code() {
        Some(code) => {
            let message = error.message().unwrap_or_default();
            (kind_of(code, message, raw.status().as_u16()), message.to_owned())
        }
        None => unread(raw),
    }
}

/// An answer without an error code, or one that could not be read.
fn unread(raw: &HttpResponse) -> (FaultKind, String) {
    let kind = match raw.status().as_u16() {
        429 => FaultKind::Throttled,
        500.. => FaultKind::AwsFailed,
        _ => FaultKind::OddAnswer,
    };
    (kind, description(raw, raw.body().bytes().map_or(0, <[u8]>::len)))
}

/// Kind of a failure that AWS put into words.
pub(crate) fn kind_of(code: &str, message: &str, status: u16) -> FaultKind {
    match code {
        "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" | "TokenRefreshRequired" => FaultKind::Expired,
        "InvalidClientTokenId"
        | "UnrecognizedClientException"
        | "SignatureDoesNotMatch"
        | "InvalidSignatureException"
        | "IncompleteSignature"
        | "IncompleteSignatureException"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "InvalidAccessKeyId"
        | "AuthFailure" => FaultKind::WrongCredentials,
        "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" | "NotAuthorized" | "AuthorizationError" => FaultKind::Denied,
        // The SDK retries it as throttling; in these services it is a quota that waiting does not lift.
        "LimitExceededException" => FaultKind::Refused,
        "ModelNotReadyException" => FaultKind::Throttled,
        "ModelErrorException" | "ModelTimeoutException" => FaultKind::AwsFailed,
        _ if THROTTLING_ERRORS.contains(&code) || status == 429 => FaultKind::Throttled,
        // Route 53 names what there is none of.
        _ if code.starts_with("NoSuch") => FaultKind::NotFound,
        _ if code.ends_with("NotFoundException") || code.ends_with("NotFound") => FaultKind::NotFound,
        "ValidationError" if message.contains("does not exist") => FaultKind::NotFound,
        "ValidationError" if message.contains("No updates are to be performed") => FaultKind::NoChange,
        _ if status >= 500 => FaultKind::AwsFailed,
        _ => FaultKind::Refused,
    }
}

fn dispatch_kind(failure: &DispatchFailure) -> (FaultKind, String) {
    let Some(connector) = failure.as_connector_error() else {
        return (FaultKind::Unreachable, String::new());
    };
    if let Some(credentials) = find::<CredentialsError>(connector) {
        return credentials_kind(credentials);
    }
    if let Some(odd) = find::<Odd>(connector) {
        return (FaultKind::OddAnswer, odd.to_string());
    }
    if connector.is_timeout() {
        // The SDK tells its two time limits apart only in words.
        return if said(connector, "connect timeout") {
            (FaultKind::Unreachable, "no connection in time".into())
        } else {
            (FaultKind::TimedOut, String::new())
        };
    }
    (FaultKind::Unreachable, broken(connector).into())
}

/// Why a connection failed, in our words.
fn broken(error: &(dyn Error + 'static)) -> &'static str {
    use std::io::ErrorKind as Io;
    match find::<std::io::Error>(error).map(std::io::Error::kind) {
        Some(Io::ConnectionRefused) => "connection refused",
        Some(Io::ConnectionReset | Io::ConnectionAborted | Io::BrokenPipe | Io::UnexpectedEof) => "the connection broke off",
        Some(Io::NetworkUnreachable | Io::HostUnreachable) => "no route",
        _ if said(error, "dns error") => "its name does not resolve",
        _ if said(error, "certificate") => "its certificate is not trusted",
        _ if said(error, "incomplete") || said(error, "connection closed") => "the connection broke off",
        _ => "the connection failed",
    }
}

/// Why there are no credentials. Only the kind is taken: a helper's own words may hold anything.
pub(super) fn credentials_kind(error: &CredentialsError) -> (FaultKind, String) {
    match error {
        _ if said(error, "expired") || said(error, "unauthorizedexception") => (FaultKind::Expired, String::new()),
        CredentialsError::ProviderTimedOut(_) => (FaultKind::NoCredentials, "they did not come in time".into()),
        CredentialsError::InvalidConfiguration(_) => (FaultKind::NoCredentials, "the profile is not valid".into()),
        CredentialsError::ProviderError(_) | CredentialsError::Unhandled(_) => {
            (FaultKind::NoCredentials, "their source (SSO, role or helper) failed".into())
        }
        _ => (FaultKind::NoCredentials, String::new()),
    }
}

/// The first error of type `T` behind `error`.
fn find<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    chain(error).find_map(|link| link.downcast_ref())
}

/// Whether an error behind `error` has these words, lower case. They are looked at, never shown.
fn said(error: &(dyn Error + 'static), words: &str) -> bool {
    chain(error).any(|link| link.to_string().to_lowercase().contains(words))
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |link| (*link).source())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_credentials_are_told_from_expired_ones_without_quoting_their_source() {
        for (error, want) in [
            (CredentialsError::not_loaded("no providers canary"), FaultKind::NoCredentials),
            (
                CredentialsError::provider_error("the SSO token has expired and cannot be refreshed; canary"),
                FaultKind::Expired,
            ),
            (
                CredentialsError::provider_error("UnauthorizedException: canary"),
                FaultKind::Expired,
            ),
            (CredentialsError::provider_error("helper said: canary"), FaultKind::NoCredentials),
            (
                CredentialsError::provider_timed_out(std::time::Duration::from_secs(5)),
                FaultKind::NoCredentials,
            ),
            (CredentialsError::invalid_configuration("canary"), FaultKind::NoCredentials),
            (CredentialsError::unhandled("canary"), FaultKind::NoCredentials),
        ] {
            let (kind, detail) = credentials_kind(&error);
            assert_eq!(kind, want, "{error}");
            assert!(!detail.contains("canary"), "{detail}");
        }
    }
}
