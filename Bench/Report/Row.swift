/// One line of the table.
struct Row: Sendable, Codable {
    /// What was done.
    var job: String
    /// What came out.
    var result: String
    /// What it is compared with, measured in the same run; empty if nothing.
    var baseline = ""
    /// Result divided by baseline, in the unit of the target.
    var ratio: Double?
    /// What the project asks for; empty if the row is only a report.
    var target = ""
    /// Whether the target is met; nil without one.
    var met: Bool?
    /// Why the row must not be believed: wrong answers, or the reason why the job could not run.
    var failures: [String] = []
}

/// What a number has to be.
enum Target: Sendable {
    case atLeast(Double)
    case atMost(Double)

    func isMet(by value: Double) -> Bool {
        switch self {
        case .atLeast(let bound): value >= bound
        case .atMost(let bound): value <= bound
        }
    }
}

extension Row {
    /// A row whose target is a ratio: so many times the baseline.
    static func ratio(
        _ job: String, _ result: String, _ value: Double, to baseline: Double, _ baselineText: String, _ target: Target
    ) -> Row {
        let ratio = baseline > 0 ? value / baseline : 0
        return Row(
            job: job, result: result, baseline: baselineText, ratio: ratio, target: target.text(unit: "×"),
            met: target.isMet(by: ratio))
    }

    /// A row whose target is a number with a unit. Without a value (the system did not tell it) the target is not met.
    static func bound(_ job: String, _ value: Double?, unit: String, _ target: Target) -> Row {
        Row(
            job: job, result: value.map { "\(Text.number($0)) \(unit)" } ?? "n/a", target: target.text(unit: " " + unit),
            met: value.map(target.isMet) ?? false)
    }

    /// A job that could not run.
    static func failed(_ job: String, _ why: any Error) -> Row {
        Row(job: job, result: "could not run", failures: ["\(why)"])
    }

    func with(failures: [String: Int]) -> Row {
        var row = self
        row.failures += failures.sorted { $0.key < $1.key }.map { "\($0.value) × \($0.key)" }
        return row
    }
}

extension Target {
    fileprivate func text(unit: String) -> String {
        switch self {
        case .atLeast(let bound): "≥ \(Text.number(bound))\(unit)"
        case .atMost(let bound): "≤ \(Text.number(bound))\(unit)"
        }
    }
}
