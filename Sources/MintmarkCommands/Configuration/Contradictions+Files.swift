import TokenHTTP

extension Settings {
    /// What is wrong with the files that these settings name; empty if a server can be started with them. Nothing is made or written.
    ///
    /// - Parameter surroundings: where relative paths start.
    func unusableFiles(from surroundings: Surroundings) -> [Contradiction] {
        certificateFiles(surroundings) + legacySecretFile(surroundings) + eventsFile(surroundings)
            + upstreams.flatMap { $0.unusableFiles(from: surroundings) }
    }

    private func certificateFiles(_ surroundings: Surroundings) -> [Contradiction] {
        guard let tls = server.tls, !tls.certificate.isEmpty, !tls.key.isEmpty else { return [] }
        let files = TokenServer.Configuration.TLS(
            certificate: surroundings.absolute(tls.certificate), key: surroundings.absolute(tls.key))
        do {
            try files.check()
            return []
        } catch {
            let keys =
                switch error.part {
                case .certificate: [Keys.certificate.name]
                case .key: [Keys.certificateKey.name]
                case .pair: [Keys.certificateKey.name, Keys.certificate.name]
                }
            return [Contradiction(keys: keys, reason: "\(error)", fix: "Name PEM files that the user of the server can read.")]
        }
    }

    private func legacySecretFile(_ surroundings: Surroundings) -> [Contradiction] {
        guard let path = auth.legacyHS256 else { return [] }
        do {
            _ = try LegacySecretFile.read(surroundings.absolute(path))
            return []
        } catch {
            return [
                Contradiction(
                    keys: [Keys.legacyHS256.name], reason: "The file that it names \(error.reason).",
                    fix: "Name a file with the secret, \(LegacySecretFile.shortest) bytes or more, that the user of the server can read.")
            ]
        }
    }

    private func eventsFile(_ surroundings: Surroundings) -> [Contradiction] {
        guard case .file(let path) = events.sink else { return [] }
        do {
            try EventsFile.check(surroundings.absolute(path))
            return []
        } catch {
            return [
                Contradiction(
                    keys: [Keys.eventsFile.name], reason: "\(path) \(error.reason).",
                    fix: "Name a file in a folder in which the user of the server may write, or - for standard output.")
            ]
        }
    }
}
