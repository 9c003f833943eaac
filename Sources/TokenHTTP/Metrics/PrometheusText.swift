/// Writes metrics in Prometheus' text format 0.0.4.
///
/// A family is written at once, with its help and type before its samples, as the format asks. Names and labels are ours; label values are
/// escaped nevertheless.
struct PrometheusText {
    /// The media type of the format.
    static let mediaType = "text/plain; version=0.0.4; charset=utf-8"

    /// What has been written.
    private(set) var text = ""

    /// The kinds of families we write.
    typealias Kind = MetricFamily.Kind

    /// A label's name and its value.
    typealias Label = (name: String, value: String)

    /// Begins a family: one line of help, one of type.
    mutating func family(_ name: String, _ kind: Kind, _ help: String) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
    }

    /// One sample of the family begun last.
    mutating func sample(_ name: String, _ labels: [Label], _ value: some BinaryInteger) {
        text += "\(name)\(Self.labels(labels)) \(value)\n"
    }

    /// One sample that may have a fraction.
    mutating func sample(_ name: String, _ labels: [Label], _ value: Double) {
        if let whole = Int64(exactly: value) { return sample(name, labels, whole) }
        text += "\(name)\(Self.labels(labels)) \(value)\n"
    }

    /// The samples of one histogram: cumulative buckets in seconds, sum and count.
    mutating func histogram(_ name: String, _ labels: [Label] = [], _ histogram: Histogram) {
        var total: UInt64 = 0
        for (index, count) in histogram.counts.enumerated() {
            total += count
            let bound = index < Histogram.bounds.count ? "\(Double(Histogram.bounds[index]) / 1e9)" : "+Inf"
            sample("\(name)_bucket", labels + [("le", bound)], total)
        }
        sample("\(name)_sum", labels, Double(histogram.sum) / 1e9)
        sample("\(name)_count", labels, total)
    }

    private static func labels(_ labels: [Label]) -> String {
        if labels.isEmpty { return "" }
        return "{" + labels.map { "\($0.name)=\"\(escaped($0.value))\"" }.joined(separator: ",") + "}"
    }

    private static func escaped(_ value: String) -> String {
        var text = ""
        for character in value {
            switch character {
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            case "\n": text += "\\n"
            default: text.append(character)
            }
        }
        return text
    }
}
