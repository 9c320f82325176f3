//! Where figures stand in the book. In: the text of a section. Out: `docs/performance.md` with that
//! text between the marks of the section, and how it was measured.

use std::{error::Error, fs, path::Path, process::Command, thread};

/// Puts a text into the book, measured by `cargo bench` with that target and those arguments.
pub(crate) fn write(
    section: &str,
    text: &str,
    target: &str,
    arguments: &[&str],
) -> Result<(), Box<dyn Error>> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let repository = package.parent().ok_or("this package is a member of a workspace")?;
    let file = repository.join("docs/performance.md");
    let (begin, end) = (format!("<!-- {section} -->\n"), format!("<!-- /{section} -->\n"));
    let book = fs::read_to_string(&file)?;
    let (before, rest) = book.split_once(&begin).ok_or("the book has no place for the table")?;
    let (_, after) = rest.split_once(&end).ok_or("the place for the table has no end")?;
    let date = output("date", &["-u", "+%F"])?;
    let rustc = output("rustc", &["--version"])?;
    let (cores, arguments) = (thread::available_parallelism()?, arguments.join(" "));
    let how = format!(
        "\nMeasured on {date} with {rustc} on {cores} cores: \
         `cargo bench -p auth-benches {target} -- {arguments}`.\n"
    );
    Ok(fs::write(file, [before, &begin, text, &how, &end, after].concat())?)
}

fn output(program: &str, arguments: &[&str]) -> Result<String, Box<dyn Error>> {
    let output = Command::new(program).args(arguments).output()?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
