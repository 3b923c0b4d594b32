//! A sign-in at oidc-provider that processes share, each of which may have to refresh its tokens.

use super::command::butty_command;
use super::peers::Peers;
use butty::oauth::{SignInRecord, Token, Vault};
use butty::store::FileVault;
use butty::types::{AccountId, Stamp};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

pub const ACCOUNT: &str = "juliet@alpha.test";
/// What a process does that needs a good token and nothing else.
pub const USE: [&str; 4] = ["doctor", "--step", "token", "--json"];

/// Somebody whose tokens come from oidc-provider, which gives a new refresh token each time.
pub struct Home {
    peers: Peers,
    pub folder: tempfile::TempDir,
}

impl Home {
    pub fn signed_in() -> Self {
        let home = Self { peers: Peers::find(), folder: tempfile::tempdir().unwrap() };
        let issuer = home.peers.get("OIDC_ISSUER");
        let oauth = format!("sign_in = \"code\"\n[accounts.oauth]\nissuer = \"{issuer}\"\nclient_id = \"tui\"");
        home.peers.config(home.folder.path(), &[(ACCOUNT, &oauth)]);
        home.sign_in();
        home
    }

    /// Prosody knows nothing of these tokens and lets nobody in by them; they are kept all the same.
    pub fn sign_in(&self) {
        let arguments = ["--json", "login", ACCOUNT, "--device", "--store", "file"];
        let mut login = butty_command(self.folder.path(), &arguments);
        let mut login = login.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(login.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let code: serde_json::Value = serde_json::from_str(&line).unwrap();
        let robot = PathBuf::from(self.peers.get("SCRIPTS")).join("robot.py");
        let approved = Command::new("python3")
            .arg(robot)
            .args([code["complete"].as_str().unwrap(), "--ca", self.peers.get("CA")])
            .args(["--user", "juliet", "--password", "pw-juliet", "--map", "oidc.test=127.0.0.40"])
            .output()
            .unwrap();
        assert!(approved.status.success(), "{}", String::from_utf8_lossy(&approved.stderr));
        login.wait().unwrap();
        assert!(self.token().refresh.is_some());
    }

    pub fn tokens(&self) -> PathBuf {
        self.folder.path().join("butty/data/tokens")
    }

    pub fn vault(&self) -> (FileVault, SignInRecord) {
        let vault = FileVault::new(Some(self.tokens()));
        let record = vault.load(&SignInRecord::key(&AccountId::new(ACCOUNT))).unwrap().expect("signed in");
        (vault, SignInRecord::from_text(&record).unwrap())
    }

    pub fn token(&self) -> Token {
        let (vault, record) = self.vault();
        Token::from_text(&vault.load(&record.tokens_key(&AccountId::new(ACCOUNT))).unwrap().unwrap()).unwrap()
    }

    /// The access token runs out now.
    pub fn expire(&self) {
        let (vault, record) = self.vault();
        let stale = Token { expires: Some(Stamp(0)), ..self.token() };
        vault.save(&record.tokens_key(&AccountId::new(ACCOUNT)), &stale.to_text(), true).unwrap();
    }

    /// How often the service gave new tokens for a refresh token.
    pub fn refreshes(&self) -> usize {
        let log = std::fs::read_to_string(PathBuf::from(self.peers.get("DATA")).join("log/oidc.out")).unwrap();
        log.matches("grant.success refresh_token").count()
    }

    /// Two processes that need a good token in the same moment.
    pub fn used_by_two_at_once(&self) -> [Output; 2] {
        let both = [(); 2].map(|()| {
            let mut command = butty_command(self.folder.path(), &USE);
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        });
        both.map(|process| process.wait_with_output().unwrap())
    }
}
