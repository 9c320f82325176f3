//! What `docs/cli.md` shows, held against what the commands say. `UPDATE_EXPECT=1` writes it.
//!
//! A block of `console` runs its commands in a folder that holds the files which blocks before it
//! show under their names (`<!-- file: NAME -->`). Names of keys and days differ with each run.

use std::{fs, path::Path};

use crate::world::{cargo_auth, folder, stderr, stdout};

#[test]
fn the_book_shows_what_the_commands_say() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/cli.md");
    let text = fs::read_to_string(&page).unwrap();
    let here = folder("book");
    let mut written = String::new();
    let (mut file, mut runs) = (None, 0);
    for (index, part) in text.split("```").enumerate() {
        if index > 0 {
            written += "```";
        }
        let is_block = index % 2 == 1;
        if let Some(commands) = part.strip_prefix("console\n").filter(|_| is_block) {
            written += "console\n";
            for command in commands.lines().filter(|line| line.starts_with("$ ")) {
                runs += 1;
                written += &format!("{command}\n{}", run(&here, command));
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
fn run(here: &Path, command: &str) -> String {
    let words: Vec<_> = command.split_whitespace().skip(3).collect();
    assert!(command.starts_with("$ cargo auth "), "{command}");
    let output = cargo_auth(here, &words);
    let code = output.status.code().unwrap();
    let end = if code == 0 { String::new() } else { format!("(exit {code})\n") };
    constant(&(stdout(&output) + &stderr(&output))) + &end
}

/// The text with words in place of what differs with each run.
fn constant(text: &str) -> String {
    let word = |word: &str| {
        let bare = word.trim_matches(['"', ',', ':']);
        let is_kid = bare.len() == 43 && !bare.contains(['/', '.']);
        let is_day = bare.len() == 10 && bare.starts_with("20") && bare.matches('-').count() == 2;
        let is_second = bare.len() == 10 && bare.bytes().all(|byte| byte.is_ascii_digit());
        match (is_kid, is_day, is_second) {
            (true, ..) => word.replace(bare, "KID"),
            (_, true, _) => word.replace(bare, "DAY"),
            (_, _, true) => word.replace(bare, "SECOND"),
            _ => word.to_owned(),
        }
    };
    let line = |line: &str| line.split(' ').map(word).collect::<Vec<_>>().join(" ") + "\n";
    text.lines().map(line).collect()
}
