//! What fields probably are, told by their names and by what stands in them.

use super::fields::Field;
use super::near::nearest_kind;

/// Words for a person.
const PERSONS: [&str; 16] = [
    "user",
    "customer",
    "client",
    "member",
    "account",
    "subscriber",
    "household",
    "contact",
    "person",
    "shopper",
    "buyer",
    "klant",
    "profile",
    "cust",
    "uid",
    "patron",
];
/// Last words of what tells things of a sort apart.
const ID_WORDS: [&str; 9] = ["id", "no", "nr", "number", "key", "uuid", "guid", "code", "nummer"];
/// Names by which an event goes, each with how much that means.
const KIND_NAMES: [(&str, i64); 18] = [
    ("event", 10),
    ("event_name", 10),
    ("event_type", 10),
    ("activity", 10),
    ("action", 10),
    ("kind", 8),
    ("type", 8),
    ("transaction_type", 8),
    ("record_type", 8),
    ("sort", 6),
    ("topic", 6),
    ("operation", 6),
    ("name", 4),
    ("status", 4),
    ("state", 4),
    ("message", 2),
    ("label", 2),
    ("category", 1),
];
/// Words for money, each with how much it means the whole of it.
const MONEY: [(&str, i64); 12] = [
    ("total", 10),
    ("amount", 9),
    ("revenue", 8),
    ("value", 7),
    ("bedrag", 7),
    ("paid", 6),
    ("sales", 6),
    ("spend", 6),
    ("sum", 5),
    ("subtotal", 3),
    ("price", 2),
    ("prijs", 2),
];
/// Words for parts of money, and for what is counted but no money.
const NO_MONEY: [&str; 18] = [
    "tax", "vat", "discount", "shipping", "fee", "count", "quantity", "qty", "items", "tip", "coupon", "id",
    "refunded", "points", "disc", "btw", "time", "number",
];
/// The most kinds that a table is made of.
const KINDS_MAX: u64 = 40;

/// The type of identifier that a field is.
pub(super) fn identifier(field: &Field) -> Option<&'static str> {
    if field.mostly(is_email) {
        return Some("email");
    }
    let own = field.own();
    let ends = own.last().is_some_and(|word| ID_WORDS.contains(&word.as_str()));
    if own.iter().any(|word| ["phone", "telephone", "mobile", "msisdn"].contains(&word.as_str()))
        && !field.says(&["type"])
    {
        return Some("phone");
    }
    if field.says(&["anonymous", "visitor", "cookie", "fingerprint"]) && (ends || own.len() == 1) {
        return Some("anonymous_id");
    }
    if field.says(&["loyalty", "membership"]) && ends || field.is_called(&["card_id", "card_number", "cardnumber"]) {
        return Some("card_id");
    }
    if field.says(&["device"]) && ends {
        return Some("device_id");
    }
    let names =
        ["userid", "customerid", "clientid", "memberid", "accountid", "custid", "klantid", "klantnummer", "who"];
    let is_person = field.says(&PERSONS) && ends || own.len() == 1 && PERSONS.contains(&own[0].as_str());
    (is_person || field.is_called(&names)).then_some("user_id")
}

fn is_email(text: &str) -> bool {
    let parts = text.split_once('@');
    parts.is_some_and(|(name, host)| !name.is_empty() && host.contains('.') && !text.contains(char::is_whitespace))
}

/// How likely a field says what happened.
pub(super) fn kind(field: &Field, records: u64) -> Option<i64> {
    let different = field.different();
    if different == 0 || different > KINDS_MAX || field.texts == 0 {
        return None;
    }
    let name = field.own().join("_");
    let hint = KIND_NAMES.iter().find(|(known, _)| *known == name).map_or(0, |(_, points)| *points);
    let near = field.values.keys().filter(|value| nearest_kind(value).is_some()).count() as i64;
    // Without a word for it, values must repeat, and some of them must be kinds.
    if hint == 0 && (near == 0 || different < 2 || different * 3 > field.count()) {
        return None;
    }
    let share = (field.count() * 5 / records.max(1)) as i64;
    let points = hint + share + near * 6 / different.max(1) as i64 - field.path.len() as i64;
    (points >= 6).then_some(points)
}

