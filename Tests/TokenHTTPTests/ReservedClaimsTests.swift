import Testing

@testable import TokenHTTP

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The table for readers and the table in the code are one.
@Suite struct ReservedClaimsTests {
    @Test func theDocumentSaysWhatTheCodeDoes() throws {
        let path = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../docs/reserved-claims.md")
        let text = try String(contentsOf: path, encoding: .utf8)
        let rows = text.split(separator: "\n").filter { $0.hasPrefix("| ") }.dropFirst().map { line in
            line.split(separator: "|").map { $0.split(separator: " ").joined(separator: " ") }
        }
        let documented = rows.map { ($0[0], $0[1].split(separator: " ").map { $0.filter { $0 != "`" } }) }
        #expect(documented.map(\.0) == ReservedClaims.bySource.map(\.source))
        #expect(documented.map(\.1) == ReservedClaims.bySource.map(\.names))
    }
}
