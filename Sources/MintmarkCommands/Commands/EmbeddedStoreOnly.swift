extension Settings {
    /// For commands that read or replace the embedded store's file.
    func refuseSharedStore() throws(CommandFailure) {
        guard store.shared != nil else { return }
        throw CommandFailure(
            .usage,
            "sessions are on the servers of store.url: they are saved and restored there, from snapshots or append-only files (docs/operations.md).")
    }
}
