//! Columns with tabs between them, by the names that the recipe gives them. An empty column is not there.

use super::write_text;
use crate::journey::Reject;

/// An object of texts.
pub(super) fn to_json(columns: &[String], row: &str) -> Result<Vec<u8>, Reject> {
    let row = row.strip_suffix('\n').unwrap_or(row);
    let row = row.strip_suffix('\r').unwrap_or(row);
    let values: Vec<&str> = row.split('\t').collect();
    if values.len() > columns.len() {
        return Err(Reject::Malformed(format!("{} columns, where {} are known", values.len(), columns.len())));
    }
    let mut out = vec![b'{'];
    for (name, value) in columns.iter().zip(values).filter(|(_, value)| !value.is_empty()) {
        if out.len() > 1 {
            out.push(b',');
        }
        write_text(name, &mut out);
        out.push(b':');
        write_text(value, &mut out);
    }
    out.push(b'}');
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(row: &str, expected: Result<&str, &str>) {
        let json = to_json(&["a".to_owned(), "b".to_owned()], row);
        let json = json.map(|json| String::from_utf8_lossy(&json).into_owned()).map_err(|reject| reject.reason());
        assert_eq!(json, expected.map(str::to_owned), "{row:?}");
    }

    #[test]
    fn a_row_is_an_object_of_the_texts_that_are_there() {
        check("1\tx\"y\r\n", Ok(r#"{"a":"1","b":"x\"y"}"#));
        check("\tx", Ok(r#"{"b":"x"}"#));
        check("1", Ok(r#"{"a":"1"}"#));
        check("1\t2\t3", Err("malformed"));
    }
}
