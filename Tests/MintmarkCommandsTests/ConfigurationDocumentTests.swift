import FoundationEssentials
import Testing

@testable import MintmarkCommands

@Suite("docs/configuration.md")
struct ConfigurationDocumentTests {
    /// The table as the page must have it; a failing test prints it for pasting.
    private func table(of keys: [any DescribedKey]) -> String {
        let rows = keys.map { key in
            let fallback = key.documentedDefault
            return
                "| `\(key.name)` | \(key.allowed) | \(fallback.isEmpty ? "(empty)" : "`\(fallback)`") | \(key.meaning) |"
        }
        return (["| key | value | default | meaning |", "|---|---|---|---|"] + rows).joined(separator: "\n")
    }

    @Test func pageHasTheTablesOfKeysWordForWord() throws {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        let page = try #require(FileManager.default.contents(atPath: root + "/docs/configuration.md"))
        for keys in [Keys.all, UpstreamKeys.all] {
            let table = table(of: keys)
            #expect(String(decoding: page, as: UTF8.self).contains("\n\(table)\n"), "The table is now:\n\(table)")
        }
    }

    @Test func variablesOfTwoKeysNeverCollide() {
        #expect(Set(Keys.all.map(\.environmentName)).count == Keys.all.count)
        #expect(Keys.serverPort.environmentName == "MINTMARK_SERVER_PORT")
        #expect(Keys.certificate.environmentName == "MINTMARK_SERVER_TLS_CERTIFICATE")
    }

    @Test func everyMeaningIsASentence() {
        for key in Keys.all + UpstreamKeys.all {
            #expect(key.meaning.hasSuffix(".") && key.meaning.first?.isLowercase == false, "\(key.name)")
        }
    }
}
