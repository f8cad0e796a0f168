//! `model graph`: a model as a picture.

use std::io::Write;

use super::{Failure, GraphArgs, GraphFormat, counts};
use crate::journey::{CheckedModel, Drawing};

/// Does it. What was counted and stands at no arrow is told on standard error.
///
/// # Errors
/// If what is counted cannot be read.
pub(super) fn run(args: &GraphArgs, checked: &CheckedModel, out: &mut dyn Write) -> Result<(), Failure> {
    let mut drawing = Drawing::of(checked, args.language);
    if let Some(source) = &args.counts {
        let counted = counts::read(source, args.token_file.as_deref(), &checked.model)?;
        for problem in counted.problems {
            eprintln!("counts: {problem}");
        }
        drawing = drawing.counted(counted.counts);
    }
    let picture = match args.format {
        GraphFormat::Mermaid => drawing.mermaid(),
        GraphFormat::Dot => drawing.dot(),
        GraphFormat::Svg => drawing.svg(),
    };
    Ok(out.write_all(picture.as_bytes())?)
}
