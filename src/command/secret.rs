//! `secret`: the one place that prints a secret, and then nothing beside it.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{Answer, Context, Failure, Verdict, reads};
use crate::{
    cli::SecretArgs,
    core::{
        fault::{Fault, FaultKind},
        names::Names,
        nearest,
        secret::SecretRef,
        text::SafeText,
    },
};

/// The JSON of `secret` without `--reveal`.
#[derive(Debug, Serialize)]
struct Report {
    secret: SafeText,
    field: Option<SafeText>,
    is_readable: bool,
}

/// Reads a secret. Its bytes are printed raw with `--reveal`, on a terminal as a legible line; without, only that it can be read.
pub(super) async fn run(cx: &mut Context, args: &SecretArgs) -> Answer {
    if args.reveal && cx.out.is_json() {
        return Err(Failure::Usage(
            "A revealed secret is printed as it is, never inside JSON; leave out --output json.".into(),
        ));
    }
    let secret = SecretRef {
        secret: full_name(cx, &args.name).await?,
        field: args.field.as_deref().map(Into::into),
    };
    let value = match cx.cloud.reveal(secret.clone()).await {
        Err(fault) if fault.kind == FaultKind::NotFound && secret.field.is_some() => return Err(no_field(cx, secret, fault).await),
        other => other?,
    };
    if args.reveal && cx.out.columns().is_some() {
        // A terminal would obey what is in it.
        let (text, is_odd) = value.legible();
        cx.out.line(text)?;
        if is_odd {
            cx.out
                .note("What a terminal can not show, or would obey, stands there as \\…; a pipe or a file gets every byte as it is.");
        }
    } else if args.reveal {
        cx.out.raw(value.expose())?;
    } else if cx.out.is_json() {
        cx.out.json(&Report {
            secret: secret.secret,
            field: secret.field,
            is_readable: true,
        })?;
    } else {
        let field = secret.field.map_or_else(String::new, |f| format!(", field {f}"));
        cx.out
            .line(format!("{}{field}: there, and you may read it. --reveal prints it.", secret.secret))?;
    }
    Ok(Verdict::Well)
}

/// The field is not there: which ones are. Their names are no secret, and nothing else is kept.
async fn no_field(cx: &Context, secret: SecretRef, fault: Fault) -> Failure {
    let whole = SecretRef {
        field: None,
        ..secret.clone()
    };
    let Ok(value) = cx.cloud.reveal(whole).await else {
        return fault.into();
    };
    let (name, field) = (&secret.secret, secret.field.unwrap_or_default());
    let why: SafeText = match serde_json::from_slice::<Map<String, Value>>(value.expose()) {
        Ok(fields) => {
            let hint = nearest::hint(&field, fields.keys().map(String::as_str));
            format!("{name} has no field \"{field}\"; {hint}").into()
        }
        Err(_) => format!("{name} has no fields; leave out --field to read it whole.").into(),
    };
    Failure::Usage(why.to_string())
}

/// A short name belongs to the project of the stack; a path or an ARN is taken as it is.
async fn full_name(cx: &mut Context, name: &str) -> Answer<SafeText> {
    if name.contains('/') || name.starts_with("arn:") {
        return Ok(name.into());
    }
    let names = Names::of(&reads::existing_stack(cx).await?);
    Ok(format!("{}/{name}", names.project).into())
}
