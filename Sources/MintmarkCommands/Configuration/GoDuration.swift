/// Durations as Go's `time.ParseDuration` writes them: `15m`, `1h30m`, `500ms`, `1.5h`.
///
/// Stricter than Go: no sign, no blanks, units descend and appear once, at most nine digits a number, microseconds are
/// the finest, and `0` is the only number without a unit.
enum GoDuration {
    private static let units: [(name: String, microseconds: Int64)] = [
        ("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000), ("ms", 1000), ("us", 1), ("µs", 1),
    ]

    /// The duration; nil if the text is not one, or is finer than a microsecond.
    static func read(_ text: String) -> Duration? {
        if text == "0" { return .zero }
        var rest = text[...]
        var total: Int64 = 0
        var coarser = Int64.max
        repeat {
            guard let part = readPart(&rest), part.unit < coarser, let value = part.microseconds else { return nil }
            let (sum, overflow) = total.addingReportingOverflow(value)
            guard !overflow else { return nil }
            total = sum
            coarser = part.unit
        } while !rest.isEmpty
        return .microseconds(total)
    }

    /// One number and its unit.
    private struct Part {
        let whole: Int64
        /// The digits after the point.
        let fraction: Substring
        /// Microseconds in one unit.
        let unit: Int64

        /// The value; nil if it is not a whole number of microseconds.
        var microseconds: Int64? {
            guard !fraction.isEmpty else { return whole * unit }
            guard let numerator = Int64(fraction) else { return nil }
            let denominator = fraction.reduce(Int64(1)) { power, _ in power * 10 }
            let (scaled, overflow) = numerator.multipliedReportingOverflow(by: unit)
            guard !overflow, scaled % denominator == 0 else { return nil }
            return whole * unit + scaled / denominator
        }
    }

    private static func readPart(_ rest: inout Substring) -> Part? {
        guard let whole = readDigits(&rest), let number = Int64(whole) else { return nil }
        var fraction: Substring = ""
        if rest.first == "." {
            rest.removeFirst()
            guard let digits = readDigits(&rest) else { return nil }
            fraction = digits
        }
        let name = rest.prefix { !$0.isASCIIDigit && $0 != "." }
        guard let unit = units.first(where: { $0.name == name }) else { return nil }
        rest = rest.dropFirst(name.count)
        return Part(whole: number, fraction: fraction, unit: unit.microseconds)
    }

    /// One to nine digits: nine digits of hours fit 64 bits in microseconds.
    private static func readDigits(_ rest: inout Substring) -> Substring? {
        let digits = rest.prefix(while: \.isASCIIDigit)
        guard (1...9).contains(digits.count) else { return nil }
        rest = rest.dropFirst(digits.count)
        return digits
    }

    /// The shortest text in whole units: `720h`, `1h30m`, `500ms`, `0`.
    static func write(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        var rest = seconds * 1_000_000 + attoseconds / 1_000_000_000_000
        var text = ""
        for unit in units.dropLast() where rest >= unit.microseconds {
            text += "\(rest / unit.microseconds)\(unit.name)"
            rest %= unit.microseconds
        }
        return text.isEmpty ? "0" : text
    }
}

extension Character {
    fileprivate var isASCIIDigit: Bool { isASCII && isNumber }
}
