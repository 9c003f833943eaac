import GRDBSQLite

/// What SQLite answered when it did not do what it was asked.
struct SQLiteFailure: Error {
    /// The extended result code.
    let code: Int32
    /// SQLite's own words.
    let message: String

    /// What was read is not what can have been written.
    static func damaged(_ what: String) -> SQLiteFailure { SQLiteFailure(code: SQLITE_CORRUPT, message: "\(what) is damaged") }

    private init(code: Int32, message: String) {
        self.code = code
        self.message = message
    }

    /// The failure that a connection tells of last.
    init(of connection: OpaquePointer) {
        code = sqlite3_extended_errcode(connection)
        message = String(cString: sqlite3_errmsg(connection))
    }

    /// The class of the code: what is left without the extension.
    var primary: Int32 { code & 0xff }
}

/// A prepared statement: compiled once, then bound, stepped and reset for every use.
///
/// Every use ends with a reset, so that no statement keeps a snapshot of the file alive. Not Sendable: it belongs to the
/// thread that has its connection.
final class Statement {
    private let connection: OpaquePointer
    private let handle: OpaquePointer

    /// Compiles one statement, to be kept as long as the connection.
    init(_ sql: String, on connection: OpaquePointer) throws(SQLiteFailure) {
        var handle: OpaquePointer?
        sqlite3_prepare_v3(connection, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &handle, nil)
        guard let handle else { throw SQLiteFailure(of: connection) }
        self.connection = connection
        self.handle = handle
    }

    deinit { sqlite3_finalize(handle) }

    /// Runs it to its end and drops the rows, if any.
    func run(_ bind: (inout Bindings) -> Void = { _ in }) throws(SQLiteFailure) {
        try each(bind) { _ in }
    }

    /// Its first row, read by `read`.
    func first<T>(_ bind: (inout Bindings) -> Void = { _ in }, read: (Row) -> T) throws(SQLiteFailure) -> T? {
        start(bind)
        defer { sqlite3_reset(handle) }
        return try step() ? read(Row(handle)) : nil
    }

    /// Every row in turn.
    func each(_ bind: (inout Bindings) -> Void = { _ in }, read: (Row) -> Void) throws(SQLiteFailure) {
        start(bind)
        defer { sqlite3_reset(handle) }
        while try step() { read(Row(handle)) }
    }

    private func start(_ bind: (inout Bindings) -> Void) {
        var bindings = Bindings(handle)
        bind(&bindings)
    }

    private func step() throws(SQLiteFailure) -> Bool {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default: throw SQLiteFailure(of: connection)
        }
    }
}

/// The values of a statement's question marks, given in their order.
struct Bindings {
    private let handle: OpaquePointer
    private var position: Int32 = 0

    init(_ handle: OpaquePointer) { self.handle = handle }

    /// The next one is an integer.
    mutating func add(_ value: some BinaryInteger) {
        position += 1
        sqlite3_bind_int64(handle, position, Int64(truncatingIfNeeded: value))
    }

    /// The next one is NULL.
    mutating func addNull() {
        position += 1
        sqlite3_bind_null(handle, position)
    }

    /// The next one is a blob; nil is NULL. SQLite copies it.
    mutating func add(_ value: [UInt8]?) {
        position += 1
        guard let value else {
            sqlite3_bind_null(handle, position)
            return
        }
        guard !value.isEmpty else {
            sqlite3_bind_zeroblob(handle, position, 0)
            return
        }
        value.withUnsafeBytes { bytes in
            _ = sqlite3_bind_blob(handle, position, bytes.baseAddress, Int32(bytes.count), Self.copied)
        }
    }

    /// `SQLITE_TRANSIENT`, a macro that Swift does not import: the value -1 as the pointer of a destructor.
    private static var copied: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }
}

/// The row that a statement stands on; valid until its next step.
struct Row {
    private let handle: OpaquePointer

    init(_ handle: OpaquePointer) { self.handle = handle }

    /// The integer of a column, counted from 0.
    func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

    /// Whether a column is NULL.
    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }

    /// The bytes of a column; none of NULL.
    func bytes(_ column: Int32) -> [UInt8] { Array(raw(column)) }

    /// The bytes of a column; nil for NULL.
    func optionalBytes(_ column: Int32) -> [UInt8]? { isNull(column) ? nil : bytes(column) }

    /// Whether a column holds exactly this, without a copy of it.
    func holds(_ value: [UInt8]?, _ column: Int32) -> Bool {
        guard let value else { return isNull(column) }
        return !isNull(column) && raw(column).elementsEqual(value)
    }

    private func raw(_ column: Int32) -> UnsafeRawBufferPointer {
        let start = sqlite3_column_blob(handle, column)
        return UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column)))
    }
}
