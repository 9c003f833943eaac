import ArgumentParser
import JOSE
import TokenTransport

/// `mintmark health`: what a probe asks of a server on this machine, for images that hold no other program.
struct HealthCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health", abstract: "Ask a server on this machine whether it serves; --ready: whether it can do all of its work.",
        discussion: "Takes the configuration that the server is started with. Ends with 0, or with 69 and one line that says why.")

    @OptionGroup var options: ConfigurationOptions
    @Flag(help: "Ask whether the store, the signing key and the clock are right (/readyz), not only whether the process serves (/healthz).")
    var ready = false

    func run() async throws {
        let probe = try Probe(try options.load().settings, path: ready ? "/readyz" : "/healthz")
        Surroundings.current.print(try await probe.ask())
    }
}

/// One question to a listener that answers probes.
struct Probe: Sendable {
    let url: WebURL
    /// Whoever runs health checks asks again every few seconds, and does not wait longer than that.
    private static let policy = FetchPolicy(reach: .anywhere, deadline: .seconds(4), largestBody: 4096, redirects: 0)

    /// The listener for probes where it can be reached over loopback, else the admin listener, which is there always and nowhere else.
    init(_ settings: Settings, path: String) throws(CommandFailure) {
        let listener = settings.metrics.flatMap { Self.overLoopback($0) } ?? settings.admin
        guard listener.port != 0 else {
            throw CommandFailure(.usage, "the listener that answers probes has any free port: set metrics.port, or admin.port, to one.")
        }
        let host = listener.host.contains(":") ? "[\(listener.host)]" : listener.host
        do { url = try WebURL("http://\(host):\(listener.port)\(path)") } catch { throw CommandFailure(.configuration, "\(error)") }
    }

    /// Where a program on this machine finds a listener; nil where it listens on an address of the network alone.
    private static func overLoopback(_ listener: Settings.Listener) -> Settings.Listener? {
        switch listener.host {
        case "0.0.0.0": Settings.Listener(host: "127.0.0.1", port: listener.port)
        case "::": Settings.Listener(host: "::1", port: listener.port)
        default: listener.isLoopback ? listener : nil
        }
    }

    /// Asks once.
    ///
    /// - Returns: the answer as a sentence, such as `ready, degraded: issuing`.
    /// - Throws: `unavailable` with what is wrong.
    func ask() async throws(CommandFailure) -> String {
        let response: FetchResponse
        do { response = try await Fetcher().send(FetchRequest(url), policy: Self.policy) } catch {
            throw CommandFailure(.unavailable, "\(url) does not answer: \(error)")
        }
        guard let verdict = Self.verdict(of: response.body) else {
            throw CommandFailure(.unavailable, "\(url) answered with status \(response.status), and nothing that Mintmark says.")
        }
        guard response.status == 200 else { throw CommandFailure(.unavailable, "\(url) says: \(verdict)") }
        return verdict
    }

    /// The status of an answer and whatever in it is not as it should be; nil where another program answered.
    private static func verdict(of body: [UInt8]) -> String? {
        guard let answer = try? JSONValue(parsing: body).object, let status = answer["status"]?.string, isWord(status) else { return nil }
        let troubles = answer.members.compactMap { member -> String? in
            guard member.name != "status", isWord(member.name), let word = member.value.string, word != "ok", isWord(word) else { return nil }
            return "\(member.name): \(word)"
        }
        return ([status] + troubles).joined(separator: ", ")
    }

    /// What our own answers are made of, and nothing that drives a terminal.
    private static func isWord(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (0x61...0x7A).contains($0) || $0 == 0x5F }
    }
}
