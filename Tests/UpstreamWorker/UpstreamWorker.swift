import FoundationEssentials
import TokenClient
import TokenCore
import TokenSealing

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// One process that uses a token of somebody else's, for the proofs that stop, kill and race it.
///
///     upstream-worker once|fleet vault=folder:PATH|sqlite:PATH|valkey:PORT|memory seal=FILE server=PORT [stop=STEP] [fault=FAULT] [callers=N] [grant=NAME] …
///
/// What it finds out goes to standard output, a line each, at once: nothing is lost when it is killed.
@main struct UpstreamWorker {
    static func main() async throws {
        endWithParent()
        let options = Options(CommandLine.arguments.dropFirst(2))
        guard let seal = FileManager.default.contents(atPath: options["seal"]) else { throw Trouble("no seal") }
        let seals = try SealKeys(parsing: Array(seal))
        let opened = try await OpenedVault.open(options["vault"], seals)
        let steps = Steps(stopAt: options["stop"])
        let vault = WorkedVault(opened.vault, steps, fault: Fault(rawValue: options["fault"]))
        let source: any TokenSource
        if options["first"].isEmpty {
            source = PlainSource(port: options.number("server", 0))
        } else {
            source = RotatingSource(port: options.number("server", 0), grant: options["grant"], first: options["first"], steps)
        }
        var policy = UpstreamPolicy()
        policy.fetchTimeout = .milliseconds(options.number("timeout", 4000))
        policy.firstPause = .milliseconds(100)
        policy.longestPause = .milliseconds(500)
        let manager = TokenManager(name: "proof", source: source.kept(in: vault), policy: policy)
        switch CommandLine.arguments.dropFirst().first {
        case "once": await once(manager)
        case "fleet": await Callers(manager, server: options.number("server", 0), options.number("callers", 100)).run()
        default: throw Trouble("what?")
        }
    }

    /// A test run that is killed leaves nobody behind who asks for tokens for ever.
    private static func endWithParent() {
        let parent = getppid()
        Task.detached {
            while getppid() == parent { try? await Task.sleep(for: .seconds(1)) }
            exit(1)
        }
    }

    /// One token, or why not. A fetch that took too long is no answer: it is asked again, as callers do.
    private static func once(_ manager: TokenManager) async {
        for _ in 0..<10 {
            if await asked(manager) { return }
            try? await Task.sleep(for: .milliseconds(200))
        }
        say("failed again and again")
    }

    private static func asked(_ manager: TokenManager) async -> Bool {
        do { say("token \(try await manager.token(within: .seconds(20)).value)") } catch TokenManagerError.failed(let error, _) {
            if case .rotationLost(let text) = error.reason { say("lost \(text)") } else { say("failed \(error)") }
        } catch TokenManagerError.timedOut {
            return false
        } catch {
            say("failed \(error)")
        }
        return true
    }
}

/// `key=value` each.
struct Options {
    private let values: [String: String]

    init(_ words: some Sequence<String>) {
        var values: [String: String] = [:]
        for word in words {
            let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
            values[parts[0]] = parts.count > 1 ? parts[1] : ""
        }
        self.values = values
    }

    subscript(_ name: String) -> String { values[name] ?? "" }
    func number(_ name: String, _ otherwise: Int) -> Int { Int(self[name]) ?? otherwise }
}

struct Trouble: Error {
    let text: String
    init(_ text: String) { self.text = text }
}

/// One line, written at once and whole.
func say(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    _ = bytes.withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
}

/// By the calendar, in milliseconds.
func wallMilliseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
}
