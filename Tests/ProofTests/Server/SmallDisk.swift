import Foundation

/// A disk that can be made full and given room again: a small file system of its own where mounting is allowed, else a limit on
/// the size of files, which a container without privileges has too.
struct SmallDisk {
    private enum Means {
        case mount(String)
        case limit
    }

    private let means: Means
    /// Where the server keeps its data.
    let store: String

    /// - Parameter limited: forces the limit on files, to prove that way too.
    init(in folder: DataFolder, limited: Bool) async throws {
        let point = folder.path + "/disk"
        try FileManager.default.createDirectory(atPath: point, withIntermediateDirectories: true)
        let mounted = limited ? nil : try await ChildProcess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", point], in: folder)
        means = mounted?.status == 0 ? .mount(point) : .limit
        store = point + "/data"
    }

    /// What the server is started through: a limit that is hit must be an error for it and not its end.
    var through: [String] {
        if case .limit = means { ["/bin/sh", "-c", "trap '' XFSZ; exec \"$@\"", "sh"] } else { [] }
    }

    /// Leaves no room.
    func exhaust(_ server: ServerProcess, _ folder: DataFolder) async throws {
        switch means {
        case .mount(let point):
            let file = open(point + "/filler", O_WRONLY | O_CREAT, 0o600)
            let block = [UInt8](repeating: 1, count: 4096)
            while write(file, block, block.count) > 0 {}
            close(file)
        case .limit:
            try await limit(server, to: "4096", folder)
        }
    }

    /// Gives room again.
    func relieve(_ server: ServerProcess, _ folder: DataFolder) async throws {
        switch means {
        case .mount(let point): try FileManager.default.removeItem(atPath: point + "/filler")
        case .limit: try await limit(server, to: "unlimited", folder)
        }
    }

    /// Takes the disk away, once the server is gone.
    func remove(_ folder: DataFolder) async throws {
        if case .mount(let point) = means { _ = try await ChildProcess.run(["umount", point], in: folder) }
    }

    /// The soft limit only: giving more back needs no privilege.
    private func limit(_ server: ServerProcess, to size: String, _ folder: DataFolder) async throws {
        let outcome = try await ChildProcess.run(["prlimit", "--pid", "\(server.pid)", "--fsize=\(size):"], in: folder)
        guard outcome.status == 0 else { throw CocoaError(.featureUnsupported, userInfo: [NSLocalizedDescriptionKey: outcome.complaint]) }
    }
}
