//! What a deploy would do, and what the checks ask of AWS because of it.

use serde_json::Value;

use super::{Models, known};
use crate::{
    cloud::Query,
    core::{
        catalogue::Catalogue,
        fact::{Identity, Stack},
        names::DEFAULT_PROJECT,
        plan::{self, Draft},
        policy::Subject,
        quota::{self, QuotaId},
        rights::{self, Principal, Wanted},
        template::{Pseudo, Resource, Template},
        text::SafeText,
    },
};

/// What a deploy would do.
pub struct Proposal<'a> {
    /// The stack that exists, for an update.
    pub stack: Option<&'a Stack>,
    /// Who asks, once that is known.
    pub identity: Option<&'a Identity>,
    /// The template's resources for the values of that stack.
    pub before: Vec<Resource>,
    /// The template's resources for the values wanted.
    pub after: Vec<Resource>,
    draft: &'a Draft,
    pseudo: &'a Pseudo,
    models: &'a Models,
}

impl<'a> Proposal<'a> {
    /// Works the template out for both sets of values.
    pub fn new(template: &Template, pseudo: &'a Pseudo, stack: Option<&'a Stack>, draft: &'a Draft, models: &'a Models) -> Self {
        let before = stack.map(|s| template.resources(&template.values(&s.given()), pseudo));
        Self {
            stack,
            identity: None,
            before: before.unwrap_or_default(),
            after: template.resources(&draft.values, pseudo),
            draft,
            pseudo,
            models,
        }
    }

    /// The same, asked for by somebody.
    pub fn by(self, identity: Option<&'a Identity>) -> Self {
        Self { identity, ..self }
    }

    /// A new stack.
    pub fn is_create(&self) -> bool {
        self.draft.request.is_create
    }

    /// The value of a parameter.
    pub fn value(&self, name: &str) -> &str {
        self.draft.values.get(name).map_or("", String::as_str)
    }

    /// The names of the project before and after, where an update gives it another.
    pub(super) fn renaming(&self) -> Option<(SafeText, &str)> {
        let stack = self.stack?.given();
        let (from, to) = plan::renaming(&stack, &self.draft.values)?;
        Some((from.into(), to))
    }

    /// Where it is made.
    pub(super) fn region(&self) -> &str {
        &self.pseudo.region
    }

    /// What it needs of each quota.
    pub fn needs(&self) -> Vec<(QuotaId, f64)> {
        quota::needs(&self.before, &self.after)
    }

    /// Name of the image model, where it is another than before and known to people by a name.
    pub fn new_image_model(&self) -> Option<SafeText> {
        let id = self.value("ImageModelId");
        let is_kept = self.stack.and_then(|s| s.parameter("ImageModelId")).is_some_and(|old| **old == *id);
        if is_kept {
            return None;
        }
        let of_catalogue = || Catalogue::shipped().find(id).map(|m| m.name.clone());
        let of_bedrock = self.models.get(id).and_then(known).and_then(Result::ok);
        let of_bedrock = of_bedrock.and_then(Option::as_ref).map(|m| m.name.clone());
        of_catalogue().or(of_bedrock)
    }

    /// Names of the secrets that it would make.
    pub fn new_secrets(&self) -> Vec<SafeText> {
        self.new_names("AWS::SecretsManager::Secret", "Name")
    }

    /// Names of the resources of a type that it would make.
    pub(super) fn new_names(&self, kind: &str, property: &str) -> Vec<SafeText> {
        let names = |all: &[Resource]| -> Vec<SafeText> {
            let ours = all.iter().filter(|r| r.kind == kind);
            ours.filter_map(|r| r.properties[property].as_str().map(SafeText::from)).collect()
        };
        let before = names(&self.before);
        names(&self.after).into_iter().filter(|name| !before.contains(name)).collect()
    }

    /// Whose rights can be simulated; why nobody's. `None` while it is not known who asks.
    pub fn principal(&self) -> Option<Result<Principal, &'static str>> {
        self.identity.map(|who| Principal::of_caller(&who.arn))
    }

    /// What it would have the caller do.
    pub fn wanted(&self) -> Vec<Wanted> {
        let project = self.value("ProjectName");
        let subject = Subject {
            region: self.pseudo.region.clone(),
            account: self
                .identity
                .map_or_else(|| self.pseudo.account.clone(), |who| who.account.to_string()),
            stack: self.pseudo.stack_name.clone(),
            project: if project.is_empty() { DEFAULT_PROJECT } else { project }.into(),
        };
        rights::of_plan(&self.before, &self.after, &subject)
    }

    /// The question after a model's rate.
    pub(super) fn rate_question(&self) -> Option<Query> {
        self.new_image_model().map(|model| Query::ModelQuota { model })
    }

    pub(super) fn names_question(&self) -> Option<Query> {
        let names = self.new_secrets();
        (!names.is_empty()).then_some(Query::SecretNames { names })
    }

    pub(super) fn rights_question(&self) -> Option<Query> {
        let principal = self.principal()?.ok()?;
        let wanted = self.wanted();
        Some(Query::Rights { principal, wanted })
    }

    /// All that the checks want to know beside the stack, its services and the models: each by itself, so that one
    /// fault hides nothing else.
    pub fn questions(&self) -> Vec<Query> {
        let quotas = self.needs().into_iter().map(|(quota, _)| Query::Quota { quota });
        quotas
            .chain(self.rate_question())
            .chain(self.certificate_question())
            .chain(self.throughput_question())
            .chain(self.names_question())
            .chain(self.places_questions())
            .chain(self.rights_question())
            .collect()
    }

    /// The images of its task definitions, as the template resolves them: where each is pulled from.
    pub fn images(&self) -> Vec<&Value> {
        let definitions = self.after.iter().filter(|r| r.kind == "AWS::ECS::TaskDefinition");
        let containers = definitions.flat_map(|r| r.properties["ContainerDefinitions"].as_array().into_iter().flatten());
        containers.map(|c| &c["Image"]).collect()
    }
}
