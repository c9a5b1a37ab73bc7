//! The names that the template gives, from the stack's `ProjectName`: cluster, services, log group,
//! secrets. One place, so that no screen builds a name of its own.

use super::{fact::Stack, secret::SecretRef, text::SafeText};

/// Project name that the template has as its default.
pub const DEFAULT_PROJECT: &str = "bedrock-image-chat";

/// Names of one deployed application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// `ProjectName` of the stack.
    pub project: SafeText,
}

/// The two services of the application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, strum::Display, strum::EnumString, strum::EnumIter)]
#[strum(serialize_all = "lowercase")]
pub enum App {
    /// Open WebUI: the chat interface.
    OpenWebui,
    /// LiteLLM: the proxy to Bedrock.
    Litellm,
}

impl App {
    /// As people write it.
    pub fn title(self) -> &'static str {
        match self {
            Self::OpenWebui => "Open WebUI",
            Self::Litellm => "LiteLLM",
        }
    }
}

impl Names {
    /// Names for a project.
    pub fn new(project: &str) -> Self {
        Self { project: project.into() }
    }

    /// Names of a stack: its `ProjectName`, or the stack's own name where it has none.
    pub fn of(stack: &Stack) -> Self {
        Self {
            project: stack.parameter("ProjectName").unwrap_or(&stack.name).clone(),
        }
    }

    /// ECS cluster.
    pub fn cluster(&self) -> SafeText {
        self.with("-cluster")
    }

    /// ECS service.
    pub fn service(&self, app: App) -> SafeText {
        self.with(&format!("-{app}"))
    }

    /// Both services, Open WebUI first.
    pub fn services(&self) -> Vec<SafeText> {
        vec![self.service(App::OpenWebui), self.service(App::Litellm)]
    }

    /// Which application a service name belongs to.
    pub fn app(&self, service: &str) -> Option<App> {
        [App::OpenWebui, App::Litellm]
            .into_iter()
            .find(|app| *self.service(*app) == *service)
    }

    /// CloudWatch log group.
    pub fn log_group(&self) -> SafeText {
        format!("/ecs/{}", self.project).into()
    }

    /// The LiteLLM key.
    pub fn api_key(&self) -> SecretRef {
        self.secret("litellm-api-key", "api_key")
    }

    /// The administrator's password.
    pub fn admin_password(&self) -> SecretRef {
        self.secret("openwebui-admin", "password")
    }

    /// The administrator's e-mail address.
    pub fn admin_email(&self) -> SecretRef {
        self.secret("openwebui-admin", "email")
    }

    fn secret(&self, name: &str, field: &str) -> SecretRef {
        SecretRef {
            secret: format!("{}/{name}", self.project).into(),
            field: Some(field.into()),
        }
    }

    fn with(&self, suffix: &str) -> SafeText {
        format!("{}{suffix}", self.project).into()
    }
}

/// The application that a log stream belongs to: the template's stream prefixes are the names of
/// the services.
pub fn app_of_stream(stream: &str) -> Option<App> {
    stream.split('/').next().and_then(|prefix| prefix.parse().ok())
}
