extension DocumentationPages {
    /// The script of the pages: how operations are shown and found.
    static let operationScript = #"""

        function section(title, ...content) {
          const parts = content.flat(Infinity).filter(Boolean);
          return parts.length ? make("section", {}, make("h4", {}, title), parts) : null;
        }

        function parametersView(operation) {
          const parameters = operation.parameters || [];
          if (!parameters.length) return null;
          return section("Parameters", make("ul", { class: "schema" }, parameters.map(parameter => make("li", {},
            make("code", { class: "name" }, parameter.name),
            make("span", { class: "place" }, parameter.in),
            parameter.required ? make("span", { class: "required" }, "required") : null,
            make("span", { class: "type" }, typeOf(parameter.schema || {})),
            make("span", { class: "rules" }, rulesOf(resolve(parameter.schema))),
            parameter.description ? make("span", { class: "text" }, inline(parameter.description)) : null))));
        }

        function contentView(content) {
          return Object.entries(content || {}).map(([type, body]) => [
            make("p", { class: "media" }, make("code", {}, type)),
            body["x-events"]
              ? make("ul", { class: "schema" }, body["x-events"].map(event => make("li", {},
                  make("details", {}, make("summary", {}, make("code", { class: "name" }, event.event),
                    make("span", { class: "text" }, inline(event.description))), schemaView(event.data || {})))))
              : schemaView(body.schema || {}),
            reading || body.example !== undefined
              ? make("details", { open: reading && body.example !== undefined }, make("summary", {}, "Example"),
                  block(body.example !== undefined ? body.example : sample(body.schema || {})))
              : null,
          ]);
        }

        function responseView([status, response]) {
          const whole = resolve(response);
          const headers = Object.entries(whole.headers || {});
          return make("details", { class: "response", open: reading && status[0] === "2" },
            make("summary", {}, make("code", { class: `status s${status[0]}` }, status), " ", inline(whole.description)),
            headers.length ? make("ul", { class: "schema" }, headers.map(([name, header]) => make("li", {},
              make("code", { class: "name" }, name), make("span", { class: "place" }, "header"),
              header.description ? make("span", { class: "text" }, inline(header.description)) : null))) : null,
            contentView(whole.content));
        }

        function responsesView(operation) {
          const all = Object.entries(operation.responses || {});
          // Errors that are the same everywhere are folded away.
          const own = all.filter(([, response]) => !response.$ref);
          const shared = all.filter(([, response]) => response.$ref);
          return section("Responses", own.map(responseView), shared.length
            ? make("details", { class: "shared" }, make("summary", {}, `Errors: ${shared.map(([status]) => status).join(", ")}`),
                shared.map(responseView))
            : null);
        }

        function socketView(socket) {
          if (!socket) return null;
          const events = (title, list) => list && list.length ? [make("p", { class: "media" }, title),
            make("ul", { class: "schema" }, list.map(event => make("li", {}, make("code", { class: "name" }, event.event),
              make("span", { class: "text" }, inline(event.description)), schemaView(event.data || {}))))] : null;
          return section("WebSocket", socket.protocols ? make("p", {}, `Protocols: ${socket.protocols.join(", ")}`) : null,
            events("From the client", socket["from-client"]), events("From the server", socket["from-server"]));
        }

        function operationView(path, method, operation) {
          const body = operation.requestBody;
          const content = () => [
            prose(operation.description), parametersView(operation),
            body ? section(`Body${body.required ? "" : " (optional)"}`, contentView(body.content)) : null,
            socketView(operation["x-websocket"]), responsesView(operation),
            reading || operation["x-websocket"] ? null : tryView(path, method, operation),
          ];
          const view = make("details", { class: "operation", id: operation.operationId, open: reading,
            ontoggle: () => { if (view.open && view.children.length === 1) view.append(...content().flat(Infinity).filter(Boolean)); } },
            make("summary", {}, make("code", { class: `method ${method}` }, method.toUpperCase()),
              make("code", { class: "path" }, path), make("span", { class: "summary" }, operation.summary || ""),
              make("span", { class: "access" }, accessText(operation))));
          view.dataset.words = `${method} ${path} ${operation.summary} ${operation.operationId}`.toLowerCase();
          return view;
        }

        function accessText(operation) {
          const text = { unchecked: "open", anyone: "open", identified: "credential", localInOpenMode: "credential",
                         admin: "admin", adminOrLoopback: "admin or this machine" };
          const needsNone = (operation.security || []).some(one => !Object.keys(one).length) || !(operation.security || []).length;
          const access = String(operation["x-access"] || "");
          return needsNone && access !== "adminOrLoopback" ? "open" : access.split(" or ").map(one => text[one] || one).join(", ");
        }

        function operationsOf(tag) {
          return Object.entries(api.paths).flatMap(([path, item]) => METHODS.filter(method => item[method])
            .map(method => ({ path, method, operation: item[method] }))
            .filter(({ operation }) => (operation.tags || []).includes(tag)));
        }

        function show() {
          document.title = `${api.info.title} ${api.info.version}`;
          const main = document.querySelector("main");
          const navigation = document.querySelector("nav ul");
          main.replaceChildren(make("header", {}, make("h1", {}, api.info.title, " ", make("small", {}, api.info.version)),
            prose(api.info.description)));
          navigation.replaceChildren();
          const seen = new Set();
          for (const tag of api.tags || []) {
            // An operation of several surfaces stands under the first one.
            const operations = operationsOf(tag.name).filter(({ operation }) => !seen.has(operation.operationId));
            if (!operations.length) continue;
            operations.forEach(({ operation }) => seen.add(operation.operationId));
            main.append(make("article", { id: `surface-${tag.name}` }, make("h2", {}, tag.name), prose(tag.description),
              operations.map(({ path, method, operation }) => operationView(path, method, operation))));
            navigation.append(make("li", {}, make("a", { href: `#surface-${tag.name}` }, tag.name),
              make("ul", {}, operations.map(({ path, method, operation }) => make("li", {},
                make("a", { href: `#${operation.operationId}`, title: operation.summary },
                  make("code", { class: `method ${method}` }, method.toUpperCase()), " ", path))))));
          }
          main.dataset.operations = String(seen.size);
          openLinked();
        }

        function openLinked() {
          const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
          if (!target) return;
          if (target.tagName === "DETAILS") target.open = true;
          target.scrollIntoView();
        }

        function filter(words) {
          const parts = words.toLowerCase().split(/\s+/).filter(Boolean);
          for (const article of document.querySelectorAll("article")) {
            let found = false;
            for (const operation of article.querySelectorAll(".operation")) {
              operation.hidden = !parts.every(part => operation.dataset.words.includes(part));
              found = found || !operation.hidden;
            }
            article.hidden = !found;
          }
        }

        """#
}
