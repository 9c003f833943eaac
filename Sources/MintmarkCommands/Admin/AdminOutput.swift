import JOSE

/// Prints what the admin API answered: as it is for programs, as a table for people.
enum AdminOutput {
    /// One column of a table: its heading and the member it shows.
    typealias Column = (heading: String, member: String)

    /// The whole answer on one line.
    static func json(_ answer: JSONObject) {
        Surroundings.current.print(String(decoding: JSONValue.object(answer).serialized, as: UTF8.self))
    }

    /// Objects as rows; `nothing` where there are none.
    static func table(_ rows: [JSONValue], _ columns: [Column], nothing: String) {
        guard !rows.isEmpty else { return Surroundings.current.print(nothing) }
        var table = Table(columns.map(\.heading))
        for row in rows { table.append(columns.map { cell(row.object?[$0.member], named: $0.member) }) }
        Surroundings.current.print(table.text)
    }

    /// A member as people read it: times as dates, an absent one as a dash.
    static func cell(_ value: JSONValue?, named name: String) -> String {
        switch value {
        case nil, .null?: return "-"
        case .string(let text)?: return text
        case .integer(let seconds)? where isTime(name): return Sentences.time(seconds)
        case let value?: return String(decoding: value.serialized, as: UTF8.self)
        }
    }

    private static func isTime(_ name: String) -> Bool {
        name == "last_seen" || ["_at", "_since", "_until"].contains { name.hasSuffix($0) }
    }
}
