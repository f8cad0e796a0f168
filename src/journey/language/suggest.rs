//! What was probably meant by a name that does not exist.

/// The end of a message about an unknown name: the one that was probably meant, else what there is to choose from.
pub(super) fn instead<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    const SHOWN: usize = 12;
    let known: Vec<&str> = known.into_iter().collect();
    let near = known.iter().map(|other| (distance(name, other), other)).min();
    if let Some((steps, other)) = near
        && steps <= (name.chars().count() / 3).max(1)
    {
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

/// How many letters must be changed, added, left out or swapped with their neighbour, without regard to case.
fn distance(a: &str, b: &str) -> usize {
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
