//! `butty doctor`: every step between this terminal and a session, each with its verdict.

use super::accounts::told;
use super::{Desk, blocking};
use crate::app::event::Keep;
use crate::app::setup::AccountSetup;
use crate::app::words;
use crate::cli::{Mask, Record};
use crate::net::{Status, Step, doctor};
use crate::oauth::VaultError;
use crate::types::{Line, Problem, Proxying};

/// What was asked for.
pub(super) struct Wish<'a> {
    /// Only what needs no network.
    pub offline: bool,
    /// Without names, addresses and secrets.
    pub share: bool,
    /// This step alone, and what it needs.
    pub step: Option<&'a str>,
}

pub(super) async fn run(desk: &Desk, named: Option<&str>, wish: Wish<'_>) -> Result<u8, Problem> {
    let step = wish.step.map(step_named).transpose()?;
    let setup = if wish.offline { None } else { Some(desk.account(named)?.clone()) };
    let mask = wish.share.then(|| mask(desk, setup.as_ref()));
    let mut sheet = Sheet { desk, mask, failed: 0 };
    if step.is_none() {
        sheet.tell("Config", "ok", &desk.folders.config_file.to_string_lossy(), None)?;
        for warning in desk.config.complaints() {
            sheet.tell("Config", "warn", &warning, None)?;
        }
    }
    if let Some(setup) = setup {
        if step.is_none() {
            sheet.tell("Account", "ok", setup.id.as_str(), None)?;
            sheet.keyring(&setup).await?;
        }
        for found in doctor(desk.network(), setup, step).await {
            let verdict = match found.status {
                Status::Ok => "ok",
                Status::Warn => "warn",
                Status::Fail => "FAIL",
                Status::Skipped => "skip",
            };
            sheet.failed += usize::from(found.status == Status::Fail);
            let detail: Vec<&str> = found.detail.iter().map(Line::as_str).collect();
            sheet.tell(found.step.name(), verdict, &detail.join(", "), found.problem.as_ref())?;
        }
    }
    desk.voice.say(&match sheet.failed {
        0 => "No problem found.".to_owned(),
        1 => "1 problem. For a bug report: butty doctor --share".to_owned(),
        count => format!("{count} problems. For a bug report: butty doctor --share"),
    });
    if wish.share {
        desk.voice
            .say("*1*, *2* are hosts and addresses, *@* is somebody, *** was taken out. Look before you send it.");
    }
    Ok(u8::from(sheet.failed > 0))
}

fn step_named(name: &str) -> Result<Step, Problem> {
    let all: Vec<String> = Step::ALL.map(|step| step.name().to_lowercase()).to_vec();
    let why = || Problem::Usage { why: Line::clean(&format!("--step takes {}", all.join(", "))) };
    Step::named(name).ok_or_else(why)
}

/// Everything that is known to tell who it is.
fn mask(desk: &Desk, setup: Option<&AccountSetup>) -> Mask {
    let mut names = Vec::new();
    for account in desk.accounts.iter().chain(setup) {
        names.extend([account.id.as_str().to_owned(), account.domain.as_str().to_owned(), account.name.clone()]);
        names.extend(account.name.split_whitespace().map(str::to_owned));
        names.extend(account.local.clone());
        names.extend(account.server.clone().map(|(host, _)| host));
        names.extend([account.oauth.client_id.clone(), account.oauth.issuer.clone()].into_iter().flatten());
        // The label that people know a domain by: `example` of chat.example.org.
        names.extend(account.domain.as_str().rsplit('.').nth(1).map(str::to_owned));
    }
    if let Proxying::Through(proxy) = &desk.config.network.proxy {
        names.extend([Some(proxy.host.clone()), proxy.user.clone()].into_iter().flatten());
    }
    Mask::new(names)
}

/// The report, as it is told.
struct Sheet<'a> {
    desk: &'a Desk,
    mask: Option<Mask>,
    failed: usize,
}

impl Sheet<'_> {
    /// Whether the keyring answers, where the account may want it.
    async fn keyring(&mut self, setup: &AccountSetup) -> Result<(), Problem> {
        if matches!(setup.keep, Some(Keep::File | Keep::Memory)) {
            return Ok(());
        }
        let vault = self.desk.vault();
        let bad = if setup.keep.is_some() { "FAIL" } else { "warn" };
        let (verdict, problem) = match blocking(move || vault.keyring()).await? {
            Ok(()) => return self.tell("Keyring", "ok", "answers", None),
            Err(VaultError::Locked) => (bad, Problem::KeyringLocked),
            Err(_) => (bad, Problem::NoKeyring),
        };
        self.failed += usize::from(verdict == "FAIL");
        self.tell("Keyring", verdict, "", Some(&problem))
    }

    fn hide(&mut self, text: &str) -> String {
        self.mask.as_mut().map_or_else(|| text.to_owned(), |mask| mask.hide(text))
    }

    fn tell(&mut self, step: &str, verdict: &str, detail: &str, problem: Option<&Problem>) -> Result<(), Problem> {
        let said = problem.map(words::problem_in_doctor);
        let what = match &said {
            Some(said) if detail.is_empty() => said.what.clone(),
            Some(said) => format!("{} ({detail})", said.what),
            None => detail.to_owned(),
        };
        let what = self.hide(&what);
        let voice = self.desk.voice;
        if voice.json {
            let record = Record::new("step")
                .column("step", step)
                .column("verdict", verdict)
                .column("detail", &what)
                .field("code", said.as_ref().map(|said| said.code));
            return told(voice.answer(&record)).map(drop);
        }
        let row = |text: &str| told(voice.answer(&Record::new("step").column("row", text))).map(drop);
        row(format!("{step:<12} {verdict:<5} {what}").trim_end())?;
        if let Some(said) = said {
            let next = self.hide(&said.next.join(" · "));
            let next = format!("{next} ({})", said.code);
            let why = self.hide(&said.why.unwrap_or_default());
            for (word, text) in [("Why", why.as_str()), ("Next", next.trim_start())] {
                if !text.is_empty() {
                    row(&format!("{:<12} {word:<5} {text}", ""))?;
                }
            }
        }
        Ok(())
    }
}
