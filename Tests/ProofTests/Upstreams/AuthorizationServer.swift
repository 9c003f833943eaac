import Foundation
import JOSE
import Testing
import TokenTransport

/// A running authorization server that is not ours: Authlib's, told in `authorization_server.py` what it serves.
struct AuthorizationServer: Sendable {
    /// The key whose public half the server knows as that of `robot`.
    let robot: SigningKey
    private let port: Int

    var tokenURL: String { "http://127.0.0.1:\(port)/token" }
    var resourceURL: String { "http://127.0.0.1:\(port)/resource" }

    /// What `my:shop` is known by: its secret has in it whatever an encoding could get wrong.
    static let shop = (id: "my:shop", secret: "p@ss:%wörd/+")

    /// Runs one for as long as the body does.
    static func use<T>(_ body: (AuthorizationServer) async throws -> T) async throws -> T {
        try await DataFolder.use { folder in
            let key = try SigningKey.generate(.es256)
            try Data(key.publicJWK.serialized).write(to: URL(fileURLWithPath: folder.path + "/robot.jwk"))
            let script = "\(Repository.path)/Tests/ProofTests/Upstreams/authorization_server.py"
            let child = try ChildProcess(
                [try Tool.authlib.path(), script, folder.path + "/robot.jwk"], output: folder.output, log: folder.log, in: folder.path)
            defer { child.signal(SIGKILL) }
            let port = try await port(of: child, folder)
            return try await body(AuthorizationServer(robot: key, port: port))
        }
    }

    private static func port(of child: ChildProcess, _ folder: DataFolder) async throws -> Int {
        let deadline = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < deadline, child.status == nil {
            if let line = folder.text(folder.output).split(separator: "\n").first, let port = Int(line) { return port }
            try await Task.sleep(for: .milliseconds(10))
        }
        struct DidNotStart: Error { let log: String }
        throw DidNotStart(log: folder.text(folder.log))
    }

    /// How many requests of a grant have come.
    func count(_ grant: String) async throws -> Int64 {
        try await ask("GET", "/counts")[grant]?.integer ?? 0
    }

    /// Accepts none of the access tokens any more that it has issued.
    func endAllAccess() async throws { _ = try await ask("POST", "/end-all-access") }

    private func ask(_ method: String, _ path: String) async throws -> JSONObject {
        let request = FetchRequest(try WebURL("http://127.0.0.1:\(port)\(path)"), method: method)
        let response = try await Fetcher().send(request, policy: FetchPolicy(reach: .anywhere))
        return try #require(try JSONValue(parsing: response.body).object)
    }
}
