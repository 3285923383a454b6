using System.Text;

namespace KadOrleans.Lab;

/// <summary>Operations as SVG that light and dark backgrounds both suit: a row for each, by begin, with a colour for each client.</summary>
internal static class HistoryPicture
{
    private const int Width = 1_000;
    private const int Left = 330;
    private const int Right = 20;
    private const int Top = 30;
    private const int Row = 22;
    private const string Grey = "#848d97";

    private static readonly string[] Colours = ["#2f81f7", "#db6d28", "#3fb950", "#a371f7", "#d29922", "#f778ba", "#39c5cf", "#f85149"];

    public static string Draw(IReadOnlyList<Operation> operations, string title)
    {
        var scale = TimeScale.Of(operations, Width - Left - Right);
        var height = Top + (Row * operations.Count) + Row;
        var clients = operations.Select(one => one.Client).Distinct().ToList();
        var svg = new StringBuilder();
        svg.AppendLine($"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {height}\" font-family=\"sans-serif\" font-size=\"12\" fill=\"{Grey}\">");
        svg.AppendLine($"<text x=\"8\" y=\"16\">{WebUtility.HtmlEncode(title)}</text>");
        for (var i = 0; i < operations.Count; i++)
        {
            Draw(svg, operations[i], scale, Top + (Row * i), Colours[clients.IndexOf(operations[i].Client) % Colours.Length]);
        }

        svg.AppendLine($"<text x=\"{Left}\" y=\"{height - 6}\">{scale.First.TotalSeconds:F3} s</text>");
        svg.AppendLine($"<text x=\"{Width - Right}\" y=\"{height - 6}\" text-anchor=\"end\">{scale.Last.TotalSeconds:F3} s</text>");
        return svg.Append("</svg>\n").ToString();
    }

    // A call without an end goes on to the right edge, in dashes.
    private static void Draw(StringBuilder svg, Operation one, TimeScale scale, int y, string colour)
    {
        var (begin, end) = (Left + scale.Place(one.Begin), Left + scale.Place(one.End ?? scale.Last));
        var dashes = one.End is null ? " stroke-dasharray=\"4 4\"" : string.Empty;
        svg.AppendLine($"<text x=\"8\" y=\"{y + 14}\">{WebUtility.HtmlEncode(Timeline.NameOf(one))}: {WebUtility.HtmlEncode(one.ToString())}</text>");
        svg.AppendLine($"<path d=\"M{begin:F1} {y + 4}v12M{begin:F1} {y + 10}H{Math.Max(end, begin + 2):F1}\" stroke=\"{colour}\" stroke-width=\"2\"{dashes}/>");
    }
}
