import FoundationEssentials
import Logging
import TokenClient
import TokenCore
import TokenSealing

/// Where the server keeps what must not be lost of upstream tokens, and whether other instances use it too.
struct UpstreamVault: Sendable {
    /// The store of the server, or the sidecar's folder.
    let vault: any TokenVault
    /// Whether instances share it: then one of them fetches for all.
    let isShared: Bool
    let logger: Logger

    /// A source with what it needs of the vault.
    ///
    /// A refresh token that rotates is always kept: the one of the configuration is spent with the first exchange. Tokens of programs and files of this
    /// machine are nobody else's.
    func keep(_ source: any TokenSource, of kind: UpstreamSourceKind) -> any TokenSource {
        let isOfOthers = ![.exec, .file].contains(kind)
        let isKept = source is any RotatingTokenSource || (isShared && isOfOthers)
        return isKept ? source.kept(in: vault, logger: logger) : source
    }
}

extension Settings {
    /// Whether anything of the upstreams outlives the process.
    var keepsRefreshTokens: Bool { upstreams.contains { $0.source == .refreshToken } }
}

extension DataFolder {
    /// The vault of a sidecar, which has no store: a folder in `store.path`, sealed as a store there would be.
    ///
    /// - Throws: what keeps the folder or the seal from being made or used.
    func vault(_ logger: Logger) throws(CommandFailure) -> UpstreamVault {
        try make()
        try refuseLaxFiles()
        let folder = path + "/upstreams"
        let seals = try seals(holdsData: FileManager.default.fileExists(atPath: folder))
        do { return UpstreamVault(vault: try SealedFileVault(folder: folder, seals: seals), isShared: false, logger: logger) } catch {
            throw CommandFailure(error.commandStatus, "\(folder) cannot be used: \(error.explanation)")
        }
    }
}
