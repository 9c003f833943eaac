import FoundationEssentials

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What the system says about a running process (Linux: `/proc`). Elsewhere every figure is nil and the rows say `n/a`.
struct ProcessFigures: Sendable {
    let pid: Int32

    /// This process.
    static var own: Int32 { getpid() }

    /// Processor time of the process and its children that still run (nginx answers in those), in microseconds. The
    /// kernel counts in ticks of 10 ms: over the seconds of a run that is an error below 1 %.
    var cpu: Double? {
        var sum = 0.0
        for pid in [self.pid] + self.children {
            guard let fields = Self.stat(pid), let user = Double(fields[11]), let system = Double(fields[12]) else { return nil }
            sum += (user + system) / Double(sysconf(Int32(_SC_CLK_TCK))) * 1e6
        }
        return sum
    }

    /// Resident memory of the process and its children in bytes; pages that they share count in each.
    var resident: Int? {
        let sizes = ([self.pid] + self.children).compactMap { Self.status("VmRSS:", of: $0) }
        return sizes.isEmpty ? nil : sizes.reduce(0, +)
    }

    /// The most resident memory that the process itself ever had, in bytes.
    var residentPeak: Int? { Self.status("VmHWM:", of: self.pid) }

    private static func status(_ name: String, of pid: Int32) -> Int? {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8) else { return nil }
        let line = text.split(separator: "\n").first { $0.hasPrefix(name) }
        return line?.split(whereSeparator: { " \t".contains($0) }).dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
    }

    private var children: [Int32] {
        let path = "/proc/\(self.pid)/task/\(self.pid)/children"
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        return text.split(separator: " ").compactMap { Int32($0) }
    }

    /// The fields of `/proc/PID/stat` after the name, which is in parentheses and may contain anything.
    private static func stat(_ pid: Int32) -> [Substring]? {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return nil }
        guard let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        return fields.count > 12 ? fields : nil
    }
}
