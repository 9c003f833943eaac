import TokenCore
import Valkey

extension StoreError {
    /// What a failure of the client means for a read: nothing was to be changed, so nothing is unknown.
    init(reading error: ValkeyClientError) {
        self = StoreError(writing: error)
        if case .outcomeUnknown(let why) = self { self = .unavailable(why) }
    }

    /// What a failure of the client means for a write.
    init(writing error: ValkeyClientError) {
        if error.errorCode == .overloaded {
            self = .overloaded
            return
        }
        switch error.execution {
        case .unknown: self = .outcomeUnknown(error.message)
        case .notExecuted: self = .unavailable(error.message)
        case .replied: self = Self.refused(error)
        }
    }

    /// The server said no. Scripts judge and read before they write, and a server out of memory refuses their first write: none is left in half.
    private static func refused(_ error: ValkeyClientError) -> StoreError {
        switch error.serverCode {
        case "FOREIGN":
            .unavailable(
                """
                the servers do not hold the store that was opened: they were emptied, restored from another, or started without their data. \
                Nothing is issued or changed; bring the data back, or start every instance anew
                """)
        case "OOM": .unavailable("the server is out of memory: \(error.message)")
        // Every key is asked for before anything is written: while a slot moves the answer comes in time.
        case "ERR" where error.message.contains("non local key"): .unavailable("a part of the store is on its way to another server")
        // A script that failed for a reason that nobody thought of may have begun to write.
        case "ERR": .outcomeUnknown(error.message)
        case "WRONGTYPE": .corrupt("something else than ours stands under one of our names: \(error.message)")
        default: .unavailable(error.message)
        }
    }
}
