import ArgumentParser
import NIOPosix

/// Drives one server with `GET /`: for looking at the driver itself, and at baselines.
struct LoadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load", abstract: "Drive a server that answers GET / with hello.")

    @Option(help: "Port on 127.0.0.1.")
    var port: Int

    @Option(help: "Number of connections.")
    var connections = 32

    @Option(help: "Seconds to run.")
    var seconds = 5.0

    @Option(help: "Requests per second at a fixed rate; without it, closed loop.")
    var rate: Double?

    func run() async throws {
        var plan = LoadPlan(ports: [self.port], duration: .seconds(self.seconds))
        plan.connections = self.connections
        plan.pace = self.rate.map { .fixed(perSecond: $0) } ?? .closedLoop
        let before = Machine.ownCPU
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let result = try await LoadRun.run(Hello(), plan: plan, on: loop)
        let all = result.all
        print("requests/s    \(result.perSecond.rounded())")
        for (name, part) in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999)] {
            print("\(name)\tµs  \(Double(all.quantile(part)) / 1000)")
        }
        print("max\tµs  \(Double(all.max) / 1000)")
        print("driver µs/request  \((Machine.ownCPU - before) / Double(max(1, all.count)))")
        for (what, number) in result.failures.sorted(by: { $0.key < $1.key }) { print("FAILED \(number) × \(what)") }
        if !result.failures.isEmpty { throw ExitCode.failure }
    }
}
