//! Subcommands that ask nobody: `config`, `keys`, `policy`, `completions`, `man`.

use clap::CommandFactory;

use super::{Answer, Out, Verdict, policy};
use crate::{
    cli::{Cli, Command},
    config,
    core::{keymap::KEYMAP, nearest, text::SafeText},
};

/// Answers a subcommand that needs no cloud; `None` when it needs one.
pub fn offline(cli: &Cli, out: &mut Out) -> Option<Answer> {
    let answer = match cli.command.as_ref()? {
        Command::Config => out.raw(config::DEFAULTS.as_bytes()),
        Command::Keys => keys(out),
        Command::Policy(args) => policy::print(&cli.common, args, out),
        Command::Completions(args) => {
            let mut script = Vec::new();
            clap_complete::generate(args.shell, &mut Cli::command(), "bic-tui", &mut script);
            out.raw(&script)
        }
        Command::Man => man(out),
        _ => return None,
    };
    Some(answer.and_then(|()| out.flush()).map(|()| Verdict::Well))
}

/// The deployment guide, line by line, with what takes the place of each.
const GUIDE: &str = include_str!("../../assets/guide.toml");

/// Subcommands of later versions that no line of the guide asks for.
const LATER: [&str; 2] = ["chat", "schedule"];

/// What to say of a subcommand that is not there: that this version does not serve it yet, or the nearest that it does.
pub fn unknown(name: &str) -> String {
    let command = Cli::command();
    let served: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
    let guide: toml::Table = GUIDE.parse().unwrap_or_default();
    let lines = guide
        .get("line")
        .and_then(toml::Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    let named = lines.iter().filter_map(|line| line.get("subcommand")?.as_str()?.split(' ').next());
    let later: Vec<&str> = named.chain(LATER).filter(|word| !served.contains(word)).collect();
    if later.contains(&name) {
        return format!("This version does not serve `{name}` yet; `bic-tui --help` lists what it serves.");
    }
    let hint = match nearest::nearest(name, served.iter().copied()) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => "`bic-tui --help` lists them.".to_owned(),
    };
    format!("There is no subcommand \"{}\"; {hint}", SafeText::new(name))
}

/// One line of `keys --output json`.
#[derive(serde::Serialize)]
struct KeyRow {
    name: String,
    keys: &'static [&'static str],
    screens: Vec<String>,
    kind: String,
    help: &'static str,
}

fn keys(out: &mut Out) -> Answer<()> {
    let rows: Vec<KeyRow> = KEYMAP
        .iter()
        .map(|b| KeyRow {
            name: b.intent.to_string(),
            keys: b.keys,
            screens: b.screens.iter().map(ToString::to_string).collect(),
            kind: b.kind.to_string(),
            help: b.help,
        })
        .collect();
    if out.is_json() {
        return out.json(&rows);
    }
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let screens = if row.screens.is_empty() {
                "everywhere".into()
            } else {
                row.screens.join(", ")
            };
            vec![row.keys.join(" "), row.name.clone(), screens, row.kind.clone(), row.help.into()]
        })
        .collect();
    for line in super::text::table(&["KEYS", "NAME", "WHERE", "KIND", "WHAT IT DOES"], &cells) {
        out.line(line)?;
    }
    Ok(())
}

fn man(out: &mut Out) -> Answer<()> {
    let mut page = Vec::new();
    let command = Cli::command();
    clap_mangen::Man::new(command.clone())
        .render(&mut page)
        .map_err(super::Failure::Output)?;
    for sub in command.get_subcommands().filter(|s| s.get_name() != "help") {
        let name = format!("bic-tui {}", sub.get_name());
        let man = clap_mangen::Man::new(sub.clone().bin_name(name).disable_help_flag(true));
        let mut section = Vec::new();
        man.render_synopsis_section(&mut section)
            .and_then(|()| man.render_description_section(&mut section))
            .and_then(|()| man.render_options_section(&mut section))
            .map_err(super::Failure::Output)?;
        page.extend_from_slice(format!(".SH \"{}\"\n", sub.get_name().to_uppercase()).as_bytes());
        page.extend_from_slice(&demoted(&section));
    }
    out.raw(&page)
}

/// Sections of a subcommand become subsections of the one page.
fn demoted(section: &[u8]) -> Vec<u8> {
    String::from_utf8_lossy(section)
        .lines()
        .map(|line| line.replacen(".SH ", ".SS ", 1))
        .chain(std::iter::once(String::new()))
        .collect::<Vec<_>>()
        .join("\n")
        .into_bytes()
}
