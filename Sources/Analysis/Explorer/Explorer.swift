/// The interactive view of an image: layers, tree and details, with dive's keys.
public enum Explorer {
    /// Shows it until somebody leaves.
    ///
    /// - Throws: ``AnalysisError`` where standard input or output is no terminal.
    public static func run(_ analysis: ImageAnalysis) throws(AnalysisError) {
        let screen = try TerminalScreen()
        var model = ExplorerModel(analysis)
        while true {
            let size = screen.size
            let drawing = ExplorerDrawing(columns: size.columns, rows: size.rows)
            model.page = drawing.page
            screen.draw(drawing.lines(model))
            switch screen.next() {
            case .closed: return
            case .resized: screen.clear()
            case .key(let key):
                switch model.press(key) {
                case .goOn: break
                case .quit: return
                case .suspend: screen.suspend()
                case .extract(let node):
                    do throws(AnalysisError) {
                        let name = try FileExtraction.extract(node, at: model.layer, of: analysis)
                        model.message = "written to " + displayed(name)
                    } catch { model.message = error.description }
                }
            }
        }
    }
}
