import JOSE
import Synchronization
import TokenCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Tokens that somebody else puts into a file, and puts anew before they end: what Kubernetes does with the tokens of service accounts.
///
/// The file holds the bare token or JSON as `ExecSource` reads it, at most 64 KiB. It is read when the manager asks, and at most once a second; a file
/// that has not changed since, by its inode, size and times, is not read again. While a token is served, the manager asks when the token's own time
/// demands it: a JWT says its `exp`, JSON its `expires_in` from the moment when the file was written, and any other token is looked at again after
/// `recheck`.
public final class FileSource: TokenSource {
    /// The path.
    public let identity: TokenIdentity
    private let path: String
    private let recheck: Duration
    /// What was read last. Guarded for a fetch of this one file, which is short.
    private let last = Mutex<Reading?>(nil)

    private static let longest = 65_536
    private static let leastInterval = Duration.seconds(1)

    private struct Reading {
        var stamp: Stamp
        var token: IssuedToken
        var lookedAt: MonotonicTime
    }

    /// By what a file is seen to have changed.
    private struct Stamp: Equatable {
        var device: UInt64
        var inode: UInt64
        var size: Int64
        var modified: [Int64]
        var changed: [Int64]
    }

    /// - Parameters:
    ///   - path: absolute. A symbolic link is followed each time, so that what it points to may be exchanged.
    ///   - recheck: how long a token that does not say its end is served before the file is looked at again.
    public init(_ path: String, recheck: Duration = .seconds(60)) {
        self.path = path
        self.recheck = recheck
        identity = TokenIdentity(issuer: path, grant: "file")
    }

    /// Looks at the file.
    ///
    /// - Throws: `.misconfigured` when it cannot be opened; `.notUnderstood` for what it holds, and where that is the very token that was rejected.
    public func fetch(_ fetch: TokenFetch) async throws(TokenSourceError) -> IssuedToken {
        let token = try current(isRejected: fetch.rejected != nil)
        if let rejected = fetch.rejected, constantTimeEquals(rejected.bytes, token.value.bytes) {
            throw TokenAnswer.misread("\(path) still holds the token that was not accepted")
        }
        return token
    }

    private func current(isRejected: Bool) throws(TokenSourceError) -> IssuedToken {
        let now = Moment.read()
        return try last.withLock { last throws(TokenSourceError) in
            if let last, !isRejected, now.steady - last.lookedAt < Self.leastInterval { return last.token }
            let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
            guard descriptor >= 0 else { throw complaint(errno) }
            defer { close(descriptor) }
            let (stamp, writtenAt) = try stamp(of: descriptor)
            if let known = last, known.stamp == stamp {
                last?.lookedAt = now.steady
                return known.token
            }
            let token = try read(descriptor, writtenAt: writtenAt)
            last = Reading(stamp: stamp, token: token, lookedAt: now.steady)
            return token
        }
    }

    private func stamp(of descriptor: Int32) throws(TokenSourceError) -> (Stamp, writtenAt: UnixTime) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw complaint(errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw TokenSourceError(.misconfigured("\(path) is not a file")) }
        #if os(Linux)
        let (modified, changed) = (status.st_mtim, status.st_ctim)
        #else
        let (modified, changed) = (status.st_mtimespec, status.st_ctimespec)
        #endif
        let stamp = Stamp(
            device: UInt64(truncatingIfNeeded: status.st_dev), inode: UInt64(truncatingIfNeeded: status.st_ino), size: Int64(status.st_size),
            modified: [Int64(modified.tv_sec), Int64(modified.tv_nsec)], changed: [Int64(changed.tv_sec), Int64(changed.tv_nsec)])
        return (stamp, UnixTime(seconds: Int64(modified.tv_sec)))
    }

    private func read(_ descriptor: Int32, writtenAt: UnixTime) throws(TokenSourceError) -> IssuedToken {
        var bytes = try contents(of: descriptor)
        while let end = bytes.last, [UInt8(ascii: "\n"), UInt8(ascii: "\r")].contains(end) { bytes.removeLast() }
        guard !bytes.isEmpty else { throw TokenAnswer.misread("\(path) is empty") }
        let isJSON = bytes.first { $0 > UInt8(ascii: " ") } == UInt8(ascii: "{")
        var token = isJSON ? try PrintedToken.read(json: Secret(bytes)) : try PrintedToken.read(bare: Secret(bytes))
        // Counted from when it was written, not from when it is read: the file may be old.
        switch token.lifetime {
        case .lasting(let duration): token.lifetime = .until(writtenAt + duration)
        case .unstated: token.lifetime = .lasting(recheck)
        case .until, .unlimited: break
        }
        return token
    }

    private func contents(of descriptor: Int32) throws(TokenSourceError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Self.longest + 1)
        var filled = 0
        while filled < bytes.count {
            let count = bytes.withUnsafeMutableBytes { Self.readSome(descriptor, into: UnsafeMutableRawBufferPointer(rebasing: $0[filled...])) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw complaint(errno) }
            if count == 0 { return Array(bytes[..<filled]) }
            filled += count
        }
        throw TokenAnswer.misread("\(path) has more than \(Self.longest) bytes")
    }

    private static func readSome(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer) -> Int {
        #if canImport(Glibc)
        Glibc.read(descriptor, buffer.baseAddress, buffer.count)
        #elseif canImport(Musl)
        Musl.read(descriptor, buffer.baseAddress, buffer.count)
        #else
        Darwin.read(descriptor, buffer.baseAddress, buffer.count)
        #endif
    }

    private func complaint(_ code: Int32) -> TokenSourceError {
        TokenSourceError(.misconfigured("\(path): \(String(cString: strerror(code)))"))
    }
}

extension TokenSource where Self == FileSource {
    /// Tokens that somebody else puts into a file.
    public static func file(_ path: String, recheck: Duration = .seconds(60)) -> FileSource { FileSource(path, recheck: recheck) }
}
