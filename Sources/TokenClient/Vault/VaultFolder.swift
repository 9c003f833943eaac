import TokenCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The files of a `SealedFileVault`, by plain system calls that may wait.
struct VaultFolder: Sendable {
    /// What a file says.
    struct File: Sendable {
        var version: Version
        var sealed: [UInt8]
    }

    private static let form: UInt8 = 1
    /// More than any grant: an answer of 256 KiB and tokens beside it.
    private static let mostBytes = 2 << 20
    /// A writer that is stopped while it has the lock must not stop everybody for longer.
    private static let patience = Duration.seconds(2)

    private let path: String

    init(_ path: String) throws(StoreError) {
        self.path = path
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw Self.trouble("the folder of the vault cannot be made") }
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { throw Self.trouble("the vault is not a folder") }
        guard status.st_uid == geteuid() else { throw .unavailable("the folder of the vault belongs to somebody else") }
        guard status.st_mode & 0o077 == 0 else { throw .unavailable("the folder of the vault can be read by others; its mode must be 0700") }
    }

    func read(_ name: String) throws(StoreError) -> File? {
        let descriptor = open("\(path)/\(name)", O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw Self.trouble("a file of the vault cannot be opened")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & 0o077 == 0 else {
            throw .unavailable("a file of the vault can be read by others; its mode must be 0600")
        }
        var reader = ByteReader(try Self.bytes(of: descriptor))
        guard try reader.read(UInt8.self) == Self.form else { throw .corrupt("a file of the vault of an unknown form") }
        let version = Version(try reader.read())
        return File(version: version, sealed: Array(try reader.readLong()))
    }

    /// Replaces a file of version `expected` (`absent`: there is none).
    func replace(_ name: String, over expected: Version, with file: File) throws(StoreError) {
        let lock = try lock(name)
        // Closing it lets go of it.
        defer { close(lock) }
        guard try read(name)?.version ?? .absent == expected else { throw .conflict }
        var writer = ByteWriter(capacity: file.sealed.count + 16)
        writer.write(Self.form)
        writer.write(file.version.number)
        writer.write(UInt32(file.sealed.count))
        writer.write(raw: file.sealed)
        try write(writer.bytes, to: "\(path)/\(name).new")
        guard rename("\(path)/\(name).new", "\(path)/\(name)") == 0 else { throw Self.trouble("a file of the vault cannot be replaced") }
        let folder = open(path, O_RDONLY | O_CLOEXEC)
        defer { close(folder) }
        guard folder >= 0, fsync(folder) == 0 else { throw .outcomeUnknown("the folder of the vault was not synced: errno \(errno)") }
    }

    /// What an interrupted write left is overwritten by the next: the lock is held.
    private func write(_ bytes: [UInt8], to file: String) throws(StoreError) {
        let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw Self.trouble("a file of the vault cannot be written") }
        defer { close(descriptor) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { systemWrite(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 || errno == EINTR else { throw Self.trouble("a file of the vault cannot be written") }
            rest = rest.dropFirst(max(0, count))
        }
        guard fsync(descriptor) == 0 else { throw Self.trouble("a file of the vault cannot be synced") }
    }

    /// One of 256 lock files, by the first byte of the digest: they stay, and they are not as many as the grants.
    private func lock(_ name: String) throws(StoreError) -> CInt {
        let descriptor = open("\(path)/lock-\(name.prefix(2))", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw Self.trouble("a lock of the vault cannot be opened") }
        let began = MonotonicTime.read()
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR, MonotonicTime.read() - began < Self.patience else {
                close(descriptor)
                throw .unavailable("a file of the vault is locked by another process")
            }
            usleep(1000)
        }
        return descriptor
    }

    private static func bytes(of descriptor: CInt) throws(StoreError) -> [UInt8] {
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 65_536)
        while bytes.count <= mostBytes {
            let count = part.withUnsafeMutableBytes { systemRead(descriptor, $0.baseAddress, $0.count) }
            if count == 0 { return bytes }
            guard count > 0 || errno == EINTR else { throw trouble("a file of the vault cannot be read") }
            bytes += part.prefix(max(0, count))
        }
        throw .corrupt("a file of the vault is larger than any grant")
    }

    private static func trouble(_ what: String) -> StoreError { .unavailable("\(what): errno \(errno)") }
}

private func systemWrite(_ descriptor: CInt, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int { write(descriptor, bytes, count) }
private func systemRead(_ descriptor: CInt, _ bytes: UnsafeMutableRawPointer?, _ count: Int) -> Int { read(descriptor, bytes, count) }

extension ByteReader {
    fileprivate mutating func readLong() throws(StoreError) -> ArraySlice<UInt8> { try read(count: Int(try read(UInt32.self))) }
}
