import FoundationEssentials

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A server started for the benchmark. Its output goes to a file, so that it can never wait for us to read it, and the file
/// is still there when something went wrong.
struct ChildProcess: Sendable {
    let pid: Int32
    let output: String

    /// Starts a program in our process group (Ctrl-C reaches it too), with our environment.
    ///
    /// - Parameters:
    ///   - input: path of the file that it reads; nothing by default.
    ///   - output: path of the file for its standard output and error; replaced if it exists.
    init(_ program: String, _ arguments: [String], input: String = "/dev/null", output: String) throws(BenchError) {
        var actions = Self.emptyActions
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var attributes = Self.emptyAttributes
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // The threads that tasks run on block signals, and a child inherits that: it would never hear that it is to end.
        var noSignals = sigset_t()
        sigemptyset(&noSignals)
        posix_spawnattr_setsigmask(&attributes, &noSignals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        let words = ([program] + arguments).map { strdup($0) }
        defer { words.forEach { free($0) } }
        var pid: pid_t = 0
        let code = posix_spawnp(&pid, program, &actions, &attributes, words + [nil], environ)
        guard code == 0 else { throw BenchError("cannot start \(program): \(String(cString: strerror(code)))") }
        self.pid = pid
        self.output = output
    }

    #if canImport(Darwin)
    private static var emptyActions: posix_spawn_file_actions_t? { nil }
    private static var emptyAttributes: posix_spawnattr_t? { nil }
    #else
    private static var emptyActions: posix_spawn_file_actions_t { posix_spawn_file_actions_t() }
    private static var emptyAttributes: posix_spawnattr_t { posix_spawnattr_t() }
    #endif

    /// Its figures, as long as it runs.
    var figures: ProcessFigures { ProcessFigures(pid: self.pid) }

    /// Waits until its output contains what `find` looks for.
    ///
    /// - Throws: when it ends before, or after `patience`; with the end of its output.
    func wait<T>(upTo patience: Duration = .seconds(30), for find: (String) -> T?) async throws(BenchError) -> T {
        let start = ContinuousClock.now
        while ContinuousClock.now - start < patience {
            let text = (try? String(contentsOfFile: self.output, encoding: .utf8)) ?? ""
            if let found = find(text) { return found }
            guard !self.hasEnded else { throw BenchError("the server ended at once: \(text.suffix(400))") }
            usleep(1000)
        }
        throw BenchError("the server was not ready within \(patience)")
    }

    /// Waits until it has ended by itself.
    ///
    /// - Returns: its output.
    /// - Throws: when it does not end within `patience`; it is ended then.
    func finished(upTo patience: Duration) async throws(BenchError) -> String {
        let start = ContinuousClock.now
        while !self.hasEnded {
            guard ContinuousClock.now - start < patience else {
                self.stop(patience: .zero)
                throw BenchError("a program did not end within \(patience)")
            }
            do { try await Task.sleep(for: .milliseconds(5)) } catch { throw BenchError("\(error)") }
        }
        return (try? String(contentsOfFile: self.output, encoding: .utf8)) ?? ""
    }

    /// Whether it is gone. Takes its exit status, so that it does not stay behind as a zombie.
    private var hasEnded: Bool {
        var status: Int32 = 0
        return waitpid(self.pid, &status, WNOHANG) != 0
    }

    /// Asks it to end, and after `patience` no longer asks.
    func stop(patience: Duration = .seconds(20)) {
        kill(self.pid, SIGTERM)
        let start = ContinuousClock.now
        while !self.hasEnded {
            if ContinuousClock.now - start > patience { kill(self.pid, SIGKILL) }
            usleep(2000)
        }
    }
}
