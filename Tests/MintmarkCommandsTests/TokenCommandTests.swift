import FoundationEssentials
import JOSE
import LoopbackServer
import Testing

@testable import MintmarkCommands

@Suite("mintmark token inspect and verify")
struct TokenCommandTests {
    /// A key, its set in a file, and tokens that it signs.
    private struct Mint {
        let folder: TemporaryFolder
        let key: SigningKey

        init(_ algorithm: Algorithm = .es256) throws {
            key = try SigningKey.generate(algorithm)
            folder = try TemporaryFolder()
            try folder.write(set, to: "keys.json")
        }

        var set: String { (try? JWKSet([key.publicJWK])).map { String(decoding: $0.serialized, as: UTF8.self) } ?? "" }

        func token(_ payload: String, type: String = "JWT") throws -> String {
            String(decoding: try key.signJWS(type: type, payload: Array(payload.utf8)), as: UTF8.self)
        }

        func verify(_ token: String, _ options: String..., input: [String] = []) async -> Ran {
            await MintmarkCommandsTests.run(
                ["token", "verify", token, "--jwks", "keys.json"] + options, workingDirectory: folder.path, input: input)
        }
    }

    private let claims = #"{"iss":"https://a","aud":["b","c"],"sub":"1","exp":2000,"nbf":1000,"iat":1000}"#

    @Test func acceptedTokenEndsWithZeroAndNamesEveryRule() async throws {
        let mint = try Mint()
        defer { mint.folder.remove() }
        let ran = await mint.verify(try mint.token(claims), "--issuer", "https://a", "--audience", "b", "--type", "JWT", "--at", "1500")
        #expect(ran.status == 0, "\(ran)")
        for rule in ["form", "key", "signature", "claims", "typ", "iss", "sub", "aud", "exp", "nbf", "iat"] {
            #expect(ran.output.split(separator: "\n").contains { $0.hasPrefix(rule + " ") && $0.contains("holds") }, "\(rule)")
        }
        #expect(ran.output.hasSuffix("The token is accepted.\n"))
    }

    @Test(arguments: [
        (["--issuer", "https://A"], "iss", "not the one asked for"), (["--audience", "d"], "aud", "not meant for"),
        (["--type", "at+jwt"], "typ", "not the one"),
        (["--at", "2000"], "exp", "0 s ago"), (["--at", "2061"], "exp", "61 s ago"), (["--at", "999"], "nbf", "in 1 s"),
        (["--at", "1970-01-01T00:33:20Z"], "exp", "1970-01-01T00:33:20Z"),
    ])
    func refusedTokenEndsWithOneAndSaysWhy(options: [String], rule: String, reason: String) async throws {
        let mint = try Mint()
        defer { mint.folder.remove() }
        let at = options.contains("--at") ? [] : ["--at", "1500"]
        let ran = await run(
            ["token", "verify", try mint.token(claims), "--jwks", "keys.json"] + options + at, workingDirectory: mint.folder.path)
        #expect(ran.status == 1, "\(ran)")
        let line = try #require(ran.output.split(separator: "\n").first { $0.contains(" refused ") })
        #expect(line.hasPrefix(rule + " ") && line.contains(reason), "\(line)")
        #expect(ran.output.hasSuffix("The token is refused.\n"))
    }

    @Test func leewayStretchesTheEndsAndIsBounded() async throws {
        let mint = try Mint()
        defer { mint.folder.remove() }
        let token = try mint.token(claims)
        #expect(await mint.verify(token, "--at", "2009", "--leeway", "10").status == 0)
        #expect(await mint.verify(token, "--at", "2010", "--leeway", "10").status == 1)
        #expect(await mint.verify(token, "--leeway", "61").status == 64)
        #expect(await mint.verify(token, "--at", "yesterday").status == 64)
    }

    @Test func changedTokenIsRefusedForItsSignatureAndNothingElseIsAsked() async throws {
        let mint = try Mint()
        defer { mint.folder.remove() }
        let parts = try mint.token(claims).split(separator: ".")
        let other = try mint.token(claims.replacing("\"1\"", with: "\"2\"")).split(separator: ".")
        let ran = await mint.verify("\(parts[0]).\(other[1]).\(parts[2])", "--json")
        #expect(ran.status == 1)
        #expect(ran.output.contains("another key signed, or something was changed") && !ran.output.contains("\"exp\""))
        #expect(ran.output.contains("\"accepted\" : false"))
    }

    @Test func foreignKeyIsNamedWithThoseOfTheSet() async throws {
        let (mint, other) = (try Mint(), try Mint())
        defer { mint.folder.remove(); other.folder.remove() }
        let ran = await mint.verify(try other.token(claims))
        #expect(ran.status == 1)
        #expect(ran.output.contains("kid '\(other.key.keyID)'") && ran.output.contains("it has '\(mint.key.keyID)'"))
    }

