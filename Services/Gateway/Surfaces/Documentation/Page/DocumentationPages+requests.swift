extension DocumentationPages {
    /// The script of the pages: how an operation is tried, and the start.
    static let requestScript = #"""

        // The credential stays in this tab.
        function credential() {
          return document.getElementById("credential").value.trim();
        }

        function authorize(headers) {
          const text = credential();
          if (text) headers.set("Authorization", `Bearer ${text}`);
        }

        function quoted(text) {
          return `'${text.replace(/'/g, "'\\''")}'`;
        }

        function curlLine(request) {
          const parts = ["curl", request.stream ? "-N" : "", request.method === "GET" ? "" : `-X ${request.method}`,
            quoted(new URL(request.url, location.href).href)];
          request.headers.forEach((value, name) => parts.push(`-H ${quoted(`${name}: ${value}`)}`));
          if (request.body !== undefined) parts.push(`-d ${quoted(request.body)}`);
          return parts.filter(Boolean).join(" ");
        }

        // A form for one operation, the request that it makes as a curl line, and the response as it arrives.
        function tryView(path, method, operation) {
          const fields = (operation.parameters || []).map(parameter => {
            const input = make("input", { type: "text", placeholder: typeOf(parameter.schema || {}),
              value: parameter.example !== undefined ? String(parameter.example) : "", "aria-label": parameter.name });
            return { parameter, input };
          });
          const [bodyType, bodyContent] = Object.entries((operation.requestBody || {}).content || {})[0] || [];
          const body = bodyType && !bodyType.startsWith("multipart/")
            ? make("textarea", { rows: 6, spellcheck: "false", "aria-label": "Body" }) : null;
          if (body) {
            const example = bodyContent.example !== undefined ? bodyContent.example : sample(bodyContent.schema || {});
            body.value = typeof example === "string" ? example : JSON.stringify(example, null, 2);
          }
          const types = [...new Set(Object.values(operation.responses || {}).flatMap(one => Object.keys(resolve(one).content || {})))];
          const accept = make("select", { "aria-label": "Accept" }, types.map(type => make("option", {}, type)));
          const output = make("div", { class: "output", "aria-live": "polite" });
          let running = null;
          const stop = make("button", { type: "button", hidden: true, onclick: () => running && running.abort() }, "Stop");

          function request() {
            const query = new URLSearchParams();
            const headers = new Headers();
            let url = path;
            for (const { parameter, input } of fields) {
              if (parameter.in === "path") url = url.replace(`{${parameter.name}}`, encodeURIComponent(input.value));
              else if (input.value === "") continue;
              else if (parameter.in === "query") query.append(parameter.name, input.value);
              else headers.set(parameter.name, input.value);
            }
            if (types.length > 1) headers.set("Accept", accept.value);
            authorize(headers);
            if (body && body.value) headers.set("Content-Type", bodyType);
            return { method: method.toUpperCase(), url: url + (query.size ? `?${query}` : ""), headers,
                     body: body && body.value ? body.value : undefined, stream: accept.value.includes("stream") };
          }

          async function send() {
            const controller = new AbortController();
            running = controller;
            stop.hidden = false;
            const text = make("pre", {});
            const head = make("p", { class: "media" });
            try {
              const wanted = request();
              output.replaceChildren(block(curlLine(wanted)), head, text);
              const response = await fetch(wanted.url, { method: wanted.method, headers: wanted.headers, body: wanted.body,
                signal: controller.signal, credentials: "omit" });
              head.append(make("code", { class: `status s${String(response.status)[0]}` }, String(response.status)), " ",
                [...response.headers].map(([name, value]) => `${name}: ${value}`).join("\n"));
              const reader = response.body ? response.body.pipeThrough(new TextDecoderStream()).getReader() : null;
              let whole = "";
              for (let part = reader && await reader.read(); part && !part.done; part = await reader.read()) {
                whole += part.value;
                text.append(part.value);
              }
              if ((response.headers.get("content-type") || "").startsWith("application/json") && whole.length < 200000)
                text.textContent = JSON.stringify(JSON.parse(whole), null, 2);
            } catch (error) {
              text.append(controller.signal.aborted ? "\n(stopped)" : `\n${error}`);
            } finally {
              running = null;
              stop.hidden = true;
            }
          }

          return section("Try it", make("form", { onsubmit: event => { event.preventDefault(); send(); } },
            fields.map(({ parameter, input }) => make("label", {}, make("code", {}, parameter.name), input)),
            body ? make("label", {}, make("code", {}, "body"), body) : null,
            types.length > 1 ? make("label", {}, make("code", {}, "Accept"), accept) : null,
            make("p", {}, make("button", { type: "submit" }, "Send"), " ", stop)), output);
        }

        async function begin() {
          const main = document.querySelector("main");
          const input = document.getElementById("credential");
          if (input) {
            try { input.value = sessionStorage.getItem("parley-credential") || ""; } catch { /* without storage */ }
            input.addEventListener("change", () => {
              try { sessionStorage.setItem("parley-credential", input.value.trim()); } catch { /* without storage */ }
            });
          }
          document.getElementById("search").addEventListener("input", event => filter(event.target.value));
          addEventListener("hashchange", openLinked);
          try {
            const response = await fetch("/openapi.json", { credentials: "omit" });
            if (!response.ok) throw new Error(`/openapi.json was answered with ${response.status}.`);
            api = await response.json();
            show();
          } catch (error) {
            main.replaceChildren(make("p", { class: "error" }, String(error)));
          }
        }

        begin();

        """#
}
