import FoundationEssentials

/// The whole outcome: the machine and the rows.
struct Report: Sendable, Codable {
    var machine: [String]
    var rows: [Row] = []

    /// Whether every job ran and every answer was right. Missed targets do not count: they are results.
    var isComplete: Bool { self.rows.allSatisfy { $0.failures.isEmpty } }

    /// The table as Markdown, which is also easy to read as it stands.
    var table: String {
        let header = ["job", "result", "baseline", "ratio", "target", "met"]
        let lines = self.rows.map(Self.cells)
        let widths = header.indices.map { column in
            ([header] + lines).map { $0[column].count }.max() ?? 0
        }
        let rule = widths.map { String(repeating: "-", count: $0) }
        var text = ([header, rule] + lines).map { cells in
            "| " + zip(cells, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: " | ") + " |"
        }
        // Rows that come from the same runs share their failures; each is told once.
        var told: Set<String> = []
        for row in self.rows {
            text += row.failures.filter { told.insert($0).inserted }.map { "\(row.job): FAILED: \($0)" }
        }
        return (self.machine + [""] + text).joined(separator: "\n")
    }

    private static func cells(_ row: Row) -> [String] {
        let met =
            switch (row.failures.isEmpty, row.met) {
            case (false, _): "FAILED"
            case (true, true?): "yes"
            case (true, false?): "no"
            case (true, nil): ""
            }
        let result = row.result.split(whereSeparator: \.isNewline).joined(separator: " ")
        return [row.job, result, row.baseline, row.ratio.map { Text.number($0) } ?? "", row.target, met]
    }

    /// Writes the report as JSON.
    func write(to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try encoder.encode(self).write(to: URL(filePath: path))
    }
}
