//! What was probably meant by a name that does not exist.

/// The name that was probably meant: one that goes on where this one ends, else one that is reached by a change for every
/// three letters, at least one.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let letters = name.chars().count();
    let changes = |other: &str| if letters >= 3 && other.starts_with(name) { 0 } else { distance(name, other) };
    let (changes, other) = known.into_iter().map(|other| (changes(other), other)).min()?;
    (changes <= (letters / 3).max(1)).then_some(other)
}

/// How many letters must be changed, added, left out or swapped with their neighbour, without regard to case.
pub(crate) fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().flat_map(char::to_lowercase).collect();
    let b: Vec<char> = b.chars().flat_map(char::to_lowercase).collect();
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let change = above[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = change.min(above[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(before[j - 2] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_name_has_a_nearest_one_and_a_strange_one_has_none() {
        let known = ["orientatie", "afweging", "aankoop", "on"];
        let check = |name: &str, expected: Option<&str>| assert_eq!(nearest(name, known), expected, "{name}");
        check("afwegign", Some("afweging"));
        check("Aankoop", Some("aankoop"));
        check("orintatie", Some("orientatie"));
        check("no", Some("on"));
        check("aan", Some("aankoop"));
        check("aa", None);
        check("aanloop", Some("aankoop"));
        check("aanlop", Some("aankoop"));
        check("anlop", None);
        check("loyaliteit", None);
        check("", None);
        assert_eq!(nearest("x", []), None);
    }
}
