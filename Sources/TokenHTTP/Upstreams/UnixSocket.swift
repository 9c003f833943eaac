#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A place for a Unix socket: made where nobody else can connect to it, and given its name when its mode is right.
///
/// A socket is bound with the mode that the process's mask leaves it, and the mask belongs to every thread. So it is bound in a folder of mode 0700,
/// then gets its mode, then its name, which replaces one that a server left behind in the same step.
public struct UnixSocket: Sendable {
    /// Why there is none.
    public struct Failure: Error, Sendable, Equatable, CustomStringConvertible {
        /// Whether another program listens there: later it may not.
        public let isInUse: Bool
        /// The sentence.
        public let description: String
    }

    /// Its name.
    let path: String
    /// Whom its file lets connect: 0600 for its owner alone.
    let mode: UInt32
    private let folder: String
    private let lock: Int32

    /// Where it is bound before it has its name.
    var place: String { folder + "/s" }

    /// Takes the name for this process.
    ///
    /// - Throws: when another program listens there, when something that is no socket has the name, or when it is too long for the system.
    init(path: String, mode: UInt32) throws(Failure) {
        self.path = path
        self.mode = mode
        let longest = MemoryLayout.size(ofValue: sockaddr_un().sun_path) - 1
        let parent = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
        guard path.utf8.count <= longest, parent.utf8.count + 12 <= longest else {
            throw Failure(isInUse: false, description: "\(path) is longer than the \(longest) bytes that the name of a socket has here.")
        }
        lock = open(path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard lock >= 0 else { throw Self.failure("\(path).lock cannot be made") }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            close(lock)
            throw Failure(isInUse: true, description: "another mintmark listens on \(path).")
        }
        do throws(Failure) {
            try Self.refuseWhatIsInUse(path)
            folder = try Self.makeFolder(in: parent)
        } catch {
            close(lock)
            throw error
        }
    }

    /// Gives it its mode and its name; it is bound by now.
    func publish() throws(Failure) {
        guard chmod(place, mode_t(mode)) == 0, rename(place, path) == 0 else {
            let failure = Self.failure("\(path) cannot be made")
            unlink(place)
            rmdir(folder)
            throw failure
        }
        rmdir(folder)
    }

    /// Takes the name away again.
    func remove() {
        unlink(path)
        unlink(place)
        rmdir(folder)
        close(lock)
    }

    private static func makeFolder(in parent: String) throws(Failure) -> String {
        var template = Array((parent + ".mmXXXXXX").utf8CString)
        guard template.withUnsafeMutableBufferPointer({ mkdtemp($0.baseAddress!) != nil }) else { throw failure("nothing can be made beside it") }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// What is there must be a socket that nobody listens on any more: a name is not taken from anything else.
    private static func refuseWhatIsInUse(_ path: String) throws(Failure) {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            guard errno == ENOENT else { throw failure("\(path) cannot be reached") }
            return
        }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw Failure(isInUse: false, description: "\(path) is there and is no socket; it is not replaced.")
        }
        guard !answers(path) else { throw Failure(isInUse: true, description: "another program listens on \(path).") }
    }

    private static func answers(_ path: String) -> Bool {
        #if os(Linux)
        let file = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        #else
        let file = socket(AF_UNIX, SOCK_STREAM, 0)
        #endif
        guard file >= 0 else { return false }
        defer { close(file) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(file, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        } == 0
    }

    private static func failure(_ what: String) -> Failure { Failure(isInUse: false, description: "\(what): \(String(cString: strerror(errno))).") }
}
