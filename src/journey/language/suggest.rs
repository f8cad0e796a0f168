//! How a message about a name that does not exist ends.

use crate::yaml::nearest;

/// The end of a message about an unknown name: the one that was probably meant, else what there is to choose from.
pub(super) fn instead<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    const SHOWN: usize = 12;
    let known: Vec<&str> = known.into_iter().collect();
    if let Some(other) = nearest(name, known.iter().copied()) {
        return format!("did you mean `{other}`?");
    }
    let mut list: Vec<String> = known.iter().take(SHOWN).map(|other| format!("`{other}`")).collect();
    if known.len() > SHOWN {
        list.push("…".to_owned());
    }
    match list.len() {
        0 => "there is none yet".to_owned(),
        1 => format!("write {}", list[0]),
        _ => format!("write one of {}", list.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_name_is_answered_with_the_right_one_and_a_strange_one_with_the_choice() {
        let known = ["orientatie", "afweging", "aankoop"];
        let check = |name: &str, expected: &str| assert_eq!(instead(name, known), expected, "{name}");
        check("afwegign", "did you mean `afweging`?");
        check("Aankoop", "did you mean `aankoop`?");
        check("orintatie", "did you mean `orientatie`?");
        check("loyaliteit", "write one of `orientatie`, `afweging`, `aankoop`");
        assert_eq!(instead("x", []), "there is none yet");
        assert_eq!(instead("purchase", ["visit"]), "write `visit`");
    }
}
