import FoundationEssentials

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What the machine is. A number without it cannot be compared with anything.
enum Machine {
    /// Processors that are switched on.
    static let cores = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))

    /// The process that started this one.
    static var parent: pid_t { getppid() }

    /// The processor's own name, where the system tells it.
    static var processor: String {
        let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
        return line.flatMap { $0.split(separator: ":").last }.map { $0.trimmingPrefix(" ") }.map(String.init) ?? "unknown processor"
    }

    /// The kernel, as `uname -sr` prints it.
    static var kernel: String {
        var name = utsname()
        guard uname(&name) == 0 else { return "unknown system" }
        return withUnsafeBytes(of: name.sysname) { text($0) } + " " + withUnsafeBytes(of: name.release) { text($0) }
    }

    private static func text(_ bytes: UnsafeRawBufferPointer) -> String {
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }

    /// Memory of the machine in bytes.
    static var memory: Int { sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE)) }

    /// How long the disk takes to make 4 KiB durable: the floor under every durable answer.
    ///
    /// - Parameter folder: where to write, the same file system as the data under test.
    /// - Returns: the durations of `count` appends of 4 KiB, each followed by fsync.
    static func syncs(in folder: String, count: Int = 300) throws(BenchError) -> Histogram {
        let path = folder + "/fsync-probe"
        let file = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0o600)
        guard file >= 0 else { throw BenchError("cannot write in \(folder): errno \(errno)") }
        defer {
            close(file)
            unlink(path)
        }
        let page = [UInt8](repeating: 0x4D, count: 4096)
        var histogram = Histogram()
        for _ in 0..<count {
            let start = ContinuousClock.now
            guard write(file, page, page.count) == page.count, fsync(file) == 0 else {
                throw BenchError("cannot sync in \(folder): errno \(errno)")
            }
            histogram.record((ContinuousClock.now - start).nanoseconds)
        }
        return histogram
    }

    /// Writes to standard error.
    static func writeError(_ text: String) {
        let bytes = Array(text.utf8)
        _ = write(2, bytes, bytes.count)
    }

    /// The time of day, in milliseconds since the epoch.
    static var milliseconds: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

    /// Processor time that this process has used, user and system, in microseconds.
    static var ownCPU: Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e6 + Double(time.tv_nsec) / 1e3
    }
}

/// Why a benchmark could not run.
struct BenchError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Standard output is a file or a pipe to whoever waits for the port, and would otherwise keep the line for itself.
func flushOutput() {
    fflush(nil)
}
