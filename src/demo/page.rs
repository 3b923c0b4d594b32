//! The page for the person: plain HTML, no script, any browser.
//!
//! It is safe against other sites: an answer needs the random proof that only the page itself holds, requests must
//! name this host (no foreign name that resolves here), and no frame may show it.

use super::oauth::Question;
use crate::xml::escape_attr;
use std::time::Duration;

const PASSWORD: &str = "<p><label>Password <input type=\"password\" name=\"password\"></label></p>";

/// Where a code is typed. `trouble` says what was wrong with the last one.
pub(super) fn entry(proof: &str, trouble: Option<&str>) -> String {
    let trouble = trouble.map(|text| format!("<p class=\"bad\">{}</p>", escape_attr(text))).unwrap_or_default();
    shell(
        "Type your code",
        &format!(
            "<p>butty shows a code of eight letters. Type it here.</p>{trouble}\
             <form method=\"post\" action=\"/link\"><input type=\"hidden\" name=\"proof\" value=\"{}\">\
             <p><label>Code <input name=\"user_code\" autofocus autocomplete=\"off\" size=\"12\" maxlength=\"16\" \
             required></label> <button>Next</button></p></form>\
             <p class=\"small\">Somebody sent you this code? Stop here. Only you should have asked for it.</p>",
            escape_attr(proof)
        ),
    )
}

/// Who asks, and what for.
pub(super) fn consent(question: &Question, you: &str, asks_password: bool) -> String {
    let wants = question.wants.join("</li><li>");
    shell(
        "May butty do this?",
        &format!(
            "<p>You are <b>{you}</b>. <b>{client}</b>{about}, a program on this computer, asks to</p>\
             <ul><li>{wants}</li></ul>\
             <p class=\"small\">All of it or nothing: single things cannot be unticked. Your code is <b>{code}</b>; \
             check that butty shows the same.</p><form method=\"post\" action=\"/answer\">\
             <input type=\"hidden\" name=\"proof\" value=\"{proof}\">\
             <input type=\"hidden\" name=\"user_code\" value=\"{code}\">\
             {password}<p><label><input type=\"checkbox\" name=\"stay\" value=\"on\" checked> Connect automatically: for a year. \
             Without it: for three hours.</label></p>\
             <p><button name=\"answer\" value=\"yes\">Yes</button> <button name=\"answer\" value=\"no\">No</button></p>\
             </form>",
            you = escape_attr(you),
            password = if asks_password { PASSWORD } else { "" },
            client = escape_attr(&question.client),
            about = question.about.as_deref().map(link).unwrap_or_default(),
            code = escape_attr(&question.user_code),
            proof = escape_attr(&question.proof),
        ),
    )
}

/// What was granted, and the button that takes it back.
pub(super) fn grants(proof: &str, granted: &[(String, Vec<&'static str>, Duration)]) -> String {
    let line = |(client, wants, left): &(String, Vec<&'static str>, Duration)| {
        let days = left.as_secs() / 86_400;
        format!("<li><b>{}</b> may {}; {days} more days</li>", escape_attr(client), wants.join(", "))
    };
    let lines: String = granted.iter().map(line).collect();
    shell(
        "What you allowed",
        &format!(
            "<ul>{lines}</ul><form method=\"post\" action=\"/take-back\">\
             <input type=\"hidden\" name=\"proof\" value=\"{}\"><p><button>Take it all back</button></p></form>",
            escape_attr(proof)
        ),
    )
}

/// The end of it.
pub(super) fn done(yes: bool) -> String {
    if yes {
        shell("Thank you", "<p>butty is signed in now. You can close this page.</p>")
    } else {
        shell("As you wish", "<p>butty was told no. Nothing was handed out. You can close this page.</p>")
    }
}

/// A request that cannot be taken.
pub(super) fn refused(why: &str) -> String {
    shell("That did not work", &format!("<p>{}</p><p><a href=\"/link\">Type a code</a></p>", escape_attr(why)))
}

fn link(address: &str) -> String {
    let address = escape_attr(address);
    format!(" (<a href=\"{address}\" rel=\"noreferrer\">{address}</a>)")
}

fn shell(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\"><title>{title} · butty demo</title><style>\
         body{{font:18px/1.5 sans-serif;max-width:34em;margin:3em auto;padding:0 1em;background:#f4f7fa;color:#123}}\
         main{{background:#fff;border:1px solid #bcd;border-radius:8px;padding:1em 2em}}\
         input,button{{font:inherit;padding:.2em .6em}}.bad{{color:#a00}}.small{{font-size:.85em;color:#456}}\
         </style></head><body><main><h1>{title}</h1>{body}</main>\
         <p class=\"small\">This is the sign-in page of the butty demo. It lives on this computer only.</p></body></html>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_names_who_asks_and_what_for_and_runs_no_script() {
        let question = Question {
            client: "butty".into(),
            about: Some("https://butty.example/\"".into()),
            user_code: "WDJB-MJHT".into(),
            proof: "ab".into(),
            wants: vec!["chat as you"],
        };
        let page = consent(&question, "Anna <b>", false);
        for part in ["butty", "chat as you", "WDJB-MJHT", "value=\"yes\"", "value=\"no\"", "Connect automatically"] {
            assert!(page.contains(part), "{part}");
        }
        assert!(
            page.contains("https://butty.example/&quot;")
                && page.contains("Anna &lt;b&gt;")
                && !page.contains("<script")
        );
    }
}
