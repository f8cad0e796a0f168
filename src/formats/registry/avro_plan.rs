//! A schema in Avro, as a plan for reading what was written with it.
//!
//! Nodes are in one list and name one another by place, so that a type that holds itself is no tree without end.

use std::collections::HashMap;

use apache_avro::schema::{InnerDecimalSchema, NamespaceRef, Schema, UuidSchema};

use super::Definition;

/// How records of a schema are read.
pub(super) struct Plan {
    nodes: Vec<Node>,
    root: usize,
}

/// What stands somewhere, and how it is written as JSON.
#[derive(Debug)]
pub(super) enum Node {
    Null,
    Boolean,
    /// An integer of 32 or of 64 bits: both are written alike.
    Integer,
    Float,
    Double,
    Text,
    /// As base64, of that many bytes or as many as are said.
    Bytes(Option<usize>),
    /// As a text of digits, this many of them behind the point.
    Decimal(Option<usize>, usize),
    /// As a text of digits; how many are behind the point stands with them.
    BigDecimal,
    /// 16 bytes, as text.
    Uuid(Option<usize>),
    /// Days since 1970, as a text.
    Date,
    /// Parts of a second, this many in one, since 1970 in no zone, as a text.
    LocalTime(i64),
    /// Billionths of a second since 1970, as a text.
    Nanoseconds,
    Enumeration(Vec<String>),
    Array(usize),
    Map(usize),
    Union(Vec<usize>),
    /// Names, as JSON writes them with the colon, and what stands there.
    Record(Vec<(String, usize)>),
}

impl Plan {
    /// An error says what is wrong with the schema.
    pub(super) fn new(definition: &Definition) -> Result<Self, String> {
        let imports: Vec<&str> = definition.imports.iter().map(|import| import.text.as_str()).collect();
        let (main, others) = if imports.is_empty() {
            (Schema::parse_str(&definition.text), Vec::new())
        } else {
            match Schema::parse_str_with_list(&definition.text, imports) {
                Ok((main, others)) => (Ok(main), others),
                Err(error) => (Err(error), Vec::new()),
            }
        };
        let main = main.map_err(|error| error.to_string())?;
        let mut draft = Draft::default();
        for other in &others {
            draft.node(other, None)?;
        }
        let root = draft.node(&main, None)?;
        let nodes = draft.nodes.into_iter().enumerate().map(|(place, node)| {
            // A name that is only referred to.
            let missing = || draft.names.iter().find(|(_, at)| **at == place).map(|(name, _)| name.clone());
            node.ok_or_else(|| format!("it refers to {}, which is nowhere", missing().unwrap_or_default()))
        });
        Ok(Self { nodes: nodes.collect::<Result<_, _>>()?, root })
    }

    /// Where reading begins.
    pub(super) fn root(&self) -> &Node {
        self.node(self.root)
    }

    /// The node at a place that another names.
    pub(super) fn node(&self, place: usize) -> &Node {
        &self.nodes[place]
    }
}

#[derive(Default)]
struct Draft {
    /// `None`: referred to, and not seen yet.
    nodes: Vec<Option<Node>>,
    /// Where the types are that have a name.
    names: HashMap<String, usize>,
}

impl Draft {
    /// The place of a name, new if it is.
    fn named(&mut self, name: String) -> usize {
        let Self { nodes, names } = self;
        *names.entry(name).or_insert_with(|| {
            nodes.push(None);
            nodes.len() - 1
        })
    }

    /// Where what a schema says has come to stand.
    fn node(&mut self, schema: &Schema, around: NamespaceRef<'_>) -> Result<usize, String> {
        if let Schema::Ref { name } = schema {
            return Ok(self.named(name.fullname(around)));
        }
        // Before what is in it, which may refer to it.
        let place = match schema.name() {
            Some(name) => self.named(name.fullname(around)),
            None => {
                self.nodes.push(None);
                self.nodes.len() - 1
            }
        };
        if self.nodes[place].is_some() {
            return Ok(place);
        }
        let node = match schema {
            Schema::Null => Node::Null,
            Schema::Boolean => Node::Boolean,
            Schema::Int
            | Schema::Long
            | Schema::TimeMillis
            | Schema::TimeMicros
            | Schema::TimestampMillis
            | Schema::TimestampMicros => Node::Integer,
            Schema::Float => Node::Float,
            Schema::Double => Node::Double,
            Schema::Bytes => Node::Bytes(None),
            Schema::String | Schema::Uuid(UuidSchema::String) => Node::Text,
            Schema::Fixed(fixed) | Schema::Duration(fixed) => Node::Bytes(Some(fixed.size)),
            Schema::Uuid(UuidSchema::Bytes) => Node::Uuid(None),
            Schema::Uuid(UuidSchema::Fixed(fixed)) => Node::Uuid(Some(fixed.size)),
            Schema::Decimal(decimal) => match &decimal.inner {
                InnerDecimalSchema::Bytes => Node::Decimal(None, decimal.scale),
                InnerDecimalSchema::Fixed(fixed) => Node::Decimal(Some(fixed.size), decimal.scale),
            },
            Schema::BigDecimal => Node::BigDecimal,
            Schema::Date => Node::Date,
            Schema::TimestampNanos => Node::Nanoseconds,
            Schema::LocalTimestampMillis => Node::LocalTime(1_000),
            Schema::LocalTimestampMicros => Node::LocalTime(1_000_000),
            Schema::LocalTimestampNanos => Node::LocalTime(1_000_000_000),
            Schema::Enum(one) => Node::Enumeration(one.symbols.clone()),
            Schema::Array(array) => Node::Array(self.node(&array.items, around)?),
            Schema::Map(map) => Node::Map(self.node(&map.types, around)?),
            Schema::Union(union) => {
                let branches = union.variants().iter().map(|branch| self.node(branch, around));
                Node::Union(branches.collect::<Result<_, _>>()?)
            }
            Schema::Record(record) => {
                let within = record.name.namespace().or(around);
                let fields = record.fields.iter().map(|field| {
                    let name = serde_json::to_string(&field.name).map_err(|error| error.to_string())?;
                    Ok((format!("{name}:"), self.node(&field.schema, within)?))
                });
                Node::Record(fields.collect::<Result<_, String>>()?)
            }
            Schema::Ref { name } => return Err(format!("it refers to {name} in a way that is not known")),
        };
        self.nodes[place] = Some(node);
        Ok(place)
    }
}
