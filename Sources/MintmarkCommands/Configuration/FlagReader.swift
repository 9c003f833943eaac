/// Reads `--set key=value` into a layer; of a key set twice the last one holds, as with any other flag.
enum FlagReader {
    static func read(_ assignments: [String]) -> ConfigurationLayer {
        var layer = ConfigurationLayer(name: "flags")
        for assignment in assignments {
            let parts = assignment.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            if parts.count == 1 {
                layer.problems.append(ConfigurationProblem(origin: .flag, message: "'\(name)' is not of the form key=value."))
            } else if Keys.row(name) == nil {
                layer.problems.append(ConfigurationProblem(origin: .flag, message: Keys.unknown(name)))
            } else {
                layer.entries[name] = .init(text: String(parts[1]), origin: .flag)
            }
        }
        return layer
    }
}
