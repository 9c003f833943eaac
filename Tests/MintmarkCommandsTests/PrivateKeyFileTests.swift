import Foundation
import JOSE
import Testing

@testable import MintmarkCommands

/// Private keys as openssl writes them and as the RFCs print them.
struct PrivateKeyFileTests {
    /// What openssl says when it runs.
    private func openssl(_ arguments: String) throws -> Data {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments.split(separator: " ").map(String.init)
        let output = Pipe()
        (process.standardOutput, process.standardError) = (output, FileHandle.nullDevice)
        try process.run()
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "openssl \(arguments)")
        return bytes
    }

    private func reason(_ bytes: some Sequence<UInt8>) -> String? {
        do throws(PrivateKeyFile.Failure) {
            _ = try PrivateKeyFile.read(Array(bytes))
            return nil
        } catch { return error.description }
    }

    /// What was read signs for whoever has the public half as openssl computes it.
    @Test(
        "every form that openssl writes is read as the key that openssl has",
        arguments: [
            ("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256", Algorithm.es256),
            ("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384", .es384), ("genpkey -algorithm ED25519", .edDSA),
            ("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048", .rs256), ("genrsa -traditional 2048", .rs256),
            ("ecparam -name prime256v1 -genkey", .es256), ("ecparam -name secp384r1 -genkey -noout", .es384),
        ])
    func everyFormOfOpensslIsRead(command: String, algorithm: Algorithm) throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let file = folder.path + "/key.pem"
        try openssl(command).write(to: URL(fileURLWithPath: file))
        let key = try PrivateKeyFile.read(Array(try Data(contentsOf: URL(fileURLWithPath: file))))
        #expect(key.algorithm == algorithm)
        // The end of a SubjectPublicKeyInfo is the public key, except RSA's, which has its exponent behind the modulus.
        let information = Array(try openssl("pkey -in \(file) -pubout -outform DER"))
        let object = try #require(try JSONValue(parsing: key.publicJWK.serialized).object)
        let parts = try (algorithm == .rs256 ? ["n"] : algorithm == .edDSA ? ["x"] : ["x", "y"]).map { name in
            try Base64URL.decode(Array(try #require(object[name]?.string).utf8))
        }
        let tail = algorithm == .rs256 ? information.dropLast(5) : information[...]
        #expect(Array(tail.suffix(parts.joined().count)) == Array(parts.joined()))
    }

    /// RFC 8410 section 10.3, whose public key is in section 10.1; and RFC 8037 appendix A.1 as a JWK.
    @Test func keysOfTheRFCsAreRead() throws {
        let pem = """
            A comment of a tool.
            -----BEGIN PRIVATE KEY-----\r
            MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\r
            -----END PRIVATE KEY-----\r

            """
        let key = try PrivateKeyFile.read(Array(pem.utf8))
        let info = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="
        let x = try #require(Data(base64Encoded: info)).suffix(32)
        #expect(try JSONValue(parsing: key.publicJWK.serialized).object?["x"]?.string == Base64URL.string(Array(x)))
        let jwk = """
             {"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
            """
        #expect(try PrivateKeyFile.read(Array(jwk.utf8)).keyID == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")
    }

    @Test func protectedKeyIsRefusedWithWhatToDo() throws {
        for command in [
            "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -aes-256-cbc -pass pass:secret",
            "genrsa -traditional -aes256 -passout pass:secret 2048",
        ] {
            let words = try #require(reason(try openssl(command)))
            #expect(words.contains("pass phrase") && words.contains("openssl pkey -in FILE -out OTHER"), "\(command): \(words)")
        }
    }

    @Test(
        "what is no key that signs here is refused by what it is",
        arguments: [
            ("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-521", "curve is not P-256 or P-384"),
            ("ecparam -name secp521r1 -genkey -noout", "curve is not P-256 or P-384"),
            ("genpkey -algorithm X25519", "algorithm is not RSA, P-256, P-384 or Ed25519"),
            ("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024", "is no key of RS256"),
            ("ecparam -name prime256v1", "neither a JWK nor PEM"),
            ("req -x509 -newkey ed25519 -nodes -keyout /dev/null -subj /CN=a", "is a certificate"),
        ])
    func otherKeysAreRefused(command: String, words: String) throws {
        let found = reason(try openssl(command))
        #expect(found?.contains(words) == true, "\(found ?? "it was read")")
    }

    /// canon 59: what is wrong is said without what is in the file.
    @Test func brokenFileIsRefusedAndNothingOfItIsShown() throws {
        let secret = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
        func pem(_ content: String) -> String { "-----BEGIN PRIVATE KEY-----\n\(content)\n-----END PRIVATE KEY-----\n" }
        let cases: [(String, String)] = [
            ("", "neither"), ("hunter2", "neither"), ("-----BEGIN PRIVATE KEY-----\n\(secret)", "neither"), (pem("!\(secret)"), "not base64"),
            (pem(secret), "not PKCS #8"), (pem("MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK"), "not PKCS #8"), ("{\"d\":\"\(secret)\"", "no JSON object"),
            ("{\"crv\":\"P-256\"}", "no private member"), ("{\"crv\":\"P-521\",\"d\":\"\(secret)\"}", "crv P-256, P-384 or Ed25519"),
            ("{\"crv\":\"P-256\",\"alg\":\"ES384\",\"d\":\"\(secret)\"}", "does not fit"),
            ("{\"crv\":\"Ed25519\",\"d\":\"AAAA\"}", "no key of EdDSA"),
        ]
        for (text, words) in cases {
            let found = try #require(reason(text.utf8), "\(text) was read")
            #expect(found.contains(words) && !found.contains(secret) && !found.contains("hunter2"), "\(text): \(found)")
        }
    }

    @Test func keyThatOthersReadOrThatIsNoKeyKeepsTheServerFromStarting() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let key = String(decoding: try openssl("genpkey -algorithm ED25519"), as: UTF8.self)
        try folder.write(key, to: "mine")
        try folder.write(key, to: "everybodys", permissions: 0o644)
        try folder.write("hunter2", to: "none")
        let cases: [(String, String?)] = [
            ("mine", nil), ("everybodys", "chmod 600"), ("none", "holds no key that can be used"), ("missing", "cannot be read"),
        ]
        for (file, words) in cases {
            let flags = ["source=client_credentials", "token_url=https://a.example/t", "client_id=a", "private_key_file=\(file)"]
            let ran = await run(["config", "check"] + flags.flatMap { ["--set", "upstreams.x.\($0)"] }, workingDirectory: folder.path)
            #expect(ran.status == (words == nil ? 0 : 78), "\(file): \(ran.output)")
            guard let words else { continue }
            #expect(ran.output.contains("upstreams.x.private_key_file") && ran.output.contains(words), "\(ran.output)")
            #expect(!ran.output.contains("hunter2"))
        }
    }
}
