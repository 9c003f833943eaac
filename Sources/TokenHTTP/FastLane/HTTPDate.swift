import TokenCore

/// The Date field's form (RFC 9110 section 5.6.7): always 29 bytes, so that it can be written over a place kept free for it.
struct HTTPDate {
    /// How long every date is.
    static let length = 29

    /// The second that `bytes` name.
    private(set) var second: Int64
    /// Such as `Sun, 06 Nov 1994 08:49:37 GMT`.
    private(set) var bytes: [UInt8]

    init(_ time: UnixTime) {
        second = time.seconds
        bytes = Self.bytes(second: second)
    }

    /// Moves on to a later moment; costs a comparison unless the second changed.
    mutating func update(_ time: UnixTime) {
        let now = time.milliseconds / 1000
        if now == second { return }
        second = now
        bytes = Self.bytes(second: now)
    }

    private static let weekdays = Array("ThuFriSatSunMonTueWed".utf8)
    private static let months = Array("JanFebMarAprMayJunJulAugSepOctNovDec".utf8)

    /// The civil date of a day count, by Howard Hinnant's `civil_from_days` method (eras of 400 years that begin in March).
    private static func bytes(second: Int64) -> [UInt8] {
        let days = second / 86_400, rest = second % 86_400
        let shifted = days + 719_468
        let era = shifted / 146_097, dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let weekday = Int(days % 7)
        var text: [UInt8] = []
        text.reserveCapacity(length)
        text += weekdays[weekday * 3..<weekday * 3 + 3]
        text += ", ".utf8
        append(day, digits: 2, to: &text)
        text.append(UInt8(ascii: " "))
        text += months[Int(month - 1) * 3..<Int(month - 1) * 3 + 3]
        text.append(UInt8(ascii: " "))
        append(year, digits: 4, to: &text)
        for (separator, value) in [(" ", rest / 3600), (":", rest / 60 % 60), (":", rest % 60)] {
            text += separator.utf8
            append(value, digits: 2, to: &text)
        }
        text += " GMT".utf8
        return text
    }

    private static func append(_ value: Int64, digits: Int, to text: inout [UInt8]) {
        var power: Int64 = 1
        for _ in 1..<digits { power *= 10 }
        while power > 0 {
            text.append(UInt8(ascii: "0") + UInt8(value / power % 10))
            power /= 10
        }
    }
}
