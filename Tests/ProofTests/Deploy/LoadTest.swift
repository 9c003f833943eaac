import Foundation

/// deploy/k6/session.js, run by k6 against a port of this machine.
struct LoadTest: Sendable {
    let folder: DataFolder
    let port: Int
    /// `id:secret` of the client that logs in.
    let client: String

    /// How much.
    struct Size: Sendable {
        /// Virtual users at once.
        let users: Int
        /// How long they are that many.
        let seconds: Int
        /// How long an instance may not have heard of a logout.
        var heard = 1
    }

    /// What k6 says of a run.
    struct Report: Sendable, CustomStringConvertible {
        /// 0; 99 when a threshold was crossed.
        let status: Int32
        let requests: Int
        let failed: Int
        let said: String
        var description: String { "k6 ended with \(status), \(failed) of \(requests) requests failed: \(said.prefix(2_000))" }
    }

    private struct Summary: Decodable {
        struct Counter: Decodable { let count: Int }
        struct Rate: Decodable { let passes: Int }
        struct Metrics: Decodable { let http_reqs: Counter, http_req_failed: Rate }
        let metrics: Metrics
    }

    /// Runs it to its end, and a body meanwhile.
    func run(_ size: Size, meanwhile body: () async throws -> Void) async throws -> Report {
        let name = "\(folder.path)/k6-\(UInt64.random(in: 0 ... .max))"
        let settings = [
            "BASE_URL=http://127.0.0.1:\(port)", "CLIENT=\(client)", "VUS=\(size.users)", "DURATION=\(size.seconds)", "HEARD=\(size.heard)",
            // One instance is killed: what it was at then.
            "INTERRUPTED=\(max(3, size.users / 50))",
        ]
        let child = try ChildProcess(
            [try Tool.k6.path(), "run", "--no-usage-report", "--quiet", "--no-color", "--summary-export", name + ".json"]
                + settings.flatMap { ["-e", $0] } + [Deploy.path + "/k6/session.js"],
            output: name + ".out", log: name + ".err", in: folder.path)
        do { try await body() } catch {
            child.signal(SIGKILL)
            _ = await child.ended()
            throw error
        }
        let status = await child.ended()
        let said = folder.text(name + ".err") + folder.text(name + ".out") + Nginx.errors(folder).suffix(2_000)
        let summary = try JSONDecoder().decode(Summary.self, from: Data(folder.text(name + ".json").utf8)).metrics
        // In k6's words a request "passes" this rate when it failed.
        return Report(status: status, requests: summary.http_reqs.count, failed: summary.http_req_failed.passes, said: said)
    }
}
