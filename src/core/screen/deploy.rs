//! What the Deploy screen remembers: the form, the plan being worked out, the plan.

use std::collections::BTreeMap;

use crate::{
    cloud::PlanRequest,
    core::{
        fact::{ChangeSet, Stack},
        fault::Fault,
        field::TextField,
        template::{ParameterDef, Template},
        text::SafeText,
    },
};

/// Where the deploy stands on this side; what runs is told by the stack itself.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Stage {
    /// Nothing of ours: the screen shows the stack or the running operation.
    #[default]
    Rest,
    /// The parameter form.
    Form(Form),
    /// CloudFormation works the plan out.
    Planning(Planning),
    /// The plan, to be executed or dropped.
    Plan(Plan),
}

/// One parameter in the form.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Its definition in the template.
    pub def: ParameterDef,
    /// Its value.
    pub value: TextField,
    /// Its value in the stack, when updating.
    pub previous: Option<SafeText>,
}

impl Field {
    /// What is wrong with the value.
    pub fn error(&self) -> Option<String> {
        self.def.check(&self.value.text).err()
    }

    /// It differs from what the stack has, or from the default for a new one.
    pub fn is_changed(&self) -> bool {
        let before = self.previous.as_deref().or(self.def.default.as_deref()).unwrap_or_default();
        self.value.text != before
    }

    /// The next or previous allowed value.
    pub fn cycle(&mut self, by: isize) {
        let n = self.def.allowed.len() as isize;
        if n > 0 {
            let here = self.def.allowed.iter().position(|v| **v == *self.value.text).unwrap_or(0) as isize;
            self.value = TextField::with(&self.def.allowed[(here + by).rem_euclid(n) as usize]);
        }
    }
}

/// The form.
#[derive(Debug, Clone, PartialEq)]
pub struct Form {
    /// All parameters.
    pub fields: Vec<Field>,
    /// Row under the cursor; one past the last is the button.
    pub selected: usize,
    /// The stack exists.
    pub is_update: bool,
    /// Stack tags.
    pub tags: Vec<(SafeText, SafeText)>,
    /// Why the plan could not be asked for.
    pub error: Option<SafeText>,
}

impl Form {
    /// A form for a new stack, or for the one that exists.
    pub fn new(template: &Template, stack: Option<&Stack>) -> Self {
        let fields = template
            .parameters
            .iter()
            .map(|def| {
                let previous = stack.and_then(|s| s.parameter(&def.name)).cloned();
                let value = previous.as_deref().or(def.default.as_deref()).unwrap_or_default();
                Field {
                    value: TextField::with(value),
                    previous,
                    def: def.clone(),
                }
            })
            .collect();
        let tags = stack.map_or_else(default_tags, |s| s.tags.clone());
        Self {
            fields,
            selected: 0,
            is_update: stack.is_some(),
            tags,
            error: None,
        }
    }

    /// The button has the focus.
    pub fn is_on_button(&self) -> bool {
        self.selected == self.fields.len()
    }

    /// The field under the cursor.
    pub fn field_mut(&mut self) -> Option<&mut Field> {
        self.fields.get_mut(self.selected)
    }

    /// Values of all parameters.
    pub fn values(&self) -> BTreeMap<String, String> {
        self.fields.iter().map(|f| (f.def.name.to_string(), f.value.text.clone())).collect()
    }

    /// What is wrong with each field. A view asks once a frame: patterns are compiled each time.
    pub fn errors(&self) -> Vec<Option<String>> {
        self.fields.iter().map(Field::error).collect()
    }

    /// The first field with a bad value, and what is wrong.
    pub fn first_error(&self) -> Option<(usize, String)> {
        self.fields.iter().enumerate().find_map(|(i, f)| f.error().map(|e| (i, e)))
    }

    /// What is sent to CloudFormation. On update an untouched parameter keeps its previous value.
    pub fn request(&self, stack: &SafeText) -> PlanRequest {
        let parameters = self
            .fields
            .iter()
            .map(|f| {
                let keep = self.is_update && f.previous.is_some() && !f.is_changed();
                (f.def.name.clone(), (!keep).then(|| f.value.text.as_str().into()))
            })
            .collect();
        PlanRequest {
            stack: stack.clone(),
            is_create: !self.is_update,
            parameters,
            tags: self.tags.clone(),
        }
    }

    /// `parameters.json` in CloudFormation's own format.
    pub fn to_json(&self) -> String {
        let list: Vec<_> = self
            .fields
            .iter()
            .map(|f| serde_json::json!({ "ParameterKey": f.def.name.as_str(), "ParameterValue": f.value.text }))
            .collect();
        serde_json::to_string_pretty(&list).unwrap_or_default() + "\n"
    }
}

/// The three tags of the deployment guide.
pub fn default_tags() -> Vec<(SafeText, SafeText)> {
    [
        ("Project", "BedrockImageChat"),
        ("Environment", "Production"),
        ("ManagedBy", "CloudFormation"),
    ]
    .map(|(k, v)| (k.into(), v.into()))
    .to_vec()
}

/// A plan being worked out.
#[derive(Debug, Clone, PartialEq)]
pub struct Planning {
    /// What was asked for.
    pub request: PlanRequest,
    /// The form to come back to.
    pub form: Form,
    /// Stack id and change set ARN once AWS has taken it.
    pub change_set: Option<(SafeText, SafeText)>,
    /// Since when, on the monotonic clock.
    pub since: u64,
    /// When the change set is asked for next.
    pub due: u64,
    /// Sequence number of the request in flight.
    pub awaiting: Option<u64>,
    /// Why it failed last.
    pub fault: Option<Fault>,
}

/// A plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The form to come back to.
    pub form: Form,
    /// The change set.
    pub change_set: ChangeSet,
    /// Row under the cursor.
    pub selected: usize,
    /// It would create the stack.
    pub is_create: bool,
}

/// Types whose replacement or removal loses data.
const HOLDS_DATA: [&str; 7] = [
    "AWS::EFS::FileSystem",
    "AWS::RDS::DBInstance",
    "AWS::SecretsManager::Secret",
    "AWS::Logs::LogGroup",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::ElastiCache::CacheCluster",
    "AWS::ECR::Repository",
];

impl Plan {
    /// What executing it loses: one sentence each.
    pub fn losses(&self) -> Vec<String> {
        use crate::core::fact::{ChangeAction, Replacement};
        self.change_set
            .changes
            .iter()
            .filter(|c| HOLDS_DATA.contains(&c.resource_type.as_str()))
            .filter_map(|c| match (c.action, c.replacement) {
                (ChangeAction::Remove, _) => Some(format!("{} ({}) is removed with all it holds", c.logical_id, c.resource_type)),
                (_, Replacement::Always) => Some(format!("{} ({}) is replaced: what it holds is lost", c.logical_id, c.resource_type)),
                (_, Replacement::Conditional) => Some(format!(
                    "{} ({}) may be replaced and lose what it holds",
                    c.logical_id, c.resource_type
                )),
                _ => None,
            })
            .collect()
    }
}

/// Whether a resource type holds data that its removal loses.
pub fn holds_data(resource_type: &str) -> bool {
    HOLDS_DATA.contains(&resource_type)
}
