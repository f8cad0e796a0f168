//! The section `variants`: which attribute of events says what a customer is shown in an experiment.

use super::Variants;
use super::section::{Found, Section};
use crate::journey::{EVENT_PARTS, VariantRule};
use crate::yaml::Yaml;

/// So many values at most: each is a series of metrics for every move.
const VALUES_MAX: usize = 16;
const LENGTH_MAX: usize = 64;

const EXAMPLE: &str = "write for example variants: { attribute: experiment, values: [control, short-form] }";

/// Reads it, if it is there.
pub(super) fn read(root: &mut Section<'_>) -> Option<Variants> {
    root.node("variants")?;
    let mut section = root.section("variants");
    let attribute = section.required("attribute", "write the name of an attribute of events, such as experiment");
    if let Some(Found { at, value }) = attribute.filter(|found| !is_attribute(found.value)) {
        let what = format!("variants.attribute is {value:?}, which no attribute can be called");
        section.problems.add(at, what, "write ASCII letters, digits and _, such as experiment");
    }
    if section.node("values").is_none() {
        section.missing("values", EXAMPLE);
    }
    let values = values(&mut section);
    section.finish();
    let Found { at, value } = attribute?;
    Some(Variants { rule: VariantRule { attribute: value.to_owned(), values: values? }, attribute_at: at })
}

fn is_attribute(name: &str) -> bool {
    name.len() <= LENGTH_MAX
        && !EVENT_PARTS.contains(&name)
        && name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn values(section: &mut Section<'_>) -> Option<Vec<String>> {
    let problems = section.problems;
    let nodes = section.list("values", EXAMPLE)?;
    let mut values: Vec<String> = Vec::new();
    for node in nodes {
        let text = match &node.value {
            Yaml::Text(text) => text.trim(),
            Yaml::Reported => continue,
            other => {
                let what = format!("a variant is {}", other.describe());
                problems.add(node.at, what, "write a text, in quotes if it looks like a number");
                continue;
            }
        };
        if text.is_empty() || text.len() > LENGTH_MAX || text.contains(char::is_control) {
            let what = format!("the variant {text:?} cannot be a label");
            problems.add(node.at, what, format!("write 1 to {LENGTH_MAX} bytes without control characters"));
        } else if text == "other" {
            let what = "the variant \"other\" stands for all that are not listed";
            problems.add(node.at, what, "leave it out, or call it otherwise in the events");
        } else if values.iter().any(|known| known == text) {
            problems.add(node.at, format!("the variant {text} stands here twice"), "leave one of them out");
        }
        values.push(text.to_owned());
    }
    if let Some(node) = nodes.get(VALUES_MAX) {
        let what = format!("{} variants are too many", nodes.len());
        problems.add(node.at, what, format!("list at most {VALUES_MAX}; the others count as other"));
    }
    Some(values)
}
