//! `moved`: where the customers of phases are that the model does not have any more.

use super::fields::{self, Report};
use super::sections::Names;
use crate::yaml::{Node, Yaml};

/// Reads them, by name: each phase that is gone, and the one that took its place.
pub(super) fn read(node: &Node, names: &Names, report: &mut Report) -> Vec<(String, u16)> {
    let Yaml::Map(map) = &node.value else {
        report.wrong(
            node,
            "`moved`",
            "a map from each phase that is gone to one there is, such as `{ interesse: afweging }`",
        );
        return Vec::new();
    };
    let mut moved: Vec<(String, u16)> = Vec::new();
    for (place, (gone, target)) in map.iter().enumerate() {
        let name = &gone.text;
        fields::check_name(gone, "phase", report);
        if matches!(name.as_str(), "new" | "any") {
            report.add(gone.at, format!("`{name}` was never a phase; write the name of one that is gone"));
        } else if names.phases.iter().any(|phase| phase.name == *name) {
            let text = format!("`{name}` is a phase still; take it out of `phases`, or do not move its customers");
            report.add(gone.at, text);
        } else if map[..place].iter().any(|(other, _)| other.text == *name) {
            report.add(gone.at, format!("`{name}` is moved twice; leave one out"));
        }
        let what = format!("the phase in place of `{name}`");
        let target = fields::name(target, &what, "the name of a phase", report);
        if let Some(phase) = target.and_then(|target| names.entered(&target, report)) {
            moved.push((name.clone(), phase));
        }
    }
    moved.sort();
    moved
}
