//! The folder of the recorded contracts.

use std::path::Path;

/// The folder if none is named. One that is not there is that of another directory: a new one would have no history.
pub(super) fn default_folder() -> Result<String, String> {
    const DEFAULT: &str = "schemas";
    if Path::new(DEFAULT).is_dir() {
        return Ok(DEFAULT.to_owned());
    }
    let here = std::env::current_dir().unwrap_or_default();
    Err(format!(
        "there is no folder `{DEFAULT}` in {}: run the command in the directory that has it, or name the folder",
        here.display()
    ))
}
