import Contracts
import JSON
import NIOCore

/// The name, description and parameters of a tool.
struct ToolDeclaration: Sendable, Hashable {
    /// A parameter of a tool.
    struct Parameter: Sendable, Hashable {
        var name: String
        var type: ParameterType
        var description: String
        var isRequired = false
    }

    /// The type of a parameter, as in JSON Schema.
    enum ParameterType: String, Sendable, Hashable {
        case string
        case number
        case integer
        case boolean
    }

    var name: String
    /// Other names under which models call the tool.
    var aliases: [String] = []
    /// When to use the tool, for the model.
    var description: String
    var parameters: [Parameter]

    /// Writes the declaration in OpenAI's format of a function.
    func write(to json: inout JSONWriter) {
        json.object { json in
            json.field("type", "function")
            json.object("function") { json in
                json.field("name", name)
                json.field("description", description)
                json.value("parameters") { writeSchema(to: &$0) }
            }
        }
    }

    /// Writes the JSON schema of the parameters.
    func writeSchema(to json: inout JSONWriter) {
        json.object { json in
            json.field("type", "object")
            json.object("properties") { json in
                for parameter in parameters {
                    json.member(parameter.name) { json in
                        json.object { json in
                            json.field("type", parameter.type.rawValue)
                            json.field("description", parameter.description)
                        }
                    }
                }
            }
            json.array("required", parameters.filter(\.isRequired)) { $0.text($1.name) }
        }
    }
}
