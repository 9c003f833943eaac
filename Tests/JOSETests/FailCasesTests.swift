import Foundation
import JOSE
import Testing

/// Replays every input that a fuzz target ever failed on, and a few that look as if one could.
@Suite("Inputs that failed once")
struct FailCasesTests {
    private static func files(_ kind: String) throws -> [URL] {
        let folder = try #require(Bundle.module.resourceURL).appending(path: "FailCases/\(kind)")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        try #require(!files.isEmpty)
        return files
    }

    @Test(arguments: try files("json"))
    func jsonIsRefusedOrReadBackAsItWasWritten(_ file: URL) throws {
        let bytes = [UInt8](try Data(contentsOf: file))
        let value: JSONValue
        do { value = try JSONValue(parsing: bytes) } catch {
            #expect(throws: error) { try JSONValue(parsing: bytes) }
            return
        }
        #expect(try JSONValue(parsing: value.serialized) == value)
    }

    @Test(arguments: try files("jws"))
    func tokenIsRefusedOrHasOneSpelling(_ file: URL) throws {
        let bytes = [UInt8](try Data(contentsOf: file))
        let token: JWS
        do { token = try JWS(parsing: bytes) } catch {
            #expect(throws: error) { try JWS(parsing: bytes) }
            return
        }
        #expect(Array(token.signingInput) + utf8(".") + Base64URL.encode(token.signature) == bytes)
    }

    @Test(arguments: try files("jws"))
    func keySetIsRefusedOrReadBackAsItWasWritten(_ file: URL) throws {
        let bytes = [UInt8](try Data(contentsOf: file))
        let set: JWKSet
        do { set = try JWKSet(parsing: bytes) } catch {
            #expect(throws: error) { try JWKSet(parsing: bytes) }
            return
        }
        #expect(try JWKSet(parsing: set.serialized).keys == set.keys)
    }
}
