import SQLiteStore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Files that only their owner reads.
enum PrivateFile {
    /// A call to the operating system failed.
    struct Failure: Error, CustomStringConvertible {
        let call: String
        let code: CInt
        var description: String { "\(call): \(String(cString: strerror(code)))" }
    }

    /// The user of this process.
    static var user: UInt32 { geteuid() }

    /// Puts a file in the place of another, mode 0600 and of the same owner: a crash leaves the old one or the new one, whole.
    static func replace(_ path: String, with bytes: [UInt8]) throws(Failure) {
        let fresh = try write(bytes, beside: path, owner: FileOwner(of: path))
        guard rename(fresh, path) == 0 else { throw failure("rename", removing: fresh) }
        try synchronizeFolder(of: path)
    }

    /// Makes a file that is not there yet, mode 0600: after a crash it is there whole or not at all.
    ///
    /// Whatever has that name already stays, also a link that leads nowhere: a name is given, never taken away.
    static func create(_ path: String, _ bytes: [UInt8]) throws(Failure) {
        let fresh = try write(bytes, beside: path)
        guard link(fresh, path) == 0 else { throw failure("link", removing: fresh) }
        unlink(fresh)
        try synchronizeFolder(of: path)
    }

    /// Which other user than this one and root can read a file or folder, or change it where it is; nil when nobody, or when it is not there.
    ///
    /// - Returns: a sentence with the command that mends it.
    static func laxity(of path: String) -> String? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return laxity(of: path, owner: status.st_uid, mode: Int(status.st_mode), user: geteuid())
    }

    /// The same of what is known of a file. A file that root gives to this user's group to read, as secrets are mounted, is nobody else's.
    static func laxity(of path: String, owner: UInt32, mode: Int, user: UInt32) -> String? {
        let isLent = owner == 0 && user != 0
        guard owner == user || isLent else {
            return "\(path) belongs to user \(owner), and this is user \(user). Give it to the server: chown \(user) \(path)"
        }
        let bits = mode & 0o777
        guard bits & (isLent ? 0o037 : 0o077) != 0 else { return nil }
        let right = mode & Int(S_IFMT) == Int(S_IFDIR) ? "700" : isLent ? "440" : "600"
        return "\(path) has mode \(String(bits, radix: 8)), so that others can get at what is secret. Run: chmod \(right) \(path)"
    }

    /// A file with a name of this process's own, whole and synced.
    private static func write(_ bytes: [UInt8], beside path: String, owner: FileOwner? = nil) throws(Failure) -> String {
        let fresh = "\(path).\(getpid()).new"
        unlink(fresh)
        let file = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw failure("open") }
        defer { close(file) }
        if let owner, !owner.take(file) { throw failure("fchown", removing: fresh) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { systemWrite(file, $0.baseAddress, $0.count) }
            guard written > 0 else { throw failure("write", removing: fresh) }
            rest = rest.dropFirst(written)
        }
        guard fsync(file) == 0 else { throw failure("fsync", removing: fresh) }
        return fresh
    }

    private static func synchronizeFolder(of path: String) throws(Failure) {
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        let descriptor = open(folder, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("fsync") }
    }

    private static func failure(_ call: String, removing path: String? = nil) -> Failure {
        let failure = Failure(call: call, code: errno)
        if let path { unlink(path) }
        return failure
    }
}

/// `write` of the C library, whose name a static method of `PrivateFile` has too.
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int { write(descriptor, bytes, count) }
