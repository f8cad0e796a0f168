//! A model as a page of Markdown for people: made of its file alone, so that it says what the model does.

use super::model::{Addend, AtMost, Counter, Model, Occasion, Per, Phase, Rule, SignalRule, Trigger, Wait, Window};
use super::{CheckedModel, Span, builtin, builtin_names, builtin_source};

/// The page of a model. It shows the picture that stands beside it as `<model>.svg`; `source` is the model's file.
pub fn model_page(checked: &CheckedModel, source: &str) -> String {
    let model = &checked.model;
    let sections =
        [head(model, source), phases(model), transitions(model), counters(model), signals(model), stories(checked)];
    sections.into_iter().filter(|section| !section.is_empty()).collect::<Vec<_>>().join("\n")
}

/// The page that leads to those of the built-in models.
pub fn index_page() -> String {
    let mut page = "# The built-in models\n\nMade from the models' files with `make model-pages`. [Writing a model](../models.md) says how to make one of your own.\n\n\
                    | model | phases | for |\n|---|---|---|\n"
        .to_owned();
    for name in builtin_names() {
        let CheckedModel { model, .. } = builtin(name).expect("a name from the list is a model");
        let purpose = builtin_source(name).map(purpose).unwrap_or_default().join(" ");
        let phases: Vec<&str> = model.phases.iter().map(|phase| phase.name.as_str()).collect();
        page += &row(&[format!("[{name}]({name}.md)"), phases.join(", "), purpose]);
    }
    page
}

fn head(model: &Model, source: &str) -> String {
    let Model { name, version, .. } = model;
    let mut text = format!("# {name}\n\n");
    for paragraph in purpose(source) {
        text += &format!("{paragraph}\n\n");
    }
    text += &format!("It listens to {}.", listed(model.kinds.iter().map(|kind| code(kind)).collect(), "and"));
    if !model.attributes.is_empty() {
        let read = model.attributes.iter().map(|(name, kind)| format!("{} ({})", code(name), kind.word()));
        text += &format!(" Of an event it may read {}.", listed(read.collect(), "and"));
    }
    if let Some(condition) = model.applies_to() {
        text += &format!(" It takes only those for which {} holds.", code(condition));
    }
    text += &format!("\n\nVersion {version}. `klantreis model page` makes this page of the model's file.\n\n");
    text + &format!("![The phases of {name} in their order, and what leads from one to another]({name}.svg)\n")
}

fn phases(model: &Model) -> String {
    let has_touchpoints = model.phases.iter().any(|phase| phase.touchpoints.is_some());
    let (met, rule) = if has_touchpoints { (" touchpoints |", "---|") } else { ("", "") };
    let mut text = "## Phases\n\nWhat the customer needs in each".to_owned();
    if has_touchpoints {
        text += ", and by what events they are met there";
    }
    text += &format!(".\n\n| phase | Nederlands | English |{met}\n|---|---|---|{rule}\n");
    for Phase { name, title, needs, is_final, forget_after, touchpoints } in &model.phases {
        let mut phase = code(name);
        if *is_final {
            phase += "<br>the journey ends here";
        }
        if let Some(span) = forget_after {
            phase += &format!("<br>forgotten after {} of silence", long(*span));
        }
        let column = |title: &Option<String>, needs: &[String]| {
            let title = title.as_ref().map(|title| format!("**{}**", plain(title)));
            let needs = needs.iter().map(|need| format!("• {}", plain(need)));
            title.into_iter().chain(needs).collect::<Vec<_>>().join("<br>")
        };
        let mut cells = vec![phase, column(&title.nl, &needs.nl), column(&title.en, &needs.en)];
        if has_touchpoints {
            cells.push(match touchpoints.as_deref() {
                None => "any event".to_owned(),
                Some([]) => "none".to_owned(),
                Some(kinds) => model.kind_names(kinds).into_iter().map(code).collect::<Vec<_>>().join(", "),
            });
        }
        text += &row(&cells);
    }
    for (gone, phase) in &model.moved {
        let to = code(&model.phases[usize::from(*phase)].name);
        text += &format!("\nWho was in {}, a phase that is gone, is in {to}.\n", code(gone));
    }
    text
}

fn transitions(model: &Model) -> String {
    let mut text = "## Transitions\n\nOf those that an event could set off, the first that matches wins. `new` is a customer the model has not put anywhere.\n\n\
                    | transition | from | to | when |\n|---|---|---|---|\n"
        .to_owned();
    for rule in &model.rules {
        let Rule { id, from, to, trigger, .. } = rule;
        let when = match trigger {
            Trigger::On(on) => format!("at {}", kinds(model, on)),
            Trigger::After(span) => format!("{} after the phase began", long(*span)),
            Trigger::Idle(span) => format!("after {} without an event", long(*span)),
        };
        let to = phase(model, Some(*to));
        text += &row(&[code(id), any_phase(model, from), to, when + &condition(rule.when())]);
    }
    text
}

fn counters(model: &Model) -> String {
    if model.counters.is_empty() {
        return String::new();
    }
    let mut text = "## Counters\n\nWhat the conditions ask for.\n\n".to_owned();
    for Counter { name, kinds: of, sum, window, per, reset } in &model.counters {
        let attribute = |index: u16| code(&model.attributes[usize::from(index)].0);
        let of = kinds(model, of);
        let same = per.map(|per| format!(" with the same {}", attribute(per.attribute))).unwrap_or_default();
        let what = match sum {
            None => format!("how many times {of} came{same}"),
            Some(Addend::Value) => format!("the value of {of}{same}, added up"),
            Some(Addend::Attribute(index)) => format!("the {} of {of}{same}, added up", attribute(*index)),
        };
        text += &format!("- {}: {what}, {}", code(name), over(*window));
        if !reset.is_empty() {
            text += &format!("; begins anew with {}", kinds(model, reset));
        }
        if let Some(Per { values, .. }) = per {
            text += &format!("; of a customer the {values} values seen last are kept");
        }
        text.push('\n');
    }
    text
}

