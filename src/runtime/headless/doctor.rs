//! `butty doctor`: every step between this terminal and a session, each with its verdict.

use super::Desk;
use super::accounts::told;
use crate::app::words;
use crate::cli::Record;
use crate::net::{Status, doctor};
use crate::types::{Line, Problem};

pub(super) async fn run(desk: &Desk, named: Option<&str>, offline: bool) -> Result<u8, Problem> {
    let mut failed = 0;
    report(desk, "Config", "ok", &desk.folders.config_file.to_string_lossy(), None)?;
    for warning in desk.config.complaints() {
        report(desk, "Config", "warn", &warning, None)?;
    }
    if offline {
        return Ok(0);
    }
    let setup = desk.account(named)?;
    report(desk, "Account", "ok", setup.id.as_str(), None)?;
    for found in doctor(desk.network(), setup.clone(), None).await {
        let verdict = match found.status {
            Status::Ok => "ok",
            Status::Warn => "warn",
            Status::Fail => "FAIL",
            Status::Skipped => "skip",
        };
        failed += usize::from(found.status == Status::Fail);
        let detail: Vec<&str> = found.detail.iter().map(Line::as_str).collect();
        report(desk, found.step.name(), verdict, &detail.join(", "), found.problem.as_ref())?;
    }
    let count = if failed == 1 { "1 problem.".to_owned() } else { format!("{failed} problems.") };
    desk.voice.say(if failed == 0 { "No problem found." } else { &count });
    Ok(u8::from(failed > 0))
}

fn report(desk: &Desk, step: &str, verdict: &str, detail: &str, problem: Option<&Problem>) -> Result<(), Problem> {
    let said = problem.map(words::problem_in_shell);
    let detail = said.as_ref().map_or(detail, |said| &said.what);
    if desk.voice.json {
        let record = Record::new("step")
            .column("step", step)
            .column("verdict", verdict)
            .column("detail", detail)
            .field("code", said.as_ref().map(|said| said.code));
        return told(desk.voice.answer(&record)).map(drop);
    }
    let row = |text: &str| told(desk.voice.answer(&Record::new("step").column("row", text))).map(drop);
    row(&format!("{step:<11} {verdict:<5} {detail}"))?;
    if let Some(said) = said {
        // Who reads this has run the doctor.
        let steps = said.next.iter().map(String::as_str).filter(|step| *step != "butty doctor");
        let next = format!("{} ({})", steps.collect::<Vec<_>>().join(" · "), said.code);
        for (word, text) in [("Why", said.why.unwrap_or_default()), ("Next", next)] {
            if !text.is_empty() {
                row(&format!("{:<11} {word:<5} {text}", ""))?;
            }
        }
    }
    Ok(())
}
