extension Keys {
    /// The row of a key, if there is one.
    static func row(_ name: String) -> (any DescribedKey)? { byName[name] ?? UpstreamKeys.row(name) }

    static func isSecret(_ name: String) -> Bool { row(name)?.isSecret ?? false }

    /// True for `server` and `server.tls`: a mapping in a file may be called so.
    static func isSection(_ name: String) -> Bool { sections.contains(name) || UpstreamKeys.isSection(name) }

    /// The sentence for a key that does not exist: what was probably meant.
    static func unknown(_ name: String) -> String {
        let shown = name.count > EditDistance.longest ? name.prefix(EditDistance.longest) + "…" : name[...]
        if isNameOfAStore(name) { return "There is no key '\(shown)': the place of sessions on Valkey or Redis is `store.url`." }
        if let sentence = UpstreamKeys.unknown(name) { return sentence }
        guard let nearest = nearest(to: name) else { return "There is no key '\(shown)': `mintmark config show` lists them all." }
        return "There is no key '\(shown)'; the nearest is '\(nearest)'."
    }

    /// True for what other servers call the place of their sessions.
    static func isNameOfAStore(_ name: String) -> Bool { ["cache", "redis", "valkey"].contains(name.split(separator: ".").first ?? "") }

    /// The known key that takes the fewest edits, also when only its last word was written; nil if none is near.
    static func nearest(to name: String) -> String? {
        EditDistance.nearest(to: name, among: all.map(\.name)) { known in
            known.split(separator: ".").last.map { EditDistance.between(name, $0) + 1 }
        }
    }

    private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

    private static let sections = Set(
        all.flatMap { key in
            let words = key.name.split(separator: ".")
            return (1..<words.count).map { words[..<$0].joined(separator: ".") }
        })
}
