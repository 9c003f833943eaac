/// One line of `allow`: who may have an upstream's tokens, and with which scope.
struct UpstreamAllowance: Sendable, Hashable {
    /// Who.
    enum Caller: Sendable, Hashable {
        /// A client, by its name or its id.
        case client(String)
        /// A process of this machine, by the rule of `login.require`.
        case loopback
        /// A process of that user, by what the system says of a Unix socket's other end.
        case user(UInt32)
    }

    var caller: Caller
    /// The narrower scope to ask for; nil: the upstream's own.
    var scope: String?
}

extension ValueKind where Value == [String] {
    /// Texts with commas between them.
    static var texts: Self {
        Self(allowed: "list of texts") { text throws(InvalidValue) in
            var items: [String] = []
            for item in text.split(separator: ",") { items.append(try ValueKind<String>.text("text").parse(ListText.trimmed(item))) }
            return items
        }
    }

    /// A program and its arguments; `\,` is a comma in one, `\\` a backslash.
    static var arguments: Self {
        Self(allowed: "list of arguments") { text throws(InvalidValue) in
            let items = ListText.unescaped(text)
            guard let program = items.first, !program.isEmpty else { throw InvalidValue("names no program") }
            guard !items.contains(where: { $0.utf8.contains(0) }) else { throw InvalidValue("contains a zero byte") }
            return items
        }
    }
}

extension ValueKind where Value == [UpstreamAllowance] {
    /// `billing, loopback, uid:1000, reporting[read]`: at most 256, each of which is compared with every caller.
    static var allowRules: Self {
        Self(allowed: "list of callers") { text throws(InvalidValue) in
            var rules: [UpstreamAllowance] = []
            for item in text.split(separator: ",") { rules.append(try rule(ListText.trimmed(item))) }
            guard rules.count <= 256 else { throw InvalidValue("has more than 256 callers") }
            guard Set(rules.map(\.caller)).count == rules.count else { throw InvalidValue("names a caller twice") }
            return rules
        }
    }

    private static func rule(_ text: String) throws(InvalidValue) -> UpstreamAllowance {
        var name = text[...]
        var scope: String?
        if let bracket = text.firstIndex(of: "[") {
            guard text.last == "]" else { throw InvalidValue("has a caller, '\(text)', whose scope has no end: write billing[read]") }
            let inner = text[text.index(after: bracket)...].dropLast()
            guard !inner.isEmpty, !inner.contains(where: { "[]\"\\".contains($0) }) else {
                throw InvalidValue("has a caller, '\(text)', whose scope is empty or has a bracket or a quote in it")
            }
            (name, scope) = (text[..<bracket], String(inner))
        }
        return UpstreamAllowance(caller: try caller(String(name)), scope: scope)
    }

    private static func caller(_ name: String) throws(InvalidValue) -> UpstreamAllowance.Caller {
        guard !name.isEmpty else { throw InvalidValue("has a caller without a name") }
        if name == "loopback" { return .loopback }
        guard name.hasPrefix("uid:") else { return .client(name) }
        guard let user = UInt32(name.dropFirst(4)), "\(user)" == name.dropFirst(4) else {
            throw InvalidValue("has a caller, '\(name)', that is not uid: and a number")
        }
        return .user(user)
    }
}

/// Lists as one text, where an item may have a comma in it.
enum ListText {
    /// The items of an escaped text.
    static func unescaped(_ text: String) -> [String] {
        var items = [""]
        var isEscaped = false
        for character in text {
            if isEscaped {
                items[items.count - 1].append(character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else if character == "," {
                items.append("")
            } else {
                items[items.count - 1].append(character)
            }
        }
        return items
    }

    /// One item, so that `unescaped` brings it back.
    static func escaped(_ item: String) -> String { item.replacing("\\", with: "\\\\").replacing(",", with: "\\,") }

    /// Without blanks around it.
    static func trimmed(_ text: Substring) -> String {
        var result = text.drop { $0 == " " }
        while result.last == " " { result.removeLast() }
        return String(result)
    }
}
