import TokenCore

extension UnixTime {
    /// The date of an HTTP header (RFC 9110 section 5.6.7): the form that is sent today, and the two that are still to be read.
    ///
    /// A year of two digits is of this century: nothing is planned for a past one.
    init?(httpDate text: String) {
        let words = text.split(whereSeparator: { " ,-".contains($0) }).map(String.init)
        switch words.count {
        // Sun, 06 Nov 1994 08:49:37 GMT, and Sunday, 06-Nov-94 08:49:37 GMT
        case 6 where words[5] == "GMT":
            let year = words[3].utf8.count == 2 ? "20" + words[3] : words[3]
            self.init(year: year, month: words[2], day: words[1], clock: words[4])
        // Sun Nov  6 08:49:37 1994
        case 5: self.init(year: words[4], month: words[1], day: words[2], clock: words[3])
        default: return nil
        }
    }

    /// A moment as RFC 3339 writes it (section 5.6): `2026-01-31T09:30:00Z`, `2026-01-31t10:30:00.25+01:00`. Digits beyond milliseconds are dropped.
    init?(rfc3339 text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, [UInt8(ascii: "T"), UInt8(ascii: "t"), UInt8(ascii: " ")].contains(bytes[10]),
            bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            let year = Self.number(bytes[0..<4]), let month = Self.number(bytes[5..<7]), let day = Self.number(bytes[8..<10]),
            let seconds = Self.seconds(bytes[11..<19])
        else { return nil }
        let fraction = bytes[19] == UInt8(ascii: ".") ? bytes[20...].prefix { Self.number([$0]) != nil } : []
        guard bytes[19] != UInt8(ascii: ".") || !fraction.isEmpty,
            let offset = Self.offset(bytes[(19 + (fraction.isEmpty ? 0 : fraction.count + 1))...]),
            let days = Self.days(year, month, day)
        else { return nil }
        let milliseconds = Self.number((Array(fraction) + Array(repeating: UInt8(ascii: "0"), count: 3))[..<3]) ?? 0
        self.init(milliseconds: ((days * 86_400 + seconds - offset) * 1000) + milliseconds)
    }

    private init?(year: String, month: String, day: String, clock: String) {
        guard let month = Self.months.firstIndex(of: month), year.utf8.count == 4, let year = Self.number(year.utf8),
            let day = Self.number(day.utf8), let seconds = Self.seconds(Array(clock.utf8)[...]), let days = Self.days(year, Int64(month) + 1, day)
        else { return nil }
        self.init(seconds: days * 86_400 + seconds)
    }

    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// Digits only, at most nine.
    private static func number(_ digits: some Collection<UInt8>) -> Int64? {
        guard (1...9).contains(digits.count), digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        return digits.reduce(0) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
    }

    /// `09:30:00` as seconds of the day; a leap second counts as the one after it.
    private static func seconds(_ clock: ArraySlice<UInt8>) -> Int64? {
        let parts = clock.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard parts.count == 3, parts.allSatisfy({ $0.count == 2 }), let hours = number(parts[0]), let minutes = number(parts[1]),
            let seconds = number(parts[2]), hours < 24, minutes < 60, seconds <= 60
        else { return nil }
        return hours * 3600 + minutes * 60 + seconds
    }

    /// `Z` or `+01:00`, in seconds east.
    private static func offset(_ text: ArraySlice<UInt8>) -> Int64? {
        if text.count == 1, let zulu = text.first, zulu == UInt8(ascii: "Z") || zulu == UInt8(ascii: "z") { return 0 }
        guard text.count == 6, let sign = text.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"),
            let seconds = seconds(text.dropFirst() + Array(":00".utf8))
        else { return nil }
        return sign == UInt8(ascii: "-") ? -seconds : seconds
    }

    /// Days since the epoch of a date that exists. Years begin in March here, so that leap days come last.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64? {
        guard (1...12).contains(month), (1...31).contains(day) else { return nil }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let length: Int64 = month == 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
        guard day <= length else { return nil }
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
