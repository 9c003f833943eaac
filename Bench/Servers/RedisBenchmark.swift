/// `redis-benchmark` running one command: the most that a client in C gets out of the server, with pipelining and nothing to do with the replies.
struct RedisBenchmark: Sendable {
    /// The command's words but the last.
    let words: [String]
    /// The last word: any bytes but NUL. It comes from standard input.
    let last: [UInt8]
    let port: Int
    let database: Int
    let connections: Int
    /// Commands in flight on each connection.
    let pipeline: Int

    /// Numbers are drawn below that.
    var range = 1_000_000_000

    /// What stands for a number of its own in every command.
    static let anyNumber = "__rand_int__"

    /// Runs the command so many times.
    ///
    /// - Returns: replies per second, as it counts them.
    func run(_ requests: Int, in folder: WorkFolder) async throws(BenchError) -> Double {
        try folder.write(self.last, to: "redis-benchmark.in")
        let arguments = [
            "-h", "127.0.0.1", "-p", String(self.port), "--dbnum", String(self.database), "-c", String(self.connections),
            "-P", String(self.pipeline), "-n", String(requests), "-r", String(self.range), "--csv", "-x",
        ]
        let process = try ChildProcess(
            "redis-benchmark", arguments + self.words, input: folder.path + "/redis-benchmark.in", output: folder.path + "/redis-benchmark.log")
        let output = try await process.finished(upTo: .seconds(120))
        guard let rate = Self.rate(in: output) else { throw BenchError("redis-benchmark says: \(output.suffix(400))") }
        return rate
    }

    /// The rate in what `--csv` prints: the name of the test, which may contain anything, then the rate and six latencies.
    static func rate(in output: String) -> Double? {
        guard let line = output.split(separator: "\n").last, line.hasPrefix("\"") else { return nil }
        let fields = line.split(separator: ",").map { $0.trimming("\"") }
        return fields.count >= 8 ? Double(fields[fields.count - 7]) : nil
    }
}

extension Substring {
    fileprivate func trimming(_ character: Character) -> Substring {
        self.drop { $0 == character }.prefix { $0 != character }
    }
}
