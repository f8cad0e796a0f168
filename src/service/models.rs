//! The active models, from their names and files.

use crate::config::{Config, ModelRef};
use crate::journey::{CheckedModel, ModelErrors, ModelSet, SetError, SetOptions, builtin, builtin_names};

/// Why the models cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ModelsError {
    /// There is no built-in model of that name.
    #[error(
        "there is no built-in model {name:?}; there are: {known}. A file is named with a path, such as ./{name}.yaml"
    )]
    Unknown {
        /// The name.
        name: String,
        /// The names there are.
        known: String,
    },
    /// The file cannot be read.
    #[error("cannot read the model {path}: {source}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why not.
        source: std::io::Error,
    },
    /// The model has mistakes.
    #[error(transparent)]
    Mistakes(#[from] ModelErrors),
    /// The models do not go together.
    #[error(transparent)]
    Set(#[from] SetError),
}

/// Reads and checks the models that a configuration names.
pub fn check_models(models: &[ModelRef]) -> Result<Vec<CheckedModel>, ModelsError> {
    models.iter().map(check_model).collect()
}

fn check_model(model: &ModelRef) -> Result<CheckedModel, ModelsError> {
    match model {
        ModelRef::BuiltIn(name) => builtin(name).ok_or_else(|| {
            let known = builtin_names().collect::<Vec<_>>().join(", ");
            ModelsError::Unknown { name: name.clone(), known }
        }),
        ModelRef::File(path) => {
            let file = path.display().to_string();
            let source = std::fs::read_to_string(path)
                .map_err(|source| ModelsError::Unreadable { path: file.clone(), source })?;
            Ok(CheckedModel::parse(&file, &source)?)
        }
    }
}

/// Compiles the models of a configuration together.
pub fn load_models(config: &Config) -> Result<ModelSet, ModelsError> {
    let options = SetOptions { forget_after: config.forget_after, remembered_ids: config.remembered_ids };
    Ok(ModelSet::new(check_models(&config.models)?, options)?)
}
