import Contracts

/// The errors that pydantic finds, with its types and sentences.
extension ValidationError {
    static func missing(_ location: [Location], input: JSONTree) -> ValidationError {
        ValidationError(type: "missing", location: location, message: "Field required", input: input.json)
    }

    /// A value that is no object.
    static func noObject(at location: [Location], _ value: JSONTree) -> ValidationError {
        ValidationError(
            type: "model_attributes_type",
            location: location,
            message: "Input should be a valid dictionary or object to extract fields from",
            input: value.json
        )
    }

    static func noString(at location: [Location], _ value: JSONTree) -> ValidationError {
        ValidationError(
            type: "string_type",
            location: location,
            message: "Input should be a valid string",
            input: value.json
        )
    }

    static func tooShort(at location: [Location], _ value: JSONTree, minimumLength: Int) -> ValidationError {
        ValidationError(
            type: "string_too_short",
            location: location,
            message: "String should have at least \(minimumLength) character\(minimumLength == 1 ? "" : "s")",
            input: value.json,
            context: RawJSON("{\"min_length\":\(minimumLength)}")
        )
    }

    static func noBoolean(at location: [Location], _ value: JSONTree, _ failure: LaxBoolean.Failure) -> ValidationError
    {
        let isUnknown = failure == .unknown
        return ValidationError(
            type: isUnknown ? "bool_parsing" : "bool_type",
            location: location,
            message: "Input should be a valid boolean" + (isUnknown ? ", unable to interpret input" : ""),
            input: value.json
        )
    }

    static func noInteger(at location: [Location], _ value: JSONTree, _ failure: LaxInteger.Failure) -> ValidationError
    {
        let (type, reason) =
            switch failure {
            case .unknown: ("int_parsing", ", unable to parse string as an integer")
            case .fraction: ("int_from_float", ", got a number with a fractional part")
            case .otherType: ("int_type", "")
            }
        return ValidationError(
            type: type,
            location: location,
            message: "Input should be a valid integer" + reason,
            input: value.json
        )
    }

    /// A number outside of a range.
    static func outOfRange(
        at location: [Location],
        _ value: JSONTree,
        _ range: ClosedRange<Int>,
        isBelow: Bool
    ) -> ValidationError {
        let bound = isBelow ? range.lowerBound : range.upperBound
        return ValidationError(
            type: isBelow ? "greater_than_equal" : "less_than_equal",
            location: location,
            message: "Input should be \(isBelow ? "greater" : "less") than or equal to \(bound)",
            input: value.json,
            context: RawJSON("{\"\(isBelow ? "ge" : "le")\":\(bound)}")
        )
    }

    /// A value that is no UUID.
    static func noIdentifier(at location: [Location], _ value: JSONTree) -> ValidationError {
        guard case .text(let text) = value else {
            return ValidationError(
                type: "uuid_type",
                location: location,
                message: "UUID input should be a string, bytes or UUID object",
                input: value.json
            )
        }
        let reason = UUIDText.error(in: text)
        return ValidationError(
            type: "uuid_parsing",
            location: location,
            message: "Input should be a valid UUID, \(reason)",
            input: value.json,
            context: JSONTree.object([JSONTree.Member(name: "error", value: .text(reason))]).json
        )
    }

    /// A body that is not JSON.
    static func invalidJSON(_ failure: JSONTreeParser.Failure) -> ValidationError {
        ValidationError(
            type: "json_invalid",
            location: [.name("body"), .index(failure.offset)],
            message: "JSON decode error",
            input: RawJSON("{}"),
            context: JSONTree.object([JSONTree.Member(name: "error", value: .text(failure.message))]).json
        )
    }
}
