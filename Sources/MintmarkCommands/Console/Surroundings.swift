import FoundationEssentials

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What a command sees and touches of the process it runs in, so that a test can stand in for it.
struct Surroundings: Sendable {
    /// Every environment variable.
    var environment: [String: String]
    /// Where relative paths start.
    var workingDirectory: String
    /// Writes a text and a line end to standard output.
    var print: @Sendable (String) -> Void
    /// Writes a text and a line end to standard error.
    var complain: @Sendable (String) -> Void
    /// One line of standard input without its end; nil at its end.
    var readLine: @Sendable () -> String?

    /// Those of the running command.
    @TaskLocal static var current = Surroundings.ofThisProcess

    /// The real ones.
    static var ofThisProcess: Surroundings {
        Surroundings(
            environment: ProcessInfo.processInfo.environment,
            workingDirectory: FileManager.default.currentDirectoryPath,
            print: { write($0, to: STDOUT_FILENO) },
            complain: { write($0, to: STDERR_FILENO) },
            readLine: { Swift.readLine(strippingNewline: true) })
    }

    /// The path as the working directory makes it absolute.
    func absolute(_ path: String) -> String { path.hasPrefix("/") ? path : workingDirectory + "/" + path }

    /// Writes all of it, also to a pipe that takes it in pieces; a reader that has gone away is no error of ours.
    private static func write(_ text: String, to descriptor: Int32) {
        var rest = Array((text + "\n").utf8)[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { systemWrite(descriptor, $0.baseAddress, $0.count) }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { return }
            rest = rest.dropFirst(written)
        }
    }
}

/// `write` of the C library, whose name a static method of `Surroundings` has too.
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int { write(descriptor, bytes, count) }
