//! What `docs/cli.md` shows, held against what the commands say. `UPDATE_EXPECT=1` writes it.
//!
//! A block of `console` runs its commands in a folder that holds the files which blocks before it
//! show under their names (`<!-- file: NAME -->`). Names of keys and days differ with each run, and
//! `TOKEN` in a command is the token that was printed last.

use std::{fs, path::Path};

use crate::world::{cargo_auth, constant, folder, is_token, stderr, stdout};

#[test]
fn the_book_shows_what_the_commands_say() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/cli.md");
    let text = fs::read_to_string(&page).unwrap();
    let here = folder("book");
    let mut written = String::new();
    let (mut file, mut runs, mut token) = (None, 0, String::new());
    for (index, part) in text.split("```").enumerate() {
        if index > 0 {
            written += "```";
        }
        let is_block = index % 2 == 1;
        if let Some(commands) = part.strip_prefix("console\n").filter(|_| is_block) {
            written += "console\n";
            for command in commands.lines().filter(|line| line.starts_with("$ ")) {
                runs += 1;
                written += &format!("{command}\n{}", run(&here, command, &mut token));
            }
            continue;
        }
        if let Some((name, (_, text))) = file.take().zip(part.split_once('\n')).filter(|_| is_block)
        {
            fs::write(here.join::<String>(name), text).unwrap();
        }
        let mark = part.rsplit_once("<!-- file: ").and_then(|(_, rest)| rest.split_once(" -->"));
        file = mark.map(|(name, _)| name.to_owned());
        written += part;
    }
    assert!(runs >= 8, "{runs}");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&page, &written).unwrap();
        return;
    }
    assert_eq!(text, written, "run this test with UPDATE_EXPECT=1 and review the change");
}

/// What a command says, and how it ends if that is not 0.
fn run(here: &Path, command: &str, token: &mut String) -> String {
    let last = token.clone();
    let words = command.split_whitespace().skip(3);
    let words: Vec<_> = words.map(|word| if word == "TOKEN" { &last } else { word }).collect();
    assert!(command.starts_with("$ cargo auth "), "{command}");
    let output = cargo_auth(here, &words);
    if let Some(made) = stdout(&output).split_whitespace().rfind(|word| is_token(word)) {
        *token = made.to_owned();
    }
    let code = output.status.code().unwrap();
    let end = if code == 0 { String::new() } else { format!("(exit {code})\n") };
    constant(&(stdout(&output) + &stderr(&output))) + &end
}
