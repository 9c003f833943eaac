import ArgumentParser

/// The whole benchmark.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run the jobs and print the table.",
        discussion: "Exits with 0 when every job ran and every answer was right, whatever the ratios are.")

    /// In the order in which they run.
    static let jobs: [any Job] = [
        SignatureJob(), HotPathJob(), DifferentTokensJob(), FloodJob(), ManySessionsJob(), ManyRefreshesJob(), ValkeyJob(), CommitsJob(),
        SessionMemoryJob(), ScalingJob(), PoolsJob(), UpstreamsJob(),
    ]

    @Option(help: "The server under test.")
    var program = ".build/release/mintmark"

    @Option(help: "How much: \(BenchSettings.Size.allCases.map(\.rawValue).joined(separator: ", ")).")
    var size = BenchSettings.Size.plain

    @Option(help: "Event loops of every server.")
    var loops = Machine.cores

    @Option(help: "Connections of the load driver.")
    var connections = 32

    @Option(help: "Requests per second of the comparison at a fixed rate.")
    var rate = 2000.0

    @Option(
        help: """
            Only this job; repeatable. Without it: \(Self.names { !$0.isExtra }). When asked for: \(Self.names { $0.isExtra }).
            """)
    var only: [String] = []

    @Option(help: "Also write the report to this file, as JSON.")
    var json: String?

    @Option(help: "Where the data goes while the benchmark runs: the disk that is measured.")
    var folder = ".build/bench"

    private static func names(of isWanted: (any Job) -> Bool) -> String {
        self.jobs.filter(isWanted).map(\.name).joined(separator: ", ")
    }

    func validate() throws {
        let unknown = self.only.filter { name in !Self.jobs.contains { $0.name == name } }
        guard unknown.isEmpty else { throw ValidationError("There is no job \(unknown.joined(separator: ", ")).") }
    }

    func run() async throws {
        let folder = try WorkFolder(in: self.folder)
        defer { folder.remove() }
        let settings = BenchSettings(
            size: self.size, program: self.program, loops: self.loops, connections: self.connections, rate: self.rate)
        var report = Report(machine: try self.describe(folder))
        for job in Self.jobs where self.only.isEmpty ? !job.isExtra : self.only.contains(job.name) {
            self.tell("\(job.name): \(job.summary)")
            do throws(BenchError) {
                report.rows += try await job.run(settings, in: folder)
            } catch {
                report.rows.append(.failed(job.summary, error))
            }
        }
        print(report.table)
        if let json { try report.write(to: json) }
        guard report.isComplete else { throw ExitCode.failure }
    }

    private func describe(_ folder: WorkFolder) throws(BenchError) -> [String] {
        let sync = try Machine.syncs(in: folder.path)
        let memory = Text.number(Double(Machine.memory) / 1_073_741_824)
        return [
            "\(Machine.cores) × \(Machine.processor), \(memory) GiB, \(Machine.kernel)",
            "fsync of 4 KiB: p50 \(Text.time(nanoseconds: Double(sync.quantile(0.5)))), "
                + "p99 \(Text.time(nanoseconds: Double(sync.quantile(0.99))))",
            "\(self.connections) connections, \(self.loops) event loops per server, size \(self.size.rawValue)",
        ]
    }

    /// Progress goes to standard error: standard output is the table.
    private func tell(_ line: String) {
        Machine.writeError(line + "\n")
    }
}

extension BenchSettings.Size: ExpressibleByArgument {}
