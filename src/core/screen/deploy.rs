//! What the Deploy screen remembers: the form, the plan being worked out, the plan.

use std::collections::BTreeMap;

use crate::{
    cloud::PlanRequest,
    core::{
        fact::{ChangeSet, Stack},
        fault::Fault,
        field::TextField,
        nearest,
        plan::{self, Wish},
        tags::{self, Tag},
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

impl Stage {
    /// The form that is open, or that the plan came from.
    pub fn form(&self) -> Option<&Form> {
        match self {
            Self::Rest => None,
            Self::Form(form) => Some(form),
            Self::Planning(planning) => Some(&planning.form),
            Self::Plan(plan) => Some(&plan.form),
        }
    }
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
        self.def.check(self.value.text()).err()
    }

    /// It differs from what the stack has, or from the default for a new one.
    pub fn is_changed(&self) -> bool {
        let before = self.previous.as_deref().or(self.def.default.as_deref()).unwrap_or_default();
        self.value.text() != before
    }

    /// The next or previous allowed value.
    pub fn cycle(&mut self, by: isize) {
        let n = self.def.allowed.len() as isize;
        if n > 0 {
            let here = self.def.allowed.iter().position(|v| **v == *self.value.text()).unwrap_or(0) as isize;
            self.value = TextField::with(&self.def.allowed[(here + by).rem_euclid(n) as usize]);
        }
    }
}

/// One stack tag in the form.
#[derive(Debug, Clone, PartialEq)]
pub struct TagField {
    /// Its key.
    pub key: SafeText,
    /// Its value; an empty one takes the tag away.
    pub value: TextField,
    /// Its value in the stack, or what the guide gives a new one; `None` for one that is added.
    pub before: Option<SafeText>,
}

impl TagField {
    fn of((key, value): Tag) -> Self {
        Self {
            key,
            value: TextField::with(&value),
            before: Some(value),
        }
    }

    /// What is wrong with the value.
    pub fn error(&self) -> Option<String> {
        let is_checked = self.is_changed() && !self.value.text().is_empty();
        is_checked.then(|| tags::check(&self.key, self.value.text()).err())?
    }

    /// It is added, differs from what it was, or goes.
    pub fn is_changed(&self) -> bool {
        self.before.as_deref().unwrap_or_default() != self.value.text()
    }
}

/// What a file of parameters did to the form.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Taken {
    /// Values that were another before.
    pub changed: usize,
    /// Values that were so already.
    pub same: usize,
    /// What was not taken, and why: one sentence each.
    pub wrong: Vec<String>,
}

