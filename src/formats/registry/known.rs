//! Files of Protobuf that Confluent's registry knows of itself, so that nobody registers them with the schemas that import
//! them. (Those of `google/protobuf/` come with the compiler.)
//!
//! Only what reading needs is here: names, numbers and types, as <https://github.com/confluentinc/schema-registry> and
//! <https://github.com/googleapis/googleapis> have them.

/// File, package, message, and its fields in the order of their numbers, which begin at 1.
const MESSAGES: [(&str, &str, &str, &[&str]); 6] = [
    ("confluent/type/decimal.proto", "confluent.type", "Decimal", &["bytes value", "uint32 precision", "int32 scale"]),
    ("google/type/date.proto", "google.type", "Date", &["int32 year", "int32 month", "int32 day"]),
    ("google/type/decimal.proto", "google.type", "Decimal", &["string value"]),
    ("google/type/latlng.proto", "google.type", "LatLng", &["double latitude", "double longitude"]),
    ("google/type/money.proto", "google.type", "Money", &["string currency_code", "int64 units", "int32 nanos"]),
    (
        "google/type/timeofday.proto",
        "google.type",
        "TimeOfDay",
        &["int32 hours", "int32 minutes", "int32 seconds", "int32 nanos"],
    ),
];

/// The file with remarks on files, messages, fields and enumerations.
const META: &str = "confluent/meta.proto";
/// The number of all these remarks.
const META_NUMBER: u32 = 1088;

/// The text of a file of that name, if it is known.
pub(super) fn file(name: &str) -> Option<String> {
    if name == META {
        return Some(meta());
    }
    let (_, package, message, fields) = MESSAGES.iter().find(|(file, ..)| *file == name)?;
    Some(format!("syntax = \"proto3\"; package {package}; {}", message_of(message, fields)))
}

fn message_of(name: &str, fields: &[&str]) -> String {
    let fields = fields.iter().zip(1..).map(|(field, number)| format!("{field} = {number}; "));
    format!("message {name} {{ {}}} ", fields.collect::<String>())
}

fn meta() -> String {
    let mut text = "syntax = \"proto3\"; package confluent; import \"google/protobuf/descriptor.proto\"; ".to_owned();
    text += &message_of("Meta", &["string doc", "map<string, string> params", "repeated string tags"]);
    for (of, name) in
        [("File", "file"), ("Message", "message"), ("Field", "field"), ("Enum", "enum"), ("EnumValue", "enum_value")]
    {
        text += &format!("extend google.protobuf.{of}Options {{ Meta {name}_meta = {META_NUMBER}; }} ");
    }
    text
}
