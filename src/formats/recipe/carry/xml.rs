//! XML as JSON: elements are fields by their local names, attributes are fields with an `@` before them.
//!
//! An element that has neither is its text; the text of one that has is `#text`. An element that stands there several times
//! is a list. Namespaces, comments and processing instructions are left out; a document type is refused, and with it every
//! entity that is not XML's own.

use roxmltree::{Document, Node};

use super::write_text;
use crate::journey::Reject;

/// Elements within each other, at most.
const DEPTH_MAX: usize = 100;

/// The outermost element's content.
pub(super) fn to_json(text: &str) -> Result<Vec<u8>, Reject> {
    let document = Document::parse(text.trim_start_matches('\u{feff}'));
    let document = document.map_err(|error| Reject::Malformed(error.to_string()))?;
    let mut out = Vec::with_capacity(text.len());
    let root = document.root_element();
    // A record is an object, also if it is nothing but a text.
    object(root, &mut out, 0)?;
    Ok(out)
}

fn element(element: Node<'_, '_>, out: &mut Vec<u8>, depth: usize) -> Result<(), Reject> {
    let has_fields = element.children().any(|child| child.is_element()) || attributes(element).next().is_some();
    if has_fields {
        return object(element, out, depth);
    }
    match text_of(element) {
        Some(text) => write_text(&text, out),
        None => out.extend_from_slice(b"null"),
    }
    Ok(())
}

fn object(element: Node<'_, '_>, out: &mut Vec<u8>, depth: usize) -> Result<(), Reject> {
    if depth > DEPTH_MAX {
        return Err(Reject::Malformed(format!("elements nested deeper than {DEPTH_MAX} levels")));
    }
    out.push(b'{');
    let start = out.len();
    let key = |name: &str, out: &mut Vec<u8>| {
        if out.len() > start {
            out.push(b',');
        }
        write_text(name, out);
        out.push(b':');
    };
    for attribute in attributes(element) {
        key(&format!("@{}", attribute.name()), out);
        write_text(attribute.value().trim(), out);
    }
    if let Some(text) = text_of(element) {
        key("#text", out);
        write_text(&text, out);
    }
    let children: Vec<Node<'_, '_>> = element.children().filter(Node::is_element).collect();
    let mut names: Vec<&str> = Vec::new();
    for child in &children {
        let name = child.tag_name().name();
        if names.contains(&name) {
            continue;
        }
        names.push(name);
        key(name, out);
        let alike: Vec<_> = children.iter().filter(|other| other.tag_name().name() == name).collect();
        if let [one] = alike.as_slice() {
            self::element(**one, out, depth + 1)?;
            continue;
        }
        out.push(b'[');
        for (number, one) in alike.iter().enumerate() {
            if number > 0 {
                out.push(b',');
            }
            self::element(**one, out, depth + 1)?;
        }
        out.push(b']');
    }
    out.push(b'}');
    Ok(())
}

/// The attributes that say something of the element.
fn attributes<'a, 'i>(element: Node<'a, 'i>) -> impl Iterator<Item = roxmltree::Attribute<'a, 'i>> {
    const SCHEMA_INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";
    element.attributes().filter(|attribute| attribute.namespace() != Some(SCHEMA_INSTANCE))
}

/// The element's own text, if it is more than space.
fn text_of(element: Node<'_, '_>) -> Option<String> {
    let text: String = element.children().filter(Node::is_text).filter_map(|child| child.text()).collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(xml: &str, expected: Result<&str, &str>) {
        let json = to_json(xml).map(|json| String::from_utf8_lossy(&json).into_owned());
        let json = json.map_err(|reject| reject.reason());
        assert_eq!(json, expected.map(str::to_owned), "{xml}");
    }

    #[test]
    fn elements_and_attributes_are_fields() {
        check(
            "<r><a>1</a><b c='2'>x &amp; y</b><d/></r>",
            Ok(r##"{"a":"1","b":{"@c":"2","#text":"x & y"},"d":null}"##),
        );
        check("<r><a>1</a><b/><a><![CDATA[<2>]]></a></r>", Ok(r#"{"a":["1","<2>"],"b":null}"#));
        check("<p:r xmlns:p='urn:x'><p:a>1</p:a></p:r>", Ok(r#"{"a":"1"}"#));
        check("<r>\n text </r>", Ok(r##"{"#text":"text"}"##));
        check("\u{feff}<?xml version='1.0'?><r/>", Ok("{}"));
    }

    #[test]
    fn what_is_no_xml_or_wants_more_than_itself_is_refused() {
        for xml in ["", "x", "<r>", "<r></s>", "<r/><r/>", "<!DOCTYPE r [<!ENTITY a 'b'>]><r>&a;</r>", "<r>&a;</r>"] {
            check(xml, Err("malformed"));
        }
        check(&("<a>".repeat(200) + &"</a>".repeat(200)), Err("malformed"));
    }
}
