extension DocumentationPages {
    /// The script of the pages: how schemas and examples are shown.
    static let schemaScript = #"""
        "use strict";
        // Shows /openapi.json. All text is inserted as text, never as HTML.
        const reading = document.documentElement.dataset.view === "reading";
        const METHODS = ["get", "post", "put", "patch", "delete", "head", "options", "trace"];
        let api = null;

        function make(tag, attributes, ...children) {
          const element = document.createElement(tag);
          for (const [name, value] of Object.entries(attributes || {})) {
            if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
            else if (value === true) element.setAttribute(name, "");
            else if (value !== false && value !== undefined && value !== null) element.setAttribute(name, value);
          }
          element.append(...children.flat(Infinity).filter(child => child !== null && child !== undefined && child !== ""));
          return element;
        }

        // Text with `code` between backquotes.
        function inline(text) {
          return String(text || "").split(/(`[^`]*`)/).filter(Boolean).map(part =>
            part.startsWith("`") ? make("code", {}, part.slice(1, -1)) : part);
        }

        function prose(text) {
          return String(text || "").split(/\n\s*\n/).filter(Boolean).map(paragraph => make("p", {}, inline(paragraph)));
        }

        function resolve(value) {
          let steps = 0;
          while (value && value.$ref && steps++ < 16) {
            const target = value.$ref.slice(2).split("/")
              .reduce((node, key) => node && node[key.replace(/~1/g, "/").replace(/~0/g, "~")], api);
            value = target ? { ...target, ...value, $ref: undefined } : {};
          }
          return value || {};
        }

        function nameOf(schema) {
          return schema.$ref ? schema.$ref.split("/").pop() : "";
        }

        function typeOf(schema) {
          if (schema.$ref) return nameOf(schema);
          if (schema.anyOf) return schema.anyOf.map(typeOf).join(" or ");
          if (schema.enum) return schema.enum.map(value => JSON.stringify(value)).join(" or ");
          const types = [schema.type || "any value"].flat();
          return types.map(type => type === "array" ? `list of ${typeOf(schema.items || {})}` : type).join(" or ");
        }

        function rulesOf(schema) {
          const rules = [];
          if (schema.format) rules.push(schema.format);
          if (schema.minimum !== undefined || schema.maximum !== undefined)
            rules.push(`${schema.minimum ?? "…"} to ${schema.maximum ?? "…"}`);
          if (schema.minLength || schema.maxLength !== undefined)
            rules.push(`${schema.minLength || 0} to ${schema.maxLength ?? "…"} characters`);
          if (schema.minItems || schema.maxItems !== undefined)
            rules.push(`${schema.minItems || 0} to ${schema.maxItems ?? "…"} items`);
          if (schema.pattern) rules.push(`matches ${schema.pattern}`);
          if (schema.default !== undefined) rules.push(`default ${JSON.stringify(schema.default)}`);
          return rules.join(" · ");
        }

        // The parts of a schema that have parts of their own: members, items, alternatives.
        function partsOf(schema) {
          const whole = resolve(schema);
          if (whole.properties) {
            return Object.entries(whole.properties).map(([name, part]) =>
              ({ name, part, required: (whole.required || []).includes(name) }));
          }
          if (whole.additionalProperties && typeof whole.additionalProperties === "object")
            return [{ name: "any name", part: whole.additionalProperties }];
          if (whole.items) return partsOf(whole.items);
          return (whole.anyOf || []).filter(part => partsOf(part).length)
            .map((part, index) => ({ name: nameOf(part) || `form ${index + 1}`, part }));
        }

        // Members of a schema, each opened on demand: schemas can be deep.
        function schemaView(schema, depth = 0) {
          const parts = depth > 12 ? [] : partsOf(schema);
          if (!parts.length) return depth ? null : make("p", { class: "type" }, typeOf(schema), " ", rulesOf(resolve(schema)));
          return make("ul", { class: "schema" }, parts.map(({ name, part, required }) => {
            const whole = resolve(part);
            const head = [
              make("code", { class: "name" }, name), required ? make("span", { class: "required" }, "required") : null,
              make("span", { class: "type" }, typeOf(part)), make("span", { class: "rules" }, rulesOf(whole)),
              whole.description ? make("span", { class: "text" }, inline(whole.description)) : null,
            ];
            if (!partsOf(part).length) return make("li", {}, head);
            const details = make("details", { ontoggle: () => {
              if (details.open && details.children.length === 1) details.append(schemaView(part, depth + 1) || "");
            } }, make("summary", {}, head));
            return make("li", {}, details);
          }));
        }

        // An example of a schema, for bodies and responses without one.
        function sample(schema, depth = 0) {
          const whole = resolve(schema);
          if (whole.default !== undefined) return whole.default;
          if (whole.enum) return whole.enum[0];
          if (whole.anyOf) return sample(whole.anyOf[0], depth);
          const type = [whole.type].flat()[0];
          if (type === "object" && depth < 6) {
            const members = Object.entries(whole.properties || {});
            return Object.fromEntries(members.map(([name, part]) => [name, sample(part, depth + 1)]));
          }
          if (type === "array") return depth < 6 ? [sample(whole.items || {}, depth + 1)] : [];
          if (type === "integer" || type === "number") return whole.minimum > 0 ? whole.minimum : 0;
          if (type === "boolean") return true;
          if (type !== "string") return null;
          const formats = { uuid: "0192f0c1-7b5a-7c3e-9f00-3a5b8c1d2e4f", date: "2026-11-21",
                            "date-time": "2026-11-21T08:30:00.000000Z" };
          return formats[whole.format] || "string";
        }

        function block(value) {
          return make("pre", {}, typeof value === "string" ? value : JSON.stringify(value, null, 2));
        }

        """#
}
