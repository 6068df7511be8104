//! `show`.

use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use serde_json::Value;

use super::{ask, read, vault_path};
use crate::app::{self, Failure, Request, answer};
use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::cli::escape::escape;
use crate::cli::exit::Exit;
use crate::cli::output::Format;

/// Bytes of an attachment held in memory at a time.
const PIECE_BYTES: usize = 256 * 1024;

/// Print what a file holds, or held
///
/// With @REV it is what the file held after that revision of `log`. Attachments are printed as they
/// are; with --json their bytes come in base64.
#[derive(Debug, Args)]
pub(in crate::cli) struct Show {
    /// File in the vault, and the start of a revision's name
    #[arg(value_name = "PATH[@REV]")]
    file: String,
}

pub(in crate::cli) fn run(arguments: &Show, context: &mut Context<'_>) -> Result<Exit, Error> {
    let (path, rev) = split(&arguments.file);
    let request = Request::Show { path: vault_path(path, context)?, rev: rev.map(str::to_owned) };
    let mut value = ask(request, context)?;
    let show: answer::Show = read(&value)?;
    let (located, _) = context.located(None)?;
    let mut bytes = app::bytes_of(&located.path, &show)?;
    let failed = |error| {
        let failed = format!("{} changed or cannot be read any more", escape(&show.path));
        app::Error::new(Failure::LeftAside, failed).caused_by(error)
    };
    if context.output.format == Format::Json {
        if let (None, Value::Object(fields)) = (&show.text, &mut value) {
            let mut whole = Vec::new();
            bytes.read_to_end(&mut whole).map_err(failed)?;
            fields.insert("base64".to_owned(), Value::String(STANDARD.encode(&whole)));
        }
        context.output.json(&value)?;
        return Ok(Exit::Done);
    }
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        match bytes.read(&mut piece).map_err(failed)? {
            0 => return Ok(Exit::Done),
            read => context.output.raw(&piece[..read])?,
        }
    }
}

/// A path, and what follows the last `@` if that can be the start of a revision.
pub(super) fn split(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once('@') {
        Some((path, rev))
            if !path.is_empty()
                && rev.len() >= 4
                && rev.bytes().all(|byte| byte.is_ascii_hexdigit()) =>
        {
            (path, Some(rev))
        }
        Some(_) | None => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_digits_of_a_revision_follow_the_sign() {
        assert_eq!(split("a.md@0a1b2c"), ("a.md", Some("0a1b2c")));
        assert_eq!(split("People/me@home.md"), ("People/me@home.md", None));
        assert_eq!(split("a@b@c0ffee"), ("a@b", Some("c0ffee")));
        assert_eq!(split("a.md@abc"), ("a.md@abc", None));
        assert_eq!(split("@abcdef"), ("@abcdef", None));
    }
}