/// The form.
#[derive(Debug, Clone, PartialEq)]
pub struct Form {
    /// All parameters.
    pub fields: Vec<Field>,
    /// Row under the cursor: parameters, tags, the line for another tag, the button.
    pub selected: usize,
    /// The stack exists.
    pub is_update: bool,
    /// Stack tags.
    pub tags: Vec<TagField>,
    /// Another tag being typed: `Key=Value`.
    pub another: TextField,
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
        Self {
            fields,
            selected: 0,
            is_update: stack.is_some(),
            tags: tags::own(stack).into_iter().map(TagField::of).collect(),
            another: TextField::default(),
            error: None,
            overrides: Vec::new(),
        }
    }

    /// Row of the line for another tag.
    pub fn another_row(&self) -> usize {
        self.fields.len() + self.tags.len()
    }

    /// Row of the button: the last one.
    pub fn button(&self) -> usize {
        self.another_row() + 1
    }

    /// The button has the focus.
    pub fn is_on_button(&self) -> bool {
        self.selected == self.button()
    }

    /// The tag in a row.
    pub fn tag(&self, row: usize) -> Option<&TagField> {
        self.tags.get(row.checked_sub(self.fields.len())?)
    }

    /// The field under the cursor.
    pub fn field_mut(&mut self) -> Option<&mut Field> {
        self.fields.get_mut(self.selected)
    }

    /// The text under the cursor; `None` where one chooses or presses.
    pub fn text_mut(&mut self) -> Option<&mut TextField> {
        let (row, another) = (self.selected, self.another_row());
        if row == another {
            return Some(&mut self.another);
        }
        match row.checked_sub(self.fields.len()) {
            Some(tag) => self.tags.get_mut(tag).map(|tag| &mut tag.value),
            None => self.fields.get_mut(row).filter(|f| f.def.allowed.is_empty()).map(|f| &mut f.value),
        }
    }

    /// What is wrong with the line for another tag.
    fn another_error(&self) -> Option<String> {
        if self.another.text().trim().is_empty() {
            return None;
        }
        match tags::read(self.another.text()) {
            Err(why) => Some(why),
            Ok((key, _)) if self.tags.iter().any(|tag| *tag.key == *key) => {
                Some(format!("there is a tag {} already: its own line changes it", SafeText::new(&key)))
            }
            Ok(_) => None,
        }
    }

    /// Makes a tag of what stands in the line for another one, where it is one; added ones that were emptied go. The
    /// cursor stays where it is.
    pub fn settle(&mut self) {
        let first = self.fields.len();
        for row in (first..self.another_row())
            .rev()
            .filter(|row| *row != self.selected)
            .collect::<Vec<_>>()
        {
            if self.tag(row).is_some_and(|tag| tag.before.is_none() && tag.value.text().is_empty()) {
                self.tags.remove(row - first);
                self.selected -= usize::from(row < self.selected);
            }
        }
        if let (None, Ok((key, value))) = (self.another_error(), tags::read(self.another.text())) {
            let is_behind = self.is_on_button();
            self.tags.push(TagField {
                key: key.into(),
                value: TextField::with(&value),
                before: None,
            });
            self.another = TextField::default();
            self.selected += usize::from(is_behind);
        }
    }

    /// Something was typed that is not so already.
    pub fn is_touched(&self) -> bool {
        self.fields.iter().any(Field::is_changed) || self.tags.iter().any(TagField::is_changed) || !self.another.text().is_empty()
    }

    /// Whether the two were opened on the same stack as it was, or both on none.
    pub fn has_same_ground(&self, other: &Self) -> bool {
        let tags = |form: &Self| -> Vec<_> { form.tags.iter().filter_map(|t| Some((t.key.clone(), t.before.clone()?))).collect() };
        let values = |form: &Self| -> Vec<_> { form.fields.iter().map(|f| f.previous.clone()).collect() };
        self.is_update == other.is_update && values(self) == values(other) && tags(self) == tags(other)
    }

    /// Takes the values of a file; what is unknown or not allowed leaves its field as it is.
    pub fn take(&mut self, given: &BTreeMap<String, String>) -> Taken {
        let known: Vec<SafeText> = self.fields.iter().map(|f| f.def.name.clone()).collect();
        let mut taken = Taken::default();
        for (name, value) in given {
            let Some(row) = self.fields.iter().position(|f| f.def.name == **name) else {
                let hint = nearest::hint(name, known.iter().map(SafeText::as_str));
                taken.wrong.push(format!("unknown parameter \"{}\"; {hint}", SafeText::new(name)));
                continue;
            };
            let field = &mut self.fields[row];
            if field.value.text() == *value {
                taken.same += 1;
            } else if let Err(why) = field.def.check(value) {
                taken.wrong.push(why);
            } else {
                field.value = TextField::with(value);
                if taken.changed == 0 {
                    self.selected = row;
                }
                taken.changed += 1;
            }
        }
        taken
    }

    /// Values of all parameters.
    pub fn values(&self) -> BTreeMap<String, String> {
        self.fields
            .iter()
            .map(|f| (f.def.name.to_string(), f.value.text().to_owned()))
            .collect()
    }

    /// What is wrong with each row but the button. A view asks once a frame: patterns are compiled each time.
    pub fn errors(&self) -> Vec<Option<String>> {
        let tags = self.tags.iter().map(TagField::error);
        let fields = self.fields.iter().map(Field::error);
        fields.chain(tags).chain([self.another_error()]).collect()
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
        let (gone, kept): (Vec<_>, Vec<_>) = self.tags.iter().filter(|t| t.is_changed()).partition(|t| t.value.text().is_empty());
        Wish {
            parameters: given.map(|f| (f.def.name.to_string(), f.value.text().to_owned())).collect(),
            tags: kept.into_iter().map(|t| (t.key.to_string(), t.value.text().to_owned())).collect(),
            untags: gone.into_iter().filter(|t| t.before.is_some()).map(|t| t.key.to_string()).collect(),
        }
    }

    /// The tags of the stack once it is done.
    pub fn tags_after(&self) -> Vec<Tag> {
        let is_kept = |t: &&TagField| !t.value.text().is_empty() || (t.before.is_some() && !t.is_changed());
        let kept = self.tags.iter().filter(is_kept);
        kept.map(|t| (t.key.clone(), t.value.text().into())).collect()
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
            .map(|f| serde_json::json!({ "ParameterKey": f.def.name.as_str(), "ParameterValue": f.value.text() }))
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
    /// What the console decided by itself, and what becomes of tags: one sentence each.
    pub notes: Vec<SafeText>,
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
    /// What the console decided by itself, and what becomes of tags: one sentence each.
    pub notes: Vec<SafeText>,
    /// The change set.
    pub change_set: ChangeSet,
    /// Row under the cursor.
    pub selected: usize,
    /// It would create the stack.
    pub is_create: bool,
}

