import FoundationEssentials
import Testing

@testable import MintmarkCommands

@Suite("docs/configuration.md")
struct ConfigurationDocumentTests {
    /// The table as the page must have it; a failing test prints it for pasting.
    private var table: String {
        let rows = Keys.all.map { key in
            let fallback = key.documentedDefault
            return
                "| `\(key.name)` | \(key.allowed) | \(fallback.isEmpty ? "(empty)" : "`\(fallback)`") | \(key.meaning) |"
        }
        return (["| key | value | default | meaning |", "|---|---|---|---|"] + rows).joined(separator: "\n")
    }

    @Test func pageHasTheTableOfKeysWordForWord() throws {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        let page = try #require(FileManager.default.contents(atPath: root + "/docs/configuration.md"))
        #expect(String(decoding: page, as: UTF8.self).contains("\n\(table)\n"), "The table is now:\n\(table)")
    }

    @Test func variablesOfTwoKeysNeverCollide() {
        #expect(Set(Keys.all.map(\.environmentName)).count == Keys.all.count)
        #expect(Keys.serverPort.environmentName == "MINTMARK_SERVER_PORT")
        #expect(Keys.certificate.environmentName == "MINTMARK_SERVER_TLS_CERTIFICATE")
    }

    @Test func everyMeaningIsASentence() {
        for key in Keys.all {
            #expect(key.meaning.hasSuffix(".") && key.meaning.first?.isLowercase == false, "\(key.name)")
        }
    }
}
