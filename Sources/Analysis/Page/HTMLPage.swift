/// An analysis as one HTML page that needs nothing else: no network, no other file. Its content security policy says so to the browser, too.
public enum HTMLPage {
    public static func bytes(_ analysis: ImageAnalysis) -> [UInt8] {
        var page: [UInt8] = []
        page += PageText.beginning.utf8
        page += "<title>\(escaped(displayed(analysis.image.title))) – layers</title>\n<style>".utf8
        page += PageStyle.text.utf8
        page += "</style>\n</head>\n".utf8
        page += PageText.body.utf8
        // The encoder writes < and & as escapes: nothing in it can end the element.
        page += "<script type=\"application/json\" id=\"data\">".utf8
        page += PageData.bytes(analysis)
        page += "</script>\n<script>".utf8
        page += PageScript.text.utf8
        page += "</script>\n</body>\n</html>\n".utf8
        return page
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }
}
