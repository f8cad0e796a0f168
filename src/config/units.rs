//! Values as people write them: sizes and names.

use crate::yaml::nearest;

/// Bytes from `1048576`, `512KiB`, `1MiB`, `8GB`: binary units by 1024, decimal ones by 1000.
pub(super) fn bytes(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = (&text[..split], text[split..].trim());
    let factor: u64 = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "tb" => 1_000_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        "tib" => 1 << 40,
        _ => return Err(format!("{text:?} is not a size")),
    };
    let number: f64 = number.parse().map_err(|_| format!("{text:?} is not a size"))?;
    let bytes = number * factor as f64;
    if bytes >= 2f64.powi(53) {
        return Err(format!("{text:?} is more than can be counted"));
    }
    Ok(bytes as u64)
}

/// A size in the largest binary unit that divides it.
pub(super) fn show_bytes(bytes: u64) -> String {
    for (factor, unit) in [(1u64 << 50, "PiB"), (1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")]
    {
        if bytes >= factor && bytes.is_multiple_of(factor) {
            return format!("{}{unit}", bytes / factor);
        }
    }
    format!("{bytes}B")
}

/// Whether Kafka takes this as the name of a topic.
pub(super) fn is_topic(name: &str) -> bool {
    is_plain(name) && name.len() <= 249 && name != "." && name != ".."
}

/// Whether a name is of letters, digits, `.`, `_` and `-` alone.
pub(super) fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
}

/// The name of this host; `localhost` if it has none.
pub(super) fn host_name() -> String {
    let mut buffer = [0u8; 256];
    // SAFETY: the buffer is valid for writes of the length passed.
    let failed = unsafe { libc::gethostname(buffer.as_mut_ptr().cast(), buffer.len() - 1) } != 0;
    let length = buffer.iter().position(|&byte| byte == 0).unwrap_or(0);
    let name = String::from_utf8_lossy(&buffer[..length]);
    if failed || name.trim().is_empty() { "localhost".to_owned() } else { name.trim().to_owned() }
}

/// What to write instead of a word nobody knows: the known word that is close to it, or all of them.
pub(super) fn suggest(word: &str, known: &[&str]) -> String {
    match (nearest(word, known.iter().copied()), known) {
        (Some(name), _) => format!("did you mean {name}?"),
        (None, []) => "leave it out".to_owned(),
        (None, [one]) => format!("write {one}"),
        (None, [first @ .., last]) => format!("write {} or {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_in_binary_and_decimal_units() {
        let check = |text: &str, expected: Result<u64, &str>| {
            assert_eq!(bytes(text), expected.map_err(str::to_owned), "{text}");
        };
        check("0", Ok(0));
        check("1048576", Ok(1 << 20));
        check("1MiB", Ok(1 << 20));
        check("512 KiB", Ok(512 << 10));
        check("8GB", Ok(8_000_000_000));
        check("1.5kib", Ok(1536));
        check("", Err("\"\" is not a size"));
        check("1M", Err("\"1M\" is not a size"));
        check("-1", Err("\"-1\" is not a size"));
        check("1.2.3B", Err("\"1.2.3B\" is not a size"));
        check("99999999TiB", Err("\"99999999TiB\" is more than can be counted"));
    }

    #[test]
    fn a_size_is_shown_in_the_largest_unit_that_divides_it() {
        for (bytes, expected) in [(1000, "1000B"), (1024, "1KiB"), (3 << 20, "3MiB"), (8 << 30, "8GiB")] {
            assert_eq!(show_bytes(bytes), expected);
        }
    }

    #[test]
    fn a_close_word_is_suggested_and_else_all_are_listed() {
        assert_eq!(suggest("comit_interval", &["workers", "commit_interval"]), "did you mean commit_interval?");
        assert_eq!(suggest("colour", &["workers", "topics", "http"]), "write workers, topics or http");
        assert_eq!(suggest("x", &["listen"]), "write listen");
        assert_eq!(suggest("x", &[]), "leave it out");
    }

    #[test]
    fn the_host_has_a_name() {
        assert!(!host_name().is_empty());
    }
}
