//! What the shop sells and who buys there.

use super::random::mix;

/// Something for sale.
#[derive(Debug, PartialEq)]
pub(super) struct Product {
    pub name: &'static str,
    pub number: u32,
    /// In cents.
    pub price: u32,
    pub department: &'static str,
}

const fn product(number: u32, department: &'static str, name: &'static str, price: u32) -> Product {
    Product { name, number, price, department }
}

/// The assortment. No name needs escaping in JSON.
pub(super) static PRODUCTS: [Product; 20] = [
    product(1101, "fietsen", "Stadsfiets Merel", 64_900),
    product(1102, "fietsen", "Bakfiets De Ark", 219_500),
    product(1103, "fietsen", "Fietstas Polder", 5_995),
    product(1104, "fietsen", "Regenpak Wolkbreuk", 7_450),
    product(2201, "keuken", "Poffertjespan Oma Truus", 3_250),
    product(2202, "keuken", "Kaasschaaf Goudse Glorie", 1_595),
    product(2203, "keuken", "Theepot Boerenbont", 2_795),
    product(2204, "keuken", "Stroopwafelijzer Gouda", 4_995),
    product(2205, "keuken", "Espressoketel Zwarte Parel", 3_995),
    product(3301, "wonen", "Leeslamp Vuurtoren", 8_900),
    product(3302, "wonen", "Fauteuil Zondagmiddag", 44_500),
    product(3303, "wonen", "Vloerkleed Waddenzee", 18_900),
    product(3304, "wonen", "Tegeltje Oost West", 1_250),
    product(3305, "wonen", "Boekenkast Piet", 32_900),
    product(4401, "tuin", "Hangmat Vrijdag", 5_495),
    product(4402, "tuin", "Vogelhuisje Koolmees", 2_450),
    product(4403, "tuin", "Tulpenbollen, vijftig stuks", 1_995),
    product(4404, "tuin", "Regenton Drup", 6_995),
    product(5501, "slapen", "Dekbed Winterslaap", 12_900),
    product(5502, "slapen", "Wekker Haan", 2_995),
];

/// Pages where nothing is for sale.
pub(super) static PAGES: [&str; 6] =
    ["/", "/aanbiedingen", "/winkels/utrecht", "/blog/fietsen-in-de-regen", "/cadeaus", "/over-ons"];

/// Pages for who is stuck.
pub(super) static HELP_PAGES: [&str; 4] = ["/help", "/help/retourneren", "/help/bezorgen", "/help/handleidingen"];

static FIRST_NAMES: [&str; 24] = [
    "sanne", "daan", "fleur", "bram", "noor", "thijs", "lotte", "joris", "femke", "sem", "anouk", "ruben", "maud",
    "kees", "yara", "mohamed", "saskia", "willem", "roos", "stijn", "fatima", "gijs", "wies", "hendrik",
];

/// What the shop calls a customer: the same for the same number, always.
pub(super) fn customer(number: u32) -> String {
    let name = FIRST_NAMES[(mix(u64::from(number)) % FIRST_NAMES.len() as u64) as usize];
    format!("{name}-{number:05}")
}
