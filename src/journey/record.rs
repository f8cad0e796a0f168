//! The state of one customer, laid out in words by the set of active models.

/// What a field of a [`Record`] holds, and in how many words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldType {
    /// One word, an index into the phases of a model plus one; 0 is "no phase yet".
    Phase,
    /// One word, a number.
    U32,
    /// Two words, low then high: a signed number.
    I64,
}

/// One field of the layout. Two layouts' fields mean the same if `key` and `kind` are equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its meaning across versions: model, name, and for a counter its definition, e.g. `think5/counter/views=count(product_viewed) per visit`.
    pub key: String,
    /// What it holds.
    pub kind: FieldType,
    /// Its first word.
    pub word: usize,
    /// For a [`FieldType::Phase`], the index of its model.
    pub model: usize,
}

/// Where everything stands in a [`Record`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layout {
    /// The fields, in the order of their words.
    pub fields: Vec<Field>,
    /// Words in a record.
    pub words: usize,
}

/// The state of one customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record(pub Box<[u32]>);
