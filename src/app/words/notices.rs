//! The passing lines of the status bar: what was just done, or why it was not.

use crate::oauth::Farewelled;
use crate::xmpp::Elsewhere;

/// Somebody was added.
pub fn asked_to_be_buddies(name: &str) -> String {
    format!("Asked {name} to be your buddy")
}

/// Already on the list.
pub fn already_a_buddy(name: &str) -> String {
    format!("{name} is your buddy already")
}

/// A look-up by e-mail found nobody.
pub fn nobody_uses(email: &str) -> String {
    format!("Nobody there uses {email}")
}

/// A name or a group that the service does not keep.
pub const CHANGED_HERE: &str = "Changed on this computer only";

/// Out of sight on this computer.
pub fn hidden_here(name: &str) -> String {
    format!("{name} is hidden here. Ctrl+K finds them again")
}

/// In sight again.
pub fn back_in_list(name: &str) -> String {
    format!("{name} is in your list again")
}

/// Signed out, and what the service knows of it.
pub fn signed_out(domain: &str, told: Farewelled) -> String {
    match told {
        Farewelled::Nothing => "Signed out".to_owned(),
        Farewelled::Told => format!("Signed out. {domain} has forgotten this computer"),
        Farewelled::Later => {
            format!(
                "Signed out on this computer. {domain} could not be told; butty tells it at the next start, or you can \
                 remove butty on its account page"
            )
        }
        Farewelled::Never => {
            format!("Signed out on this computer. {domain} cannot be told: remove butty on its account page")
        }
    }
}

/// The same, with what became of the other sign-ins.
pub fn signed_out_of(domain: &str, told: Farewelled, others: Option<&Elsewhere>) -> String {
    if let Some(others) = others.filter(|others| others.is_over() && told <= Farewelled::Told) {
        // All is well: that fits into one line.
        return format!("Signed out. {}", elsewhere(domain, others));
    }
    let here = signed_out(domain, told);
    others.map_or(here.clone(), |others| format!("{here}. {}", elsewhere(domain, others)))
}

/// What became of the other sign-ins.
pub fn elsewhere(domain: &str, others: &Elsewhere) -> String {
    let (ended, by_password, left) = match others {
        Elsewhere::Asked { ended, by_password, left } => (*ended, *by_password, *left),
        Elsewhere::NoWay => {
            return format!(
                "{domain} has no way to end your other sign-ins: change your password there, or remove them on its \
                 account page"
            );
        }
        Elsewhere::NotAsked(problem) => {
            let why = super::problem(problem).what;
            return format!("Your other sign-ins have not ended. {}", why.trim_end_matches('.'));
        }
    };
    let mut said = Vec::new();
    if ended > 0 || by_password + left == 0 {
        said.push(match ended {
            0 => "Nobody else was signed in".to_owned(),
            1 => "1 other sign-in has ended".to_owned(),
            _ => format!("{ended} other sign-ins have ended"),
        });
    }
    if by_password > 0 {
        let who = if by_password == 1 { "1 other knows".to_owned() } else { format!("{by_password} others know") };
        said.push(format!("{who} your password: only a new one shuts them out"));
    }
    if left > 0 {
        let who = if left == 1 { "1 other".to_owned() } else { format!("{left} others") };
        said.push(format!("{who} could not be ended: try it on the account page of {domain}"));
    }
    said.join(". ")
}

/// How the other sign-ins can still be ended, in a shell.
pub fn ask_elsewhere_again(address: &str) -> String {
    format!("To end them: butty login {address}, then butty logout {address} --everywhere")
}

/// Something needs a connection.
pub const NOT_SIGNED_IN: &str = "you are not signed in";

/// An address could not be read.
pub const NO_ADDRESS: &str = "an address looks like name@example.org";

/// The own address was given.
pub const THAT_IS_YOU: &str = "that is your own address";

/// Something needs a connection, as a sentence.
pub fn offline() -> String {
    "Not signed in now. F5 connects".to_owned()
}
