//! The models that a configuration names, opened and checked.

use std::path::Path;

use super::units::suggest;
use super::{Config, ModelRef};
use crate::journey::{
    CheckedModel, ModelErrors, ModelSet, SetError, SetOptions, SetParts, Shadow, builtin, builtin_names,
};

/// Why models cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ModelsError {
    /// There is no built-in model of that name.
    #[error("there is no built-in model {0}; {known}, or the path of a file, such as ./{0}.yaml", known = known())]
    Unknown(String),
    /// A file cannot be read.
    #[error("{file}: cannot be read: {source}; name a model file that exists")]
    Unreadable {
        /// The file.
        file: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// Models are wrong; every mistake of every model is in it.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Wrong(Vec<ModelErrors>),
    /// Each is right, but they do not go together.
    #[error("the models do not go together: {0}")]
    Set(#[from] SetError),
}

fn known() -> String {
    suggest("", &builtin_names().collect::<Vec<_>>())
}

impl ModelRef {
    /// What a text means: a file if it looks like a path, else a built-in model. A relative path starts at `folder`.
    pub fn parse(text: &str, folder: &Path) -> Self {
        if text.contains('/') || text.ends_with(".yaml") || text.ends_with(".yml") {
            Self::File(folder.join(text))
        } else {
            Self::BuiltIn(text.to_owned())
        }
    }

    /// The model as it was written.
    ///
    /// # Errors
    /// If there is none.
    pub fn source(&self) -> Result<String, ModelsError> {
        match self {
            Self::BuiltIn(name) => crate::journey::builtin_source(name)
                .map(str::to_owned)
                .ok_or_else(|| ModelsError::Unknown(name.clone())),
            Self::File(path) => {
                let file = path.display().to_string();
                std::fs::read_to_string(path).map_err(|source| ModelsError::Unreadable { file, source })
            }
        }
    }

    /// The model, checked.
    ///
    /// # Errors
    /// If there is none or it has mistakes.
    pub fn open(&self) -> Result<CheckedModel, ModelsError> {
        match self {
            Self::BuiltIn(name) => builtin(name).ok_or_else(|| ModelsError::Unknown(name.clone())),
            Self::File(path) => CheckedModel::parse(&path.display().to_string(), &self.source()?)
                .map_err(|errors| ModelsError::Wrong(vec![errors])),
        }
    }
}

impl std::fmt::Display for ModelRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::BuiltIn(name) => f.write_str(name),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

impl Config {
    /// Its models, each checked by itself.
    ///
    /// # Errors
    /// With the mistakes of all of them.
    pub fn open_models(&self) -> Result<Vec<CheckedModel>, ModelsError> {
        open_all(&self.models)
    }

    /// The models that run beside them, each checked by itself.
    ///
    /// # Errors
    /// With the mistakes of all of them.
    pub fn open_shadows(&self) -> Result<Vec<Shadow>, ModelsError> {
        let models = open_all(self.shadows.iter().map(|shadow| &shadow.model))?;
        let besides = self.shadows.iter().map(|shadow| shadow.beside.clone());
        Ok(models.into_iter().zip(besides).map(|(model, beside)| Shadow { model, beside }).collect())
    }

    /// Its models, compiled together.
    ///
    /// # Errors
    /// If one of them is wrong or they do not go together.
    pub fn model_set(&self) -> Result<ModelSet, ModelsError> {
        self.compile(self.open_models()?, self.open_shadows()?)
    }

    /// Compiles models as this configuration wants them.
    ///
    /// # Errors
    /// If they do not go together.
    pub fn compile(&self, mut models: Vec<CheckedModel>, mut shadows: Vec<Shadow>) -> Result<ModelSet, ModelsError> {
        if self.topics.signals.is_none() {
            // Nobody hears of them, so nothing is kept for them.
            let shadows = shadows.iter_mut().map(|shadow| &mut shadow.model);
            models.iter_mut().chain(shadows).for_each(|checked| checked.model.drop_signals());
        }
        let options = SetOptions { forget_after: self.forget_after, remembered_ids: self.remembered_ids };
        Ok(ModelSet::of(
            SetParts { models, shadows, variants: self.variants.as_ref().map(|variants| variants.rule.clone()) },
            options,
        )?)
    }
}

fn open_all<'a>(refs: impl IntoIterator<Item = &'a ModelRef>) -> Result<Vec<CheckedModel>, ModelsError> {
    let (mut models, mut wrong) = (Vec::new(), Vec::new());
    for model in refs {
        match model.open() {
            Ok(checked) => models.push(checked),
            Err(ModelsError::Wrong(errors)) => wrong.extend(errors),
            Err(error) => return Err(error),
        }
    }
    if wrong.is_empty() { Ok(models) } else { Err(ModelsError::Wrong(wrong)) }
}
