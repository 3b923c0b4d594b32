//! The demo service in this process, and homes with accounts there.

use super::command::{butty, butty_command, words};
use super::terminal::Terminal;
use butty::demo::{self, Redirect, Running, Switches};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// What a program needs to chat there.
pub const CHAT: &[&str] = &["wl.messenger", "wl.offline_access"];
/// Only a failing test waits that long.
const PATIENCE: Duration = Duration::from_secs(30);

/// A service that runs.
pub struct Town {
    pub service: Running,
    folder: TempDir,
    _runtime: tokio::runtime::Runtime,
}

/// Today's sign-in, no redirect, and a person who says yes at once.
pub fn modern() -> Switches {
    Switches { modern: true, answered: Some(true), ..plain() }
}

/// The documented service, without the redirect.
pub fn plain() -> Switches {
    Switches { redirect: Redirect::Never, fast: true, ..Switches::default() }
}

impl Town {
    pub fn open(switches: Switches) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let service = runtime.block_on(demo::start(switches)).expect("the service starts");
        let folder = tempfile::Builder::new().prefix("butty-town-").tempdir().unwrap();
        fs::write(folder.path().join("ca.pem"), service.ca_pem()).unwrap();
        Self { service, folder, _runtime: runtime }
    }

    /// An account there; `more` are further lines of it.
    pub fn account(&self, address: &str, more: &str) -> String {
        let ca = self.folder.path().join("ca.pem");
        format!("[[accounts]]\naddress = \"{address}\"\nca_file = \"{}\"\n{more}\n", ca.display())
    }

    /// A home with one account, known by nothing but its domain, the resolver and the authority.
    pub fn home(&self) -> Home {
        self.home_of(&[self.account("demo.butty", "")])
    }

    /// A home with an account that has these further lines.
    pub fn home_with(&self, more: &str) -> Home {
        self.home_of(&[self.account("anna@demo.butty", more)])
    }

    /// A home with these accounts.
    pub fn home_of(&self, accounts: &[String]) -> Home {
        let folder = tempfile::Builder::new().prefix("butty-rows-").tempdir().unwrap();
        let home = Home { folder };
        home.configure(&format!(
            "[network]\nresolver = \"{}\"\n[log]\nlevel = \"debug\"\n{}",
            self.service.resolver(),
            accounts.concat()
        ));
        home
    }

    /// A home whose account speaks the Messenger dialect; its sign-in pages are named, for the dialect has no metadata.
    pub fn messenger_home(&self, oauth: &str) -> Home {
        self.home_with(&self.messenger(oauth))
    }

    /// The lines of such an account.
    pub fn messenger(&self, oauth: &str) -> String {
        let issuer = self.service.issuer();
        let client = self.service.client_id();
        let named = if oauth.contains("client_id") { String::new() } else { format!("client_id = \"{client}\"\n") };
        format!("profile = \"messenger\"\n[accounts.oauth]\nissuer = \"{issuer}\"\n{named}{oauth}")
    }

    /// A home whose account brings this token along.
    pub fn home_with_token(&self, token: &str) -> Home {
        self.home_with(&self.bring(token))
    }

    /// The lines of an account that brings this token along.
    pub fn bring(&self, token: &str) -> String {
        let file = self.folder.path().join(format!("token-{}", token.len()));
        fs::write(&file, token).unwrap();
        format!("token_command = [\"/bin/cat\", \"{}\"]", file.display())
    }

    /// A token that opens XMPP.
    pub fn token(&self) -> String {
        self.service.hand_out(CHAT).expect("a token").expose().clone()
    }

    /// Lines of the journal with this text.
    pub fn seen(&self, text: &str) -> Vec<String> {
        self.service.log().into_iter().filter(|line| line.contains(text)).collect()
    }

    /// Where the first line with this text stands.
    #[track_caller]
    pub fn at(&self, text: &str) -> usize {
        let log = self.service.log();
        log.iter().position(|line| line.contains(text)).unwrap_or_else(|| panic!("no {text:?} in {log:#?}"))
    }

    /// A browser: opens the page, types the code, answers. `more` are further fields of the answer. What the page of
    /// the question said.
    pub fn visit(&self, code: &str, answer: &str, more: &[(&str, &str)]) -> String {
        let entry = self.page("GET", "/link", &[]);
        let consent = self.page("POST", "/link", &[("proof", proof_in(&entry)), ("user_code", code)]);
        let mut fields = vec![("proof", proof_in(&consent)), ("user_code", code), ("answer", answer)];
        fields.extend(more);
        self.page("POST", "/answer", &fields);
        consent
    }

    /// The person takes back what was granted, on the page for that.
    pub fn take_back(&self) {
        let grants = self.page("GET", "/grants", &[]);
        assert!(grants.contains("butty"), "{grants}");
        self.page("POST", "/take-back", &[("proof", proof_in(&grants))]);
    }

    /// One request to the page for the person; the body of a success.
    #[track_caller]
    fn page(&self, method: &str, path: &str, fields: &[(&str, &str)]) -> String {
        let host = self.service.page().strip_prefix("http://").unwrap().split('/').next().unwrap().to_owned();
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let mut stream = TcpStream::connect(&host).unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\n\r\n{form}",
            form.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        let (head, body) = reply.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{path}: {reply}");
        body.to_owned()
    }

    /// Waits until the journal holds so many lines with this text.
    #[track_caller]
    pub fn wait_seen(&self, text: &str, count: usize) {
        let until = Instant::now() + PATIENCE;
        while self.seen(text).len() < count {
            assert!(Instant::now() < until, "waited for {count} × {text:?} in {:#?}", self.service.log());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Says something in the open talk, and waits until the server has it: before that, leaving asks.
#[track_caller]
pub fn say(butty: &mut Terminal, text: &str) {
    butty.line(text);
    butty.wait_until("it is sent", |screen| screen.lines().any(|line| line.contains(text) && line.contains('✓')));
}

/// Asks for a code on the screen: where two accounts could be meant, for this one.
pub fn ask_for_code(butty: &mut Terminal, address: &str) {
    butty.send("/");
    butty.send("login\r");
    let screen = butty.wait_until("a question", |screen| {
        screen.contains("Where is your account?") || screen.contains("Keep the sign-in?")
    });
    if screen.contains("Where") {
        butty.line(address);
        butty.wait_for("Keep the sign-in?");
    }
    butty.send("f");
}

fn proof_in(html: &str) -> &str {
    html.split("name=\"proof\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a proof")
}

/// Eight letters with a dash, as they are shown on a command line.
#[track_caller]
pub fn code_in(text: &str) -> &str {
    let is_code =
        |word: &&str| word.len() == 9 && word.as_bytes()[4] == b'-' && word.matches(char::is_uppercase).count() == 8;
    text.split_whitespace().find(is_code).unwrap_or_else(|| panic!("no code in {text}"))
}

/// A sign-in that waits for a person.
pub struct Waiting {
    child: Child,
    errors: BufReader<ChildStderr>,
    /// What it has said so far.
    pub said: String,
}

impl Waiting {
    /// Waits for its end: the exit code, and all that it said.
    pub fn end(mut self) -> (Option<i32>, String) {
        self.errors.read_to_string(&mut self.said).unwrap();
        (self.child.wait().unwrap().code(), self.said)
    }
}

/// Where one butty keeps its things.
pub struct Home {
    folder: TempDir,
}

impl Home {
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn configure(&self, text: &str) {
        let folder = self.path().join("butty/config");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("config.toml"), text).unwrap();
    }

    /// One command, to its end.
    pub fn butty(&self, arguments: &[&str]) -> Output {
        butty(self.path(), arguments)
    }

    /// One command that must do its work; what it said.
    #[track_caller]
    pub fn does(&self, arguments: &[&str]) -> String {
        let done = self.butty(arguments);
        assert!(done.status.success(), "{arguments:?}: {}", words(&done));
        words(&done)
    }

    /// One command that must fail with this exit code, and say this.
    #[track_caller]
    pub fn fails(&self, arguments: &[&str], code: i32, says: &str) -> String {
        let done = self.butty(arguments);
        let said = words(&done);
        assert_eq!(done.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(said.contains(says), "{arguments:?}: {says}? {said}");
        said
    }

    /// A sign-in by code in the background.
    pub fn begin_login(&self, address: &str) -> Waiting {
        let mut command = butty_command(self.path(), &["login", address, "--device"]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("butty runs");
        let mut errors = BufReader::new(child.stderr.take().expect("piped"));
        let mut said = String::new();
        while !said.contains("Waiting") {
            assert!(errors.read_line(&mut said).unwrap() > 0, "it ended: {said}");
        }
        Waiting { child, errors, said }
    }

    /// The messenger on a screen.
    pub fn open(&self) -> Terminal {
        Terminal::start(self.path(), &[], 100, 30)
    }

    /// Every file of butty's but its config.
    pub fn files(&self) -> Vec<(PathBuf, u32)> {
        let mut files = Vec::new();
        super::command::each_file(self.path(), &mut |file, mode| files.push((file.to_owned(), mode)));
        files
    }

    /// The files that keep tokens, and their text.
    pub fn kept_tokens(&self) -> Vec<(PathBuf, String)> {
        self.kept_texts("tokens")
    }

    fn kept_texts(&self, kind: &str) -> Vec<(PathBuf, String)> {
        let texts =
            self.files().into_iter().filter_map(|(file, _)| Some((file.clone(), fs::read_to_string(file).ok()?)));
        texts.filter(|(_, text)| text.contains(&format!("\"key\":\"{kind} "))).collect()
    }

    /// The kept token, as stored.
    #[track_caller]
    pub fn kept(&self) -> serde_json::Value {
        let all = self.kept_tokens();
        assert_eq!(all.len(), 1, "one token is kept");
        let stored: serde_json::Value = serde_json::from_str(&all[0].1).unwrap();
        serde_json::from_str(stored["secret"].as_str().unwrap()).unwrap()
    }

    /// One command in the background.
    pub fn begin(&self, arguments: &[&str]) -> Child {
        let mut command = butty_command(self.path(), arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("butty runs")
    }

    /// Makes every kept token look as if its time had come.
    pub fn age(&self) {
        self.set_expiry(1);
    }

    /// Makes every kept token end at this moment, in milliseconds since 1970.
    pub fn set_expiry(&self, at: i64) {
        self.rewrite("tokens", |token| token["expires"] = at.into());
    }

    /// Makes every consent look so many days older.
    pub fn age_consents(&self, days: i64) {
        self.rewrite("sign-in", |record| {
            for moment in ["since", "until"] {
                record[moment] = record[moment].as_i64().map(|at| at - days * 24 * 3_600_000).into();
            }
        });
    }

    /// Changes every kept secret of this kind.
    fn rewrite(&self, kind: &str, change: impl Fn(&mut serde_json::Value)) {
        for (file, text) in self.kept_texts(kind) {
            let mut stored: serde_json::Value = serde_json::from_str(&text).unwrap();
            let mut secret: serde_json::Value = serde_json::from_str(stored["secret"].as_str().unwrap()).unwrap();
            change(&mut secret);
            stored["secret"] = secret.to_string().into();
            fs::write(file, stored.to_string()).unwrap();
        }
    }

    /// The level of the log that people have.
    pub fn log_as_usual(&self) {
        let file = self.path().join("butty/config/config.toml");
        let text = fs::read_to_string(&file).unwrap();
        fs::write(file, text.replace("[log]\nlevel = \"debug\"\n", "")).unwrap();
    }

    /// What butty wrote into its log.
    pub fn log(&self) -> String {
        let logs = self.files().into_iter().filter(|(file, _)| file.extension().is_some_and(|end| end == "log"));
        logs.filter_map(|(file, _)| fs::read_to_string(file).ok()).collect()
    }
}
