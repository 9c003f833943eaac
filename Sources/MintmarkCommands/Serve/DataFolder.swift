import FoundationEssentials
import JOSE
import SQLiteStore
import TokenCore
import TokenEngine
import TokenSealing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The files of one installation beside the store's own: the seal and the admin credential.
struct DataFolder: Sendable {
    /// `store.path`.
    let path: String
    /// `keys.seal_file`.
    let sealFile: String
    /// `admin.token_file`.
    let adminTokenFile: String
    /// Whether anything is in the folder: not where the store is elsewhere and the credential in a file of its own.
    let isUsed: Bool

    init(_ settings: Settings) {
        path = Paths.withoutTrailingSlashes(settings.store.path)
        sealFile = settings.keys.sealFile
        adminTokenFile = settings.adminTokenFile
        isUsed = settings.store.shared == nil || !settings.isAdminTokenFileNamed
    }

    /// Makes the folder, mode 0700, for what is in it beside a store.
    func make() throws(CommandFailure) {
        guard isUsed, mkdir(path, 0o700) != 0, errno != EEXIST else { return }
        throw CommandFailure(.configuration, "\(path) cannot be made: \(String(cString: strerror(errno)))")
    }

    private func create(_ path: String, _ secret: Secret) throws(CommandFailure) {
        do { try PrivateFile.create(path, secret.bytes) } catch {
            guard error.code == EEXIST else { throw CommandFailure(.failed, "\(path) cannot be written: \(error)") }
            throw CommandFailure(
                .configuration,
                "\(path) is there and cannot be read, or somebody has just made it. It is not replaced: look what it is, and start again.")
        }
    }

    /// Refuses an installation whose secrets others than the server's user could read or replace.
    func refuseLaxFiles() throws(CommandFailure) {
        let folder = isUsed ? [path, path + "/" + SQLiteStore.fileName] : []
        let lax = (folder + [sealFile, adminTokenFile]).compactMap { PrivateFile.laxity(of: $0) }
        guard lax.isEmpty else { throw CommandFailure(.configuration, lax.joined(separator: "\n")) }
    }

    /// The seal keys that all instances of a shared store have: those of the file. None is ever made.
    func sharedSeals() throws(CommandFailure) -> SealKeys {
        if let seals = try readSeals() { return seals }
        throw CommandFailure(
            .configuration,
            """
            the seal file \(sealFile) is missing or unreadable. Every instance needs the same one: put it there, or, for a store that is empty, make \
            one with `mintmark keys new-seal` and give it to all of them. None is made here: with one each, none could read what the others have sealed.
            """)
    }

    private func readSeals() throws(CommandFailure) -> SealKeys? {
        guard let text = FileManager.default.contents(atPath: sealFile) else { return nil }
        do { return try SealKeys(parsing: Array(text)) } catch {
            throw CommandFailure(.configuration, "the seal file \(sealFile) cannot be used: \(error)")
        }
    }

    /// The seal keys: those of the file, or new ones when there is neither data nor a seal. Only the holder of the folder's lock may ask, so that
    /// of two first starts at once one makes the seal and the other is gone by then.
    ///
    /// - Parameter holdsData: whether the store has anything that a seal key opens.
    /// - Throws: when data is there without its seal; a second seal would open nothing of it.
    func seals(holdsData: Bool) throws(CommandFailure) -> SealKeys {
        if let seals = try readSeals() { return seals }
        guard !holdsData else {
            throw CommandFailure(
                .configuration,
                """
                \(path) holds data, but its seal file \(sealFile) is missing or unreadable.
                Put the seal file back, or name it with keys.seal_file. Without it nothing in the folder can be opened, and none is made.
                """)
        }
        let seals = SealKeys.generate()
        try create(sealFile, seals.text)
        return seals
    }

    /// The admin credential, made on first use.
    func adminToken() throws(CommandFailure) -> Secret {
        if let text = FileManager.default.contents(atPath: adminTokenFile) {
            let token = text.filter { $0 > 0x20 }
            guard token.count >= 32 else { throw CommandFailure(.configuration, "\(adminTokenFile) holds no credential; remove it and one is made.") }
            return Secret(Array(token))
        }
        let token = Secret(Array("mma_".utf8) + Base64URL.encode(SystemRandomness.bytes(32)))
        try create(adminTokenFile, Secret(token.bytes + [0x0a]))
        return token
    }

    /// The latest moment at which the store was written: the clock does not begin before it.
    var lastWritten: UnixTime {
        let times = ["", "-wal"].compactMap { suffix -> Int64? in
            var status = stat()
            guard stat("\(path)/\(SQLiteStore.fileName)\(suffix)", &status) == 0 else { return nil }
            #if canImport(Darwin)
            let written = status.st_mtimespec
            #else
            let written = status.st_mtim
            #endif
            return Int64(written.tv_sec) * 1000 + Int64(written.tv_nsec) / 1_000_000
        }
        return UnixTime(milliseconds: times.max() ?? 0)
    }
}
