//! Text in a picture: how wide it is about, where it breaks, and how XML wants it.

/// A piece of text in one style.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    pub text: String,
    /// A class of the stylesheet; none for the usual.
    pub class: &'static str,
}

/// How wide a text of that size is, in pixels. An estimate on the wide side: which font a reader has is not known.
pub(super) fn width(text: &str, size: f32) -> f32 {
    text.chars().map(em).sum::<f32>() * size * 1.06
}

/// The width of a letter in usual sans-serif fonts, as a share of their size.
fn em(letter: char) -> f32 {
    match letter {
        'i' | 'j' | 'l' | '|' | '\'' | '.' | ',' | ':' | ';' | '!' => 0.27,
        'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '-' | '/' | '"' | ' ' => 0.35,
        'm' | 'w' => 0.83,
        'M' | 'W' | '@' | '%' | '→' => 0.95,
        '<' | '>' | '=' | '+' | '&' => 0.65,
        letter if letter.is_uppercase() => 0.7,
        letter if letter.is_ascii() || letter.is_alphabetic() => 0.56,
        _ => 1.0,
    }
}

/// Breaks runs into lines that are no wider than `most` pixels, between words; a word that is wider stands alone.
pub(super) fn lines(runs: &[Run], size: f32, most: f32) -> Vec<Vec<Run>> {
    let mut lines: Vec<Vec<Run>> = vec![Vec::new()];
    let mut used = 0.0;
    for run in runs {
        for word in run.text.split_inclusive(' ') {
            let wide = width(word, size);
            let is_blank = word.trim().is_empty();
            if used > 0.0 && !is_blank && used + width(word.trim_end(), size) > most {
                lines.push(Vec::new());
                used = 0.0;
            }
            used += wide;
            let line = lines.last_mut().expect("there is a line");
            match line.last_mut() {
                Some(last) if last.class == run.class => last.text.push_str(word),
                _ => line.push(Run { text: word.to_owned(), class: run.class }),
            }
        }
    }
    lines
}

/// As text between tags or in an attribute. What XML cannot hold is left out.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\t' | '\n' => escaped.push(' '),
            letter if letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}') => {}
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_breaks_between_words_and_keeps_its_styles() {
        let run = |text: &str, class| Run { text: text.to_owned(), class };
        let runs = [run("one  ", "id"), run("two three", ""), run(" [four]", "when")];
        let shown = |most: f32| -> Vec<String> {
            let lines = lines(&runs, 10.0, most).into_iter();
            lines.map(|line| line.iter().map(|run| format!("{}:{}", run.class, run.text)).collect()).collect()
        };
        assert_eq!(shown(1_000.0), ["id:one  :two threewhen: [four]"]);
        assert_eq!(shown(60.0), ["id:one  :two ", ":threewhen: [four]"]);
        assert_eq!(shown(1.0), ["id:one  ", ":two ", ":threewhen: ", "when:[four]"]);
    }

    #[test]
    fn what_xml_reads_as_its_own_is_escaped_and_what_it_cannot_hold_is_gone() {
        assert_eq!(escape("a < b && c > \"d\"\n\u{1}é"), "a &lt; b &amp;&amp; c &gt; &quot;d&quot; é");
    }
}
