/// The page's own markup.
enum PageText {
    static let beginning = """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
        <meta name="color-scheme" content="light dark">
        <meta name="generator" content="shale analyze">
        <link rel="icon" href="data:,">

        """

    static let body = """
        <body>
        <header>
        <div>
        <h1 id="title"></h1>
        <p id="identity" class="quiet mono"></p>
        </div>
        <button id="theme" class="plain" type="button" title="Light or dark (t)">Light or dark</button>
        </header>
        <noscript><p>This page draws its tables with a script, which is in the page itself.</p></noscript>
        <main>
        <section id="figures" aria-label="Figures"></section>
        <section aria-labelledby="map-title">
        <div class="line"><h2 id="map-title">Where the bytes are</h2><nav id="crumbs" aria-label="Place in the map"></nav></div>
        <div id="map" role="group" aria-label="Treemap: Enter opens, Escape goes up"></div>
        <p class="quiet legend"><span class="swatch shown"></span>shown by the image <span class="swatch hidden"></span>hidden by a later layer: carried, never seen</p>
        </section>
        <section aria-labelledby="layers-title"><h2 id="layers-title">Layers</h2><div id="layers"></div></section>
        <section aria-labelledby="waste-title"><h2 id="waste-title">What could be reclaimed</h2><div id="reasons" class="chips"></div><div id="waste"></div></section>
        <section id="secrets-section" aria-labelledby="secrets-title" hidden><h2 id="secrets-title">Secrets that no longer show, but can be read</h2><div id="secrets"></div></section>
        <section aria-labelledby="files-title">
        <div class="line"><h2 id="files-title">Files</h2>
        <input id="search" type="search" placeholder="Search paths   /" aria-label="Search paths" autocomplete="off" spellcheck="false">
        <select id="layer-choice" aria-label="Layer"></select></div>
        <p id="files-note" class="quiet"></p>
        <div id="files"></div>
        </section>
        <section aria-labelledby="dive-title"><h2 id="dive-title">As dive counts</h2><p id="dive-figures"></p><div id="inefficient"></div></section>
        </main>
        <footer class="quiet">Made by <span class="mono">shale analyze</span>. Bytes are of files before compression where nothing else is said.</footer>

        """
}
