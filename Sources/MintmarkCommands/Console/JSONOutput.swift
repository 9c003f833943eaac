import FoundationEssentials

extension Surroundings {
    /// Prints a value as JSON for programs: sorted members, so that two runs can be compared.
    func printJSON(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        self.print(String(decoding: try encoder.encode(value), as: UTF8.self))
    }
}
