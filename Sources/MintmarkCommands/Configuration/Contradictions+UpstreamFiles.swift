import TokenTransport

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

extension Settings.Upstream {
    /// What is wrong with the files that this entry names: missing, unreadable, no key or certificate, or readable by others although they are secret.
    func unusableFiles(from surroundings: Surroundings) -> [Contradiction] {
        let secrets: [(any DescribedKey, String?)] = [
            (UpstreamKeys.clientSecretFile, clientSecretFile), (UpstreamKeys.privateKeyFile, privateKeyFile),
            (UpstreamKeys.refreshTokenFile, refreshTokenFile), (UpstreamKeys.certificateKey, certificateKey),
            (UpstreamKeys.dpopKeyFile, dpopKeyFile),
        ]
        var found = secrets.compactMap { row, path in path.flatMap { secretFile($0, named: row, surroundings) } }
        found += readable(UpstreamKeys.certificate, certificate, surroundings) + readable(UpstreamKeys.caFile, caFile, surroundings)
        // What is in them is looked at once they can be read.
        if found.isEmpty { found = unusableKeys(surroundings) }
        // Tokens in `path` and `subject_token_file` are put there by others, with modes of their own, and may come later.
        if let program = command?.first, !Self.isRunnable(program, surroundings) {
            found.append(
                Contradiction(
                    keys: [key(UpstreamKeys.command)], reason: "There is no program '\(program)' that can be run.",
                    fix: "Name one by its path, or one that is found through PATH; arguments are further items of the list."))
        }
        return found
    }

    private func secretFile(_ path: String, named row: any DescribedKey, _ surroundings: Surroundings) -> Contradiction? {
        let place = surroundings.absolute(path)
        guard access(place, R_OK) == 0 else {
            return Contradiction(
                keys: [key(row)], reason: "\(path) cannot be read: \(String(cString: strerror(errno))).",
                fix: "Name a file that the user of the server can read.")
        }
        return PrivateFile.laxity(of: place).map {
            Contradiction(keys: [key(row)], reason: $0 + ".", fix: "A secret that others can read is theirs.")
        }
    }

    private func readable(_ row: any DescribedKey, _ path: String?, _ surroundings: Surroundings) -> [Contradiction] {
        guard let path, access(surroundings.absolute(path), R_OK) != 0 else { return [] }
        return [
            Contradiction(
                keys: [key(row)], reason: "\(path) cannot be read: \(String(cString: strerror(errno))).",
                fix: "Name a file that the user of the server can read.")
        ]
    }

    /// What makes keys and certificates of the files makes them here too, and forgets them.
    private func unusableKeys(_ surroundings: Surroundings) -> [Contradiction] {
        let sources = UpstreamSources(surroundings: surroundings, vault: nil)
        var found: [Contradiction] = []
        func attempt(_ row: any DescribedKey, _ fix: String, _ work: () throws(CommandFailure) -> Void) {
            do { try work() } catch {
                let reason = error.message.replacing("\(key(row)): ", with: "")
                found.append(Contradiction(keys: [key(row)], reason: reason, fix: fix))
            }
        }
        for (row, path) in [(UpstreamKeys.privateKeyFile, privateKeyFile), (UpstreamKeys.dpopKeyFile, dpopKeyFile)] where path != nil {
            attempt(row, "Name a file with a private key as PEM or a JWK: P-256, P-384, Ed25519, or RSA as PEM.") { () throws(CommandFailure) in
                _ = try sources.signingKey(self, row, path)
            }
        }
        if caFile != nil || certificate != nil {
            let row = certificate == nil ? UpstreamKeys.caFile : UpstreamKeys.certificate
            attempt(row, "Name PEM files, and with a certificate the key that belongs to it.") { () throws(CommandFailure) in
                _ = try sources.tls(self)
            }
        }
        return found
    }

    private static func isRunnable(_ program: String, _ surroundings: Surroundings) -> Bool {
        if program.contains("/") { return access(surroundings.absolute(program), X_OK) == 0 }
        let folders = surroundings.environment["PATH"]?.split(separator: ":") ?? ["/usr/bin", "/bin"]
        return folders.contains { access("\($0)/\(program)", X_OK) == 0 }
    }
}
