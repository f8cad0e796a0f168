//! Protobuf, read to JSON.
//!
//! Fields keep the names that the schema gives them. Otherwise it is the JSON that Protobuf defines
//! (<https://protobuf.dev/programming-guides/json/>), but with integers of 64 bits as numbers: fields without presence are
//! left out where they hold their type's zero, and timestamps are in RFC 3339.

use prost_reflect::{DynamicMessage, FileDescriptor, MessageDescriptor, SerializeOptions};
use protox::Compiler;
use protox::file::{ChainFileResolver, File, FileResolver, GoogleFileResolver};

use super::reader::JSON_BYTES_MAX;
use super::{Definition, known};
use crate::journey::Reject;

/// The name of the file that the schema itself is.
const MAIN: &str = "schema.proto";
/// Message types within message types: no deeper than this.
const DEPTH_MAX: usize = 64;
/// Objects and arrays within one another: no deeper than this. Messages are read up to a depth of 100.
const JSON_DEPTH_MAX: usize = 220;

/// The messages of a schema.
pub(super) struct Types {
    file: FileDescriptor,
    options: SerializeOptions,
}

impl Types {
    /// An error says what is wrong with the schema.
    pub(super) fn new(definition: &Definition) -> Result<Self, String> {
        let mut files = ChainFileResolver::new();
        files.add(Files::of(definition));
        files.add(GoogleFileResolver::new());
        let mut compiler = Compiler::with_file_resolver(files);
        compiler.open_file(MAIN).map_err(|error| format!("{error:?}"))?;
        let file = compiler.descriptor_pool().get_file_by_name(MAIN);
        let options = SerializeOptions::new().stringify_64_bit_integers(false).use_proto_field_name(true);
        Ok(Self { file: file.ok_or("it is empty")?, options })
    }

    /// A record as JSON: which message it is, and the message.
    pub(super) fn to_json(&self, payload: &[u8]) -> Result<Vec<u8>, Reject> {
        let (message, bytes) = self.message(payload)?;
        let name = message.full_name().to_owned();
        let message = DynamicMessage::decode(message, bytes)
            .map_err(|error| Reject::Malformed(format!("it cannot be read as a {name} of Protobuf: {error}")))?;
        let mut out = Bounded { json: Vec::with_capacity(2 * bytes.len()), ..Bounded::default() };
        let mut serializer = serde_json::Serializer::new(&mut out);
        message
            .serialize_with_options(&mut serializer, &self.options)
            .map_err(|error| Reject::BadField(format!("a {name} that cannot be written as JSON: {error}")))?;
        Ok(out.json)
    }

    /// The type of the message, which the payload names by its place in the schema, and the bytes after that.
    fn message<'a>(&self, payload: &'a [u8]) -> Result<(MessageDescriptor, &'a [u8]), Reject> {
        let mut rest = payload;
        let mut path = Vec::new();
        match varint(&mut rest)? {
            // Short for the first.
            0 => path.push(0),
            count => {
                if !(1..=DEPTH_MAX as i64).contains(&count) {
                    return Err(Reject::Malformed(format!("its message is said to be nested {count} deep")));
                }
                for _ in 0..count {
                    path.push(varint(&mut rest)?);
                }
            }
        }
        let missing = || Reject::BadField(format!("its schema has no message at {path:?}"));
        let mut message: Option<MessageDescriptor> = None;
        for index in &path {
            let index = usize::try_from(*index).map_err(|_| missing())?;
            let found = match &message {
                None => self.file.messages().nth(index),
                Some(outer) => outer.child_messages().nth(index),
            };
            message = Some(found.ok_or_else(missing)?);
        }
        Ok((message.ok_or_else(missing)?, rest))
    }
}

/// A zigzag number, seven bits a byte, the lowest first.
fn varint(rest: &mut &[u8]) -> Result<i64, Reject> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let Some((byte, after)) = rest.split_first() else { break };
        *rest = after;
        value |= u64::from(byte & 0x7f) << shift;
        if *byte < 0x80 {
            return Ok((value >> 1) as i64 ^ -((value & 1) as i64));
        }
    }
    Err(Reject::Malformed("it ends before it says which message of its schema it is".into()))
}

/// The schema, and what it imports.
struct Files(Vec<(String, String)>);

impl Files {
    fn of(definition: &Definition) -> Self {
        let own = (MAIN.to_owned(), definition.text.clone());
        let imports = definition.imports.iter().map(|import| (import.name.clone(), import.text.clone()));
        Self(std::iter::once(own).chain(imports).collect())
    }
}

impl FileResolver for Files {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        if let Some((_, text)) = self.0.iter().find(|(ours, _)| ours == name) {
            return File::from_source(name, text);
        }
        match known::file(name) {
            Some(text) => File::from_source(name, &text),
            None => Err(protox::Error::file_not_found(name)),
        }
    }
}

/// Memory for a record's JSON, within bounds. An `Any` may hold another, and that another: how deep only shows when it is written.
#[derive(Default)]
struct Bounded {
    json: Vec<u8>,
    depth: usize,
    is_in_text: bool,
}

impl std::io::Write for Bounded {
    /// Brackets and quotation marks come one by one; within texts, marks come with what escapes them.
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match bytes {
            b"\"" => self.is_in_text = !self.is_in_text,
            b"{" | b"[" if !self.is_in_text => self.depth += 1,
            b"}" | b"]" if !self.is_in_text => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        if self.depth > JSON_DEPTH_MAX {
            return Err(std::io::Error::other("it is nested too deeply"));
        }
        if self.json.len() + bytes.len() > JSON_BYTES_MAX {
            return Err(std::io::Error::other("it takes too many bytes"));
        }
        self.json.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
