extension Keys {
    /// The row of a key, if there is one.
    static func row(_ name: String) -> (any DescribedKey)? { byName[name] }

    static func isSecret(_ name: String) -> Bool { byName[name]?.isSecret ?? false }

    /// True for `server` and `server.tls`: a mapping in a file may be called so.
    static func isSection(_ name: String) -> Bool { sections.contains(name) }

    /// The sentence for a key that does not exist: what was probably meant.
    static func unknown(_ name: String) -> String {
        let shown = name.count > EditDistance.longest ? name.prefix(EditDistance.longest) + "…" : name[...]
        if name == "cache" || name.hasPrefix("cache.") {
            return
                "There is no key '\(shown)': sessions are in the embedded store; `store.url` will replace it in a later version."
        }
        return "There is no key '\(shown)'; the nearest is '\(nearest(to: name))'."
    }

    /// The known key that takes the fewest edits, also when only its last word was written.
    static func nearest(to name: String) -> String {
        func distance(_ known: String) -> Int {
            let word = known.split(separator: ".").last ?? ""
            return min(EditDistance.between(name, known), EditDistance.between(name, word) + 1)
        }
        return all.map(\.name).min { distance($0) < distance($1) } ?? ""
    }

    private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

    private static let sections = Set(
        all.flatMap { key in
            let words = key.name.split(separator: ".")
            return (1..<words.count).map { words[..<$0].joined(separator: ".") }
        })
}
