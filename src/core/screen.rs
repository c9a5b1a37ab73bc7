//! The screens, their panels, and what each remembers.

pub mod access;
pub mod deploy;

use strum::IntoEnumIterator;

/// The screens that exist, by the digit that opens them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, strum::Display, strum::EnumIter)]
pub enum ScreenId {
    /// Five panels at once.
    Overview,
    /// Form, plan, progress, outputs.
    Deploy,
    /// Services, tasks, events.
    Services,
    /// The tail.
    Logs,
    /// Cost now and a month.
    Cost,
    /// Outputs, secrets, models, name and certificate, provisioned throughput.
    Access,
}

impl ScreenId {
    /// The digit on the tab; gaps belong to screens that are still to come.
    pub fn digit(self) -> char {
        match self {
            Self::Overview => '1',
            Self::Deploy => '2',
            Self::Services => '3',
            Self::Logs => '4',
            Self::Cost => '6',
            Self::Access => '8',
        }
    }

    /// Its panels in the order of Tab.
    pub fn panels(self) -> &'static [Panel] {
        match self {
            Self::Overview => &[Panel::Events, Panel::Services, Panel::Targets, Panel::LogTail, Panel::CostNow],
            Self::Deploy => &[Panel::Deploy],
            Self::Services => &[Panel::ServiceList, Panel::Tasks, Panel::ServiceEvents],
            Self::Logs => &[Panel::Logs],
            Self::Cost => &[Panel::Cost],
            Self::Access => &[Panel::Outputs, Panel::Secrets, Panel::Models, Panel::Address, Panel::Throughput],
        }
    }

    /// The screen `by` places further, round the end.
    pub fn step(self, by: isize) -> Self {
        let all: Vec<Self> = Self::iter().collect();
        let here = all.iter().position(|s| *s == self).unwrap_or(0) as isize;
        all[(here + by).rem_euclid(all.len() as isize) as usize]
    }
}

/// A panel: what can have the focus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, strum::Display, strum::EnumIter)]
pub enum Panel {
    /// Stack events on the Overview.
    Events,
    /// Services on the Overview.
    Services,
    /// Target health on the Overview.
    Targets,
    /// The log tail on the Overview.
    LogTail,
    /// Cost on the Overview.
    CostNow,
    /// The Deploy screen.
    Deploy,
    /// Services on the Services screen.
    ServiceList,
    /// Tasks on the Services screen.
    Tasks,
    /// ECS events on the Services screen.
    ServiceEvents,
    /// The Logs screen.
    Logs,
    /// The Cost screen.
    Cost,
    /// Outputs on the Access screen.
    Outputs,
    /// Secrets on the Access screen.
    Secrets,
    /// Models on the Access screen.
    Models,
    /// Name and certificate on the Access screen.
    Address,
    /// Provisioned throughput on the Access screen.
    Throughput,
}

impl Panel {
    /// Its title.
    pub fn title(self) -> &'static str {
        match self {
            Self::Events => "Stack events",
            Self::Services | Self::ServiceList => "Services",
            Self::Targets => "Target health",
            Self::LogTail | Self::Logs => "Logs",
            Self::CostNow | Self::Cost => "Cost",
            Self::Deploy => "Deploy",
            Self::Tasks => "Tasks",
            Self::ServiceEvents => "ECS events",
            Self::Outputs => "Outputs",
            Self::Secrets => "Secrets",
            Self::Models => "Models",
            Self::Address => "Name and certificate",
            Self::Throughput => "Provisioned throughput",
        }
    }
}
