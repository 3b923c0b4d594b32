//! Numbers in sentences: counts with their noun, lengths of time.

use std::time::Duration;

/// A count with its noun, singular or plural: `1 message`, `3 messages`.
pub fn count(number: usize, one: &str, many: &str) -> String {
    if number == 1 { format!("{number} {one}") } else { format!("{} {many}", grouped(number)) }
}

/// A number with its thousands apart: `12,400`.
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A length of time in its two largest units: `20 s`, `1 min 20 s`, `2 h 5 min`, `3 days 4 h`.
pub fn duration(length: Duration) -> String {
    let seconds = length.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    let day_word = if days == 1 { "day" } else { "days" };
    let (first, second) = match (days, hours, minutes) {
        (0, 0, 0) => (format!("{seconds} s"), None),
        (0, 0, _) => (format!("{minutes} min"), Some(seconds % 60).map(|rest| (rest, "s"))),
        (0, _, _) => (format!("{hours} h"), Some((minutes, "min"))),
        _ => (format!("{days} {day_word}"), Some((hours, "h"))),
    };
    match second {
        Some((rest, unit)) if rest > 0 => format!("{first} {rest} {unit}"),
        _ => first,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_two_units_at_most() {
        for (seconds, text) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (80, "1 min 20 s"),
            (900, "15 min"),
            (3_600, "1 h"),
            (7_500, "2 h 5 min"),
            (86_400, "1 day"),
            (273_600, "3 days 4 h"),
        ] {
            assert_eq!(duration(Duration::from_secs(seconds)), text);
        }
        assert!(!duration(Duration::MAX).is_empty());
    }

    #[test]
    fn counts_know_one_from_many() {
        let shown: Vec<String> = [0, 1, 2, 1_234_567].map(|n| count(n, "message", "messages")).into();
        assert_eq!(shown, ["0 messages", "1 message", "2 messages", "1,234,567 messages"]);
    }
}
