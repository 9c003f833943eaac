/// How far a mistyped name is from a known one.
enum EditDistance {
    /// The least number of insertions, deletions and replacements, and exchanges of neighbours, between two names.
    ///
    /// Bounded by the product of the lengths: callers give it names of at most `longest` bytes.
    static func between(_ left: some StringProtocol, _ right: some StringProtocol) -> Int {
        let a = Array(left.utf8.prefix(longest))
        let b = Array(right.utf8.prefix(longest))
        var rows = [Array(0...b.count)]
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                let replaced = rows[i][j] + (a[i] == b[j] ? 0 : 1)
                var best = min(rows[i][j + 1] + 1, row[j] + 1, replaced)
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, rows[i - 1][j - 1] + 1) }
                row.append(best)
            }
            rows.append(row)
        }
        return rows[a.count][b.count]
    }

    /// The name that was probably meant: the one with the fewest edits, if those are at most a third of what was written.
    ///
    /// - Parameters:
    ///   - known: of two that are equally near, the first is meant.
    ///   - shortened: the edits to a shorter form of a known name, where there is one.
    static func nearest(
        to written: String, among known: [String], shortened: (String) -> Int? = { _ in nil }
    ) -> String? {
        let distances = known.map { ($0, min(between(written, $0), shortened($0) ?? .max)) }
        guard let best = distances.min(by: { $0.1 < $1.1 }), best.1 * 3 <= written.utf8.count else { return nil }
        return best.0
    }

    /// The longest name worth comparing; the rest of a longer one is not looked at.
    static let longest = 64
}
