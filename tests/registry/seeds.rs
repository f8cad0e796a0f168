//! What the fuzz targets of Avro and Protobuf begin with: each of their schemas has a record that is read with it, and their
//! mappings make events of most.

use std::collections::BTreeSet;
use std::path::Path;

use klantreis::formats::{AsJson, Carrier, Decoded, Language, RawRecord, schema_of};

#[path = "../fuzz/schemas.rs"]
mod schemas;

use crate::decoder;

fn check(name: &str, carrier: Carrier, language: Language) {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz");
    let schemas = schemas::schemas();
    let mapping = std::fs::read_to_string(fuzz.join(format!("mappings/{name}.yaml"))).unwrap();
    let mut decoder = decoder(&mapping.replace("zone: input", "zone: UTC"), &schemas);
    let mut reader = AsJson::new(&[], carrier, &[], Some(&schemas)).unwrap();
    let (mut seen, mut seeds, mut events) = (BTreeSet::new(), 0, 0);
    for entry in std::fs::read_dir(fuzz.join("seeds").join(name)).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let json = reader.of(&bytes).unwrap_or_else(|reject| panic!("{}: {reject}", path.display()));
        serde_json::from_slice::<serde_json::Value>(&json.unwrap()).unwrap();
        seen.extend(schema_of(&bytes));
        seeds += 1;
        let record = RawRecord { value: Some(&bytes), timestamp: 1_735_898_400_123, ..RawRecord::default() };
        events += usize::from(matches!(decoder.decode(&record), Ok(Decoded::One(_))));
    }
    let all = schemas::SCHEMAS.iter().filter(|(_, of, _)| *of == language).map(|(id, ..)| *id);
    assert_eq!(seen, all.collect());
    assert!(events * 2 > seeds, "{events} events of {seeds} records in {name}");
}

#[test]
fn every_schema_of_the_fuzz_targets_has_a_seed_and_most_seeds_are_events() {
    check("avro", Carrier::Avro, Language::Avro);
    check("protobuf", Carrier::Protobuf, Language::Protobuf);
}
