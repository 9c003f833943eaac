/// The table of ARCHITECTURE.md that says which target may import what.
struct Arrows {
    /// What one target may import.
    struct Row {
        let ours: Set<String>
        let others: Set<String>
        /// "all" in the column of ours.
        let mayImportAllOfOurs: Bool
    }

    let rows: [String: Row]

    /// Modules of the toolchain: anybody's, except where `pure` says otherwise.
    static let toolchain: Set<String> = ["Synchronization", "FoundationEssentials", "Glibc", "Musl", "Darwin", "Dispatch", "Testing"]
    /// Targets that do without the operating system, which leaves `Synchronization`.
    static let pure: Set<String> = ["TokenCore", "TokenSealing", "JOSE"]

    /// - Parameter page: a text with a table whose header is `| target | may import (ours) | may import (others) |`.
    init(page: String) {
        let lines = page.split(separator: "\n", omittingEmptySubsequences: false)
        let table = lines.drop { $0 != "| target | may import (ours) | may import (others) |" }.dropFirst(2).prefix { $0.hasPrefix("|") }
        rows = Dictionary(
            uniqueKeysWithValues: table.map { line in
                let cells = line.split(separator: "|").map { $0.split(whereSeparator: { " ,`".contains($0) }).map(String.init) }
                let row = Row(ours: Set(cells[1]), others: Set(cells[2]), mayImportAllOfOurs: cells[1] == ["all"])
                return (cells[0].joined(), row)
            })
    }

    /// True if the target may import the module.
    func allow(_ module: String, in target: String, ours: Set<String>) -> Bool {
        guard let row = rows[target] else { return false }
        if ours.contains(module) { return row.mayImportAllOfOurs || row.ours.contains(module) }
        if row.others.contains(where: { $0.hasSuffix("*") ? module.hasPrefix($0.dropLast()) : module == $0 }) { return true }
        return Self.pure.contains(target) ? module == "Synchronization" && target != "TokenCore" : Self.toolchain.contains(module)
    }
}
