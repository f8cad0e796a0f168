//! The state of one customer, laid out in words by the set of active models.

use bytemuck::{TransparentWrapper, TransparentWrapperAlloc};

/// What a field of a [`Record`] holds, and in how many words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldType {
    /// One word, an index into the phases of a model plus one; 0 is "no phase yet".
    Phase,
    /// One word, a number; small ones are written in fewer bytes.
    U32,
    /// One word, of which every bit is as likely to be set: there is no writing it in fewer bytes.
    Bits,
    /// Two words, low then high: a signed number.
    I64,
    /// Two words: a signal that waits, by its number among those of its model that can ([`super::Model::waiting_meanings`]).
    Awaited,
}

impl FieldType {
    /// How many words it takes.
    pub fn words(self) -> usize {
        match self {
            Self::Phase | Self::U32 | Self::Bits => 1,
            Self::I64 | Self::Awaited => 2,
        }
    }
}

/// One field of the layout. Two layouts' fields mean the same if `key` and `kind` are equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its meaning across versions: model, name, and for a counter its definition, e.g. `think5/counter/views=count(product_viewed)/visit`.
    pub key: String,
    /// What it holds.
    pub kind: FieldType,
    /// Its first word.
    pub word: usize,
    /// For a [`FieldType::Phase`] or [`FieldType::Awaited`], the index of its model.
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

impl Layout {
    /// By model, the word that holds the phase.
    pub fn phase_words(&self) -> Vec<usize> {
        self.fields.iter().filter(|field| field.kind == FieldType::Phase).map(|field| field.word).collect()
    }

    /// Adds a field after the others and says its first word.
    pub(super) fn push(&mut self, key: String, kind: FieldType, model: usize) -> usize {
        let word = self.words;
        self.words += kind.words();
        self.fields.push(Field { key, kind, word, model });
        word
    }
}

/// The state of one customer, in the words of a [`Layout`]. Zero everywhere is a customer nobody has seen yet. Owned as
/// `Box<Record>`, or lent by whoever keeps many in one piece of memory.
#[derive(Debug, PartialEq, Eq, TransparentWrapper)]
#[repr(transparent)]
pub struct Record(pub [u32]);

impl Record {
    /// A customer nobody has seen yet.
    pub fn zeroed(words: usize) -> Box<Self> {
        Self::wrap_box(vec![0; words].into())
    }

    /// The record that these words are.
    #[inline]
    pub fn of(words: &[u32]) -> &Self {
        Self::wrap_ref(words)
    }

    /// The record that these words are, to be changed.
    #[inline]
    pub fn of_mut(words: &mut [u32]) -> &mut Self {
        Self::wrap_mut(words)
    }

    /// The number in one word: a field of type [`FieldType::U32`], or a [`FieldType::Phase`] as it is stored.
    pub fn u32(&self, word: usize) -> u32 {
        self.0[word]
    }

    /// Sets the number in one word.
    pub fn set_u32(&mut self, word: usize, value: u32) {
        self.0[word] = value;
    }

    /// The number in two words.
    pub fn i64(&self, word: usize) -> i64 {
        let (low, high) = (self.0[word], self.0[word + 1]);
        ((u64::from(high) << 32) | u64::from(low)) as i64
    }

    /// Sets the number in two words.
    pub fn set_i64(&mut self, word: usize, value: i64) {
        let bits = value as u64;
        self.0[word] = bits as u32;
        self.0[word + 1] = (bits >> 32) as u32;
    }
}

impl ToOwned for Record {
    type Owned = Box<Self>;

    fn to_owned(&self) -> Box<Self> {
        Self::wrap_box(self.0.into())
    }
}

impl Clone for Box<Record> {
    fn clone(&self) -> Self {
        (**self).to_owned()
    }
}
