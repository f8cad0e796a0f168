//! Which input a topic's name means.

use crate::config::InputConfig;

/// The inputs' names and topics.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Topics(Vec<(String, String)>);

impl Topics {
    /// Those of the inputs, in the order of the configuration.
    pub(crate) fn of(inputs: &[InputConfig]) -> Self {
        Self(inputs.iter().map(|input| (input.name.clone(), input.topic.clone())).collect())
    }

    /// Of these names and topics.
    pub(crate) fn new(inputs: &[(&str, &str)]) -> Self {
        Self(inputs.iter().map(|(name, topic)| ((*name).to_owned(), (*topic).to_owned())).collect())
    }

    /// The input whose topic it is; else the one of that name; else the only one whose topic is the same but for a prefix
    /// on either side (`test-clicks` and `clicks`).
    pub(crate) fn input_of(&self, topic: &str) -> Option<usize> {
        let exact = self.0.iter().position(|(_, configured)| configured == topic);
        let named = || self.0.iter().position(|(name, _)| name == topic);
        let prefixed = || {
            let fits = |configured: &str| is_prefixed(configured, topic) || is_prefixed(topic, configured);
            let mut fitting = self.0.iter().enumerate().filter(|(_, (_, configured))| fits(configured));
            fitting.next().filter(|_| fitting.next().is_none()).map(|(input, _)| input)
        };
        exact.or_else(named).or_else(prefixed)
    }

    /// The topics, for an error.
    pub(crate) fn listed(&self) -> String {
        self.0.iter().map(|(_, topic)| format!("`{topic}`")).collect::<Vec<_>>().join(", ")
    }
}

/// Whether the long name is the short one behind a prefix that ends in `-`, `_` or `.`.
fn is_prefixed(long: &str, short: &str) -> bool {
    !short.is_empty() && long.strip_suffix(short).is_some_and(|prefix| prefix.ends_with(['-', '_', '.']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_known_with_and_without_a_prefix() {
        let check = |inputs: &[(&str, &str)], topic: &str, expected: Option<usize>| {
            assert_eq!(Topics::new(inputs).input_of(topic), expected, "{topic} among {inputs:?}");
        };
        let plain = [("clicks", "clicks"), ("mail", "mail")];
        check(&plain, "mail", Some(1));
        check(&plain, "test-mail", Some(1));
        check(&plain, "testmail", None);
        check(&plain, "pos", None);
        check(&plain, "", None);
        let prefixed = [("c", "test-clicks"), ("m", "test-mail")];
        check(&prefixed, "test-mail", Some(1));
        check(&prefixed, "mail", Some(1));
        check(&prefixed, "m", Some(1));
        check(&prefixed, "other-mail", None);
        check(&[("a", "x-mail"), ("b", "y-mail")], "mail", None);
        check(&[("a", "x-mail"), ("mail", "y")], "mail", Some(1));
    }
}
