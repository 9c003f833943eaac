import Foundation
import Testing
import TokenSealing

/// Replays every input that the fuzz target of the refresh-token decoder ever failed on, and a few that look as if one could.
@Suite("Refresh tokens that failed once")
struct FailCasesTests {
    private static func files() throws -> [URL] {
        let folder = try #require(Bundle.module.resourceURL).appending(path: "FailCases")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        try #require(!files.isEmpty)
        return files
    }

    @Test(arguments: try files())
    func textIsRefusedOrIsTheOnlyOneOfItsToken(_ file: URL) throws {
        let bytes = [UInt8](try Data(contentsOf: file))
        let token: RefreshToken
        do { token = try RefreshToken.decode(bytes) } catch {
            #expect(throws: error) { try RefreshToken.decode(bytes) }
            return
        }
        #expect(token.text == bytes)
    }
}
