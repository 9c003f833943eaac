/// Numbers as people read them.
enum Text {
    /// Three or four significant digits: `52,310`, `14.3`, `0.912`.
    static func number(_ value: Double) -> String {
        switch abs(value) {
        case 1000...: self.grouped(Int(value.rounded()))
        case 100...: String(Int(value.rounded()))
        case 10...: self.trimmed(value, decimals: 1)
        case 1...: self.trimmed(value, decimals: 2)
        default: self.trimmed(value, decimals: 3)
        }
    }

    /// A duration in the unit that suits it.
    static func time(nanoseconds: Double) -> String {
        switch nanoseconds {
        case 1e9...: "\(self.number(nanoseconds / 1e9)) s"
        case 1e6...: "\(self.number(nanoseconds / 1e6)) ms"
        default: "\(self.number(nanoseconds / 1e3)) µs"
        }
    }

    /// A median with its spread: `410 µs (402 µs..460 µs)`.
    static func times(_ spread: Spread) -> String {
        "\(self.time(nanoseconds: spread.median)) (\(self.time(nanoseconds: spread.lowest))..\(self.time(nanoseconds: spread.highest)))"
    }

    static func mebibytes(_ bytes: Double) -> String { "\(self.number(bytes / 1_048_576)) MiB" }

    /// Rate with its spread, latencies, processor time and memory of a contestant, medians of its turns.
    static func series(_ series: Series) -> String {
        let rate = series.spread(\.perSecond)
        var parts = ["\(self.number(rate.median))/s (\(self.number(rate.lowest))..\(self.number(rate.highest)))"]
        parts.append("p50 \(self.time(nanoseconds: series.median(\.p50)))")
        parts.append("p99 \(self.time(nanoseconds: series.median(\.p99)))")
        if let cpu = series.median(\.cpu) { parts.append("\(self.number(cpu)) µs CPU") }
        if let resident = series.median(\.resident) { parts.append(self.mebibytes(resident)) }
        return parts.joined(separator: ", ")
    }

    private static func trimmed(_ value: Double, decimals: Int) -> String {
        let scale = (0..<decimals).reduce(1.0) { product, _ in product * 10 }
        let scaled = Int((abs(value) * scale).rounded())
        let (whole, part) = scaled.quotientAndRemainder(dividingBy: Int(scale))
        var digits = String(part)
        digits = String(repeating: "0", count: decimals - digits.count) + digits
        while digits.hasSuffix("0") { digits.removeLast() }
        return (value < 0 && scaled > 0 ? "-" : "") + String(whole) + (digits.isEmpty ? "" : "." + digits)
    }

    private static func grouped(_ value: Int) -> String {
        var digits = String(abs(value))
        var groups: [String] = []
        while digits.count > 3 {
            groups.insert(String(digits.suffix(3)), at: 0)
            digits.removeLast(3)
        }
        return (value < 0 ? "-" : "") + ([digits] + groups).joined(separator: ",")
    }
}