/// How likely a field tells events apart.
pub(super) fn id(field: &Field) -> Option<i64> {
    let ends = field.own().last().is_some_and(|word| ID_WORDS.contains(&word.as_str()));
    if !ends && !field.is_called(&["invoice", "basket", "order", "receipt"]) {
        return None;
    }
    let points = match field.own().join("_").as_str() {
        "event_id" | "message_id" | "uuid" | "transaction_id" => 10,
        "id" if field.path.len() == 1 => 9,
        "order_id" | "invoice_no" | "basket_id" | "payment_id" | "receipt_id" => 6,
        _ => 3,
    };
    Some(points - field.path.len() as i64)
}

/// How likely a field is the money of the event.
pub(super) fn money(field: &Field) -> Option<i64> {
    if !field.is_number() || field.own().iter().any(|word| NO_MONEY.contains(&word.as_str())) {
        return None;
    }
    // A key before tells, too: `total: { amount: … }`.
    let best = MONEY.iter().filter(|(word, _)| field.says(&[word])).map(|(_, points)| *points).max()?;
    Some(best * 2 - field.path.len() as i64)
}

/// Whether a field is the price of one piece.
pub(super) fn is_price(field: &Field) -> bool {
    field.own().iter().any(|word| word == "price" || word == "prijs") && !field.says(&["total"])
}

/// Whether a field says how many pieces.
pub(super) fn is_quantity(field: &Field) -> bool {
    field.is_number() && field.is_called(&["quantity", "qty", "aantal", "pieces"])
}

/// Whether a field is a currency.
pub(super) fn is_currency(field: &Field) -> bool {
    field.own().iter().any(|word| ["currency", "ccy", "valuta"].contains(&word.as_str()))
        && field.mostly(|text| text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_alphabetic()))
}

/// Names of fields that mean an attribute under another one.
const ATTRIBUTE_NAMES: [(&str, &str); 30] = [
    ("sku", "product_id"),
    ("article_id", "product_id"),
    ("item_id", "product_id"),
    ("stock_code", "product_id"),
    ("upc", "product_id"),
    ("ean", "product_id"),
    ("item_name", "product_name"),
    ("product", "product_name"),
    ("description", "product_name"),
    ("qty", "quantity"),
    ("aantal", "quantity"),
    ("unit_price", "price"),
    ("page_url", "url"),
    ("page", "path"),
    ("page_path", "path"),
    ("page_title", "title"),
    ("referer", "referrer"),
    ("utm_campaign", "campaign"),
    ("campaign_id", "campaign"),
    ("utm_source", "source"),
    ("utm_medium", "medium"),
    ("language", "locale"),
    ("country_code", "country"),
    ("voucher", "coupon"),
    ("coupon_code", "coupon"),
    ("discount_code", "coupon"),
    ("order_number", "order_id"),
    ("shop_id", "store_id"),
    ("search_term", "query"),
    ("score", "rating"),
];

/// The attribute that a field is.
pub(super) fn attribute(field: &Field) -> Option<&'static str> {
    use crate::formats::ATTRIBUTES;
    use crate::journey::AttrType;

    let name = field.own().join("_");
    // `product: { id: … }` as `product_id`.
    let whole = field.words.join("_");
    let meant = |name: &str| ATTRIBUTE_NAMES.iter().find(|(other, _)| *other == name).map(|(_, meant)| *meant);
    let canonical = |name: &str| ATTRIBUTES.iter().find(|(known, _)| *known == name).map(|(known, _)| *known);
    let found = canonical(&whole).or_else(|| canonical(&name)).or_else(|| meant(&whole)).or_else(|| meant(&name))?;
    let is_number = ATTRIBUTES.iter().any(|(known, of)| *known == found && *of == AttrType::Number);
    (!is_number || field.is_number()).then_some(found)
}