impl Plan {
    /// What executing it loses, and what it lets go of: one sentence each.
    pub fn losses(&self) -> impl Iterator<Item = String> {
        plan::losses(&self.change_set.changes, self.form.before().as_ref(), &self.values).all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> Form {
        Form::new(&Template::shipped(), None)
    }

    fn at(form: &Form, name: &str) -> usize {
        form.fields.iter().position(|f| f.def.name == name).unwrap()
    }

    #[test]
    fn the_guides_tags_can_be_changed_taken_away_and_added_to() {
        let mut form = form();
        assert_eq!((form.wish().tags, form.wish().untags, form.is_touched()), (vec![], vec![], false));
        form.selected = form.fields.len();
        *form.text_mut().unwrap() = TextField::with("Pictures");
        form.selected += 1;
        form.text_mut().unwrap().clear();
        form.selected = form.another_row();
        *form.text_mut().unwrap() = TextField::with("Team = art");
        form.settle();
        assert_eq!(form.tag(form.selected).unwrap().key, "Team", "the cursor stays on it");
        let wish = form.wish();
        assert_eq!(wish.tags, [("Project".into(), "Pictures".into()), ("Team".into(), "art".into())]);
        assert_eq!(wish.untags, ["Environment"]);
        let after: Vec<String> = form.tags_after().iter().map(|(k, v)| format!("{k}={v}")).collect();
        assert_eq!(after, ["Project=Pictures", "ManagedBy=CloudFormation", "Team=art"]);
        assert!(form.wrong().is_none() && form.is_touched());
        // An added one that is emptied goes once it is left.
        form.text_mut().unwrap().clear();
        form.settle();
        assert_eq!(form.tags.len(), 4);
        form.selected += 1;
        form.settle();
        assert_eq!((form.tags.len(), form.selected), (3, form.another_row()));
        form.another = TextField::with("Team=art");
        form.settle();
        for (typed, want) in [
            ("Team=b", "there is a tag Team already"),
            ("Owner", "a tag reads Key=Value"),
            ("aws:x=1", "AWS keeps aws: to itself"),
        ] {
            form.another = TextField::with(typed);
            form.settle();
            let (row, why) = form.wrong().unwrap();
            assert!(row == form.another_row() && why.contains(want), "{why}");
        }
        form.another = TextField::default();
        form.tags[0].value = TextField::with("a;b");
        assert_eq!(form.wrong().unwrap().0, form.fields.len());
    }

    #[test]
    fn a_file_changes_what_it_names_and_nothing_else() {
        let mut form = form();
        let project = at(&form, "ProjectName");
        form.fields[project].value = TextField::with("mine");
        let given = [
            ("LogRetentionDays", "60"),
            ("DeploymentSize", "small"),
            ("DeploymentSiz", "large"),
            ("AllowedCIDR", "everyone"),
        ];
        let given = given.map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        let taken = form.take(&given);
        assert_eq!((taken.changed, taken.same), (1, 1), "{taken:?}");
        assert_eq!(form.selected, at(&form, "LogRetentionDays"));
        assert_eq!(form.values()["LogRetentionDays"], "60");
        assert_eq!(form.values()["ProjectName"], "mine");
        let [cidr, size] = &taken.wrong[..] else { panic!("{taken:?}") };
        assert!(
            cidr.contains("AllowedCIDR") && size.contains("did you mean \"DeploymentSize\"?"),
            "{taken:?}"
        );
        assert_eq!(form.errors().iter().flatten().count(), 0, "a wrong value is not taken");
    }
}