    @Test("canon 41: the key decides the algorithm")
    func algorithmOfTheHeaderIsNotBelieved() async throws {
        let mint = try Mint()
        defer { mint.folder.remove() }
        let header = Data(#"{"alg":"RS256","kid":"\#(mint.key.keyID)"}"#.utf8).base64EncodedString()
            .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
        let parts = try mint.token(claims).split(separator: ".")
        let ran = await mint.verify("\(header).\(parts[1]).\(parts[2])")
        #expect(ran.status == 1 && ran.output.contains("The key is for ES256, and the key decides"))
    }

    @Test(arguments: [Algorithm.es256, .es384, .edDSA, .ps256, .mlDSA65])
    func signatureOnlyTakesAnyPayload(algorithm: Algorithm) async throws {
        let mint = try Mint(algorithm)
        defer { mint.folder.remove() }
        let token = try mint.token("It's no JSON")
        let ran = await mint.verify(token, "--signature-only")
        #expect(ran.status == 0, "\(ran)")
        #expect(!ran.output.contains("claims") && !ran.output.contains("accepted"))
        #expect(ran.output.hasSuffix("The signature is good. Nothing else was asked.\n"))
        for option in [["--issuer", "https://a"], ["--audience", "b"], ["--type", "JWT"], ["--at", "1500"], ["--leeway", "0"]] {
            let both = await run(
                ["token", "verify", token, "--jwks", "keys.json", "--signature-only"] + option, workingDirectory: mint.folder.path)
            #expect(both.status == 64 && both.complaints.contains("--signature-only looks at no claim"), "\(both)")
        }
        let whole = await mint.verify(token)
        #expect(whole.status == 1 && whole.output.contains("claims"))
    }

    @Test func headerThatIsNoJSONIsExplainedInWords() async throws {
        let mint = try Mint()
        defer { mint.folder.remove() }
        let ran = await mint.verify("AAAA.AAAA.AAAA")
        #expect(ran.status == 1 && ran.output.contains("not strict JSON: it breaks off") && !ran.output.contains("syntax("), "\(ran)")
    }

    @Test func tokenIsReadFromStandardInput() async throws {
        let mint = try Mint()
        defer { mint.folder.remove() }
        let token = try mint.token(claims)
        #expect(await mint.verify("-", "--at", "1500", input: [" \(token)\r"]).status == 0)
        #expect(await mint.verify("-", input: []).status == 64)
        #expect(await mint.verify("-", input: ["x"]).status == 1)
    }

    @Test func keySetIsFetchedFromThisMachineAndASingleKeyIsASet() async throws {
        let mint = try Mint()
        defer { mint.folder.remove() }
        let token = try mint.token(claims)
        let single = String(decoding: mint.key.publicJWK.serialized, as: UTF8.self)
        let set = mint.set
        try await LoopbackServer.run({ request in
            switch request.target {
            case "/set": .init(200, set)
            case "/key": .init(200, single)
            case "/text": .init(200, "no keys")
            default: .init(404)
            }
        }) { server in
            func verify(_ target: String) async -> Ran {
                await run("token", "verify", token, "--at", "1500", "--jwks", "http://127.0.0.1:\(server.port)\(target)")
            }
            #expect(await verify("/set").status == 0)
            #expect(await verify("/key").status == 0)
            #expect(await verify("/none").status == 69)
            #expect(await verify("/text").status == 64)
        }
        #expect(await run("token", "verify", token, "--jwks", "ftp://x/y").status == 64)
        #expect(await run("token", "verify", token, "--jwks", "no-such-file").status == 64)
    }

    @Test func inspectShowsWhatTheTokenSaysAndThatNobodyCheckedIt() async throws {
        let mint = try Mint()
        defer { mint.folder.remove() }
        let ran = await run("token", "inspect", try mint.token(claims))
        #expect(ran.status == 0)
        #expect(ran.output.contains("2000 (1970-01-01T00:33:20Z)") && ran.output.contains("ES256") && ran.output.contains(#"["b","c"]"#))
        #expect(ran.complaints.contains("Nothing of this has been checked"))
        let json = await run("token", "inspect", "--json", try mint.token(claims))
        #expect(json.output.contains(#""payload":\#(claims)"#) && json.complaints.isEmpty)
        let other = await run("token", "inspect", try mint.token("text"))
        #expect(other.output.contains("4 bytes that are not a JSON object"))
        #expect(await run("token", "inspect", "a.b").status == 1)
    }
}
