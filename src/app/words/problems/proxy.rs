//! A proxy that does not lead where it should.

use super::{NETWORK, Parts, name, quoted, sentence};
use crate::app::words::counts::duration;
use crate::types::Problem;

/// The proxy itself is set wrongly.
const SETTING: &[&str] = &["network.proxy in config.toml names it", "F5 tries again", "/doctor"];
/// Its login is.
const LOGIN: &[&str] = &["network.proxy and network.proxy_password_command set it", "/doctor"];

pub(super) fn proxy(problem: &Problem) -> Parts {
    match problem {
        Problem::ProxyUnreachable { proxy } => {
            Parts::what(format!("The proxy at {proxy} does not answer.", proxy = name(proxy)))
                .why("Nothing listens there, or the name is wrong. It is set by network.proxy.")
                .next(SETTING)
        }
        Problem::ProxySilent { proxy, waited } => {
            Parts::what(format!("The proxy at {proxy} said nothing for {}.", duration(*waited), proxy = name(proxy)))
                .why("It is overloaded, waits for somebody else, or is no proxy.")
                .next(NETWORK)
        }
        Problem::ProxyLoginNeeded { proxy } => {
            Parts::what(format!("The proxy at {proxy} asks who you are.", proxy = name(proxy)))
                .why("It wants a name and a password of its own.")
                .next(LOGIN)
        }
        Problem::ProxyLoginRefused { proxy } => {
            Parts::what(format!("The proxy at {proxy} did not let you in.", proxy = name(proxy)))
                .why("Its name and password, which are not those of your account, are not right.")
                .next(LOGIN)
        }
        Problem::ProxyRefused { proxy, target, reason } => {
            Parts::what(format!("The proxy at {proxy} refused to connect.", proxy = name(proxy)))
                .why(format!("To {}, with {}.", name(target), quoted(reason)))
                .next(SETTING)
        }
        Problem::ProxyNoWay { proxy, target, reason } => {
            Parts::what(format!("The proxy cannot reach {target}.", target = name(target)))
                .why(format!("{} says {}.", name(proxy), quoted(reason)))
                .next(NETWORK)
        }
        Problem::ProxyRubbish { proxy } => {
            Parts::what(format!("What answers at {proxy} is no proxy of this kind.", proxy = name(proxy)))
                .why("It sent something else, or hung up. It is set by network.proxy.")
                .next(SETTING)
        }
        Problem::ProxyUnknown { why } => Parts::what("butty does not know which proxy to use.")
            .why(sentence(why))
            .next(&["butty does not connect around it", "network.proxy in config.toml names it", "/doctor"]),
        _ => Parts::misplaced(),
    }
}
