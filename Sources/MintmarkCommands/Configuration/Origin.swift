/// Where a value came from.
enum Origin: Sendable, Hashable {
    /// Nobody said anything.
    case `default`
    /// A line of the configuration file.
    case file(path: String, line: Int)
    /// The configuration file as a whole.
    case wholeFile(path: String)
    /// An environment variable.
    case environment(name: String)
    /// `--set` on the command line.
    case flag
}

extension Origin: CustomStringConvertible {
    /// As `config show` and error messages print it.
    var description: String {
        switch self {
        case .default: "default"
        case .file(let path, let line): "\(path):\(line)"
        case .wholeFile(let path): path
        case .environment(let name): "environment \(name)"
        case .flag: "--set"
        }
    }
}

/// One thing that is wrong with the configuration, said so that it can be put right.
struct ConfigurationProblem: Sendable, Equatable, CustomStringConvertible {
    /// Where it was said.
    let origin: Origin
    /// A sentence that names the key and the fix.
    let message: String

    /// The line that is printed.
    var description: String { "\(origin): \(message)" }
}

/// The configuration cannot be read; every problem that was found, not only the first.
struct ConfigurationError: Error, Equatable, CustomStringConvertible {
    /// In the order of their sources; never empty.
    let problems: [ConfigurationProblem]

    /// One line a problem.
    var description: String { problems.map(\.description).joined(separator: "\n") }
}
