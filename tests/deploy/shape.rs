//! Which keys the objects of a document may have: what a schema is for here, a misspelt key, without a schema of thousands of lines.

use serde_json::Value;

/// For each object, by its path, the keys it may have. Places in lists are not part of a path; `*` stands for any key; an object whose
/// keys are `["*"]` is free, with all that is in it.
pub type Shape = [(&'static str, &'static [&'static str])];

/// What in a document has no place in its shape, by path.
pub fn strangers(document: &Value, shape: &Shape) -> Vec<String> {
    let mut found = Vec::new();
    walk(document, "", shape, &mut found);
    found
}

fn walk(value: &Value, path: &str, shape: &Shape, found: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| walk(item, path, shape, found)),
        Value::Object(members) => {
            let Some((_, keys)) = shape.iter().find(|(pattern, _)| matches(pattern, path)) else {
                return found.push(format!("{path}: no object is known to stand here"));
            };
            if *keys == ["*"] {
                return;
            }
            for (key, member) in members {
                if !keys.contains(&key.as_str()) && !keys.contains(&"<any>") {
                    found.push(format!("{path}: {key} is not one of {keys:?}"));
                }
                let below = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                walk(member, &below, shape, found);
            }
        }
        _ => {}
    }
}

fn matches(pattern: &str, path: &str) -> bool {
    let (pattern, path): (Vec<&str>, Vec<&str>) = (pattern.split('.').collect(), path.split('.').collect());
    pattern.len() == path.len() && pattern.iter().zip(&path).all(|(p, s)| *p == "*" || p == s)
}

#[test]
fn a_misspelt_key_and_an_object_in_the_wrong_place_are_strangers() {
    let shape: &Shape =
        &[("", &["spec"]), ("spec", &["ports", "labels"]), ("spec.ports", &["port"]), ("spec.labels", &["*"])];
    let document =
        serde_json::json!({"spec": {"ports": [{"port": 1}, {"prot": 2}], "labels": {"a.b/c": "d"}, "x": {}}});
    let found = strangers(&document, shape);
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found[0].starts_with("spec.ports: prot is not one of"), "{found:?}");
    assert!(found[1].starts_with("spec: x is not one of"), "{found:?}");
    assert!(found[2].starts_with("spec.x: no object"), "{found:?}");
}
