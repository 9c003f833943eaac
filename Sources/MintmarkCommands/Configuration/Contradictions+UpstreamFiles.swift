#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

extension Settings.Upstream {
    /// What is wrong with the files that this entry names: missing, unreadable, or readable by others although they are secret.
    func unusableFiles(from surroundings: Surroundings) -> [Contradiction] {
        let secrets: [(any DescribedKey, String?)] = [
            (UpstreamKeys.clientSecretFile, clientSecretFile), (UpstreamKeys.privateKeyFile, privateKeyFile),
            (UpstreamKeys.refreshTokenFile, refreshTokenFile),
        ]
        var found = secrets.compactMap { row, path in path.flatMap { secretFile($0, named: row, surroundings) } }
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

    private static func isRunnable(_ program: String, _ surroundings: Surroundings) -> Bool {
        if program.contains("/") { return access(surroundings.absolute(program), X_OK) == 0 }
        let folders = surroundings.environment["PATH"]?.split(separator: ":") ?? ["/usr/bin", "/bin"]
        return folders.contains { access("\($0)/\(program)", X_OK) == 0 }
    }
}
