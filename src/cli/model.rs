pub fn run(_: &super::ModelCommand) -> Result<(), super::Failure> {
    Ok(())
}
