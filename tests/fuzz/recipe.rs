//! Mappings as somebody may write them: whatever is accepted can be run.
use crate::cases::{Input, vocabulary};
use crate::formats::{RawRecord, RecipeSpec, TimeSource, open, open_with_details};
use crate::subject::check_promises;

/// Records that have a little of everything.
const RECORDS: [&str; 6] = [
    r#"{"customer":"c-1001","time":"2025-01-03T10:00:00Z","kind":"purchased","value":"12.50","id":7,"lines":[{"sku":"a","n":2},{"sku":"b"}]}"#,
    r#"{"":{"":[[]]},"a":{"b":[1,-2.5e3,null,true,"x"]},"t":1735689600}"#,
    r#"[{"customer":"c-1001"},{"customer":null},7,[]]"#,
    "customer=c-1001&time=1735689600&kind=purchased&payload=%7B%22id%22%3A7%7D",
    "c-1001\t2025-01-03 10:00:00\tpurchased\t\t7\n",
    "<sale id='7'><customer>c-1001</customer><time>2025-01-03T10:00:00Z</time><line n='1'>a</line><line/></sale>",
];

/// Reads the bytes as a mapping; if it can be used, uses it.
pub fn try_recipe(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(mapping) = serde_saphyr::from_str::<RecipeSpec>(text) else { return };
    let input = Input { mapping: Some(mapping), zone: Some("Europe/Amsterdam".into()), ..Input::default() };
    let Ok(spec) = input.spec("mapping") else { return };
    let vocabulary = vocabulary(&spec);
    for time in [TimeSource::Event, TimeSource::Record] {
        let (plain, detailed) = (open(&spec, &vocabulary, time), open_with_details(&spec, &vocabulary, time, None));
        let (mut plain, mut detailed) = match (plain, detailed) {
            (Ok(plain), Ok(detailed)) => (plain, detailed),
            (plain, detailed) => {
                let errors = (plain.err(), detailed.err());
                assert_eq!(errors.0, errors.1, "with details it opens otherwise than without: {text}");
                continue;
            }
        };
        for record in RECORDS {
            let record =
                RawRecord { value: Some(record.as_bytes()), timestamp: 1_735_689_600_000, ..RawRecord::default() };
            drop(plain.decode(&record));
            if let Ok(decoded) = detailed.decode(&record) {
                check_promises(&decoded, &vocabulary);
            }
        }
    }
}