fn signals(model: &Model) -> String {
    if model.signals.is_empty() {
        return String::new();
    }
    let mut text = "## Signals\n\nWhat there is to do now, told beside the transitions.\n\n".to_owned();
    for rule in &model.signals {
        text += &format!("- {}: {}\n", code(&rule.id), signal(model, rule));
    }
    text
}

fn signal(model: &Model, rule: &SignalRule) -> String {
    let occasion = match &rule.occasion {
        Occasion::On(on) => {
            let place = rule.phases.as_ref().map(|phases| format!(" in {}", any_phase(model, phases)));
            kinds(model, on) + &place.unwrap_or_default()
        }
        Occasion::Move { leaving, entering } => {
            let leaving = leaving.as_ref().map(|list| format!("leaving {}", any_phase(model, list)));
            let entering = entering.as_ref().map(|list| {
                let list: Vec<Option<u16>> = list.iter().copied().map(Some).collect();
                let verb = if leaving.is_some() { "" } else { "entering " };
                format!("{verb}{}", any_phase(model, &list))
            });
            leaving.into_iter().chain(entering).collect::<Vec<_>>().join(" for ")
        }
    };
    let mut text = match &rule.wait {
        None => format!("at {occasion}"),
        Some(Wait { span, .. }) => format!("{} after {occasion}", long(*span)),
    };
    text += &condition(rule.when());
    if let Some(Wait { unless, correlate, .. }) = &rule.wait
        && !unless.is_empty()
    {
        text += &format!(", unless {}", kinds(model, unless));
        if let Some(attribute) = correlate {
            text += &format!(" with the same {}", code(&model.attributes[usize::from(*attribute)].0));
        }
        text += " comes first";
    }
    if let Some(AtMost { times, window }) = rule.at_most {
        let often = if times == 1 { "once".to_owned() } else { format!("{times} times") };
        text += &format!("; at most {often} {}", over(window));
    }
    text
}

fn stories(CheckedModel { scenarios, .. }: &CheckedModel) -> String {
    if scenarios.is_empty() {
        return String::new();
    }
    let mut text = "## Stories it is tested by\n\n`klantreis model test` runs them.\n\n".to_owned();
    for scenario in scenarios {
        text += &format!("- {}\n", plain(&scenario.name));
    }
    text
}

/// The comment at the top of a model's file, in paragraphs.
fn purpose(source: &str) -> Vec<String> {
    let comment = source.lines().map_while(|line| line.strip_prefix('#')).map(str::trim);
    let comment: Vec<&str> = comment.collect();
    comment.split(|line| line.is_empty()).filter(|lines| !lines.is_empty()).map(|lines| lines.join(" ")).collect()
}

fn phase(model: &Model, index: Option<u16>) -> String {
    code(index.map_or("new", |index| model.phases[usize::from(index)].name.as_str()))
}

fn any_phase(model: &Model, list: &[Option<u16>]) -> String {
    one_of(list.iter().map(|index| phase(model, *index)).collect())
}

/// Kinds, of which one is enough.
fn kinds(model: &Model, list: &[u16]) -> String {
    if model.is_any(list) {
        return "any event".to_owned();
    }
    one_of(model.kind_names(list).into_iter().map(code).collect())
}

fn one_of(names: Vec<String>) -> String {
    listed(names, "or")
}

fn listed(mut names: Vec<String>, joined: &str) -> String {
    match names.pop() {
        Some(last) if names.is_empty() => last,
        Some(last) => format!("{} {joined} {last}", names.join(", ")),
        None => String::new(),
    }
}

fn condition(when: Option<&str>) -> String {
    when.map(|when| format!(", if {}", code(when))).unwrap_or_default()
}

fn over(window: Window) -> String {
    match window {
        Window::Visit => "in this visit of the phase".to_owned(),
        Window::Ever => "ever".to_owned(),
        Window::Sliding(span) => format!("in the last {}", long(span)),
    }
}

/// A span in words: `1 hour 30 minutes`.
fn long(Span(span): Span) -> String {
    let units = [("day", 86_400_000), ("hour", 3_600_000), ("minute", 60_000), ("second", 1_000), ("millisecond", 1)];
    let mut rest = span;
    let mut parts = Vec::new();
    for (unit, size) in units {
        match rest / size {
            0 => {}
            1 => parts.push(format!("1 {unit}")),
            count => parts.push(format!("{count} {unit}s")),
        }
        rest %= size;
    }
    if parts.is_empty() { "0 seconds".to_owned() } else { parts.join(" ") }
}

/// A row of a table. A bar would end its cell, even in code.
fn row(cells: &[String]) -> String {
    format!("| {} |\n", cells.iter().map(|cell| cell.replace('|', "\\|")).collect::<Vec<_>>().join(" | "))
}

/// In code.
fn code(text: &str) -> String {
    if text.contains('`') { format!("`` {text} ``") } else { format!("`{text}`") }
}

/// Text for people, of which Markdown must read nothing as its own.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for letter in text.chars() {
        if matches!(letter, '*' | '_' | '`' | '<' | '[' | ']' | '\\') {
            plain.push('\\');
        }
        plain.push(if letter == '\n' { ' ' } else { letter });
    }
    plain
}
