import Contracts
import HTTP
import JSON
import NIOHTTP1

/// An invalid part of a request, as FastAPI describes it.
struct ValidationError: Sendable, Equatable {
    /// A step of the path to the invalid value.
    enum Location: Sendable, Equatable {
        case name(String)
        case index(Int)
    }

    /// The kind of error, such as `missing`.
    var type: String
    var location: [Location]
    var message: String
    /// The invalid value.
    var input = RawJSON("null")
    /// More about the error, an object.
    var context: RawJSON?

    static func missing(_ location: Location..., input: RawJSON = RawJSON("null")) -> ValidationError {
        ValidationError(type: "missing", location: location, message: "Field required", input: input)
    }
}

/// The response 422 for an invalid request.
struct ValidationErrors: RespondingError, Equatable {
    var errors: [ValidationError]

    init(_ errors: ValidationError...) {
        self.errors = errors
    }

    init(_ errors: [ValidationError]) {
        self.errors = errors
    }

    func response() -> Response {
        var json = JSONWriter()
        json.object { json in
            json.objects("detail", errors) { json, error in
                json.field("type", error.type)
                json.array("loc", error.location) { json, location in
                    switch location {
                    case .name(let name): json.text(name)
                    case .index(let index): json.raw(String(index))
                    }
                }
                json.field("msg", error.message)
                json.raw("input", error.input.text)
                if let context = error.context { json.raw("ctx", context.text) }
            }
        }
        return .json(json, status: .unprocessableEntity)
    }
}
