import Yams

/// Reads a YAML file into a layer: mappings nest into dotted keys, sequences are lists, everything else is text.
enum FileReader {
    /// The largest file that is read. The longest sensible one has some forty lines.
    static let largest = 256 * 1024

    /// - Parameters:
    ///   - yaml: the text of the file; empty or all comments says nothing.
    ///   - path: for error messages and origins.
    static func read(yaml: String, path: String) -> ConfigurationLayer {
        var flattening = Flattening(path: path)
        do {
            if let root = try Yams.compose(yaml: yaml) { flattening.visit(root, at: "") }
        } catch {
            flattening.reportUnreadable(error, in: yaml)
        }
        return flattening.layer
    }

    /// A walk over the document. It goes only into known sections, so neither depth nor aliases can make it long.
    private struct Flattening {
        let path: String
        var layer = ConfigurationLayer(name: "file")

        mutating func report(line: Int, _ message: String) {
            layer.problems.append(ConfigurationProblem(origin: .file(path: path, line: line), message: message))
        }

        /// A text that is no YAML, at the line where the reader gave up.
        mutating func reportUnreadable(_ error: any Error, in yaml: String) {
            switch error as? YamlError {
            case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _), .composer(_, let problem, let mark, _):
                report(line: mark.line, "This is not YAML that can be read: \(problem).")
            case .duplicatedKeysInMapping(let names, let context):
                report(line: context.mark.line, "A duplicate key: \(names.sorted().map { "'\($0)'" }.joined(separator: ", ")) stands twice.")
            case .reader(let problem, let offset?, _, _):
                let line = yaml.prefix(offset).count(where: \.isNewline) + 1
                report(line: line, "This is not YAML that can be read: \(problem).")
            default:
                report(line: 1, "This is not YAML that can be read: \(error)")
            }
        }

        /// - Parameter name: the dotted key of the node; empty for the document.
        mutating func visit(_ node: Node, at name: String) {
            let line = node.mark?.line ?? 1
            if Keys.row(name) != nil {
                record(node, for: name, line: line)
            } else if name.isEmpty || Keys.isSection(name) {
                visitSection(node, at: name, line: line)
            } else {
                report(line: line, Keys.unknown(name))
            }
        }

        private mutating func visitSection(_ node: Node, at name: String, line: Int) {
            if node.isNull { return }  // `server:` above lines that are all comments
            guard let mapping = node.mapping else {
                return report(
                    line: line,
                    name.isEmpty
                        ? "The file is not a mapping of keys."
                        : "'\(name)' is a section: write its keys below it, indented.")
            }
            for (key, value) in mapping {
                guard let word = key.string else {
                    report(line: key.mark?.line ?? line, "A key is a word, not a list or a mapping.")
                    continue
                }
                visit(value, at: name.isEmpty ? word : "\(name).\(word)")
            }
        }

        private mutating func record(_ node: Node, for name: String, line: Int) {
            guard layer.entries[name] == nil else { return report(line: line, "'\(name)' is set twice.") }
            guard let text = UpstreamText.text(of: node, for: name) ?? text(of: node) else {
                return report(line: line, "'\(name)' needs a value: one text, or a list of texts.")
            }
            layer.entries[name] = .init(text: text, origin: .file(path: path, line: line))
        }

        private func text(of node: Node) -> String? {
            if node.isNull { return nil }
            if let scalar = node.scalar { return scalar.string }
            guard let sequence = node.sequence else { return nil }
            let items = sequence.compactMap { $0.isNull ? nil : $0.scalar?.string }
            return items.count == sequence.count ? items.joined(separator: ",") : nil
        }
    }
}

/// The lists of an upstream whose items are not plain texts.
private enum UpstreamText {
    /// The text of a list of arguments, or of callers; nil for any other key, and for what cannot be read.
    static func text(of node: Node, for name: String) -> String? {
        guard name.hasPrefix(UpstreamKeys.section + "."), let items = node.sequence else { return nil }
        let texts: [String?]
        switch name.split(separator: ".").last {
        case "command": texts = items.map { $0.scalar.map { ListText.escaped($0.string) } }
        case "allow": texts = items.map { $0.scalar?.string ?? caller($0) }
        default: return nil
        }
        let known = texts.compactMap(\.self)
        return known.count == texts.count ? known.joined(separator: ",") : nil
    }

    /// `{client: billing, scope: read}` as `billing[read]`.
    private static func caller(_ node: Node) -> String? {
        guard let mapping = node.mapping, let name = mapping["client"]?.string, !name.contains(where: { ",[]".contains($0) }) else { return nil }
        let scope = mapping["scope"]?.string
        guard mapping.count == (scope == nil ? 1 : 2), scope?.contains(where: { ",[]".contains($0) }) != true else { return nil }
        return scope.map { "\(name)[\($0)]" } ?? name
    }
}

extension Node {
    /// True for a value that was left out or written as `null` (YAML 1.2 section 10.3.2).
    fileprivate var isNull: Bool {
        guard let scalar, scalar.style == .plain || scalar.style == .any else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }
}
