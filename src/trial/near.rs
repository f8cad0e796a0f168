//! The canonical kind that a producer's name for an event probably means.

use crate::formats::KINDS;
use crate::yaml::distance;

/// Words that mean the same as a word of a kind, by their stems.
const MEANS: [(&str, &str); 31] = [
    ("abonn", "newsletter"),
    ("bag", "cart"),
    ("basket", "cart"),
    ("bought", "purchas"),
    ("buy", "purchas"),
    ("cancell", "cancel"),
    ("complaint", "complain"),
    ("dispatch", "shipp"),
    ("email", "mail"),
    ("favorit", "wishlist"),
    ("favourit", "wishlist"),
    ("impression", "view"),
    ("invoic", "purchas"),
    ("item", "product"),
    ("login", "logg"),
    ("paid", "purchas"),
    ("quotation", "quot"),
    ("refund", "return"),
    ("register", "sign"),
    ("registration", "sign"),
    ("sal", "purchas"),
    ("sale", "purchas"),
    ("seen", "view"),
    ("ship", "shipp"),
    ("signup", "sign"),
    ("sold", "purchas"),
    ("spam", "complain"),
    ("subscrib", "newsletter"),
    ("trolley", "cart"),
    ("visit", "view"),
    ("watch", "video"),
];

/// Words that say nothing.
const EMPTY: [&str; 12] = ["a", "an", "the", "to", "from", "of", "in", "on", "up", "event", "new", "complet"];

/// How many letters a name has for each that may be wrong.
const LETTERS_A_MISTAKE: usize = 7;

/// The kind that is near a name, if one is.
pub(super) fn nearest_kind(name: &str) -> Option<&'static str> {
    let kinds = || KINDS.iter().flat_map(|(_, kinds)| kinds.iter().copied());
    let words = words(name);
    let snake = words.join("_");
    if let Some(kind) = kinds().find(|kind| *kind == snake) {
        return Some(kind);
    }
    let said = stems(&words);
    let mut best: Option<(&str, f64)> = None;
    for kind in kinds() {
        let meant = stems(&self::words(kind));
        let common = said.iter().filter(|stem| meant.contains(stem)).count();
        let likeness = 2.0 * common as f64 / (said.len() + meant.len()) as f64;
        if likeness > best.map_or(0.5, |(_, likeness)| likeness) {
            best = Some((kind, likeness));
        }
    }
    // Else it is misspelt, if so little is wrong with it that it is no other word.
    let misspelt = kinds().find(|kind| distance(&snake, kind) <= snake.len() / LETTERS_A_MISTAKE);
    best.map(|(kind, _)| kind).or(misspelt)
}

/// The words of a name, in small letters: `Quote Requested`, `quoteRequested` and `QUOTE_REQUESTED` have the same.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let letters: Vec<char> = name.chars().collect();
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| letters[before]);
        let after = letters.get(at + 1);
        let is_new = letter.is_uppercase()
            && before.is_some_and(|before| {
                before.is_lowercase() || before.is_uppercase() && after.is_some_and(|after| after.is_lowercase())
            });
        if (is_new || !letter.is_alphanumeric()) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if letter.is_alphanumeric() {
            word.extend(letter.to_lowercase());
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

fn stems(words: &[String]) -> Vec<String> {
    let mut stems: Vec<String> = Vec::new();
    for word in words {
        let stem = stem(word);
        let stem = MEANS.iter().find(|(other, _)| *other == stem).map_or(stem, |(_, meant)| (*meant).to_owned());
        if !EMPTY.contains(&stem.as_str()) && !stems.contains(&stem) {
            stems.push(stem);
        }
    }
    stems
}

/// A word without its ending: `viewed`, `views` and `viewing` are about the same.
fn stem(word: &str) -> String {
    for ending in ["ing", "ed", "es", "s", "e"] {
        if let Some(stem) = word.strip_suffix(ending).filter(|stem| stem.len() >= 3) {
            return stem.to_owned();
        }
    }
    word.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_near_the_kind_that_says_the_same() {
        let check = |name: &str, expected: Option<&str>| assert_eq!(nearest_kind(name), expected, "{name}");
        check("Quote Requested", Some("quoted"));
        check("order_refunded", Some("returned"));
        check("ProductViewed", Some("product_viewed"));
        check("add_to_basket", Some("cart_added"));
        check("Item Viewed", Some("product_viewed"));
        check("purchase", Some("purchased"));
        check("sale", Some("purchased"));
        check("login", Some("logged_in"));
        check("sign_up", Some("signed_up"));
        check("page view", Some("page_viewed"));
        check("PRODUCT-VIEWS", Some("product_viewed"));
        check("chekout_started", Some("checkout_started"));
        check("email_open", Some("mail_opened"));
        check("Complaint", Some("mail_complained"));
        check("Checkout Started", Some("checkout_started"));
    }

    #[test]
    fn a_strange_name_is_near_none() {
        for name in [
            "heartbeat",
            "Received",
            "order.created",
            "order.failed",
            "payment.created",
            "Loyalty Tier Changed By Batch",
            "",
            "x",
            "Cart Abandoned",
            "42",
        ] {
            assert_eq!(nearest_kind(name), None, "{name}");
        }
    }

    #[test]
    fn words_are_told_apart_however_a_name_is_written() {
        let check = |name: &str, expected: &[&str]| assert_eq!(words(name), expected, "{name}");
        check("customerId", &["customer", "id"]);
        check("CustomerID", &["customer", "id"]);
        check("HTTPStatus", &["http", "status"]);
        check("utm_source", &["utm", "source"]);
        check("Quote Requested!", &["quote", "requested"]);
        check("", &[]);
    }
}
