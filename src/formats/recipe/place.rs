//! Places in a record, as they are written in a recipe.

/// Where something stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// In the record, or in the item of an array that is read.
    Path(Path),
    /// In the record around that item.
    Around(Path),
    /// Beside the record's value.
    Beside(Beside),
}

/// What a record has beside its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Beside {
    /// Its key.
    Key,
    /// Its timestamp.
    Timestamp,
    /// A header.
    Header(String),
    /// What the producer calls the event, as the recipe's `name` says.
    Name,
}

/// Keys from the outermost object on, maybe through an array whose items are told apart by one of their keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Path {
    /// The keys.
    pub(super) keys: Vec<String>,
    /// What is looked for in the array there.
    pub(super) item: Option<ItemPath>,
}

/// The item of an array in which a key has a value, and where to go on in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ItemPath {
    /// The keys that lead to it, in an item.
    pub(super) key: Vec<String>,
    /// Its value.
    pub(super) value: String,
    /// The keys from there.
    pub(super) rest: Vec<String>,
}

impl Place {
    /// Reads a place. An error says what to write instead.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        if let Some(of_record) = text.strip_prefix('$') {
            return match of_record {
                "key" => Ok(Self::Beside(Beside::Key)),
                "timestamp" => Ok(Self::Beside(Beside::Timestamp)),
                "name" => Ok(Self::Beside(Beside::Name)),
                _ => match of_record.strip_prefix("header.").filter(|name| !name.is_empty()) {
                    Some(name) => Ok(Self::Beside(Beside::Header(name.to_owned()))),
                    None => Err(format!(
                        "`{text}` is nothing of a record; write $key, $timestamp, $header.NAME, $name, or a key that begins with $ as /{text}"
                    )),
                },
            };
        }
        match text.strip_prefix('^') {
            Some("") => Ok(Self::Around(Path { keys: Vec::new(), item: None })),
            Some(around) => path(around).map(Self::Around),
            None => path(text).map(Self::Path),
        }
    }

    /// Reads the place of an array; an empty text is the record itself.
    pub(super) fn array(text: &str) -> Result<Self, String> {
        let of_record = |keys| Self::Path(Path { keys, item: None });
        match Self::read(text) {
            _ if text.is_empty() => Ok(of_record(Vec::new())),
            Ok(place @ (Self::Path(Path { item: None, .. }) | Self::Around(Path { item: None, .. }))) => Ok(place),
            Ok(_) => Err(format!("{text} is no array; write the place of one")),
            Err(why) => Err(why),
        }
    }
}

/// The keys of a pointer, or the one of a column.
fn path(text: &str) -> Result<Path, String> {
    let Some(pointer) = text.strip_prefix('/') else {
        return match text {
            "" => Err("an empty text names no column; write the name of one, or a JSON pointer".into()),
            _ => Ok(Path { keys: vec![text.to_owned()], item: None }),
        };
    };
    let keys = |pointer: &str| -> Vec<String> {
        pointer.split('/').map(|key| key.replace("~1", "/").replace("~0", "~")).collect()
    };
    let mut is_within = false;
    let apart = pointer.split(|letter| {
        is_within = if is_within { letter != ']' } else { letter == '[' };
        letter == '/' && !is_within
    });
    let parts: Vec<&str> = apart.collect();
    let unescaped = |parts: &[&str]| parts.iter().flat_map(|part| keys(part)).collect();
    let Some(at) = parts.iter().position(|part| part.starts_with('[')) else {
        return Ok(Path { keys: unescaped(&parts), item: None });
    };
    let wanted = parts[at].strip_prefix('[').and_then(|part| part.strip_suffix(']'));
    let (key, value) = wanted.and_then(|part| part.split_once('=')).ok_or_else(|| {
        format!("`{}` in {text} names no item of an array; write for example [key=page_location]", parts[at])
    })?;
    let rest = &parts[at + 1..];
    if rest.iter().any(|part| part.starts_with('[')) {
        return Err(format!("{text} looks through two arrays; only one can be"));
    }
    let item = ItemPath { key: keys(key), value: value.to_owned(), rest: unescaped(rest) };
    Ok(Path { keys: unescaped(&parts[..at]), item: Some(item) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Place) {
        assert_eq!(Place::read(text), Ok(expected), "{text}");
    }

    fn keys(keys: &[&str]) -> Path {
        Path { keys: keys.iter().map(|&key| key.to_owned()).collect(), item: None }
    }

    #[test]
    fn a_place_is_a_column_a_pointer_or_something_of_the_record() {
        check("household_id", Place::Path(keys(&["household_id"])));
        check("/a~1b/0/c~0d", Place::Path(keys(&["a/b", "0", "c~d"])));
        check("^/customer/id", Place::Around(keys(&["customer", "id"])));
        check("$key", Place::Beside(Beside::Key));
        check("$timestamp", Place::Beside(Beside::Timestamp));
        check("$header.X-Topic", Place::Beside(Beside::Header("X-Topic".into())));
        check("/$key", Place::Path(keys(&["$key"])));
        let item = ItemPath { key: vec!["a".into(), "@b".into()], value: "c".into(), rest: vec!["a".into()] };
        check("/list/[a/@b=c]/a", Place::Path(Path { item: Some(item), ..keys(&["list"]) }));
        let item = ItemPath { key: vec!["key".into()], value: "url".into(), rest: vec!["value".into(), "s".into()] };
        check("/params/[key=url]/value/s", Place::Path(Path { item: Some(item), ..keys(&["params"]) }));
    }

    #[test]
    fn what_is_no_place_is_refused_with_what_to_write() {
        for (text, told) in [
            ("", "an empty text names no column"),
            ("$offset", "write $key"),
            ("$header.", "write $key"),
            ("/a/[b]", "write for example [key=page_location]"),
            ("/a/[b=c]/d/[e=f]", "only one"),
        ] {
            let error = Place::read(text).expect_err(text);
            assert!(error.contains(told), "{text}: {error}");
        }
    }
}
