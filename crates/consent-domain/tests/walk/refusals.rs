//! Which commands the rules may refuse; whatever else is said, they have to take.

use crate::facts::{PURPOSES, Purpose, Said, Second, Type, names};
use crate::holdings::Tape;

/// What the rules may refuse, and why: consent that would be over before it begins, or would end what is granted without saying so;
/// withdrawing what was never granted; whoever and whatever is not known.
pub fn refusable(tape: &Tape, said: &Said) -> Option<&'static str> {
    let then = tape.then();
    match said {
        Said::Granted { expires: Some(end), .. } if *end <= then.now => Some("expired"),
        Said::Granted { of, purposes, expires } => {
            let shorter = |held: Option<Second>| expires.is_some_and(|end| held.is_none_or(|held| end < held));
            let ends = |asked: Purpose| match of {
                Type::Identifiable => names(*purposes, asked) && shorter(then.granted_until(asked)),
                Type::Own | Type::Aggregated => true,
            };
            PURPOSES.into_iter().any(|asked| then.granted(asked) && ends(asked)).then_some("would withdraw")
        }
        Said::Revoked => (!then.given()).then_some("not granted"),
        Said::GroupOut { group, .. } | Said::GroupIn { group, .. } => (!then.knows_group(*group)).then_some("no group"),
        Said::UserOut { user, .. } | Said::UserIn { user, .. } | Said::Erased { user } => then.entry(*user).is_none().then_some("no user"),
        _ => None,
    }
}
