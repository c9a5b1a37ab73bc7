//! What the Deploy screen remembers: the form, the plan being worked out, the plan.

use std::collections::BTreeMap;

use crate::{
    cloud::PlanRequest,
    core::{
        fact::{ChangeSet, Stack},
        fault::Fault,
        field::TextField,
        plan::{self, Wish},
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
    /// Blockers that the operator goes on in spite of: the check's name, and what it had found.
    pub overrides: Vec<(&'static str, SafeText)>,
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
        let tags = stack.map_or_else(plan::default_tags, |s| s.tags.clone());
        Self {
            fields,
            selected: 0,
            is_update: stack.is_some(),
            tags,
            error: None,
            overrides: Vec::new(),
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

    /// The first field with a bad value, and what is wrong with all of them.
    pub fn wrong(&self) -> Option<(usize, String)> {
        let errors = self.errors();
        let first = errors.iter().position(Option::is_some)?;
        let all: Vec<String> = errors.into_iter().flatten().collect();
        Some((first, all.join(" ")))
    }

    /// What the operator wants: every value of a new stack, what was changed of one that exists.
    pub fn wish(&self) -> Wish {
        let given = self
            .fields
            .iter()
            .filter(|f| !self.is_update || f.previous.is_none() || f.is_changed());
        Wish {
            parameters: given.map(|f| (f.def.name.to_string(), f.value.text.clone())).collect(),
            ..Wish::default()
        }
    }

    /// Values of the stack before; `None` for a new one.
    pub fn before(&self) -> Option<BTreeMap<String, String>> {
        let known = |f: &Field| f.previous.as_ref().map(|v| (f.def.name.to_string(), v.to_string()));
        self.is_update.then(|| self.fields.iter().filter_map(known).collect())
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

/// A plan being worked out.
#[derive(Debug, Clone, PartialEq)]
pub struct Planning {
    /// What was asked for.
    pub request: PlanRequest,
    /// Values of all parameters once it is done.
    pub values: BTreeMap<String, String>,
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
    /// Values of all parameters once it is done.
    pub values: BTreeMap<String, String>,
    /// The change set.
    pub change_set: ChangeSet,
    /// Row under the cursor.
    pub selected: usize,
    /// It would create the stack.
    pub is_create: bool,
}

impl Plan {
    /// What executing it loses: one sentence each.
    pub fn losses(&self) -> Vec<String> {
        plan::losses(&self.change_set.changes, self.form.before().as_ref(), &self.values)
    }
}
