extension DocumentationPages {
    /// The style sheet of the pages.
    static let style = #"""
        :root {
          color-scheme: light dark;
          --back: #fff; --text: #1d2129; --faint: #667085; --line: #dfe3e8; --panel: #f6f7f9; --accent: #2457d6;
          --get: #1a7f4b; --post: #2457d6; --put: #9a5b00; --delete: #b42318;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --back: #14171c; --text: #e6e8eb; --faint: #98a1ae; --line: #2c323b; --panel: #1c2026; --accent: #7da2ff;
            --get: #58c48a; --post: #7da2ff; --put: #e0a458; --delete: #f0857a;
          }
        }
        * { box-sizing: border-box; }
        html { scroll-padding-top: 1rem; }
        body { margin: 0; display: grid; grid-template-columns: 20rem minmax(0, 1fr); background: var(--back); color: var(--text);
          font: 15px/1.5 system-ui, sans-serif; }
        code, pre, input, textarea { font-family: ui-monospace, monospace; font-size: 0.9em; }
        a { color: var(--accent); text-decoration: none; }
        a:hover { text-decoration: underline; }
        nav { position: sticky; top: 0; height: 100vh; overflow: auto; padding: 1rem; border-right: 1px solid var(--line);
          background: var(--panel); }
        nav ul { list-style: none; margin: 0.5rem 0; padding: 0; }
        nav ul ul { margin: 0.2rem 0 0.8rem; }
        nav ul ul a { display: block; color: var(--text); font-size: 0.85em; overflow: hidden; text-overflow: ellipsis;
          white-space: nowrap; }
        nav > ul > li > a { font-weight: 600; }
        nav label { display: block; margin: 0.6rem 0; font-size: 0.85em; color: var(--faint); }
        input, textarea, select { width: 100%; padding: 0.35rem 0.5rem; color: var(--text); background: var(--back);
          border: 1px solid var(--line); border-radius: 4px; }
        main { padding: 1.5rem 2rem 6rem; max-width: 70rem; }
        h1 small { color: var(--faint); font-weight: 400; }
        h2 { margin: 2.5rem 0 0.3rem; padding-bottom: 0.3rem; border-bottom: 1px solid var(--line); }
        h4 { margin: 1rem 0 0.3rem; }
        summary { cursor: pointer; }
        .operation { margin: 0.5rem 0; border: 1px solid var(--line); border-radius: 6px; }
        .operation > summary { display: flex; flex-wrap: wrap; gap: 0.6rem; align-items: baseline; padding: 0.5rem 0.8rem;
          background: var(--panel); border-radius: 6px; }
        .operation > :not(summary) { margin-left: 0.9rem; margin-right: 0.9rem; }
        .operation:target { outline: 2px solid var(--accent); }
        .method { font-weight: 700; text-transform: uppercase; color: var(--put); }
        .operation .method { min-width: 3.6rem; }
        .method.get { color: var(--get); } .method.post { color: var(--post); } .method.delete { color: var(--delete); }
        .path { font-weight: 600; overflow-wrap: anywhere; }
        .summary { flex: 1; color: var(--faint); }
        .access { font-size: 0.8em; color: var(--faint); border: 1px solid var(--line); border-radius: 1rem; padding: 0 0.6rem; }
        .schema { list-style: none; margin: 0.2rem 0; padding-left: 0.9rem; border-left: 2px solid var(--line); }
        .schema li { margin: 0.25rem 0; }
        .schema .name { font-weight: 600; margin-right: 0.5rem; }
        .type, .rules, .place { color: var(--faint); font-size: 0.85em; margin-right: 0.5rem; overflow-wrap: anywhere; }
        .required { color: var(--delete); font-size: 0.8em; margin-right: 0.5rem; }
        .text { display: block; font-size: 0.9em; }
        .text p, .media { margin: 0.2rem 0; }
        .media { white-space: pre-wrap; overflow-wrap: anywhere; }
        .response, .shared { margin: 0.3rem 0; }
        .response > :not(summary), .shared > .response { margin-left: 1.2rem; }
        .status { font-weight: 700; } .s2 { color: var(--get); } .s4, .s5 { color: var(--delete); }
        pre { overflow: auto; max-height: 30rem; padding: 0.7rem; background: var(--panel); border: 1px solid var(--line);
          border-radius: 4px; white-space: pre-wrap; overflow-wrap: anywhere; }
        form label { display: grid; grid-template-columns: 12rem 1fr; gap: 0.5rem; margin: 0.3rem 0; align-items: start; }
        button { padding: 0.35rem 1rem; border: 0; border-radius: 4px; background: var(--accent); color: var(--back);
          font: inherit; cursor: pointer; }
        .error { color: var(--delete); }
        [hidden] { display: none !important; }
        [data-view="reading"] main { max-width: 56rem; }
        [data-view="reading"] .operation { border: 0; border-bottom: 1px solid var(--line); border-radius: 0; padding-bottom: 1rem; }
        [data-view="reading"] .operation > summary { background: none; padding-left: 0; }
        @media (max-width: 800px) {
          body { display: block; }
          nav { position: static; height: auto; border-right: 0; }
          nav ul { display: none; }
          main { padding: 1rem; }
          form label { display: block; }
        }

        """#
}
