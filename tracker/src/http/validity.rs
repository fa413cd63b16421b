//! End of a certificate, read from its DER form (RFC 5280 §4.1).

use rustls::pki_types::CertificateDer;

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// Time at which a certificate ends, in seconds since 1970; none if it has another form.
pub(super) fn end(certificate: &CertificateDer<'_>) -> Option<i64> {
    let (_, outer, _) = element(certificate)?;
    let (_, mut fields, _) = element(outer)?;
    if fields.first() == Some(&VERSION) {
        fields = element(fields)?.2;
    }
    // Serial number, algorithm of the signature, issuer.
    for _ in 0..3 {
        fields = element(fields)?.2;
    }
    let (SEQUENCE, validity, _) = element(fields)? else { return None };
    let (_, _, not_after) = element(validity)?;
    let (tag, text, _) = element(not_after)?;
    time(tag, std::str::from_utf8(text).ok()?)
}

/// The first element of these bytes: its tag, its content, and what follows it.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, first], rest) = bytes.split_first_chunk::<2>()?;
    let (len, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (len, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (len.iter().fold(0, |len, byte| len << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(len)?;
    Some((tag, content, rest))
}

/// A time such as `261201160000Z`, or with four digits of the year.
fn time(tag: u8, text: &str) -> Option<i64> {
    let (year_len, century) = match tag {
        UTC_TIME => (2, None),
        GENERALIZED_TIME => (4, Some(0)),
        _ => return None,
    };
    let digits = text.strip_suffix('Z').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    if digits.len() != year_len + 10 {
        return None;
    }
    let number = |from: usize, len: usize| digits[from..from + len].parse::<i64>().ok();
    let year = number(0, year_len)?;
    let year = year + century.unwrap_or(if year < 50 { 2000 } else { 1900 });
    let part = |index: usize| number(year_len + 2 * index, 2);
    let (month, day) = (part(0)?, part(1)?);
    if !(1..=12).contains(&month) {
        return None;
    }
    // Days of the Gregorian calendar, of years that begin in March, so that the leap day is the last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468;
    Some(((days * 24 + part(2)?) * 60 + part(3)?) * 60 + part(4)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_the_calendar_counts() {
        assert_eq!(time(UTC_TIME, "700101000000Z"), Some(0));
        assert_eq!(time(UTC_TIME, "261201160000Z"), Some(1_796_140_800));
        assert_eq!(time(GENERALIZED_TIME, "20000229235959Z"), Some(951_868_799));
        assert_eq!(time(GENERALIZED_TIME, "20500101000000Z"), Some(2_524_608_000));
        for (tag, text) in
            [(UTC_TIME, "2612011600Z"), (UTC_TIME, "261301160000Z"), (UTC_TIME, "26120116000äZ"), (4, "")]
        {
            assert_eq!(time(tag, text), None, "{text}");
        }
    }

    #[test]
    fn the_end_of_a_certificate_is_found_and_no_beginning_of_one_makes_it_panic() {
        let mut parameters = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
        parameters.not_after = rcgen::date_time_ymd(2031, 5, 6);
        let made = parameters.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap();
        assert_eq!(end(made.der()), Some(1_935_792_000));
        for len in 0..made.der().len() {
            let cut = CertificateDer::from(made.der()[..len].to_vec());
            assert_eq!(end(&cut), None, "the whole has another length than {len}");
        }
    }
}
